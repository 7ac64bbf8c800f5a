//! Failures of attempts, and retries.

use std::sync::Arc;

use contacts_application::ports::StoreErrorKind;
use contacts_domain::decision::{Decision, Loaded, LookupKeys, Writes};
use contacts_domain::{IdBlock, OrganizationId, OutOfIds};
use serde_json::json;

use super::{answers, person, send, spawn_send, until_waiting};
use crate::testing::TestDatabase;
use crate::{PostgresOptions, PostgresStore};

/// A store of one connection.
async fn single(database: &TestDatabase) -> Arc<PostgresStore> {
    let options = PostgresOptions { connections: 1, ..PostgresOptions::default() };
    Arc::new(database.open_with(options).await)
}

/// A trigger on contacts with that body; the sequence `hits` counts its runs.
fn trigger(when: &str, body: &str) -> String {
    format!(
        "CREATE SEQUENCE hits;
         CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$;
         CREATE {when} ON contact FOR EACH ROW EXECUTE FUNCTION meddle()"
    )
}

/// A decision that panics.
struct Faulty {
    lookup_keys: LookupKeys,
    work: usize,
}

impl Decision for Faulty {
    type Report = ();

    fn organization(&self) -> OrganizationId {
        OrganizationId::new(1).unwrap()
    }

    fn settings_version(&self) -> i64 {
        1
    }

    fn lookup_keys(&self) -> &LookupKeys {
        &self.lookup_keys
    }

    fn ids_at_most(&self) -> i64 {
        1
    }

    fn work(&self, _: &Loaded) -> usize {
        self.work
    }

    fn decide(&self, _: Loaded, _: &mut IdBlock) -> Result<(Writes, ()), OutOfIds> {
        panic!("what a {}", "fault")
    }
}

#[tokio::test]
async fn panicking_decision_fails_alone() {
    let database = TestDatabase::migrated();
    let store = single(&database).await;
    for work in [0, usize::MAX] {
        let faulty = Arc::new(Faulty { lookup_keys: LookupKeys::default(), work });
        let failure = store.transactions.run(faulty).await.unwrap_err();
        assert_eq!(failure.to_string(), "a decision panicked: what a fault");
        let report = send(&store, &[person("A", json!({"title": work.to_string()}))]).await;
        assert!(report.is_ok(), "{report:?}");
    }
}

#[tokio::test]
async fn abandoned_request_leaves_no_transaction() {
    let database = TestDatabase::migrated();
    let (store, other) = (single(&database).await, database.connect().await);
    send(&store, &[person("A", json!({}))]).await.unwrap();

    other.batch_execute("BEGIN; SELECT FROM contact FOR UPDATE").await.unwrap();
    let abandoned = spawn_send(&store, vec![person("A", json!({"title": "Dr"}))]);
    until_waiting(&database.connect().await, 1).await;
    abandoned.abort();
    assert!(abandoned.await.unwrap_err().is_cancelled());
    other.batch_execute("COMMIT").await.unwrap();

    let next = send(&store, &[person("A", json!({"title": "Prof"}))]).await.unwrap();
    assert_eq!(answers(&next), ["Updated 2"], "nothing of the abandoned one was stored");
}

#[tokio::test]
async fn connection_broken_before_commit_is_replaced_once() {
    let ending = "pg_terminate_backend(pg_backend_pid())";
    for (hits, ends_well) in [(1, true), (2, false)] {
        let database = TestDatabase::migrated();
        let (store, other) = (single(&database).await, database.connect().await);
        let body =
            format!("IF nextval('hits') <= {hits} THEN PERFORM {ending}; END IF; RETURN NEW;");
        other.batch_execute(&trigger("TRIGGER t BEFORE INSERT", &body)).await.unwrap();
        let outcomes = send(&store, &[person("A", json!({}))]).await;
        match outcomes {
            Ok(outcomes) => assert!(ends_well && answers(&outcomes) == ["Created 1"]),
            Err(error) => {
                assert_eq!(error.kind(), StoreErrorKind::Unavailable);
                assert!(!ends_well);
            }
        }
        // In both cases, the next request succeeds.
        send(&store, &[person("B", json!({}))]).await.unwrap();
    }
}

#[tokio::test]
async fn connection_broken_during_commit_is_not_retried() {
    let database = TestDatabase::migrated();
    let (store, other) = (single(&database).await, database.connect().await);
    let body = "PERFORM nextval('hits'), pg_terminate_backend(pg_backend_pid()); RETURN NULL;";
    let at_commit = trigger("CONSTRAINT TRIGGER t AFTER INSERT", body)
        .replace("FOR EACH ROW", "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW");
    other.batch_execute(&at_commit).await.unwrap();

    let outcomes = send(&store, &[person("A", json!({}))]).await;
    assert_eq!(outcomes.unwrap_err().kind(), StoreErrorKind::Unavailable);
    let hits = other.query_one("SELECT last_value FROM hits", &[]).await.unwrap();
    assert_eq!(hits.get::<_, i64>(0), 1, "how often it was attempted");
}

#[tokio::test]
async fn deadlocks_and_serialization_failures_are_retried() {
    for state in ["40P01", "40001"] {
        let database = TestDatabase::migrated();
        let (store, other) = (single(&database).await, database.connect().await);
        let body = format!(
            "IF nextval('hits') <= 3 THEN RAISE EXCEPTION 'no' USING ERRCODE = '{state}'; END IF;
             RETURN NEW;"
        );
        other.batch_execute(&trigger("TRIGGER t BEFORE INSERT", &body)).await.unwrap();
        let outcomes = send(&store, &[person("A", json!({}))]).await.unwrap();
        assert_eq!(answers(&outcomes), ["Created 1"], "after {state}");
    }
}

#[tokio::test]
async fn ten_failed_attempts_are_contention() {
    let database = TestDatabase::migrated();
    let (store, other) = (single(&database).await, database.connect().await);
    let body = "PERFORM nextval('hits'); RAISE EXCEPTION 'no' USING ERRCODE = '40P01';";
    other.batch_execute(&trigger("TRIGGER t BEFORE INSERT", body)).await.unwrap();
    let outcomes = send(&store, &[person("A", json!({}))]).await;
    assert_eq!(outcomes.unwrap_err().kind(), StoreErrorKind::Contention);
    let hits = other.query_one("SELECT last_value FROM hits", &[]).await.unwrap();
    assert_eq!(hits.get::<_, i64>(0), 10);
}

#[tokio::test]
async fn repeatedly_lost_race_rejects_only_its_item() {
    let database = TestDatabase::migrated();
    let (store, other) = (single(&database).await, database.connect().await);
    // As if another transaction took the key just before, and gave it up just after.
    let body = "IF NEW.external_id = 'X' THEN PERFORM nextval('hits'); RETURN NULL; END IF;
                RETURN NEW;";
    other.batch_execute(&trigger("TRIGGER t BEFORE INSERT", body)).await.unwrap();

    let items = ["A", "X", "B"].map(|key| person(key, json!({})));
    let outcomes = send(&store, &items).await.unwrap();
    let lost = "Rejected UNIQUE_CONSTRAINT_VIOLATION";
    assert_eq!(answers(&outcomes), ["Created 1", lost, "Created 1"]);
    let hits = other.query_one("SELECT last_value FROM hits", &[]).await.unwrap();
    assert_eq!(hits.get::<_, i64>(0), 4, "races were lost before");
}

#[tokio::test]
async fn key_taken_during_update_is_retried() {
    let database = TestDatabase::migrated();
    let (store, other) = (single(&database).await, database.connect().await);
    let stored = send(&store, &[person("A", json!({}))]).await.unwrap();
    let body = "IF nextval('hits') <= 2 THEN
                    RAISE EXCEPTION 'no' USING ERRCODE = '23505',
                        CONSTRAINT = 'contact_external_id';
                END IF; RETURN NEW;";
    other.batch_execute(&trigger("TRIGGER t BEFORE UPDATE", body)).await.unwrap();
    let item = json!({"id": super::id_of(&stored[0]), "externalId": "B"});
    assert_eq!(answers(&send(&store, &[item]).await.unwrap()), ["Updated 2"]);
}

#[tokio::test]
async fn existing_id_is_corruption() {
    let database = TestDatabase::migrated();
    send(&*single(&database).await, &[person("A", json!({}))]).await.unwrap();
    database.execute("UPDATE id_counter SET next_id = 1");
    let store = single(&database).await;
    let outcomes = send(&store, &[person("B", json!({}))]).await;
    assert_eq!(outcomes.unwrap_err().kind(), StoreErrorKind::Corrupt);
}

#[tokio::test]
async fn store_works_without_prepared_statements() {
    let database = TestDatabase::migrated();
    let options = PostgresOptions { prepared_statements: false, ..PostgresOptions::default() };
    let store = database.open_with(options).await;
    let email = "a@example.org";
    let stored = send(&store, &[person("A", json!({"email": email}))]).await.unwrap();
    let id = super::id_of(&stored[0]);
    let items = [
        person("A", json!({})),
        json!({"id": id, "externalId": null, "relatedContactIds": [id]}),
        person("A", json!({"linkId": "6f9619ff-8b86-d011-b42d-00cf4fc964ff"})),
    ];
    let answered = answers(&send(&store, &items).await.unwrap());
    assert_eq!(answered, ["Unchanged 1", "Updated 2", "Created 1"]);
}

#[tokio::test]
async fn full_disk_found_by_the_ledger_is_reported() {
    let database = TestDatabase::migrated();
    let (store, other) = (single(&database).await, database.connect().await);
    other
        .batch_execute(
            "CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                 RAISE EXCEPTION 'the disk is full' USING ERRCODE = '53100';
             END $$;
             CREATE TRIGGER t BEFORE INSERT ON run FOR EACH ROW EXECUTE FUNCTION meddle()",
        )
        .await
        .unwrap();
    // The entry is written after the run, in a transaction that is aborted by then.
    let entry = json!({"name": "Door", "type": "multi", "number": "0001-01-01"});
    let failed = send(&store, &[person("A", json!({"intercom": entry}))]).await.unwrap_err();
    assert_eq!(failed.kind(), StoreErrorKind::Full, "{failed:?}");
    let stored = other.query_one("SELECT count(*) FROM contact", &[]).await.unwrap();
    assert_eq!(stored.get::<_, i64>(0), 0);
}
