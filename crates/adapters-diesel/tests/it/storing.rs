//! Contacts in the file: ids, keys, commits, and a full disk.

use std::collections::HashSet;
use std::sync::Arc;

use contacts_adapters_diesel::{SqliteOptions, SqliteStore};
use contacts_application::ports::{
    ContactStore, Lifecycle, Reading, StoreErrorKind as Kind, StoreState as _,
};
use contacts_domain::contact::Record;
use contacts_domain::merging::Merge;
use contacts_domain::upsert::{Item, Options, Outcome, Verdict};
use contacts_domain::{ContactId, OrganizationId};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::BigInt;

use crate::{TestDatabase, batch, context, person};

fn connection(database: &TestDatabase) -> SqliteConnection {
    SqliteConnection::establish(database.path().to_str().unwrap()).unwrap()
}

async fn upsert(store: &SqliteStore, items: &[String]) -> Vec<Outcome> {
    store.upsert(batch(items)).await.unwrap().unwrap()
}

async fn contact(store: &SqliteStore, id: ContactId, lifecycle: Lifecycle) -> Option<Record> {
    store.contact(OrganizationId::new(1).unwrap(), id, lifecycle).await.unwrap()
}

fn verdicts(outcomes: &[Outcome]) -> Vec<Verdict> {
    outcomes.iter().map(|outcome| outcome.verdict).collect()
}

fn id(outcome: &Outcome) -> ContactId {
    outcome.contact.as_ref().unwrap().id.unwrap()
}

#[tokio::test]
async fn contact_is_read_as_written() {
    let database = TestDatabase::new();
    let store = database.open();
    let json = r#"{"contactType": "PERSON", "externalId": "A", "lastName": "Bär",
        "linkId": "6f9619ff-8b86-d011-b42d-00cf4fc964ff", "email": "a@example.org",
        "phone": "+41 21 555 12 12", "mobile": "+41 79 555 12 12", "isCustomer": true,
        "client": {"vatNumber": "CHE-123.456.788 MWST", "creditLimit": 1000.50}}"#;
    let outcomes = upsert(&store, &[json.to_owned()]).await;
    let written = outcomes[0].contact.as_ref().unwrap().record().unwrap();
    let read = contact(&store, written.id, Lifecycle::Living).await;
    assert_eq!(read.as_ref(), Some(written));
    assert_eq!(contact(&store, written.id, Lifecycle::Deleted).await, None);

    let elsewhere = OrganizationId::new(2).unwrap();
    assert_eq!(store.contact(elsewhere, written.id, Lifecycle::Living).await.unwrap(), None);
}

#[tokio::test]
async fn contact_survives_a_restart() {
    let database = TestDatabase::new();
    let created = upsert(&database.open(), &[person("A", "Abt")]).await;
    let again = upsert(&database.open(), &[person("A", "Abt")]).await;
    assert_eq!(verdicts(&again), [Verdict::Unchanged]);
    assert_eq!(id(&created[0]), id(&again[0]));
}

#[tokio::test]
async fn two_stores_never_share_an_id() {
    let database = TestDatabase::new();
    let stores = [database.open(), database.open()];
    let mut ids = HashSet::new();
    for round in 0..20 {
        for (number, store) in stores.iter().enumerate() {
            let outcomes = upsert(store, &[person(&format!("{round}/{number}"), "Abt")]).await;
            assert_eq!(verdicts(&outcomes), [Verdict::Created]);
            assert!(ids.insert(id(&outcomes[0])));
        }
    }
    drop(stores);
    let outcomes = upsert(&database.open(), &[person("later", "Abt")]).await;
    assert!(ids.iter().all(|earlier| *earlier < id(&outcomes[0])));
}

/// The commits, the requests in them and those that wait, as the operator sees them.
fn measured(store: &SqliteStore) -> [u64; 3] {
    let measurement = |name| store.measurements().into_iter().find(|found| found.name == name);
    ["sqlite_commits", "sqlite_committed_requests", "sqlite_waiting_requests"].map(|name| {
        let (Reading::Total(number) | Reading::Level(number)) = measurement(name).unwrap().value;
        number
    })
}

#[tokio::test]
async fn commits_and_waiting_requests_are_measured() {
    let database = TestDatabase::new();
    let store = Arc::new(database.open());
    upsert(&store, &[person("A", "Abt")]).await;
    let [commits, requests, 0] = measured(&store) else { panic!("nobody waits") };
    let mut other = connection(&database);
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    let sent = ["B", "C", "D"].map(|key| {
        let store = Arc::clone(&store);
        tokio::spawn(async move { upsert(&store, &[person(key, "Abt")]).await })
    });
    // The writer waits for the file with one of them, or with more.
    while measured(&store)[2] == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(measured(&store)[..2], [commits, requests]);
    other.batch_execute("ROLLBACK").unwrap();
    for sent in sent {
        assert_eq!(verdicts(&sent.await.unwrap()), [Verdict::Created]);
    }
    let [commits_now, requests_now, waiting] = measured(&store);
    assert_eq!((requests_now - requests, waiting), (3, 0));
    assert!((1..=3).contains(&(commits_now - commits)), "{commits} {commits_now}");
}

#[derive(QueryableByName)]
struct DataVersion {
    #[diesel(sql_type = BigInt)]
    data_version: i64,
}

/// Changes whenever another connection has written to the file.
fn data_version(connection: &mut SqliteConnection) -> i64 {
    let version: DataVersion = sql_query("PRAGMA data_version").get_result(connection).unwrap();
    version.data_version
}

#[tokio::test]
async fn unchanged_batch_writes_nothing() {
    let database = TestDatabase::new();
    upsert(&database.open(), &[person("A", "Abt"), person("B", "Bär")]).await;

    // The first batch after a start, when no ids are reserved yet.
    let store = database.open();
    let mut watching = connection(&database);
    let before = data_version(&mut watching);
    let outcomes = upsert(&store, &[person("A", "Abt"), person("B", "Bär")]).await;
    assert_eq!(verdicts(&outcomes), [Verdict::Unchanged, Verdict::Unchanged]);
    assert_eq!(data_version(&mut watching), before);

    upsert(&store, &[person("A", "Ammann")]).await;
    assert_ne!(data_version(&mut watching), before);
}

#[tokio::test]
async fn deleted_contact_frees_its_keys() {
    let database = TestDatabase::new();
    let store = database.open();
    let deleted = id(&upsert(&store, &[person("A", "Abt")]).await[0]);

    let item = Item::read(&person("A", "Abt"), &context()).to_delete();
    let deletion = contacts_domain::upsert::Batch::new(context(), Options::default(), vec![item]);
    let outcomes = store.upsert(deletion.into()).await.unwrap().unwrap();
    assert_eq!(verdicts(&outcomes), [Verdict::Deleted]);
    assert!(contact(&store, deleted, Lifecycle::Deleted).await.is_some());
    assert!(contact(&store, deleted, Lifecycle::Living).await.is_none());

    let outcomes = upsert(&store, &[person("A", "Ammann")]).await;
    assert_eq!(verdicts(&outcomes), [Verdict::Created]);
    assert_ne!(id(&outcomes[0]), deleted);
}

#[tokio::test]
async fn key_moves_between_contacts_in_one_transaction() {
    let database = TestDatabase::new();
    let store = database.open();
    let created = upsert(&store, &[person("A", "Abt"), person("B", "Bär")]).await;
    let (a, b) = (id(&created[0]), id(&created[1]));

    let outcomes = upsert(
        &store,
        &[
            format!(r#"{{"id": {a}, "externalId": null}}"#),
            format!(r#"{{"id": {b}, "externalId": "A"}}"#),
            format!(r#"{{"id": {a}, "externalId": "B"}}"#),
        ],
    )
    .await;
    assert_eq!(verdicts(&outcomes), [Verdict::Updated; 3], "{outcomes:?}");
    let found = upsert(&store, &[person("A", "Bär"), person("B", "Abt")]).await;
    assert_eq!([id(&found[0]), id(&found[1])], [b, a]);
    assert_eq!(verdicts(&found), [Verdict::Unchanged; 2]);
}

#[tokio::test]
async fn key_of_merged_contact_leads_to_target() {
    let database = TestDatabase::new();
    let store = database.open();
    let created = upsert(&store, &[person("A", "Abt"), person("B", "Abt")]).await;
    let (a, b) = (id(&created[0]), id(&created[1]));

    let merge = Merge::new(context(), a.get(), b.get()).unwrap();
    assert_eq!(store.merge(merge.into()).await.unwrap().map(drop), Ok(()));
    assert!(contact(&store, b, Lifecycle::Deleted).await.is_some());

    let found = upsert(&store, &[person("B", "Abt")]).await;
    assert_eq!(id(&found[0]), a, "{found:?}");
}

#[tokio::test]
async fn full_disk_is_reported_until_space_is_freed() {
    let database = TestDatabase::new();
    let options = SqliteOptions { max_bytes: Some(400_000), ..SqliteOptions::default() };
    let store = SqliteStore::open(&database.path(), options).unwrap().store;
    upsert(&store, &[person("A", "Abt")]).await;

    let many: Vec<_> =
        (0..2_000).map(|number| person(&format!("many {number}"), &"x".repeat(400))).collect();
    let refused = store.upsert(batch(&many)).await;
    assert_eq!(refused.unwrap_err().kind(), Kind::Full);
    assert_eq!(verdicts(&upsert(&store, &many[..1]).await), [Verdict::Created], "a small one fits");

    // One by one, until the file is full.
    let mut stored = 1;
    let full = loop {
        match store.upsert(batch(&many[stored..=stored])).await {
            Ok(report) => assert_eq!(verdicts(&report.unwrap()), [Verdict::Created]),
            Err(error) => break error,
        }
        stored += 1;
    };
    assert_eq!(full.kind(), Kind::Full);
    assert_eq!(verdicts(&upsert(&store, &[person("A", "Abt")]).await), [Verdict::Unchanged]);

    connection(&database)
        .batch_execute("DELETE FROM contact WHERE external_id LIKE 'many 1%'")
        .unwrap();
    let outcomes = upsert(&store, &many[stored..=stored]).await;
    assert_eq!(verdicts(&outcomes), [Verdict::Created]);
}
