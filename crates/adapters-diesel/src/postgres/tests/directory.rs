//! How the directory of intercoms is read.

use contacts_application::directory::{
    Comparison, EntryPage, EntryQuery, Filter, Order, OrderKey, TextField,
};
use contacts_application::ports::IntercomDirectory;
use contacts_application::testing::organization;
use serde_json::json;
use tokio_postgres::Client;

use super::plans::FILL;
use super::{person, send};
use crate::postgres::PostgresStore;
use crate::postgres::directory::page;
use crate::postgres::reading::begin_reading;
use crate::postgres::session::notes::{Sent, statements_of};
use crate::postgres::testing::TestDatabase;

fn query(by: OrderKey, filter: Option<Filter>) -> EntryQuery {
    EntryQuery { filter, order: Order { by, descending: false }, offset: 0, limit: 10 }
}

/// What the store sends to answer the query.
async fn sent(store: &PostgresStore, query: &EntryQuery) -> Vec<Sent> {
    statements_of(async {
        store.entries(organization(1).id, query).await.unwrap();
    })
    .await
}

/// How the server runs a statement on the tables as they are.
async fn plan(client: &Client, sent: &Sent) -> Vec<String> {
    // As many parameters as the query without a filter has.
    let sql = sent.sql.replace("$1", "1").replace("$2", "10").replace("$3", "0");
    let rows = client.query(&format!("EXPLAIN (COSTS OFF) {sql}"), &[]).await.unwrap();
    rows.iter().map(|row| row.get::<_, &str>(0).trim().to_owned()).collect()
}

#[tokio::test]
async fn entries_come_out_of_an_index_by_id_and_by_name() {
    let database = TestDatabase::migrated();
    let store = database.open().await;
    let client = database.connect().await;
    client.batch_execute(FILL).await.unwrap();
    client.batch_execute("VACUUM ANALYZE").await.unwrap();
    for (by, index) in
        [(OrderKey::Id, "contact_intercom_pkey"), (OrderKey::Name, "contact_intercom_name")]
    {
        let sent = sent(&store, &query(by, None)).await;
        let list = sent.iter().find(|sent| sent.sql.contains("LIMIT")).unwrap();
        assert_eq!(
            plan(&client, list).await,
            [
                "Limit".to_owned(),
                format!("->  Index Scan using {index} on contact_intercom"),
                "Index Cond: (organization_id = 1)".to_owned(),
            ]
        );
    }
}

#[tokio::test]
async fn the_total_and_the_entries_are_of_one_moment() {
    let database = TestDatabase::migrated();
    let store = database.open().await;
    let door = |key: &str| {
        let intercom = json!({"name": key, "type": "multi", "number": "0001-01-01"});
        [person(key, json!({"intercom": intercom}))]
    };
    send(&store, &door("A")).await.unwrap();
    let query = query(OrderKey::Id, None);
    let seen = |page: EntryPage| (page.entries.len(), page.total);

    // Somebody writes after the first statement of the transaction.
    let session = begin_reading(&store.pool, None).await.unwrap();
    let read = async || seen(page(&session, organization(1).id, &query).await.unwrap());
    assert_eq!(read().await, (1, 1));
    send(&store, &door("B")).await.unwrap();
    assert_eq!(read().await, (1, 1));
    session.rollback().await.unwrap();

    let later = store.entries(organization(1).id, &query).await.unwrap();
    assert_eq!(seen(later), (2, 2));
}

#[tokio::test]
async fn no_filter_is_kept_prepared() {
    let database = TestDatabase::migrated();
    let store = database.open().await;
    let name = Filter::Text(TextField::Name, Comparison::Equal, "Door".to_owned());
    for filter in [name.clone(), Filter::Not(Box::new(name))] {
        store.entries(organization(1).id, &query(OrderKey::Id, Some(filter))).await.unwrap();
    }
    let session = store.pool.session().await.unwrap();
    let kept = "SELECT count(*) FROM pg_prepared_statements \
                WHERE statement LIKE '%contact_intercom WHERE%'";
    let count = session.query_once(kept, &[]).await.unwrap();
    assert_eq!(count[0].get::<_, i64>(0), 0);
}
