//! What one kind of request leaves to the others.

use std::sync::Arc;
use std::time::Duration;

use contacts_application::access::TokenDigest;
use contacts_application::directory::{EntryQuery, Order, OrderKey};
use contacts_application::ports::{AccessStore, ContactStore, IntercomDirectory, StoreErrorKind};
use contacts_domain::upsert::Options;
use contacts_testing::{batch, context, organization};
use serde_json::{Value, json};

use super::{answers, person, send, spawn_send, until_waiting};
use crate::PostgresOptions;
use crate::testing::TestDatabase;

const LIST: EntryQuery = EntryQuery {
    filter: None,
    order: Order { by: OrderKey::Name, descending: false },
    offset: 0,
    limit: 10,
};

#[tokio::test]
async fn token_is_found_while_other_connections_are_busy() {
    let database = TestDatabase::migrated();
    let options = PostgresOptions { connections: 4, ..PostgresOptions::default() };
    let store = database.open_with(options).await;
    let mut busy = Vec::new();
    for _ in 0..store.pool.options().connections {
        busy.push(store.pool.session().await.unwrap());
    }
    assert_eq!(busy.len(), 2);
    assert!(store.token(TokenDigest([0; 32])).await.unwrap().is_none());
}

#[tokio::test]
async fn writes_of_one_organization_leave_connections_to_others() {
    let database = TestDatabase::migrated();
    // Four of them for contacts.
    let options = PostgresOptions { connections: 6, ..PostgresOptions::default() };
    let store = Arc::new(database.open_with(options).await);
    send(&store, &[person("A", json!({}))]).await.unwrap();
    let other = database.connect().await;
    other.batch_execute("BEGIN; SELECT FROM contact FOR UPDATE").await.unwrap();
    let waiting = ["A", "B", "C", "D", "E"]
        .map(|title| spawn_send(&store, vec![person("A", json!({"title": title}))]));
    until_waiting(&database.connect().await, 2).await;

    let elsewhere = batch(context(2), Options::default(), &[person("B", json!({}))]);
    let outcomes = store.upsert(elsewhere).await.unwrap().unwrap();
    assert_eq!(answers(&outcomes), ["Created 1"]);
    other.batch_execute("ROLLBACK").await.unwrap();
    for write in waiting {
        write.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn lists_leave_half_of_the_connections() {
    let database = TestDatabase::migrated();
    let options = PostgresOptions { connections: 6, ..PostgresOptions::default() };
    let store = Arc::new(database.open_with(options).await);
    let other = database.connect().await;
    other.batch_execute("BEGIN; LOCK TABLE contact_intercom").await.unwrap();
    let lists: Vec<_> = (0..5)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.entries(organization(1).id, &LIST).await })
        })
        .collect();
    until_waiting(&database.connect().await, 2).await;

    assert!(send(&store, &[person("A", json!({}))]).await.is_ok());
    other.batch_execute("ROLLBACK").await.unwrap();
    for list in lists {
        list.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn list_that_takes_too_long_is_out_of_time() {
    let database = TestDatabase::migrated();
    let list_timeout = Duration::from_millis(100);
    let options = PostgresOptions { list_timeout, ..PostgresOptions::default() };
    let store = database.open_with(options).await;
    let other = database.connect().await;
    other.batch_execute("BEGIN; LOCK TABLE contact_intercom").await.unwrap();
    let error = store.entries(organization(1).id, &LIST).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::OutOfTime);
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("statement timeout"), "{cause}");
}

#[tokio::test]
async fn connection_that_sent_large_documents_is_closed() {
    const BACKEND: &str = "SELECT pg_backend_pid()";
    let database = TestDatabase::migrated();
    let options = PostgresOptions { connections: 1, ..PostgresOptions::default() };
    let store = database.open_with(options).await;
    let address = json!({"name": "A", "line1": "x".repeat(100), "line2": "y".repeat(100)});
    let addresses = json!({"addresses": vec![address; 600]});
    let items = |members: &Value| -> Vec<Value> {
        (0..70).map(|number| person(&number.to_string(), members.clone())).collect()
    };
    let (large, unchanged, titled) =
        (items(&addresses), items(&json!({})), items(&json!({"title": "Dr"})));
    for (items, expected, closes) in [
        (&large[..5], "Created 1", false),
        (&large[5..], "Created 1", true),
        (&unchanged, "Unchanged 1", false),
        (&titled[..5], "Updated 2", false),
        (&titled[5..], "Updated 2", true),
    ] {
        let before: i32 = store.pool.read(BACKEND, &[]).await.unwrap()[0].get(0);
        assert_eq!(answers(&send(&store, items).await.unwrap()), vec![expected; items.len()]);
        let after: i32 = store.pool.read(BACKEND, &[]).await.unwrap()[0].get(0);
        assert_eq!(after != before, closes, "{expected} {}", items.len());
    }
}
