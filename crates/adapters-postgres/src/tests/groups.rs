//! Small batches that share a transaction.

use std::sync::Arc;
use std::time::Duration;

use contacts_application::ports::{Reading, StoreErrorKind, StoreState as _};
use contacts_domain::upsert::Outcome;
use serde_json::json;
use tokio::task::{JoinHandle, yield_now};
use tokio_postgres::Client;

use super::{answers, person, send, spawn_send, until_waiting};
use crate::testing::TestDatabase;
use crate::{PostgresOptions, PostgresStore};

type Answer = JoinHandle<Result<Vec<Outcome>, contacts_application::ports::StoreError>>;

/// A store whose groups wait for this client, until it rolls back; and the batches in them.
async fn busy(database: &TestDatabase, store: &Arc<PostgresStore>) -> (Client, Vec<Answer>) {
    send(store, &[person("A", json!({})), person("B", json!({}))]).await.unwrap();
    let other = database.connect().await;
    other.batch_execute("BEGIN; SELECT FROM contact FOR NO KEY UPDATE").await.unwrap();
    let mut busy = Vec::new();
    for key in ["A", "B"] {
        busy.push(spawn_send(store, vec![person(key, json!({"title": "Dr"}))]));
        let count = i64::try_from(busy.len()).unwrap();
        until_waiting(&database.connect().await, count).await;
    }
    (other, busy)
}

/// Sends each in a batch of its own, and waits until all of them wait.
async fn line_up(store: &Arc<PostgresStore>, keys: &[&str]) -> Vec<Answer> {
    let mut sent = Vec::new();
    for key in keys {
        sent.push(spawn_send(store, vec![person(key, json!({"title": format!("Dr {key}")}))]));
        while store.groups.counts().waiting < sent.len() {
            yield_now().await;
        }
    }
    sent
}

async fn answers_of(sent: Vec<Answer>) -> Vec<String> {
    let mut all = Vec::new();
    for answer in sent {
        all.extend(answers(&answer.await.unwrap().unwrap()));
    }
    all
}

/// How many transactions wrote the contacts with these external ids.
async fn transactions(database: &TestDatabase, keys: &[&str]) -> i64 {
    let count = "SELECT count(DISTINCT xmin::text) FROM contact WHERE external_id = ANY ($1)";
    database.connect().await.query_one(count, &[&keys]).await.unwrap().get(0)
}

/// The groups, the batches in them and those that wait, as the operator sees them.
fn measured(store: &PostgresStore) -> [u64; 3] {
    let all = store.measurements();
    ["postgres_groups", "postgres_grouped_batches", "postgres_waiting_batches"].map(|name| {
        let found = all.iter().find(|measurement| measurement.name == name).unwrap();
        let (Reading::Total(number) | Reading::Level(number)) = found.value;
        number
    })
}

#[tokio::test]
async fn waiting_batches_share_a_transaction() {
    let database = TestDatabase::migrated();
    let store = Arc::new(database.open().await);
    let (other, busy) = busy(&database, &store).await;
    let sent = line_up(&store, &["C", "D", "E", "F"]).await;
    assert_eq!(measured(&store), [0, 0, 4]);
    other.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(answers_of(busy).await, ["Updated 2"; 2]);
    assert_eq!(answers_of(sent).await, ["Created 1"; 4]);
    assert_eq!(transactions(&database, &["C", "D", "E", "F"]).await, 1);
    assert_eq!(measured(&store), [1, 4, 0]);
}

#[tokio::test]
async fn batches_with_common_keys_are_applied_in_turn() {
    let database = TestDatabase::migrated();
    let store = Arc::new(database.open().await);
    let (other, busy) = busy(&database, &store).await;
    let sent = line_up(&store, &["C", "D", "C", "C"]).await;
    other.batch_execute("ROLLBACK").await.unwrap();
    answers_of(busy).await;
    assert_eq!(answers_of(sent).await, ["Created 1", "Created 1", "Unchanged 1", "Unchanged 1"]);
}

#[tokio::test]
async fn lost_race_of_one_batch_stops_no_other() {
    let database = TestDatabase::migrated();
    let store = Arc::new(database.open().await);
    let (other, busy) = busy(&database, &store).await;
    let copy = "CREATE TEMPORARY TABLE taken ON COMMIT DROP AS
                       SELECT * FROM contact WHERE external_id = 'A';
                UPDATE taken SET id = 77777, external_id = 'D';
                INSERT INTO contact SELECT * FROM taken";
    other.batch_execute(copy).await.unwrap();
    let sent = line_up(&store, &["C", "D", "E"]).await;
    other.batch_execute("COMMIT").await.unwrap();
    answers_of(busy).await;
    assert_eq!(answers_of(sent).await, ["Created 1", "Updated 2", "Created 1"]);
}

#[tokio::test]
async fn batch_of_a_caller_that_goes_is_not_applied() {
    let database = TestDatabase::migrated();
    let store = Arc::new(database.open().await);
    let (other, busy) = busy(&database, &store).await;
    let mut sent = line_up(&store, &["C", "D"]).await;
    let gone = sent.remove(0);
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    other.batch_execute("ROLLBACK").await.unwrap();
    answers_of(busy).await;
    assert_eq!(answers_of(sent).await, ["Created 1"]);
    assert_eq!(transactions(&database, &["C"]).await, 0);
}

#[tokio::test]
async fn batch_that_waits_too_long_is_contention() {
    let database = TestDatabase::migrated();
    let options =
        PostgresOptions { wait: Duration::from_millis(100), ..PostgresOptions::default() };
    let store = Arc::new(database.open_with(options).await);
    let (other, busy) = busy(&database, &store).await;
    let error = send(&store, &[person("C", json!({}))]).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Contention);
    other.batch_execute("ROLLBACK").await.unwrap();
    answers_of(busy).await;
    assert_eq!(transactions(&database, &["C"]).await, 0);
}
