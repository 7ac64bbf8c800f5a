//! The statements that a batch sends.

use serde_json::{Value, json};

use super::{answers, id_of, person, send};
use crate::connect::session::notes::{SentStatement, statements_of};
use crate::testing::TestDatabase;
use crate::{PostgresOptions, PostgresStore};

/// A store of `count` contacts of each kind.
async fn filled(database: &TestDatabase, count: usize) -> (PostgresStore, Vec<i64>) {
    let store = database.open().await;
    let kinds = ["STAYS", "CHANGES", "GIVES", "TAKES"];
    let items: Vec<Value> = (0..count)
        .flat_map(|number| kinds.map(|kind| person(&format!("{kind}-{number}"), json!({}))))
        .collect();
    let outcomes = send(&store, &items).await.unwrap();
    (store, outcomes.iter().map(id_of).collect())
}

/// A batch of everything that a batch may be about, `count` times.
fn mixture(count: usize, ids: &[i64]) -> Vec<Value> {
    let of = |number: usize, kind: usize| ids[number * 4 + kind];
    let mix = |number: usize| {
        let (stays, gives, takes) = (of(number, 0), of(number, 2), of(number, 3));
        [
            person(&format!("STAYS-{number}"), json!({})),
            person(&format!("CHANGES-{number}"), json!({"relatedContactIds": [stays]})),
            person(&format!("NEW-{number}"), json!({"relatedContactIds": [stays]})),
            json!({"id": gives, "externalId": null, "email": format!("{number}@example.org")}),
            json!({"id": takes, "externalId": format!("GIVES-{number}")}),
        ]
    };
    (0..count).flat_map(mix).collect()
}

#[tokio::test]
async fn mixed_batch_sends_the_same_statements_for_any_size() {
    let mut sent = Vec::new();
    for count in [2, 200] {
        let database = TestDatabase::migrated();
        let (store, ids) = filled(&database, count).await;
        let items = mixture(count, &ids);
        let statements = statements_of(async {
            let outcomes = send(&store, &items).await.unwrap();
            let mix = ["Unchanged 1", "Updated 2", "Created 1", "Updated 2", "Updated 2"];
            assert_eq!(answers(&outcomes), mix.repeat(count));
        });
        sent.push(statements.await);
    }
    // Those of the ledger are sent beside the others, in any order.
    sent.iter_mut().for_each(|sent| sent.sort_by_key(is_of_ledger));
    assert_eq!(sent[0], sent[1]);
    // BEGIN, the version of the settings, a lock of the relations, three look-ups, locks of contacts that exchange keys, keys given
    // up, update, insert, a planner setting, two for the relations, two for the ledger, COMMIT.
    assert_eq!(sent[1].len(), 16, "{:#?}", sent[1]);
}

fn is_of_ledger(sent: &SentStatement) -> bool {
    [RUN, LEDGER].iter().any(|beginning| sent.sql.starts_with(beginning))
}

const VERSION: &str = "SELECT settings_version";
const INSERT: &str = "INSERT INTO contact (";
const UPDATE: &str = "INSERT INTO contact AS stored";
/// Those of the ledger are sent beside the others.
const RUN: &str = "WITH newest";
const LEDGER: &str = "\n    INSERT INTO ledger";
const PUT_ENTRIES: &str = "INSERT INTO contact_intercom (";

/// A person with an entry of that name.
fn entry(external_id: &str, name: &str) -> Value {
    let intercom = json!({"name": name, "type": "multi", "number": "0001-01-01"});
    person(external_id, json!({"intercom": intercom}))
}

#[tokio::test]
async fn unneeded_statements_are_not_sent() {
    let database = TestDatabase::migrated();
    let (store, _) = filled(&database, 1).await;
    for (items, beginnings) in [
        (
            [person("NEW-1", json!({})), person("NEW-2", json!({}))],
            ["BEGIN", VERSION, "SELECT found.id", INSERT, RUN, LEDGER, "COMMIT"].as_slice(),
        ),
        (
            [person("STAYS-0", json!({"title": "Dr"})), person("NEW-1", json!({}))],
            &["BEGIN", VERSION, "SELECT found.id", UPDATE, RUN, LEDGER, "COMMIT"],
        ),
        (
            [person("NEW-1", json!({})), person("NEW-2", json!({}))],
            &["BEGIN", VERSION, "SELECT found.id", "ROLLBACK"],
        ),
        (
            [entry("NEW-3", "Door"), entry("NEW-4", "Gate")],
            &["BEGIN", VERSION, "SELECT found.id", INSERT, RUN, PUT_ENTRIES, LEDGER, "COMMIT"],
        ),
        (
            [entry("NEW-1", "Door"), entry("NEW-3", "Gate")],
            &["BEGIN", VERSION, "SELECT found.id", UPDATE, RUN, PUT_ENTRIES, LEDGER, "COMMIT"],
        ),
        (
            ["NEW-1", "NEW-3"].map(|key| person(key, json!({"intercom": null}))),
            &[
                "BEGIN",
                VERSION,
                "SELECT found.id",
                UPDATE,
                RUN,
                "SET LOCAL",
                LEDGER,
                "DELETE FROM contact_intercom",
                "COMMIT",
            ],
        ),
    ] {
        let sent = statements_of(async {
            send(&store, &items).await.unwrap();
        })
        .await;
        assert_eq!(sent.len(), beginnings.len(), "{sent:#?}");
        let is_written = beginnings.contains(&"COMMIT");
        let (ledger, sent): (Vec<_>, Vec<_>) = sent.into_iter().partition(is_of_ledger);
        assert_eq!(ledger.len(), if is_written { 2 } else { 0 });
        let beginnings = beginnings.iter().filter(|beginning| ![RUN, LEDGER].contains(beginning));
        for (sent, beginning) in sent.iter().zip(beginnings) {
            assert!(sent.sql.starts_with(beginning), "{sent:?} is not {beginning}");
        }
    }
}

/// That many people with entries of that name.
fn entries(count: usize, name: &str) -> Vec<Value> {
    (0..count).map(|number| entry(&format!("DOOR-{number}"), name)).collect()
}

#[tokio::test]
async fn thousand_entries_take_one_statement() {
    const DELETE_ENTRIES: &str = "DELETE FROM contact_intercom WHERE";
    let database = TestDatabase::migrated();
    let store = database.open().await;
    let gone: Vec<Value> =
        (0..1_000).map(|n| person(&format!("DOOR-{n}"), json!({"intercom": null}))).collect();
    let titled = |items: Vec<Value>| {
        let with_title = |mut item: Value| {
            item["title"] = json!("Dr");
            item
        };
        items.into_iter().map(with_title).collect::<Vec<_>>()
    };
    let mut mixed = entries(1_000, "Gate");
    mixed[..500].clone_from_slice(&gone[..500]);
    for (items, verdict, about_entries) in [
        (entries(1_000, "Door"), "Created 1", [PUT_ENTRIES].as_slice()),
        (entries(1_000, "Gate"), "Updated 2", &[PUT_ENTRIES]),
        (entries(1_000, "Gate"), "Unchanged 2", &[]),
        (titled(entries(1_000, "Gate")), "Updated 3", &[]),
        (gone.clone(), "Updated 4", &[DELETE_ENTRIES]),
        (entries(1_000, "Door"), "Updated 5", &[PUT_ENTRIES]),
        (mixed, "Updated 6", &[PUT_ENTRIES, DELETE_ENTRIES]),
    ] {
        let sent = statements_of(async {
            let outcomes = send(&store, &items).await.unwrap();
            assert_eq!(answers(&outcomes), vec![verdict; 1_000]);
        })
        .await;
        let sent: Vec<_> =
            sent.iter().filter(|sent| sent.sql.contains("contact_intercom")).collect();
        assert_eq!(sent.len(), about_entries.len(), "{sent:#?}");
        for (sent, beginning) in sent.iter().zip(about_entries) {
            assert!(sent.sql.starts_with(beginning), "{sent:?} is not {beginning}");
        }
    }
}

#[tokio::test]
async fn entry_statements_are_prepared() {
    let database = TestDatabase::migrated();
    let options = PostgresOptions { connections: 1, ..PostgresOptions::default() };
    let store = database.open_with(options).await;
    for name in ["Door", "Gate"] {
        send(&store, &entries(2, name)).await.unwrap();
    }
    let gone = person("DOOR-0", json!({"intercom": null}));
    send(&store, &[gone]).await.unwrap();
    let session = store.pool.session().await.unwrap();
    let prepared = "SELECT left(statement, 28) FROM pg_prepared_statements \
                    WHERE statement LIKE '% contact_intercom %' ORDER BY 1";
    let prepared = session.query_once(prepared, &[]).await.unwrap();
    let prepared: Vec<&str> = prepared.iter().map(|row| row.get(0)).collect();
    assert_eq!(prepared, ["DELETE FROM contact_intercom", "INSERT INTO contact_intercom"]);
}
