//! What a purge leaves in the database.

use std::sync::Arc;

use contacts_application::plans::{KeptPlan, PlanChange, PlanPart};
use contacts_application::ports::{
    AccessStore as _, ContactStore as _, IndexStep, Indexed, KeptAnswers as _, KeptPlans as _,
    Ledger as _, SearchIndex as _,
};
use contacts_application::use_cases::IndexContacts;
use contacts_domain::decision::{
    AliasKey, Answer, Idempotent, Keep, KeptAnswer, RequestDigest, RequestKey,
};
use contacts_domain::purging::{Purge, PurgeTarget};
use contacts_domain::searching::SearchWords;
use contacts_domain::upsert::{BatchReport, Options};
use contacts_domain::{ContactId, Timestamp};
use contacts_testing::{StoppedClock, batch, context, now, organization};
use serde_json::json;
use tokio_postgres::Client;

use super::plans::{Explained, by_name, filled, named};
use super::{id_of, person, send, until_waiting};
use crate::PostgresStore;
use crate::connect::session::notes::statements_of;
use crate::testing::TestDatabase;

const KEY: RequestKey = RequestKey([7; 32]);

fn answer(id: i64, body: &[u8]) -> Answer {
    let contacts = vec![ContactId::new(id).unwrap()];
    Answer { head: Arc::from(*b"200"), body: Some(Arc::from(body)), contacts }
}

/// Does a request whose answer shows a contact.
async fn answered(store: &PostgresStore, shown: Answer) {
    let decision = batch(context(1), Options::default(), &[person("other", json!({}))]);
    let render = Arc::new(move |_: &BatchReport| Some(shown.clone()));
    let keep = Keep { key: KEY, request: RequestDigest([7; 32]), at: now(), render };
    store.upsert_once(Arc::new(Idempotent::new(decision, keep))).await.unwrap();
}

/// Keeps a plan that names a contact.
async fn planned(store: &PostgresStore, named: i64, text: &[u8]) {
    let [head, request, results] = [(); 3].map(|()| Arc::from(text));
    let contacts = vec![ContactId::new(named).unwrap()];
    let plan = KeptPlan { at: now(), contacts, head, request, results };
    let add = PlanChange::Add { plan, bytes_at_most: i64::MAX };
    store.change_plan(organization(1).id, KEY, add, None).await.unwrap();
}

/// Indexes the words of all contacts.
async fn indexed(store: &Arc<PostgresStore>) -> Indexed {
    store.add_organization(organization(1)).await.unwrap();
    let clock = Arc::new(StoppedClock(now()));
    let index = IndexContacts::new(store.clone(), store.clone(), store.clone(), clock);
    let _awaiting = index.hurry(organization(1).id);
    while index.execute().await.unwrap() {}
    store.indexed(organization(1).id).await.unwrap().unwrap()
}

fn purge_of(id: i64) -> Arc<Purge> {
    let key = AliasKey::Id(ContactId::new(id).unwrap());
    Arc::new(Purge::new(context(1), vec![PurgeTarget { key, version: None }]))
}

/// A contact with a marker in all that is stored of it, now or before.
async fn marked(store: &PostgresStore, key: &str) -> i64 {
    let members = |version: usize| {
        json!({
            "firstName": format!("{key}{version}"),
            "email": format!("{key}{version}@one.example"),
            "client": {"paymentTerms": format!("{key}{version} ").repeat(1 + version * 500)},
            "intercom": {"name": key, "type": "individual", "number": format!("sip:{key}@one.example")},
        })
    };
    let id = id_of(&send(store, &[person(key, members(0))]).await.unwrap()[0]);
    for version in 1..4 {
        send(store, &[person(key, members(version))]).await.unwrap();
    }
    id
}

/// The tables that show a text in one of their rows.
async fn tables_with(client: &Client, text: &str) -> Vec<String> {
    let tables = "SELECT relname::text FROM pg_class
                   WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'";
    let mut found = Vec::new();
    for row in client.query(tables, &[]).await.unwrap() {
        let table: String = row.get(0);
        let sql = format!(
            "SELECT count(*) FROM {table} AS t
              WHERE t::text ILIKE '%{text}%' OR t::text LIKE '%' || encode('{text}', 'hex') || '%'"
        );
        if client.query_one(&sql, &[]).await.unwrap().get::<_, i64>(0) > 0 {
            found.push(table);
        }
    }
    found
}

/// The relations with a text in their files.
async fn files_with(client: &Client, text: &str) -> Vec<String> {
    let files = "
        SELECT relname::text FROM pg_class
         WHERE pg_relation_filepath(oid) IS NOT NULL
           AND position($1::text::bytea IN pg_read_binary_file(pg_relation_filepath(oid))) > 0";
    let rows = client.query(files, &[&text]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn purged_contact_leaves_no_text() {
    let database = TestDatabase::migrated();
    let (store, client) = (Arc::new(database.open().await), database.connect().await);
    let purged = marked(&store, "PURGED").await;
    marked(&store, "STAYING").await;
    answered(&store, answer(purged, b"PURGED")).await;
    planned(&store, purged, b"PURGED").await;
    indexed(&store).await;
    let everywhere = tables_with(&client, "PURGED").await;
    assert_eq!(everywhere.len(), 6, "{everywhere:?}");
    store.purge(purge_of(purged)).await.unwrap().unwrap();
    client.batch_execute("VACUUM").await.unwrap();
    assert_eq!(tables_with(&client, "PURGED").await, Vec::<String>::new());
    assert_eq!(tables_with(&client, "STAYING").await.len(), 4);

    // VACUUM frees room in a file and leaves what was there until it is used again.
    let is_superuser = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user";
    if client.query_one(is_superuser, &[]).await.unwrap().get(0) {
        for sql in ["VACUUM FULL", "CHECKPOINT"] {
            client.batch_execute(sql).await.unwrap();
        }
        for text in ["PURGED", "purged3"] {
            assert_eq!(files_with(&client, text).await, Vec::<String>::new());
        }
        assert!(!files_with(&client, "STAYING").await.is_empty());
    }
}

#[tokio::test]
async fn purge_waits_for_an_answer_that_shows_its_contact() {
    let database = TestDatabase::migrated();
    let store = Arc::new(database.open().await);
    let id = marked(&store, "PURGED").await;
    answered(&store, answer(id, b"PURGED")).await;
    let mut late = database.connect().await;
    let late = late.transaction().await.unwrap();
    late.batch_execute("SELECT pg_advisory_xact_lock_shared(1, -1)").await.unwrap();
    let purging = tokio::spawn({
        let store = Arc::clone(&store);
        async move { store.purge(purge_of(id)).await }
    });
    until_waiting(&database.connect().await, 1).await;
    let insert = format!(
        "INSERT INTO kept_answer SELECT organization_id, '\\x01', request, created_at, '[{id}]', head, body
           FROM kept_answer"
    );
    late.batch_execute(&insert).await.unwrap();
    late.commit().await.unwrap();
    purging.await.unwrap().unwrap().unwrap();
    let client = database.connect().await;
    let bodies = "SELECT count(*), count(body) FROM kept_answer";
    let row = client.query_one(bodies, &[]).await.unwrap();
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (2, 0));
}

#[tokio::test]
async fn late_step_leaves_out_a_purged_contact() {
    let database = TestDatabase::migrated();
    let (store, client) = (Arc::new(database.open().await), database.connect().await);
    let ids = [marked(&store, "PURGED").await, marked(&store, "STAYING").await];
    let before = indexed(&store).await;
    let mut purging = database.connect().await;
    let purging = purging.transaction().await.unwrap();
    let purge = format!(
        "SELECT pg_advisory_xact_lock(1, -1);
         DELETE FROM contact_intercom WHERE contact_id = {id};
         DELETE FROM contact WHERE id = {id};
         DELETE FROM search_words WHERE contact_id = {id}",
        id = ids[0]
    );
    purging.batch_execute(&purge).await.unwrap();
    let words = |id| (ContactId::new(id).unwrap(), Some(SearchWords::of_text("late")));
    let step = IndexStep {
        organization: organization(1).id,
        before: Some(before),
        after: before,
        is_first: false,
        contacts: ids.map(words).to_vec(),
    };
    let indexing = tokio::spawn({
        let store = Arc::clone(&store);
        async move { store.index(step).await }
    });
    until_waiting(&client, 1).await;
    purging.commit().await.unwrap();
    assert!(indexing.await.unwrap().unwrap());
    let rows = client.query("SELECT contact_id, words::text FROM search_words", &[]).await.unwrap();
    let rows: Vec<(i64, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(rows, [(ids[1], "'1_late'".to_owned())]);
}

/// The statements that purge, and those of kept answers and plans, with their expected scans.
pub(super) const EXPECTED: [(&str, &str); 18] = [
    ("DELETE FROM contact … = ANY ($2)", "contact_pkey(organization_id,id)"),
    (
        "DELETE FROM contact_alias … = ANY ($2)",
        "contact_alias_contact_id(organization_id,contact_id)",
    ),
    (
        "DELETE FROM kept_answer … UPDATE SKIP LOCKED)",
        "kept_answer_created_at(created_at) kept_answer_pkey(organization_id,key)",
    ),
    // It reads the plans of a day.
    (
        "DELETE FROM kept_plan … = ANY ($2))",
        "kept_answer_pkey(organization_id,key) kept_plan_pkey(organization_id)",
    ),
    (
        "DELETE FROM kept_plan … UPDATE SKIP LOCKED)",
        "kept_plan_created_at(created_at) kept_plan_pkey(organization_id,key)",
    ),
    ("DELETE FROM kept_plan … key = $2", "kept_plan_pkey(organization_id,key)"),
    ("INSERT INTO kept_answer … CONFLICT DO NOTHING", ""),
    // It adds up the plans of a day.
    ("INSERT INTO kept_plan … $1) <= $9", "kept_plan_pkey(organization_id)"),
    (
        "INSERT INTO purged_contact … 0) AS entry",
        "contact_pkey(organization_id,id) ledger_pkey(organization_id,run_id,contact_id)",
    ),
    ("SELECT FROM purged_contact … $3 LIMIT 1", "purged_contact_pkey(organization_id,contact_id)"),
    ("SELECT created_at, head … key = $2", "kept_plan_pkey(organization_id,key)"),
    ("SELECT id FROM … deleted_at LIMIT $3", "contact_deleted_at(organization_id,deleted_at)"),
    ("SELECT key, request … = ANY ($2)", "kept_answer_pkey(organization_id,key)"),
    ("SELECT request FROM … key = $2", "kept_plan_pkey(organization_id,key)"),
    ("SELECT request, created_at, … key = $2", "kept_answer_pkey(organization_id,key)"),
    ("SELECT results FROM … key = $2", "kept_plan_pkey(organization_id,key)"),
    // It reads what was answered within a day.
    ("UPDATE kept_answer SET … = ANY ($2))", "kept_answer_pkey(organization_id)"),
    (
        "WITH RECURSIVE chain … IS NOT NULL",
        "contact_pkey(organization_id,id) ledger_pkey(organization_id,run_id,contact_id)",
    ),
];

#[tokio::test]
async fn purges_answers_and_plans_use_expected_indexes() {
    let database = TestDatabase::migrated();
    let store = database.open().await;
    let ids = [marked(&store, "A").await, marked(&store, "B").await];
    send(&store, &[json!({"id": ids[1], "firstName": "x"})]).await.unwrap();
    let here = organization(1).id;
    let later = Timestamp::from_micros(now().micros() * 2);
    let sent = statements_of(async {
        answered(&store, answer(ids[0], b"body")).await;
        let key = RequestKey([8; 32]);
        let (request, answer) = (RequestDigest([8; 32]), answer(ids[0], b"body"));
        let kept = KeptAnswer { request, at: now(), answer };
        assert!(store.keep_answer(here, key, kept).await.unwrap());
        store.kept_answer(here, key).await.unwrap().unwrap();
        planned(&store, ids[1], b"text").await;
        store.plan(here, KEY).await.unwrap().unwrap();
        for part in [PlanPart::Request, PlanPart::Results] {
            store.plan_part(here, KEY, part).await.unwrap().unwrap();
        }
        store.change_plan(here, KEY, PlanChange::Delete, None).await.unwrap();
        store.forget_plans(later, 10).await.unwrap();
        store.purge(purge_of(ids[0])).await.unwrap().unwrap();
        store.purge_deleted(here, later, later, 10).await.unwrap();
        assert_eq!(store.forget_answers(later, 10).await.unwrap(), 2);
    });
    let sent = sent.await;
    let large = filled().await;
    let explained = Explained::prepare(large.connect().await, &sent).await;
    let mut scans = by_name(explained.scans().await);
    let expected = named(&EXPECTED);
    let others = || super::plans::EXPECTED.iter().chain(&super::search::EXPECTED);
    scans.retain(|name, _| !others().any(|(other, _)| other == name));
    assert_eq!(scans, expected);
}
