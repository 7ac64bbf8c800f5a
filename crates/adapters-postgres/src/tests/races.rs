//! Concurrent transactions on the same contacts.

use std::collections::BTreeSet;
use std::sync::Arc;

use contacts_application::ports::ContactStore;
use contacts_domain::merging::Merge;
use contacts_domain::upsert::{Batch, Item, Mode, Options};
use contacts_testing::{batch, context};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{answers, id_of, person, send, spawn_send, until_waiting};
use crate::testing::TestDatabase;

#[tokio::test]
async fn overtaken_update_starts_from_current_version() {
    let database = TestDatabase::migrated();
    let (store, other) = (Arc::new(database.open().await), database.connect().await);
    send(&store, &[person("A", json!({}))]).await.unwrap();

    other.batch_execute("BEGIN; UPDATE contact SET version = 2").await.unwrap();
    let overtaken = spawn_send(&store, vec![person("A", json!({"title": "Dr"}))]);
    until_waiting(&database.connect().await, 1).await;
    other.batch_execute("COMMIT").await.unwrap();

    assert_eq!(answers(&overtaken.await.unwrap().unwrap()), ["Updated 3"]);
}

#[tokio::test]
async fn moved_key_is_found_at_its_new_contact() {
    let database = TestDatabase::migrated();
    let (store, other) = (Arc::new(database.open().await), database.connect().await);
    let stored = send(&store, &[person("A", json!({})), person("B", json!({}))]).await.unwrap();

    let moves = "BEGIN;
        UPDATE contact SET external_id = NULL, version = 2 WHERE external_id = 'A';
        UPDATE contact SET external_id = 'A', version = 2 WHERE external_id = 'B'";
    other.batch_execute(moves).await.unwrap();
    let options = Options { mode: Mode::Update, ..Options::default() };
    let item = json!({"externalId": "A", "title": "Dr"});
    let asks = Arc::clone(&store);
    let asked = tokio::spawn(async move { asks.upsert(batch(context(1), options, &[item])).await });
    until_waiting(&database.connect().await, 1).await;
    other.batch_execute("COMMIT").await.unwrap();

    let outcomes = asked.await.unwrap().unwrap().unwrap();
    assert_eq!(answers(&outcomes), ["Updated 3"]);
    assert_eq!(id_of(&outcomes[0]), id_of(&stored[1]));
}

#[tokio::test]
async fn uncommitted_key_is_waited_for() {
    for (end, answer) in [("COMMIT", "Updated 2"), ("ROLLBACK", "Created 1")] {
        let database = TestDatabase::migrated();
        let (store, other) = (Arc::new(database.open().await), database.connect().await);
        send(&store, &[person("A", json!({}))]).await.unwrap();

        let copy = "BEGIN;
            CREATE TEMPORARY TABLE taken ON COMMIT DROP AS SELECT * FROM contact;
            UPDATE taken SET id = 77777, external_id = 'B';
            INSERT INTO contact SELECT * FROM taken";
        other.batch_execute(copy).await.unwrap();
        let waits = spawn_send(&store, vec![person("B", json!({"title": "Dr"}))]);
        until_waiting(&database.connect().await, 1).await;
        other.batch_execute(end).await.unwrap();

        assert_eq!(answers(&waits.await.unwrap().unwrap()), [answer], "after {end}");
    }
}

#[tokio::test]
async fn merge_relinks_concurrently_added_reference() {
    let database = TestDatabase::migrated();
    let (store, other) = (Arc::new(database.open().await), database.connect().await);
    let items = ["TARGET", "SOURCE", "REFERS"].map(|key| person(key, json!({})));
    let ids: Vec<i64> = send(&store, &items).await.unwrap().iter().map(id_of).collect();

    // The request that adds the reference has found the source alive, and waits.
    other.batch_execute("BEGIN; SELECT FROM contact FOR NO KEY UPDATE").await.unwrap();
    let refers = spawn_send(&store, vec![person("REFERS", json!({"relatedContactIds": [ids[1]]}))]);
    let watch = database.connect().await;
    until_waiting(&watch, 1).await;
    let merges = Arc::clone(&store);
    let merge = Arc::new(Merge::new(context(1), ids[0], ids[1]).unwrap());
    let merging = tokio::spawn(async move { merges.merge(merge).await });
    until_waiting(&watch, 2).await;
    other.batch_execute("ROLLBACK").await.unwrap();

    assert_eq!(answers(&refers.await.unwrap().unwrap()), ["Updated 2"]);
    assert_eq!(merging.await.unwrap().unwrap().map(drop), Ok(()));
    let item = person("REFERS", json!({"relatedContactIds": [ids[0]]}));
    assert_eq!(answers(&send(&store, &[item]).await.unwrap()), ["Unchanged 3"]);
}

const CONTACTS: usize = 40;
const REQUESTS: usize = 6;
const ROUNDS: usize = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn overlapping_batches_of_two_stores_lose_nothing() {
    let database = TestDatabase::migrated();
    let stores = [Arc::new(database.open().await), Arc::new(database.open().await)];
    let mut requests = JoinSet::new();
    for (request, store) in stores.iter().cycle().take(REQUESTS).enumerate() {
        let store = Arc::clone(store);
        requests.spawn(async move {
            let mut updates = 0;
            for round in 0..ROUNDS {
                let title = format!("{request}-{round}");
                let item = |number| person(&format!("K-{number}"), json!({"title": title}));
                let mut items: Vec<Value> = (0..CONTACTS).map(item).collect();
                if request % 2 == 1 {
                    items.reverse();
                }
                let outcomes = send(&store, &items).await.unwrap();
                let written = |answer: &String| !answer.starts_with("Unchanged");
                updates += answers(&outcomes).into_iter().filter(written).count();
            }
            updates
        });
    }
    let written: usize = requests.join_all().await.into_iter().sum();

    let client = database.connect().await;
    let rows = client.query("SELECT external_id, version FROM contact", &[]).await.unwrap();
    let keys: BTreeSet<String> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!((keys.len(), rows.len()), (CONTACTS, CONTACTS));
    let versions: i64 = rows.iter().map(|row| row.get::<_, i64>(1)).sum();
    assert_eq!(usize::try_from(versions).unwrap(), written, "a version for each answer");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stores_that_exchange_keys_in_opposite_order_all_come_through() {
    let database = TestDatabase::migrated();
    let stores = [Arc::new(database.open().await), Arc::new(database.open().await)];
    let items: Vec<Value> =
        (0..CONTACTS).map(|number| person(&format!("K-{number}"), json!({}))).collect();
    let ids: Vec<i64> = send(&stores[0], &items).await.unwrap().iter().map(id_of).collect();

    let mut requests = JoinSet::new();
    for (request, store) in stores.iter().cycle().take(REQUESTS).enumerate() {
        let (store, ids) = (Arc::clone(store), ids.clone());
        requests.spawn(async move {
            for round in 0..ROUNDS {
                // Every contact lets go of its key, then takes that of one further on.
                let key = |at: usize| format!("K-{}", (at + request + round) % CONTACTS);
                let gives = ids.iter().map(|id| json!({"id": id, "externalId": null}));
                let takes = ids.iter().enumerate();
                let takes = takes.map(|(at, id)| json!({"id": id, "externalId": key(at)}));
                let mut items: Vec<Value> = gives.collect();
                items.extend(takes);
                let outcomes = send(&store, &items).await.unwrap();
                let refused = outcomes.iter().find(|outcome| outcome.verdict.is_refusal());
                assert_eq!(refused, None);
            }
        });
    }
    requests.join_all().await;

    let client = database.connect().await;
    let rows = client.query("SELECT external_id FROM contact", &[]).await.unwrap();
    let keys: BTreeSet<String> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!((keys.len(), rows.len()), (CONTACTS, CONTACTS));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn contacts_that_come_and_go_are_never_there_twice() {
    let database = TestDatabase::migrated();
    let stores = [Arc::new(database.open().await), Arc::new(database.open().await)];
    let mut requests = JoinSet::new();
    for (request, store) in stores.iter().cycle().take(REQUESTS).enumerate() {
        let store = Arc::clone(store);
        requests.spawn(async move {
            for round in 0..ROUNDS {
                let context = context(1);
                let read = |item: Value| Item::read(&item.to_string(), &context);
                let items = (0..CONTACTS).map(|number| match (number * 7 + request + round) % 3 {
                    0 => read(json!({"externalId": format!("K-{number}")})).to_delete(),
                    _ => {
                        read(person(&format!("K-{number}"), json!({"title": request.to_string()})))
                    }
                });
                let items = items.collect();
                let batch = Batch::new(context.clone(), Options::default(), items);
                let outcomes = store.upsert(Arc::new(batch)).await.unwrap().unwrap();
                for answer in answers(&outcomes) {
                    // A deletion may come too late. No item loses a race.
                    assert!(!answer.contains("UNIQUE"), "{answer}");
                }
            }
        });
    }
    requests.join_all().await;

    let client = database.connect().await;
    let living = "SELECT external_id FROM contact WHERE deleted_at IS NULL";
    let rows = client.query(living, &[]).await.unwrap();
    let keys: BTreeSet<String> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(keys.len(), rows.len());
}
