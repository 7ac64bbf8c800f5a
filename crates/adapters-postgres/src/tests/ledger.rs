//! The ledger beside transactions that commit out of order, and in another cluster.

use contacts_application::ledger::{FeedPage, FeedPosition, PageSize};
use contacts_application::ports::Ledger as _;
use contacts_domain::ContactId;
use contacts_testing::{now, organization};
use serde_json::json;
use tokio_postgres::IsolationLevel::RepeatableRead;

use super::plans::{Explained, by_name, filled, named};
use super::{id_of, person, send};
use crate::PostgresStore;
use crate::connect::session::notes::statements_of;
use crate::statements::ledger::feed;
use crate::testing::TestDatabase;

const PAGE: PageSize = PageSize { items: 100, bytes: 1 << 20 };

/// A transaction of a server that has added a run of one contact and is not committed.
const UNCOMMITTED: &str = "
    SELECT pg_advisory_xact_lock_shared(1, -1);
    INSERT INTO contact
    SELECT 1, 1000000, 'PERSON', 'LATE', NULL, 'Abt', NULL, NULL, NULL, NULL, false, false, false,
           false, 1, 1, now(), now(), NULL, '{}', NULL, 1000001;
    INSERT INTO run
    SELECT 1, 1000001, pg_current_xact_id()::text::bigint * 64, 0, 1, 'erp', 't', NULL, now(), 1, 0, 0, 0,
           0, NULL;
    INSERT INTO ledger VALUES (1, 1000001, 1000000, 1, 1, NULL, NULL)";

async fn end(store: &PostgresStore) -> FeedPosition {
    store.feed_end(organization(1).id).await.unwrap()
}

async fn page(store: &PostgresStore, from: FeedPosition) -> FeedPage {
    store.feed(organization(1).id, from, PAGE).await.unwrap().unwrap()
}

/// The contacts of a page.
fn ids(page: &FeedPage) -> Vec<i64> {
    page.changes.iter().map(|change| change.contact.get()).collect()
}

async fn create(store: &PostgresStore, key: &str) -> i64 {
    id_of(&send(store, &[person(key, json!({}))]).await.unwrap()[0])
}

#[tokio::test]
async fn late_commit_is_not_left_out() {
    let database = TestDatabase::migrated();
    let store = database.open().await;
    let first = create(&store, "A").await;
    let start = end(&store).await;
    let mut late = database.connect().await;
    let late = late.transaction().await.unwrap();
    late.batch_execute(UNCOMMITTED).await.unwrap();
    let second = create(&store, "B").await;
    send(&store, &[person("A", json!({"firstName": "Ada"}))]).await.unwrap();

    let nothing = page(&store, start).await;
    assert_eq!(
        (ids(&nothing), nothing.next),
        (vec![], start),
        "what comes before is not committed"
    );
    late.commit().await.unwrap();
    let all = page(&store, nothing.next).await;
    assert_eq!(ids(&all), [1_000_000, second, first]);
    assert_eq!(ids(&page(&store, all.next).await), Vec::<i64>::new());
}

#[tokio::test]
async fn commit_after_the_snapshot_is_noticed() {
    let database = TestDatabase::migrated();
    let store = database.open().await;
    let (mut late, mut reader) = (database.connect().await, database.connect().await);
    let late = late.transaction().await.unwrap();
    late.batch_execute(UNCOMMITTED).await.unwrap();
    create(&store, "A").await;
    // Its snapshot stays.
    let reader = reader.build_transaction().isolation_level(RepeatableRead).start().await.unwrap();
    reader.batch_execute("SELECT FROM run").await.unwrap();
    late.commit().await.unwrap();
    let end = reader.query_one(&*feed::END, &[&1]).await.unwrap();
    assert!(end.get::<_, bool>(3));
}

#[tokio::test]
async fn rolled_back_run_leaves_no_gap() {
    let database = TestDatabase::migrated();
    let store = database.open().await;
    let start = end(&store).await;
    let mut late = database.connect().await;
    let late = late.transaction().await.unwrap();
    late.batch_execute(UNCOMMITTED).await.unwrap();
    let created = create(&store, "A").await;
    assert_eq!(ids(&page(&store, start).await), Vec::<i64>::new());
    late.rollback().await.unwrap();
    assert_eq!(ids(&page(&store, start).await), [created]);
}

#[tokio::test]
async fn contact_that_changes_all_the_time_is_shown() {
    let database = TestDatabase::migrated();
    let store = database.open().await;
    let start = end(&store).await;
    let created = create(&store, "A").await;
    let mut late = database.connect().await;
    let late = late.transaction().await.unwrap();
    late.batch_execute(UNCOMMITTED).await.unwrap();
    send(&store, &[person("A", json!({"firstName": "Ada"}))]).await.unwrap();
    let shown = page(&store, start).await;
    let versions = shown.changes.iter().map(|change| change.record.as_ref().unwrap().version.get());
    assert_eq!(versions.collect::<Vec<_>>(), [2], "its last change is not below the horizon");
    late.rollback().await.unwrap();
    assert_eq!(ids(&page(&store, shown.next).await), [created], "and comes later");
}

#[tokio::test]
async fn contact_that_comes_twice_hides_no_other() {
    let database = TestDatabase::migrated();
    let store = database.open().await;
    let start = end(&store).await;
    let first = create(&store, "A").await;
    send(&store, &[person("A", json!({"firstName": "Ada"}))]).await.unwrap();
    let others = [create(&store, "B").await, create(&store, "C").await];
    let mut late = database.connect().await;
    let late = late.transaction().await.unwrap();
    late.batch_execute(UNCOMMITTED).await.unwrap();
    // Beyond the horizon, so both changes before show the contact.
    send(&store, &[person("A", json!({"firstName": "Bea"}))]).await.unwrap();
    let (mut from, mut shown) = (start, Vec::new());
    loop {
        let next = store.feed(organization(1).id, from, PageSize { items: 2, ..PAGE });
        let next = next.await.unwrap().unwrap();
        shown.extend(ids(&next));
        from = next.next;
        if !next.has_more {
            break;
        }
    }
    shown.dedup();
    assert_eq!(shown, [first, others[0], others[1]]);
    late.rollback().await.unwrap();
}

#[tokio::test]
async fn foreign_transactions_hold_no_feed_up() {
    let database = TestDatabase::migrated();
    let store = database.open().await;
    let start = end(&store).await;
    let elsewhere = TestDatabase::migrated();
    let mut others =
        [elsewhere.connect().await, database.connect().await, database.connect().await];
    let [one, two, three] = &mut others;
    let (one, two) = (one.transaction().await.unwrap(), two.transaction().await.unwrap());
    let three = three.transaction().await.unwrap();
    one.batch_execute(UNCOMMITTED).await.unwrap();
    two.batch_execute(
        "UPDATE id_counter SET next_id = next_id WHERE false; SELECT pg_current_xact_id()",
    )
    .await
    .unwrap();
    let other_organization =
        UNCOMMITTED.replace("(1, -1)", "(2, -1)").replace("SELECT 1, ", "SELECT 2, ");
    three.batch_execute(&other_organization.replace("VALUES (1", "VALUES (2")).await.unwrap();
    let created = create(&store, "A").await;
    assert_eq!(ids(&page(&store, start).await), [created]);
}

#[tokio::test]
async fn runs_go_on_in_another_cluster() {
    let database = TestDatabase::migrated();
    let store = database.open().await;
    create(&store, "A").await;
    // As if the dump came from a cluster with far more transactions.
    let moved = "UPDATE run SET position = position + 1000000000000";
    database.connect().await.batch_execute(moved).await.unwrap();
    let start = end(&store).await;
    assert!(start.last.unwrap().position > 1_000_000_000_000);
    let mut created = Vec::new();
    for key in ["B", "C"] {
        created.push(create(&store, key).await);
    }
    let all = page(&store, start).await;
    assert_eq!(ids(&all), created);
    created = vec![create(&store, "D").await];
    assert_eq!(ids(&page(&store, all.next).await), created);
}

/// The statements that read the ledger, with their expected scans.
pub(super) const EXPECTED: [(&str, &str); 11] = [
    (
        "SELECT id, api, … DESC LIMIT $3",
        "run_pkey(organization_id,id) run_position(organization_id,\"position\")",
    ),
    ("SELECT id, api, … id = $2", "run_pkey(organization_id,id)"),
    ("SELECT id, at … position LIMIT $2", "run_position(organization_id)"),
    (
        "SELECT id, contact_type, … id LIMIT $3",
        "contact_pkey(organization_id,id) run_pkey(organization_id,id)",
    ),
    ("SELECT id FROM … mark = $3", "run_position(organization_id,\"position\")"),
    (
        "SELECT r.position, r.mark, … l.contact_id LIMIT $5",
        "contact_pkey(organization_id,id) ledger_pkey(organization_id,run_id,contact_id) \
         purged_contact_pkey(organization_id,contact_id) run_pkey(organization_id,id) \
         run_position(organization_id,\"position\",\"position\")",
    ),
    (
        "SELECT run_id, contact_id, … contact_id LIMIT $4",
        "ledger_pkey(organization_id,run_id,contact_id)",
    ),
    (
        "WITH RECURSIVE changed … BY changed.id, chain.place",
        "contact_pkey(organization_id,id) ledger_pkey(organization_id,run_id) \
         ledger_pkey(organization_id,run_id,contact_id)",
    ),
    (
        "WITH RECURSIVE chain … ORDER BY place",
        "contact_pkey(organization_id,id) ledger_pkey(organization_id,run_id,contact_id) \
         run_pkey(organization_id,id)",
    ),
    (
        "WITH entries AS … = ANY ($2)",
        "ledger_pkey(organization_id,run_id) purged_contact_pkey(organization_id,contact_id) \
         run_pkey(organization_id,id)",
    ),
    (
        "WITH locks AS … last ON true",
        "all of id_counter pg_database_datname_index(datname) run_position(organization_id) \
         run_position(organization_id,\"position\")",
    ),
];

#[tokio::test]
async fn ledger_statements_use_expected_indexes() {
    let database = TestDatabase::migrated();
    let store = database.open().await;
    let id = create(&store, "A").await;
    let (contact, here) = (ContactId::new(id).unwrap(), organization(1).id);
    create(&store, "B").await;
    let sent = statements_of(async {
        let run = store.runs(here, None, 2).await.unwrap().remove(1).id;
        store.runs(here, Some(run), 2).await.unwrap();
        store.run(here, run).await.unwrap().unwrap();
        store.changes(here, run, None, PAGE).await.unwrap();
        store.changed_by(here, run, 1 << 20).await.unwrap();
        store.history(here, contact, None, PAGE).await.unwrap().unwrap();
        let end = store.feed_end(here).await.unwrap();
        store.feed(here, end, PAGE).await.unwrap().unwrap();
        store.feed(here, FeedPosition { listed_to: Some(0), ..end }, PAGE).await.unwrap().unwrap();
        store
            .prune(here, contacts_domain::Timestamp::from_micros(now().micros() * 2))
            .await
            .unwrap();
    });
    let sent = sent.await;
    let large = filled().await;
    let explained = Explained::prepare(large.connect().await, &sent).await;
    let mut scans = by_name(explained.scans().await);
    let expected = named(&EXPECTED);
    scans.retain(|name, _| expected.contains_key(name));
    assert_eq!(scans, expected);

    // A page of the feed sorts the changes of a run, not those of all runs that follow.
    let (_, feed) = explained
        .plans()
        .await
        .into_iter()
        .find(|(sql, _)| sql.starts_with("SELECT r.position, r.mark,"))
        .unwrap();
    let sorts: Vec<_> = feed.iter().filter(|line| line.ends_with("Sort")).collect();
    assert!(sorts.iter().all(|line| line.ends_with("Incremental Sort")), "{feed:#?}");
}
