//! Audits and repairs of contacts that were changed by hand.

use std::slice;
use std::sync::Arc;

use contacts_application::ports::Audit;
use contacts_domain::ContactId;
use contacts_domain::auditing::{
    ContactKey, Difference, Discrepancy, Finding, Remedy, Repair, StoredContact,
};
use contacts_testing::{context, organization};
use serde_json::json;

use super::plans::{self, Explained, assert_plans_survive_growth, by_name, named};
use super::{answers, id_of, person, send, until_waiting};
use crate::PostgresStore;
use crate::connect::session::notes::{SentStatement, statements_of};
use crate::testing::TestDatabase;

async fn stored(store: &PostgresStore) -> Vec<StoredContact> {
    store.contacts_after(None, 100).await.unwrap()
}

/// The repair of these contacts of organization 1.
fn repair_of(ids: &[i64]) -> Arc<Repair> {
    let ids = ids.iter().filter_map(|id| ContactId::new(*id)).collect();
    Arc::new(Repair::new(organization(1).id, context(1).settings, ids))
}

fn differs(what: &'static str, stored: Option<&str>, computed: Option<&str>) -> Finding {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    Finding::Differs(Difference { what, stored: owned(stored), computed: owned(computed) })
}

#[tokio::test]
async fn unreadable_columns_are_shown_and_repaired() {
    let database = TestDatabase::migrated();
    let store = database.open().await;
    let entry = json!({"name": "Ada", "type": "regular", "number": "0001-01-11-11"});
    let item = person("A", json!({"intercom": entry}));
    let id = id_of(&send(&store, slice::from_ref(&item)).await.unwrap()[0]);
    let sound = stored(&store).await;
    database.execute(
        "UPDATE contact SET contact_type = 'DOG', link_id = '00000000-0000-0000-0000-000000000000';
         UPDATE contact_intercom SET link_id = 'Rex'",
    );
    assert!(send(&store, slice::from_ref(&item)).await.is_err(), "nothing else can read it");

    let repaired = store.repair(repair_of(&[id])).await.unwrap();

    let nil = "00000000-0000-0000-0000-000000000000";
    let findings = vec![
        differs("contact_type", Some("DOG"), Some("PERSON")),
        differs("link_id", Some(nil), None),
        differs("entry.link_id", Some("Rex"), Some("")),
    ];
    assert_eq!(repaired, [Discrepancy { key: sound[0].key, findings, remedy: Remedy::Mended }]);
    assert_eq!(stored(&store).await, sound);
    assert_eq!(answers(&send(&store, &[item]).await.unwrap()), ["Unchanged 1"]);
}

#[tokio::test]
async fn contacts_with_invalid_ids_and_times_are_shown() {
    let database = TestDatabase::migrated();
    let store = database.open().await;
    let items = ["A", "B", "C"].map(|key| person(key, json!({})));
    send(&store, &items).await.unwrap();
    database.execute(
        "UPDATE contact SET id = -5, organization_id = 0 WHERE external_id = 'A';
         UPDATE contact SET id = 9007199254740993 WHERE external_id = 'B';
         UPDATE contact SET created_at = '-infinity', deleted_at = 'infinity'
          WHERE external_id = 'C'",
    );
    let contacts = stored(&store).await;
    let places: Vec<_> = contacts.iter().map(|contact| contact.key).collect();
    let third = contacts[1].key;
    let place = |organization, id| ContactKey { organization, id };
    assert_eq!(places, [place(0, -5), third, place(1, 9_007_199_254_740_993)]);
    assert!(contacts[1].deleted_at.is_some() && contacts[1].created_at < contacts[1].updated_at);
    assert_eq!(store.contacts_after(Some(third), 100).await.unwrap().len(), 1);
}

#[tokio::test]
async fn repair_waits_for_concurrent_update() {
    let database = TestDatabase::migrated();
    let store = Arc::new(database.open().await);
    let items = ["A", "B"].map(|key| person(key, json!({"email": "a@example.org"})));
    let ids: Vec<i64> = send(&store, &items).await.unwrap().iter().map(id_of).collect();
    database.execute("UPDATE contact SET email = NULL");

    // Another transaction writes the second contact and has not committed yet.
    let other = database.connect().await;
    other.batch_execute("BEGIN").await.unwrap();
    let update = "UPDATE contact SET version = 2, email = 'b@example.org',
                         document = replace(document::text, 'a@example.org', 'b@example.org')::json
                   WHERE id = $1";
    other.execute(update, &[&ids[1]]).await.unwrap();
    let repairing = Arc::clone(&store);
    let repair = repair_of(&ids);
    let repairing = tokio::spawn(async move { repairing.repair(repair).await });
    until_waiting(&database.connect().await, 1).await;
    other.batch_execute("COMMIT").await.unwrap();

    let repaired = repairing.await.unwrap().unwrap();
    let findings = vec![differs("email", None, Some("a@example.org"))];
    let place = ContactKey { organization: 1, id: ids[0] };
    assert_eq!(repaired, [Discrepancy { key: place, findings, remedy: Remedy::Mended }]);
    let emails: Vec<_> =
        stored(&store).await.into_iter().map(|contact| contact.columns.email).collect();
    assert_eq!(emails, ["a@example.org", "b@example.org"].map(|email| Some(email.to_owned())));
}

#[tokio::test]
async fn key_taken_during_repair_is_left() {
    let database = TestDatabase::migrated();
    let store = Arc::new(database.open().await);
    let id = id_of(&send(&store, &[person("A", json!({}))]).await.unwrap()[0]);
    database.execute("UPDATE contact SET external_id = NULL");

    // Another transaction takes the key and has not committed yet, so the repair does not see it.
    let other = database.connect().await;
    other.batch_execute("BEGIN").await.unwrap();
    let take = "INSERT INTO contact
                SELECT organization_id, 99, contact_type, 'A', link_id, display_name, email, phone,
                       mobile, vat_number, archived, is_customer, is_vendor, is_staff, version,
                       document_version, created_at, updated_at, deleted_at, document
                  FROM contact";
    other.batch_execute(take).await.unwrap();
    let repairing = Arc::clone(&store);
    let repairing = tokio::spawn(async move { repairing.repair(repair_of(&[id])).await });
    until_waiting(&database.connect().await, 1).await;
    other.batch_execute("COMMIT").await.unwrap();

    let repaired = repairing.await.unwrap().unwrap();
    assert!(
        matches!(&repaired[..], [Discrepancy { remedy: Remedy::KeyTaken { owner, .. }, .. }]
            if owner.get() == 99),
        "{repaired:?}"
    );
}

#[tokio::test]
async fn many_contacts_are_estimated_few_counted() {
    let database = TestDatabase::migrated();
    let store = database.open().await;
    send(&store, &[person("A", json!({}))]).await.unwrap();
    let client = database.connect().await;
    let estimate = async |contacts: &str| {
        let estimate = format!(
            "UPDATE pg_class SET reltuples = {contacts}
              WHERE oid = coalesce((SELECT min(inhrelid) FROM pg_inherits
                                     WHERE inhparent = 'contact'::regclass), 'contact'::regclass)"
        );
        client.batch_execute(&estimate).await.unwrap();
        store.contact_count().await.unwrap()
    };
    assert_eq!(estimate("-1").await, 1, "nothing is known");
    assert_eq!(estimate("99999").await, 1);
    assert_eq!(estimate("2000000").await, 2_000_000);
}

/// Everything that an audit sends.
async fn sent() -> Vec<SentStatement> {
    let database = TestDatabase::migrated();
    let store = database.open().await;
    let entry = json!({"name": "Ada", "type": "regular", "number": "0001-01-11-11"});
    let first = id_of(&send(&store, &[person("A", json!({"intercom": entry}))]).await.unwrap()[0]);
    let refers = person("B", json!({"relatedContactIds": [first]}));
    let second = id_of(&send(&store, &[refers]).await.unwrap()[0]);
    database.execute(
        "UPDATE contact SET external_id = 'Z' WHERE external_id = 'A';
         UPDATE contact_relation SET to_id = 7;
         UPDATE contact_intercom SET name = 'Rex';
         INSERT INTO contact_intercom
         SELECT organization_id, id, '', '', '', '', false, false, false, false, ''
           FROM contact WHERE external_id = 'B'",
    );
    statements_of(async {
        assert_eq!(store.contact_count().await.unwrap(), 2);
        store.next_id().await.unwrap();
        stored(&store).await;
        let repaired = store.repair(repair_of(&[first, second])).await.unwrap();
        assert_eq!(repaired.len(), 2);
    })
    .await
}

/// The statements of audits and repairs, with their expected scans.
pub(super) const EXPECTED: [(&str, &str); 12] = [
    ("SELECT settings_version FROM … id = $1", "organization_pkey(id)"),
    (
        "DELETE FROM contact_intercom … = ANY ($2)",
        "contact_intercom_pkey(organization_id,contact_id)",
    ),
    (
        "DELETE FROM contact_relation … = ANY ($2)",
        "contact_relation_from_id(organization_id,from_id)",
    ),
    ("INSERT INTO contact … FROM unnest($2::bigint[], $26::bigint[]))", "contact_pkey(conflict)"),
    (
        "INSERT INTO contact_intercom … sort_key = excluded.sort_key",
        "contact_intercom_pkey(conflict)",
    ),
    ("INSERT INTO contact_relation … $3::bigint[]) AS new", ""),
    (
        "SELECT c.organization_id, c.id, … BY c.organization_id, c.id",
        "contact_intercom_pkey(organization_id,contact_id) contact_pkey(organization_id,id) \
         contact_relation_from_id(organization_id,from_id)",
    ),
    (
        "SELECT c.organization_id, c.id, … BY c.organization_id, c.id (2)",
        "contact_intercom_pkey(organization_id,contact_id) contact_pkey(organization_id,id) \
         contact_relation_from_id(organization_id,from_id)",
    ),
    // Only while there are few.
    ("SELECT count(*) FROM … count(*) FROM contact", "all of contact"),
    (
        "SELECT locked.id FROM … UPDATE) AS locked",
        "contact_alias_pkey(organization_id,source) \
         contact_alias_pkey(organization_id,source,kind,value) \
         contact_external_id(organization_id,external_id) \
         contact_link_id(organization_id,link_id) contact_pkey(organization_id,id)",
    ),
    // Of one row.
    ("SELECT next_id FROM … next_id FROM id_counter", "all of id_counter"),
    (
        "SELECT wanted.external_id, NULL::uuid, … 0) AS owner",
        "contact_external_id(organization_id,external_id) contact_link_id(organization_id,link_id)",
    ),
];

#[tokio::test]
async fn audit_statements_use_expected_indexes() {
    let (database, mut sent) = (plans::filled().await, sent().await);
    // How many there are is repaired by the planner, out of no table of ours.
    sent.retain(|sent| !sent.sql.contains("pg_class"));
    let explained = Explained::prepare(database.connect().await, &sent).await;
    assert_eq!(by_name(explained.scans().await), named(&EXPECTED));
    assert_plans_survive_growth(&sent, &EXPECTED).await;
}
