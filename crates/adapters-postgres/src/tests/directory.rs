//! Reads of the directory of intercoms.

use std::collections::BTreeMap;

use contacts_application::directory::{
    Comparison, EntryPage, EntryQuery, Filter, FlagField, Order, OrderKey, TextField,
};
use contacts_application::ports::IntercomDirectory;
use contacts_testing::organization;
use serde_json::json;

use super::plans::{self, Explained, Partitions, named};
use super::{person, send};
use crate::PostgresStore;
use crate::connect::Session;
use crate::connect::session::notes::{SentStatement, statements_of};
use crate::replica;
use crate::statements::columns::{EntryColumns, list};
use crate::store::directory::page;
use crate::testing::TestDatabase;

fn query(by: OrderKey, filter: Option<Filter>) -> EntryQuery {
    EntryQuery { filter, order: order(by, false), offset: 0, limit: 10 }
}

/// What the store sends to answer the query.
async fn sent_for(store: &PostgresStore, query: &EntryQuery) -> Vec<SentStatement> {
    statements_of(async {
        store.entries(organization(1).id, query).await.unwrap();
    })
    .await
}

/// Whether a statement is one of those that are made for a request for entries.
pub(super) fn is_expected(sql: &str) -> bool {
    let columns = list("", EntryColumns::NAMES);
    let list = format!("SELECT {columns} FROM contact_intercom WHERE organization_id = $1");
    let count = "SELECT count(*) FROM contact_intercom WHERE organization_id = $1";
    sql.starts_with(&list) || sql.starts_with(count)
}

fn order(by: OrderKey, descending: bool) -> Order {
    Order { by, descending }
}

fn orders() -> impl Iterator<Item = Order> {
    let keys = [OrderKey::Id, OrderKey::Name, OrderKey::Kind, OrderKey::Number];
    keys.into_iter().flat_map(|by| [false, true].map(|descending| order(by, descending)))
}

fn filters() -> [Filter; 7] {
    let text = |field, comparison| Filter::Text(field, comparison, "A".to_owned());
    let name = text(TextField::Name, Comparison::Equal);
    [
        name.clone(),
        text(TextField::Name, Comparison::Less),
        text(TextField::Number, Comparison::Equal),
        Filter::Flag(FlagField::IsFavorite, Comparison::Equal, true),
        Filter::Id(Comparison::Equal, 1),
        Filter::All(vec![name.clone(), text(TextField::Kind, Comparison::NotEqual)]),
        Filter::Any(vec![name.clone(), Filter::Not(Box::new(name))]),
    ]
}

/// How entries are listed in every order and counted, and how they are with filters.
const EXPECTED: [(&str, &str); 23] = [
    ("count organization_id = $1", "an organization"),
    (
        "count organization_id = $1 AND ((name = $2 AND kind <> $3))",
        "contact_intercom_name(organization_id,name)",
    ),
    ("count organization_id = $1 AND ((name = $2 OR NOT (name = $3)))", "an organization"),
    (
        "count organization_id = $1 AND (contact_id = $2)",
        "contact_intercom_pkey(organization_id,contact_id)",
    ),
    ("count organization_id = $1 AND (is_favorite = $2)", "an organization"),
    ("count organization_id = $1 AND (name < $2)", "contact_intercom_name(organization_id,name)"),
    ("count organization_id = $1 AND (name = $2)", "contact_intercom_name(organization_id,name)"),
    ("count organization_id = $1 AND (number = $2)", "an organization"),
    (
        "list organization_id = $1 AND ((name = $2 AND kind <> $3)) ORDER BY sort_key, contact_id LIMIT $4 OFFSET $5",
        "contact_intercom_name(organization_id,name)",
    ),
    (
        "list organization_id = $1 AND ((name = $2 OR NOT (name = $3))) ORDER BY sort_key, contact_id LIMIT $4 OFFSET $5",
        "an organization",
    ),
    (
        "list organization_id = $1 AND (contact_id = $2) ORDER BY sort_key, contact_id LIMIT $3 OFFSET $4",
        "contact_intercom_pkey(organization_id,contact_id)",
    ),
    (
        "list organization_id = $1 AND (is_favorite = $2) ORDER BY sort_key, contact_id LIMIT $3 OFFSET $4",
        "an organization",
    ),
    (
        "list organization_id = $1 AND (name < $2) ORDER BY sort_key, contact_id LIMIT $3 OFFSET $4",
        "contact_intercom_name(organization_id,name)",
    ),
    (
        "list organization_id = $1 AND (name = $2) ORDER BY sort_key, contact_id LIMIT $3 OFFSET $4",
        "contact_intercom_name(organization_id,name)",
    ),
    (
        "list organization_id = $1 AND (number = $2) ORDER BY sort_key, contact_id LIMIT $3 OFFSET $4",
        "an organization",
    ),
    (
        "list organization_id = $1 ORDER BY contact_id DESC LIMIT $2 OFFSET $3",
        "contact_intercom_pkey(organization_id)",
    ),
    (
        "list organization_id = $1 ORDER BY contact_id LIMIT $2 OFFSET $3",
        "contact_intercom_pkey(organization_id)",
    ),
    (
        "list organization_id = $1 ORDER BY kind DESC, contact_id LIMIT $2 OFFSET $3",
        "an organization",
    ),
    ("list organization_id = $1 ORDER BY kind, contact_id LIMIT $2 OFFSET $3", "an organization"),
    (
        "list organization_id = $1 ORDER BY sort_key DESC, contact_id LIMIT $2 OFFSET $3",
        "contact_intercom_sort_key(organization_id)",
    ),
    (
        "list organization_id = $1 ORDER BY sort_key, contact_id LIMIT $2 OFFSET $3",
        "contact_intercom_sort_key(organization_id)",
    ),
    (
        "list organization_id = $1 ORDER BY number DESC, contact_id LIMIT $2 OFFSET $3",
        "an organization",
    ),
    ("list organization_id = $1 ORDER BY number, contact_id LIMIT $2 OFFSET $3", "an organization"),
];

#[tokio::test]
async fn entries_are_read_through_expected_indexes() {
    let database = TestDatabase::migrated();
    let store = database.open().await;
    let in_orders = orders().map(|order| EntryQuery { order, ..query(OrderKey::Id, None) });
    let filtered = filters().map(|filter| query(OrderKey::Name, Some(filter)));
    let mut sent = Vec::new();
    for query in in_orders.chain(filtered) {
        sent.extend(sent_for(&store, &query).await);
    }
    let filled = plans::filled().await;
    let explained = Explained::prepare(filled.connect().await, &sent).await;
    let line = |(sql, scans): (&str, String)| {
        let (what, of_which) = sql.split_once(" FROM contact_intercom WHERE ").unwrap();
        let what = if what == "SELECT count(*)" { "count" } else { "list" };
        // All of an organization is read through any index at the same cost, but in an order.
        let any = ["pkey", "name", "sort_key"]
            .map(|index| format!("contact_intercom_{index}(organization_id)"));
        let in_order = ["$1 ORDER BY contact_id", "$1 ORDER BY sort_key"];
        let is_in_order = in_order.iter().any(|order| of_which.contains(order));
        let scans =
            if !is_in_order && any.contains(&scans) { "an organization".to_owned() } else { scans };
        (format!("{what} {of_which}"), scans)
    };
    let plans: BTreeMap<_, _> = explained.scans().await.into_iter().map(line).collect();
    assert_eq!(plans, named(&EXPECTED));
}

#[tokio::test]
async fn index_yields_entries_in_id_and_name_order() {
    let database = TestDatabase::migrated();
    let store = database.open().await;
    let filled = plans::filled().await;
    let client = filled.connect().await;
    let partitions = Partitions::of(&client).await;
    for (order, scan) in [
        (order(OrderKey::Id, false), "Index Scan using contact_intercom_pkey"),
        (order(OrderKey::Id, true), "Index Scan Backward using contact_intercom_pkey"),
        (order(OrderKey::Name, false), "Index Scan using contact_intercom_sort_key"),
    ] {
        let sent = sent_for(&store, &EntryQuery { order, ..query(OrderKey::Id, None) }).await;
        let list = sent.iter().find(|sent| sent.sql.contains("LIMIT")).unwrap();
        let sql = list.sql.replace("$1", "1").replace("$2", "10").replace("$3", "0");
        let rows = client.query(&format!("EXPLAIN (COSTS OFF) {sql}"), &[]).await.unwrap();
        let plan = rows.iter().map(|row| partitions.whole(row.get::<_, &str>(0).trim()));
        let plan: Vec<_> = plan.collect();
        let scan = format!("->  {scan} on contact_intercom");
        assert_eq!(plan, ["Limit", &scan, "Index Cond: (organization_id = 1)"]);
    }
}

#[tokio::test]
async fn total_and_entries_come_from_one_snapshot() {
    let database = TestDatabase::migrated();
    let store = database.open().await;
    let entry = |key: &str| {
        let intercom = json!({"name": key, "type": "multi", "number": "0001-01-01"});
        [person(key, json!({"intercom": intercom}))]
    };
    send(&store, &entry("A")).await.unwrap();
    let query = query(OrderKey::Id, None);
    let seen = |page: EntryPage| (page.entries.len(), page.total);

    // Another transaction writes after the first statement.
    let read = async |session: Session| {
        let read = async || seen(page(&session, organization(1).id, &query).await.unwrap());
        let before = read().await;
        send(&store, &entry("B")).await.unwrap();
        let after = read().await;
        session.rollback().await?;
        Ok((before, after))
    };
    let read = replica::read(&store.pool, &store.free_for_lists, None, read).await.unwrap();
    assert_eq!(read, ((1, 1), (1, 1)));

    let later = store.entries(organization(1).id, &query).await.unwrap();
    assert_eq!(seen(later), (2, 2));
}

#[tokio::test]
async fn filters_are_not_kept_prepared() {
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
