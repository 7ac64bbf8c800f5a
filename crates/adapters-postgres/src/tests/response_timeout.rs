//! A database that gives no answer.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use contacts_application::access::TokenDigest;
use contacts_application::directory::{EntryQuery, Order, OrderKey};
use contacts_application::ports::{AccessStore, IntercomDirectory, StoreError, StoreErrorKind};
use contacts_domain::OrganizationId;
use serde_json::json;
use tokio_postgres::Client;

use super::log::Log;
use super::relay::Relay;
use super::{answers, person, send, spawn_send, until_waiting};
use crate::testing::TestDatabase;
use crate::{PostgresOptions, PostgresStore};

/// Longer than any test takes.
const LONG: Duration = Duration::from_secs(3_600);

const SECOND: Duration = Duration::from_secs(1);

/// One connection, with a limit for locks alone.
fn brief() -> PostgresOptions {
    PostgresOptions {
        connections: 1,
        lock_timeout: SECOND,
        statement_timeout: LONG,
        ..PostgresOptions::default()
    }
}

/// One connection, with a limit for every statement.
fn strict() -> PostgresOptions {
    PostgresOptions { statement_timeout: SECOND, ..brief() }
}

/// Why the store is unavailable.
fn cause<T: std::fmt::Debug>(answer: Result<T, StoreError>) -> String {
    match answer {
        Err(error) if error.kind() == StoreErrorKind::Unavailable => {
            error.source().unwrap().to_string()
        }
        other => panic!("{other:?}"),
    }
}

/// Reads a token.
async fn authenticate(store: &PostgresStore) -> Result<bool, StoreError> {
    store.token(TokenDigest([7; 32])).await.map(|token| token.is_some())
}

/// Waits until no connection to the database of that client waits for a lock.
async fn until_none_waits(client: &Client) {
    const WAITING: &str = "
        SELECT count(*) FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while client.query_one(WAITING, &[]).await.unwrap().get::<_, i64>(0) > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn list_waits_for_lock_until_lock_timeout() {
    let database = TestDatabase::migrated();
    let store = database.open_with(brief()).await;
    let other = database.connect().await;
    other.batch_execute("BEGIN; LOCK TABLE contact_intercom").await.unwrap();
    let order = Order { by: OrderKey::Id, descending: false };
    let query = EntryQuery { filter: None, order, offset: 0, limit: 10 };
    let answer = store.entries(OrganizationId::new(1).unwrap(), &query).await;
    assert_eq!(answer.as_ref().unwrap_err().kind(), StoreErrorKind::Contention);
}

#[tokio::test]
async fn read_outside_transaction_is_limited_by_lock_timeout() {
    let database = TestDatabase::migrated();
    let (store, other) = (database.open_with(brief()).await, database.connect().await);
    other.batch_execute("BEGIN; LOCK TABLE api_token").await.unwrap();
    assert_eq!(cause(authenticate(&store).await), "the database gave no answer for 1 s");
    until_none_waits(&database.connect().await).await;
    other.batch_execute("COMMIT").await.unwrap();
    assert!(!authenticate(&store).await.unwrap());
}

#[tokio::test]
async fn abandoned_read_is_cancelled() {
    let database = TestDatabase::migrated();
    let options = PostgresOptions { lock_timeout: LONG, ..brief() };
    let store = Arc::new(database.open_with(options).await);
    let (other, watching) = (database.connect().await, database.connect().await);
    other.batch_execute("BEGIN; LOCK TABLE api_token").await.unwrap();
    let reading = Arc::clone(&store);
    let abandoned = tokio::spawn(async move { authenticate(&reading).await });
    until_waiting(&watching, 1).await;
    abandoned.abort();
    assert!(abandoned.await.unwrap_err().is_cancelled());
    until_none_waits(&watching).await;
    send(&store, &[person("A", json!({}))]).await.unwrap();
}

#[tokio::test]
async fn unanswered_begin_fails_after_lock_timeout() {
    let database = TestDatabase::migrated();
    let relay = Relay::before(&database).await;
    let store = relay.open_with(brief()).await;
    send(&store, &[person("A", json!({}))]).await.unwrap();
    relay.fall_silent_at("BEGIN");
    let answer = send(&store, &[person("B", json!({}))]).await;
    assert_eq!(cause(answer), "the database gave no answer for 1 s");
    assert_eq!(relay.speak_again(), 1, "it was tried once");
    let outcomes = send(&store, &[person("B", json!({}))]).await.unwrap();
    assert_eq!(answers(&outcomes), ["Created 1"]);
}

#[tokio::test]
async fn unanswered_statement_is_cancelled_and_not_retried() {
    let database = TestDatabase::migrated();
    let relay = Relay::before(&database).await;
    let store = relay.open_with(strict()).await;
    relay.fall_silent_at("INSERT INTO contact (");
    let answer = send(&store, &[person("A", json!({}))]).await;
    assert_eq!(cause(answer), "the database gave no answer for 2 s");
    relay.until_cancelled().await;
    assert_eq!(relay.speak_again(), 1, "it was tried once");
    let outcomes = send(&store, &[person("A", json!({}))]).await.unwrap();
    assert_eq!(answers(&outcomes), ["Created 1"]);
}

#[tokio::test]
async fn unanswered_commit_is_neither_cancelled_nor_retried() {
    let database = TestDatabase::migrated();
    let relay = Relay::before(&database).await;
    let store = relay.open_with(strict()).await;
    send(&store, &[person("A", json!({}))]).await.unwrap();
    // As a query of its own; each transaction begins as READ COMMITTED.
    relay.fall_silent_at("COMMIT\0");
    let answer = send(&store, &[person("B", json!({}))]).await;
    assert_eq!(cause(answer), "the database gave no answer for 2 s");
    assert_eq!(relay.speak_again(), 1, "it was tried once");
    let outcomes = send(&store, &[person("B", json!({}))]).await.unwrap();
    assert_eq!(answers(&outcomes), ["Unchanged 1"], "it was committed all the same");
    assert_eq!(relay.cancels(), 0);
}

#[tokio::test]
async fn wait_for_id_block_is_limited() {
    let database = TestDatabase::migrated();
    let wait = Duration::from_millis(50);
    let options = PostgresOptions { connections: 6, wait, lock_timeout: LONG, ..brief() };
    let store = Arc::new(database.open_with(options).await);
    let other = database.connect().await;
    other.batch_execute("BEGIN; SELECT FROM id_counter FOR UPDATE").await.unwrap();
    let first = spawn_send(&store, vec![person("A", json!({}))]);
    until_waiting(&database.connect().await, 1).await;
    let second = send(&store, &[person("B", json!({}))]).await;
    assert_eq!(cause(second), "others wait for more ids");
    other.batch_execute("COMMIT").await.unwrap();
    assert_eq!(answers(&first.await.unwrap().unwrap()), ["Created 1"]);
}

#[tokio::test]
async fn migration_waits_without_limit_and_logs_it() {
    let (log, _guard, _other) = Log::start();
    let database = TestDatabase::empty();
    let other = database.connect().await;
    other.batch_execute("SELECT pg_advisory_lock(7165066978298918003)").await.unwrap();
    // By the time of the log line, all limits have passed.
    let hasty = Duration::from_millis(450);
    let options = PostgresOptions {
        lock_timeout: hasty,
        statement_timeout: hasty,
        ..PostgresOptions::default()
    };
    let url = database.url().parse().unwrap();
    let opening = tokio::spawn(async move { PostgresStore::open(&url, options).await });
    while log.lines().is_empty() && !opening.is_finished() {
        tokio::task::yield_now().await;
    }
    other.batch_execute("SELECT pg_advisory_unlock(7165066978298918003)").await.unwrap();
    assert!(opening.await.unwrap().unwrap().created);
    let line = "INFO waiting for another process that brings the schema up to date";
    assert_eq!(log.lines(), [line]);
}
