//! Audits of a file that was edited by hand.

use std::sync::Arc;

use contacts_application::ports::{Audit, ContactStore};
use contacts_domain::auditing::{Difference, Discrepancy, Finding, Remedy, Repair, StoredContact};
use contacts_domain::upsert::Verdict;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use crate::{TestDatabase, batch, context, person};

const ENTRY: &str = r#""intercom": {"name": "Ada", "type": "regular", "number": "0001-01-11-11"}"#;

fn edit(database: &TestDatabase, sql: &str) {
    let mut connection = SqliteConnection::establish(database.path().to_str().unwrap()).unwrap();
    connection.batch_execute(sql).unwrap();
}

async fn stored(store: &impl Audit) -> Vec<StoredContact> {
    store.contacts_after(None, 100).await.unwrap()
}

#[tokio::test]
async fn unreadable_columns_are_reported_and_repaired() {
    let database = TestDatabase::new();
    let store = database.open();
    let item = person("A", "Abt").replace('}', &format!(", {ENTRY}}}"));
    let written = store.upsert(batch(std::slice::from_ref(&item))).await.unwrap().unwrap();
    assert_eq!(written[0].verdict, Verdict::Created, "{written:?}");
    let sound = stored(&store).await;
    edit(
        &database,
        "UPDATE contact SET contact_type = 'DOG', link_id = 'Rex';
         UPDATE contact_intercom SET link_id = 'Rex'",
    );
    assert!(
        store.upsert(batch(std::slice::from_ref(&item))).await.is_err(),
        "no other reader accepts it"
    );

    let contact = written[0].contact.as_ref().unwrap().id.unwrap();
    let repair = Repair::new(context().organization, context().settings, vec![contact]);
    let discrepancies = store.repair(Arc::new(repair)).await.unwrap();

    let differs = |what, stored: &str, computed: Option<&str>| {
        Finding::Differs(Difference {
            what,
            stored: Some(stored.to_owned()),
            computed: computed.map(str::to_owned),
        })
    };
    let findings = vec![
        differs("contact_type", "DOG", Some("PERSON")),
        differs("link_id", "Rex", None),
        differs("entry.link_id", "Rex", Some("")),
    ];
    let key = sound[0].key;
    assert_eq!(discrepancies, [Discrepancy { key, findings, remedy: Remedy::Mended }]);
    assert_eq!(stored(&store).await, sound);
    assert_eq!(store.upsert(batch(&[item])).await.unwrap().unwrap()[0].verdict, Verdict::Unchanged);
}

#[tokio::test]
async fn contact_that_its_email_does_not_find_is_reported_and_repaired() {
    let database = TestDatabase::new();
    let store = database.open();
    let item = person("A", "Abt").replace('}', r#", "email": "a@example.org"}"#);
    let written = store.upsert(batch(&[item])).await.unwrap().unwrap();
    let sound = stored(&store).await;
    edit(&database, "UPDATE contact SET email_hash = 1");

    let contact = written[0].contact.as_ref().unwrap().id.unwrap();
    let repair = Repair::new(context().organization, context().settings, vec![contact]);
    let discrepancies = store.repair(Arc::new(repair)).await.unwrap();

    let computed = "a@example.org".to_owned();
    let seen = Some(format!("{computed}, which no look-up finds"));
    let difference = Difference { what: "email", stored: seen, computed: Some(computed) };
    let findings = vec![Finding::Differs(difference)];
    let key = sound[0].key;
    assert_eq!(discrepancies, [Discrepancy { key, findings, remedy: Remedy::Mended }]);
    assert_eq!(stored(&store).await, sound);
}

#[tokio::test]
async fn contacts_with_invalid_ids_are_reported() {
    let database = TestDatabase::new();
    let store = database.open();
    store.upsert(batch(&[person("A", "Abt"), person("B", "Bär")])).await.unwrap().unwrap();
    edit(
        &database,
        "UPDATE contact SET id = -5, organization_id = 0 WHERE external_id = 'A';
         UPDATE contact SET id = 9007199254740993 WHERE external_id = 'B'",
    );
    let keys: Vec<_> = stored(&store).await.into_iter().map(|contact| contact.key).collect();
    let key = |organization, id| contacts_domain::auditing::ContactKey { organization, id };
    assert_eq!(keys, [key(0, -5), key(1, 9_007_199_254_740_993)]);
    let after = store.contacts_after(Some(keys[0]), 100).await.unwrap();
    assert_eq!(after.len(), 1);
}

#[tokio::test]
async fn audit_reads_a_counter_that_went_back() {
    let database = TestDatabase::new();
    let store = database.open();
    store.upsert(batch(&[person("A", "Abt")])).await.unwrap().unwrap();
    let before = store.next_id().await.unwrap();
    edit(&database, "UPDATE id_counter SET next_id = 1");
    assert!(before > 1);
    assert_eq!(store.next_id().await.unwrap(), 1);
}
