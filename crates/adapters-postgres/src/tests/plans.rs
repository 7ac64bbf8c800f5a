//! The plans of the statements. Every statement that any test sends must be listed here or in the
//! tests of audits, settings and the directory. In a database with partitions, a statement for an
//! organization reads one of them.

mod explained;
mod partitions;

use std::collections::BTreeMap;
use std::sync::Arc;

use contacts_application::access::{NewToken, Reach, Scopes, TokenDigest};
use contacts_application::ports::{AccessStore, ContactStore, Lifecycle, StoreState};
use contacts_domain::ContactId;
use contacts_domain::merging::Merge;
use contacts_domain::restoring::Restore;
use contacts_domain::upsert::{Batch, Key, Ladder, Options, Recognition};
use contacts_testing::{batch, context, now, organization, sent_item};
use serde_json::json;

pub(super) use self::explained::Explained;
pub(super) use self::partitions::Partitions;

use super::{
    auditing, contact_list, directory, id_of, ledger, person, purging, search, send, settings,
};
use crate::PostgresStore;
use crate::connect::session::notes::{SentStatement, statements_of};
use crate::testing::{self, TestDatabase};

/// Sends every statement of the store, except those of audits and the directory, which have tests of
/// plans of their own.
async fn everything(store: &PostgresStore) {
    store.add_organization(organization(1)).await.unwrap();
    store.organization(organization(1).id).await.unwrap().unwrap();
    let token = NewToken {
        digest: TokenDigest([7; 32]),
        prefix: "p".to_owned(),
        name: "n".to_owned(),
        reach: Reach::Everywhere,
        scopes: Scopes::all_but_admin(),
        created_at: now(),
        expires_at: None,
        replaces: None,
    };
    let old = store.add_token(token.clone()).await.unwrap();
    let token = NewToken { digest: TokenDigest([8; 32]), replaces: Some(old), ..token };
    let token = store.replace_token(token, now()).await.unwrap().unwrap();
    store.keep_uses(vec![(token, now())]).await.unwrap();
    store.token(TokenDigest([7; 32])).await.unwrap().unwrap();
    store.tokens().await.unwrap();
    store.revoke_token(token, now()).await.unwrap();
    store.check_writable().await.unwrap();

    let keys = ["A", "B", "C", "D"].map(|key| person(key, json!({"email": "a@example.org"})));
    let ids: Vec<i64> = send(store, &keys).await.unwrap().iter().map(id_of).collect();
    let inflight = [
        json!({"id": ids[3], "externalId": null}),
        json!({"id": ids[1], "externalId": "D", "relatedContactIds": [ids[2]]}),
    ];
    send(store, &inflight).await.unwrap();
    let link_id = "6f9619ff-8b86-d011-b42d-00cf4fc964ff";
    send(store, &[json!({"contactType": "PERSON", "linkId": link_id})]).await.unwrap();
    let by_email = Options { ladder: Ladder::new([Key::Email]), ..Options::default() };
    store.upsert(batch(context(1), by_email, &keys)).await.unwrap().unwrap();
    let merge = Merge::new(context(1), ids[0], ids[2]).unwrap();
    store.merge(Arc::new(merge)).await.unwrap().unwrap();
    send(store, &[json!({"id": ids[1], "externalId": "C"})]).await.unwrap();
    send(store, &[json!({"id": ids[2], "relatedContactIds": [ids[2]]})]).await.unwrap();
    let merged = ContactId::new(ids[2]).unwrap();
    store.survivor(organization(1).id, merged).await.unwrap().unwrap();
    let entry = json!({"name": "Door", "type": "multi", "number": "0001-01-01"});
    send(store, &[json!({"id": ids[1], "intercom": entry})]).await.unwrap();
    send(store, &[json!({"id": ids[1], "intercom": null})]).await.unwrap();
    let (item, sent) = sent_item(&context(1), &json!({"id": ids[0]}));
    let noted = Batch::new(context(1), Options::default(), vec![item]);
    store.upsert(Arc::new(noted)).await.unwrap().unwrap();
    for documents_at_most in [None, Some(1 << 20)] {
        let recognition = Recognition::new(&context(1), [&sent], documents_at_most);
        let recognition = Arc::new(recognition);
        assert_eq!(store.recognize(recognition).await.unwrap().len(), 1);
    }
    let id = ContactId::new(ids[0]).unwrap();
    store.contact(organization(1).id, id, Lifecycle::Living).await.unwrap().unwrap();
    let deleted = store.contact(organization(1).id, merged, Lifecycle::Deleted).await.unwrap();
    let restore = Restore::new(context(1), &deleted.unwrap(), None);
    store.restore(Arc::new(restore)).await.unwrap().unwrap_err();
}

/// The statements by their first and last words, with their expected scans.
pub(super) const EXPECTED: [(&str, &str); 44] = [
    (
        "DELETE FROM contact_alias … alias.value = gone.value",
        "contact_alias_pkey(organization_id,source,kind,value)",
    ),
    (
        "DELETE FROM contact_intercom … = ANY ($2)",
        "contact_intercom_pkey(organization_id,contact_id)",
    ),
    (
        "DELETE FROM contact_relation … = ANY ($2)",
        "contact_relation_from_id(organization_id,from_id)",
    ),
    ("INSERT INTO api_token … $8) RETURNING id", ""),
    ("INSERT INTO contact … FROM unnest($2::bigint[], $26::bigint[]))", "contact_pkey(conflict)"),
    ("INSERT INTO contact … NOTHING RETURNING id", ""),
    ("INSERT INTO contact … NOTHING RETURNING id (2)", ""),
    ("INSERT INTO contact … stored.version = $26[1]", "contact_pkey(conflict)"),
    (
        "INSERT INTO contact … link_id = NULL",
        "contact_pkey(conflict) contact_pkey(organization_id,id)",
    ),
    (
        "INSERT INTO contact_alias … contact_id = excluded.contact_id",
        "contact_alias_pkey(conflict)",
    ),
    (
        "INSERT INTO contact_intercom … sort_key = excluded.sort_key",
        "contact_intercom_pkey(conflict)",
    ),
    ("INSERT INTO contact_relation … $3::bigint[]) AS new", ""),
    ("INSERT INTO ledger … $7::text[]) AS entry", ""),
    ("INSERT INTO organization … CONFLICT DO NOTHING", ""),
    ("SELECT CASE WHEN … lock (number, shared)", ""),
    ("SELECT deleted.* FROM … 0) AS deleted", "contact_pkey(organization_id,id)"),
    ("SELECT existing.id FROM … 0) AS existing", "contact_pkey(organization_id,id)"),
    (
        "SELECT found.id, found.contact_type, … '')) AS found",
        "contact_alias_pkey(organization_id,source) \
         contact_alias_pkey(organization_id,source,kind,value) \
         contact_external_id(organization_id,external_id) \
         contact_pkey(organization_id,id)",
    ),
    (
        "SELECT found.id, found.contact_type, … '')) AS found (2)",
        "contact_alias_pkey(organization_id,source) \
         contact_alias_pkey(organization_id,source,kind,value) \
         contact_external_id(organization_id,external_id) \
         contact_link_id(organization_id,link_id) \
         contact_pkey(organization_id,id)",
    ),
    (
        "SELECT found.id, found.contact_type, … '')) AS found (3)",
        "contact_alias_pkey(organization_id,source) \
         contact_alias_pkey(organization_id,source,kind,value) \
         contact_link_id(organization_id,link_id) \
         contact_pkey(organization_id,id)",
    ),
    (
        "SELECT found.id, found.contact_type, … '')) AS found (4)",
        "contact_alias_pkey(organization_id,source) \
         contact_alias_pkey(organization_id,source,kind,value) \
         contact_pkey(organization_id,id)",
    ),
    ("SELECT found.id, found.contact_type, … c) AS found", "contact_pkey(organization_id,id)"),
    ("SELECT from_id FROM … to_id = $2", "contact_relation_pkey(organization_id,to_id)"),
    ("SELECT FROM id_counter … singleton FOR UPDATE", "id_counter_pkey(singleton)"),
    ("SELECT id, contact_type, … NULL) = $3", "contact_pkey(organization_id,id)"),
    (
        "SELECT id, contact_type, … wanted.item || int8send(stored.version)",
        "contact_external_id(organization_id,external_id) \
         contact_link_id(organization_id,link_id) \
         contact_pkey(organization_id,id)",
    ),
    (
        "SELECT id, contact_type, … wanted.item || int8send(stored.version) (2)",
        "contact_external_id(organization_id,external_id) \
         contact_link_id(organization_id,link_id) \
         contact_pkey(organization_id,id)",
    ),
    (
        "SELECT id, contact_type, … value = $2::bigint::text)",
        "contact_alias_pkey(organization_id,source,kind,value) contact_pkey(organization_id,id)",
    ),
    ("SELECT id, name, … id = $1", "organization_pkey(id)"),
    ("SELECT id, prefix, … ORDER BY id", "all of api_token"),
    ("SELECT id, prefix, … digest = $1", "api_token_digest_key(digest)"),
    (
        "SELECT locked.id FROM … UPDATE) AS locked",
        "contact_alias_pkey(organization_id,source) \
         contact_alias_pkey(organization_id,source,kind,value) \
         contact_external_id(organization_id,external_id) \
         contact_link_id(organization_id,link_id) \
         contact_pkey(organization_id,id)",
    ),
    (
        "SELECT owner.id FROM … $5) AS owner",
        "contact_email(organization_id,email) \
         contact_mobile(organization_id,mobile) \
         contact_phone(organization_id,phone) \
         contact_vat_number(organization_id,vat_number)",
    ),
    ("SELECT settings_version FROM … id = $1", "organization_pkey(id)"),
    ("SELECT version::text FROM … ORDER BY version", "all of __diesel_schema_migrations"),
    ("SELECT wanted.email, owner.id … $3) AS owner", "contact_email(organization_id,email)"),
    (
        "SELECT wanted.id, alias.contact_id, … source = '')",
        "contact_alias_pkey(organization_id,source) \
         contact_alias_pkey(organization_id,source,kind,value) \
         contact_pkey(organization_id,id)",
    ),
    ("UPDATE api_token SET … UPDATE SKIP LOCKED)", "api_token_pkey(id)"),
    ("UPDATE api_token SET … revoked_at IS NULL", "api_token_pkey(id)"),
    ("UPDATE contact AS … stored.id = free.id", "contact_pkey(organization_id,id)"),
    (
        "UPDATE contact_alias SET … contact_id = $2",
        "contact_alias_contact_id(organization_id,contact_id)",
    ),
    ("UPDATE id_counter SET … next_id - $1", "id_counter_pkey(singleton)"),
    ("WITH newest AS … CONFLICT DO NOTHING", "run_position(organization_id)"),
    ("WITH replaced AS … replaced RETURNING id", "api_token_pkey(id) api_token_replaces(replaces)"),
];

/// The statements by their names. One that has the name of another gets a number.
pub(super) fn by_name(scans: Vec<(&str, String)>) -> BTreeMap<String, String> {
    let mut named = BTreeMap::new();
    for (sql, scans) in scans {
        let first = name(sql);
        let others = (2..).map(|number| format!("{first} ({number})"));
        let mut names = std::iter::once(first.clone()).chain(others);
        named.insert(names.find(|name| !named.contains_key(name)).unwrap(), scans);
    }
    named
}

/// The first and the last three words of a statement.
fn name(sql: &str) -> String {
    let words: Vec<_> = sql.split_whitespace().collect();
    format!("{} … {}", words[..3].join(" "), words[words.len() - 3..].join(" "))
}

/// The expected scans by name.
pub(super) fn named(expected: &[(&str, &str)]) -> BTreeMap<String, String> {
    expected.iter().map(|(name, scans)| ((*name).to_owned(), (*scans).to_owned())).collect()
}

/// Fails for a statement about our tables that no test of plans expects.
pub(crate) fn assert_expected(sql: &str) {
    let words: Vec<_> = sql.split_whitespace().collect();
    let about_ours = words
        .windows(2)
        .any(|pair| matches!(pair, ["FROM" | "INTO" | "UPDATE", table] if TABLES.contains(table)));
    let is_list =
        directory::is_expected(sql) || contact_list::is_expected(sql) || search::is_expected(sql);
    if about_ours && !is_list {
        let name = name(sql);
        let others = auditing::EXPECTED.iter().chain(&settings::EXPECTED);
        let others = others.chain(&ledger::EXPECTED).chain(&search::EXPECTED);
        let others = others.chain(&purging::EXPECTED);
        let expected = EXPECTED.iter().chain(others).map(|(name, _)| *name);
        let mut expected = expected.chain(OF_MIGRATIONS);
        assert!(expected.any(|other| other == name), "a statement without a plan: {name}");
    }
}

/// Statements of migrations. They read whole tables.
const OF_MIGRATIONS: [&str; 4] = [
    "SELECT organization_id, id, … id LIMIT 1000",
    "UPDATE contact SET … contact.id = filled.id",
    "SELECT organization_id, contact_id, … sort_key = ''",
    "UPDATE contact_intercom SET … contact_intercom.contact_id = filled.contact_id",
];

/// All of our tables.
const TABLES: [&str; 14] = [
    "api_token",
    "contact",
    "contact_alias",
    "contact_intercom",
    "contact_relation",
    "id_counter",
    "kept_answer",
    "kept_plan",
    "ledger",
    "organization",
    "purged_contact",
    "run",
    "search_position",
    "search_words",
];

/// A database with some thousand rows in every table, and with statistics.
pub(super) async fn filled() -> TestDatabase {
    let database = TestDatabase::migrated();
    let client = database.connect().await;
    client.batch_execute(&fill()).await.unwrap();
    client.batch_execute("VACUUM ANALYZE").await.unwrap();
    database
}

/// The statements that the store sends.
async fn sent() -> Vec<SentStatement> {
    let database = TestDatabase::migrated();
    let store = database.open().await;
    statements_of(everything(&store)).await
}

#[tokio::test]
async fn statements_use_expected_indexes() {
    let (database, sent) = (filled().await, sent().await);
    let explained = Explained::prepare(database.connect().await, &sent).await;
    assert_eq!(by_name(explained.scans().await), named(&EXPECTED));
}

/// Checks that plans from empty tables still use the expected indexes on large tables.
pub(super) async fn assert_plans_survive_growth(sent: &[SentStatement], expected: &[(&str, &str)]) {
    let expected = named(expected);
    for has_statistics in [false, true] {
        let database = TestDatabase::migrated();
        let client = database.connect().await;
        if has_statistics {
            client.batch_execute("VACUUM ANALYZE").await.unwrap();
        }
        let explained = Explained::prepare(database.connect().await, sent).await;
        explained.scans().await;
        client.batch_execute(&fill()).await.unwrap();
        let (mut scans, mut early) = (by_name(explained.scans().await), expected.clone());
        for plans in [&mut scans, &mut early] {
            plans.remove(NEEDS_STATISTICS);
            if has_statistics {
                plans.values_mut().for_each(leave_out_narrow_tables);
            }
        }
        assert_eq!(scans, early);

        // As the server soon does by itself. It plans the statements about these tables anew then.
        client.batch_execute("ANALYZE contact_alias, contact_relation").await.unwrap();
        assert_eq!(by_name(explained.scans().await), expected);
    }
}

/// Planned each time, but on a guess: it may read all aliases of an organization.
const NEEDS_STATISTICS: &str = "DELETE FROM contact_alias … alias.value = gone.value";

/// Leaves only the scans of the tables of contacts and entries. Of the narrow tables beside them,
/// any index serves where it is known for sure that they are empty.
fn leave_out_narrow_tables(scans: &mut String) {
    let is_narrow =
        |scan: &str| scan.starts_with("contact_alias") || scan.starts_with("contact_relation");
    *scans = scans.split(' ').filter(|scan| !is_narrow(scan)).collect::<Vec<_>>().join(" ");
}

#[tokio::test]
async fn plans_from_empty_tables_fit_large_tables() {
    assert_plans_survive_growth(&sent().await, &EXPECTED).await;
}

/// Puts some thousand rows into every table, or into every partition.
fn fill() -> String {
    let times = 2 * testing::partitions().unwrap_or_default();
    FILL.replace("5999", &(6_000 * u32::from(times.max(1)) - 1).to_string())
}

/// Some thousand rows in every table, of two dozen organizations one after the other.
const FILL: &str = "
    INSERT INTO contact
    SELECT 1 + i / 250, i, 'PERSON', 'K-' || i, md5(i::text)::uuid, 'Abt', i || '@example.org',
           '+4121' || i, '+4179' || i, 'CHE' || i, false, false, false, false, 1, 1, now(), now(),
           NULL, '{}'
      FROM generate_series(0, 5999) AS i;
    INSERT INTO contact_relation SELECT 1 + i / 250, 1 + i % 1000, i FROM generate_series(0, 5999) AS i;
    INSERT INTO contact_intercom
    SELECT 1 + i / 250, i, '', 'N-' || i, 'multi', '1', false, false, false, false, '', 'n-' || i
      FROM generate_series(0, 5999) AS i;
    INSERT INTO contact_alias
    SELECT 1 + i / 250, '', 'EXTERNAL_ID', 'L-' || i, i FROM generate_series(0, 5999) AS i;
    INSERT INTO run
    SELECT 1 + i / 250, 1 + i, 1 + i, 0, i, 'erp', 't', NULL, now(), 1, 0, 0, 0, 0, NULL
      FROM generate_series(0, 5999) AS i;
    INSERT INTO ledger
    SELECT 1 + i / 250, 1 + i, i, 1, 1, NULL, NULL FROM generate_series(0, 5999) AS i;
    INSERT INTO purged_contact
    SELECT 1 + i / 250, 10000 + i, 1 + i, now() FROM generate_series(0, 5999) AS i;
    INSERT INTO kept_answer
    SELECT 1 + i / 250, sha256(i::text::bytea), '\\x07', now() - i * interval '1 second',
           '[' || i || ']', '\\x07', '\\x07'
      FROM generate_series(0, 5999) AS i;
    INSERT INTO kept_plan
    SELECT organization_id, key, created_at, contacts, 1, head, head, head FROM kept_answer;
    INSERT INTO organization SELECT i, 'O', 'CH' FROM generate_series(0, 5999) AS i
        ON CONFLICT DO NOTHING;
    INSERT INTO api_token (digest, prefix, name, organizations, scopes, created_at)
    SELECT sha256(i::text::bytea), 'p', 'n', '*', 'read', now() FROM generate_series(0, 5999) AS i;
";
