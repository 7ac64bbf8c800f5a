//! How PostgreSQL runs the statements: every one that the store sends is explained.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use contacts_application::access::{NewToken, Reach, Scopes, TokenDigest};
use contacts_application::ports::{AccessStore, ContactStore, Lifecycle};
use contacts_application::testing::{batch, context, now, organization};
use contacts_domain::ContactId;
use contacts_domain::merging::Merge;
use contacts_domain::upsert::{Key, Ladder, Options};
use serde_json::json;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::{id_of, person, send};
use crate::postgres::PostgresStore;
use crate::postgres::session::notes::{Sent, statements_of};
use crate::postgres::testing::TestDatabase;

/// Everything that the store can be asked for, but for the directory: its statements are put
/// together for one time, and have tests of their own.
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
    };
    let token = store.add_token(token).await.unwrap();
    store.token(TokenDigest([7; 32])).await.unwrap().unwrap();
    store.tokens().await.unwrap();
    store.revoke_token(token, now()).await.unwrap();

    let keys = ["A", "B", "C", "D"].map(|key| person(key, json!({"email": "a@example.org"})));
    let ids: Vec<i64> = send(store, &keys).await.unwrap().iter().map(id_of).collect();
    let exchange = [
        json!({"id": ids[3], "externalId": null}),
        json!({"id": ids[1], "externalId": "D", "relatedContactIds": [ids[2]]}),
    ];
    send(store, &exchange).await.unwrap();
    let by_email = Options { ladder: Ladder::new([Key::Email]), ..Options::default() };
    store.upsert(batch(context(1), by_email, &keys)).await.unwrap();
    let merge = Merge::new(context(1), ids[0], ids[2]).unwrap();
    store.merge(Arc::new(merge)).await.unwrap().unwrap();
    send(store, &[json!({"id": ids[1], "externalId": "C"})]).await.unwrap();
    let entry = json!({"name": "Door", "type": "multi", "number": "0001-01-01"});
    send(store, &[json!({"id": ids[1], "intercom": entry})]).await.unwrap();
    send(store, &[json!({"id": ids[1], "intercom": null})]).await.unwrap();
    let id = ContactId::new(ids[0]).unwrap();
    store.contact(organization(1).id, id, Lifecycle::Living).await.unwrap().unwrap();
}

/// How each of the statements finds its rows: the indexes that it goes through, with the columns
/// that are searched by. Each is explained where it stands in what is sent, so after all that the
/// planner is told before.
async fn plans(client: &Client, sent: &[Sent]) -> BTreeMap<String, String> {
    let mut plans = BTreeMap::new();
    for Sent { sql, types } in sent {
        match sql.split_whitespace().next() {
            Some("BEGIN" | "SET") => client.batch_execute(sql).await.unwrap(),
            Some("COMMIT" | "ROLLBACK") => client.batch_execute("ROLLBACK").await.unwrap(),
            _ => {
                let declared = listed(types.iter().map(Type::name));
                let prepare = format!("PREPARE explained{declared} AS {sql}");
                client.batch_execute(&prepare).await.unwrap();
                let values = listed(types.iter().map(literal));
                let explain = format!("EXPLAIN (COSTS OFF) EXECUTE explained{values}");
                let rows = client.query(&explain, &[]).await.unwrap();
                let plan: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
                client.batch_execute("DEALLOCATE explained").await.unwrap();
                plans.insert(name(sql), scans(&plan));
            }
        }
    }
    plans
}

/// Names in parentheses, unless there are none.
fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.collect();
    if names.is_empty() { String::new() } else { format!(" ({})", names.join(", ")) }
}

/// What tells a statement from the others: how it begins, and how it ends.
fn name(sql: &str) -> String {
    let words: Vec<_> = sql.split_whitespace().collect();
    format!("{} … {}", words[..3].join(" "), words[words.len() - 3..].join(" "))
}

/// A value of a type, as a literal.
fn literal(of: &Type) -> &'static str {
    match *of {
        Type::INT4 | Type::INT8 => "1",
        Type::TEXT => "'A'",
        Type::BOOL => "false",
        Type::BYTEA => r"'\x07'",
        Type::TIMESTAMPTZ => "now()",
        Type::INT4_ARRAY | Type::INT8_ARRAY => "'{1, 2, 3}'",
        Type::TEXT_ARRAY => "'{A, B, C}'",
        Type::BOOL_ARRAY => "'{t, f, t}'",
        Type::UUID_ARRAY | Type::TIMESTAMPTZ_ARRAY | Type::JSON_ARRAY => "'{}'",
        ref other => panic!("{other}"),
    }
}

/// The scans of tables in a plan, each once.
fn scans(plan: &[String]) -> String {
    let mut scans = BTreeSet::new();
    for (at, line) in plan.iter().enumerate() {
        let line = line.trim_start_matches(|c: char| " ->".contains(c));
        let after = |word: &str| {
            let mut words = line.split_whitespace().skip_while(|other| *other != word);
            words.nth(1).map(str::to_owned)
        };
        if let Some(index) = line.strip_prefix("Conflict Arbiter Indexes: ") {
            scans.insert(format!("{index}(conflict)"));
        } else if line.starts_with("Seq Scan") {
            scans.insert(format!("all of {}", after("on").unwrap()));
        } else if line.contains("Index") && line.contains(" Scan ") {
            let index = after("using").or_else(|| after("on")).unwrap();
            let next = plan.get(at + 1).map(|next| next.trim()).unwrap_or_default();
            let columns = next.strip_prefix("Index Cond: ").map(columns).unwrap_or_default();
            scans.insert(match (index.as_str(), columns.as_str()) {
                // Whether an organization has any alias is told by either index at the same cost.
                ("contact_alias_contact_id", "organization_id") => {
                    "contact_alias_pkey(organization_id,source)".to_owned()
                }
                _ => format!("{index}({columns})"),
            });
        }
    }
    scans.into_iter().collect::<Vec<_>>().join(" ")
}

/// The columns of a condition, each of which stands left of an equals sign.
fn columns(condition: &str) -> String {
    let column = |part: &str| {
        let left = part.trim_start_matches('(').split(" = ").next().unwrap_or_default();
        left.trim_end_matches(')').to_owned()
    };
    condition.split(" AND ").map(column).collect::<Vec<_>>().join(",")
}

/// The scans of the table of contacts among them.
fn of_contacts(plans: &BTreeMap<String, String>) -> BTreeMap<&str, String> {
    let is_of_contacts = |scan: &&str| {
        scan.contains("contact")
            && !scan.starts_with("contact_alias")
            && !scan.starts_with("contact_intercom")
            && !scan.starts_with("contact_relation")
    };
    let filtered =
        |scans: &String| scans.split(' ').filter(is_of_contacts).collect::<Vec<_>>().join(" ");
    plans.iter().map(|(name, scans)| (name.as_str(), filtered(scans))).collect()
}

/// How each statement is to be run.
const EXPECTED: [(&str, &str); 25] = [
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
    ("INSERT INTO api_token … $7) RETURNING id", ""),
    ("INSERT INTO contact … FROM unnest($2::bigint[], $21::bigint[]))", "contact_pkey(conflict)"),
    ("INSERT INTO contact … NOTHING RETURNING id", ""),
    (
        "INSERT INTO contact … link_id = NULL",
        "contact_pkey(conflict) contact_pkey(organization_id,id)",
    ),
    (
        "INSERT INTO contact_alias … contact_id = excluded.contact_id",
        "contact_alias_pkey(conflict)",
    ),
    (
        "INSERT INTO contact_intercom … ringtone = excluded.ringtone",
        "contact_intercom_pkey(conflict)",
    ),
    ("INSERT INTO contact_relation … $3::bigint[]) AS new", ""),
    ("INSERT INTO organization … CONFLICT DO NOTHING", ""),
    ("SELECT CASE WHEN … place (number, shared)", ""),
    ("SELECT existing.id FROM … 0) AS existing", "contact_pkey(organization_id,id)"),
    (
        "SELECT found.id, found.contact_type, … ) AS found",
        "contact_alias_pkey(organization_id,source) \
         contact_alias_pkey(organization_id,source,kind,value) \
         contact_external_id(organization_id,external_id) \
         contact_link_id(organization_id,link_id) \
         contact_pkey(organization_id,id)",
    ),
    ("SELECT from_id FROM … to_id = $2", "contact_relation_pkey(organization_id,to_id)"),
    ("SELECT id, contact_type, … NULL) = $3", "contact_pkey(organization_id,id)"),
    ("SELECT id, name, … id = $1", "organization_pkey(id)"),
    ("SELECT id, prefix, … ORDER BY id", "api_token_pkey()"),
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
    ("SELECT wanted.email, owner.id … $3) AS owner", "contact_email(organization_id,email)"),
    ("UPDATE api_token SET … revoked_at IS NULL", "api_token_pkey(id)"),
    (
        "UPDATE contact_alias SET … contact_id = $2",
        "contact_alias_contact_id(organization_id,contact_id)",
    ),
    ("UPDATE id_counter SET … next_id - $1", "id_counter_pkey(singleton)"),
];

fn expected() -> BTreeMap<String, String> {
    EXPECTED.map(|(name, scans)| (name.to_owned(), scans.to_owned())).into()
}

/// How these statements find their rows where there are some thousand in every table.
pub(super) async fn plans_on_a_filled_database(sent: &[Sent]) -> BTreeMap<String, String> {
    let database = TestDatabase::migrated();
    let client = database.connect().await;
    client.batch_execute(FILL).await.unwrap();
    client.batch_execute("VACUUM ANALYZE").await.unwrap();
    plans(&client, sent).await
}

/// What the store sends, and a database that is new.
async fn sent_and_new() -> (Vec<Sent>, TestDatabase) {
    let database = TestDatabase::migrated();
    let store = database.open().await;
    (statements_of(everything(&store)).await, TestDatabase::migrated())
}

#[tokio::test]
async fn every_statement_finds_its_rows_through_the_index_meant_for_it() {
    let (sent, _) = sent_and_new().await;
    assert_eq!(plans_on_a_filled_database(&sent).await, expected());
}

#[tokio::test]
async fn a_plan_that_was_made_while_there_were_no_contacts_is_right_when_there_are_many() {
    let (sent, database) = sent_and_new().await;
    let client = database.connect().await;
    let (expected, new) = (expected(), plans(&client, &sent).await);
    assert_eq!(of_contacts(&new), of_contacts(&expected));

    // The planner knows then that there are none.
    client.batch_execute("VACUUM ANALYZE").await.unwrap();
    let empty = plans(&client, &sent).await;
    assert_eq!(of_contacts(&empty), of_contacts(&expected));
}

/// Some thousand rows in every table.
pub(super) const FILL: &str = "
    INSERT INTO contact
    SELECT 1 + i % 3, i, 'PERSON', 'K-' || i, md5(i::text)::uuid, 'Abt', i || '@example.org',
           '+4121' || i, '+4179' || i, 'CHE' || i, false, false, false, false, 1, 1, now(), now(),
           NULL, '{}'
      FROM generate_series(1, 6000) AS i;
    INSERT INTO contact_relation SELECT 1 + i % 3, 1 + i % 1000, i FROM generate_series(1, 6000) AS i;
    INSERT INTO contact_intercom
    SELECT 1 + i % 3, i, '', 'N-' || i, 'multi', '1', false, false, false, false, ''
      FROM generate_series(1, 6000) AS i;
    INSERT INTO contact_alias
    SELECT 1 + i % 3, '', 'EXTERNAL_ID', 'L-' || i, i FROM generate_series(1, 6000) AS i;
    INSERT INTO organization SELECT i, 'O', 'CH' FROM generate_series(1, 6000) AS i
        ON CONFLICT DO NOTHING;
    INSERT INTO api_token (digest, prefix, name, organizations, scopes, created_at)
    SELECT sha256(i::text::bytea), 'p', 'n', '*', 'read', now() FROM generate_series(1, 6000) AS i;
";
