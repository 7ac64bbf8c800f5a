//! Settings that change while requests run.

use std::sync::Arc;

use contacts_application::access::{Filling, SettingsChange};
use contacts_application::ports::{
    AccessStore, ContactStore, OrganizationSettings, StoreErrorKind,
};
use contacts_application::use_cases::{CheckContacts, FillKeys, Mode};
use contacts_domain::upsert::{Context, Key, Ladder, Options};
use contacts_domain::{MatchBy, SharedKey};
use contacts_testing::{batch, context, organization};
use serde_json::json;

use super::plans::{Explained, by_name, filled, named};
use super::{person, send, spawn_send, until_waiting};
use crate::connect::session::notes::statements_of;
use crate::startup::migrations::MIGRATIONS;
use crate::testing::TestDatabase;
use crate::{PostgresOptions, PostgresStore};

fn match_by(keys: MatchBy) -> SettingsChange {
    SettingsChange { match_by: Some(keys), ..SettingsChange::default() }
}

async fn with_organization(database: &TestDatabase) -> Arc<PostgresStore> {
    let store = Arc::new(database.open().await);
    assert!(store.add_organization(organization(1)).await.unwrap());
    store
}

#[tokio::test]
async fn change_waits_for_running_transactions() {
    let database = TestDatabase::migrated();
    let store = with_organization(&database).await;
    let mut writer = database.connect().await;
    // An uncommitted contact keeps the transaction of a request open after its check.
    let uncommitted = writer.transaction().await.unwrap();
    uncommitted.batch_execute("LOCK TABLE contact IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let request = spawn_send(&store, vec![person("A", json!({"phone": "021 555 12 12"}))]);
    let observer = database.connect().await;
    until_waiting(&observer, 1).await;

    let changing = Arc::clone(&store);
    let change = tokio::spawn(async move {
        changing.change_settings(organization(1).id, match_by(MatchBy::NONE), 1).await
    });
    until_waiting(&observer, 2).await;
    assert_eq!(store.organization(organization(1).id).await.unwrap(), Some(organization(1)));

    uncommitted.rollback().await.unwrap();
    assert_eq!(request.await.unwrap().unwrap().len(), 1);
    assert_eq!(change.await.unwrap().unwrap().unwrap().settings.version, 2);
    let ids = store.ids_after(organization(1).id, 0, 10).await.unwrap();
    assert_eq!(ids.len(), 1, "the filling sees what the older settings have written");
}

#[tokio::test]
async fn request_that_waits_for_a_change_writes_nothing() {
    let database = TestDatabase::migrated();
    let store = with_organization(&database).await;
    send(&store, &[person("A", json!({}))]).await.unwrap();
    let mut setter = database.connect().await;
    let change = setter.transaction().await.unwrap();
    change.batch_execute("SELECT pg_advisory_xact_lock(1, -1)").await.unwrap();

    let request = spawn_send(&store, vec![person("B", json!({}))]);
    until_waiting(&database.connect().await, 1).await;
    change.batch_execute("UPDATE organization SET settings_version = 2").await.unwrap();
    change.commit().await.unwrap();

    assert_eq!(request.await.unwrap().unwrap_err().kind(), StoreErrorKind::Contention);
    assert_eq!(store.contacts_of(organization(1).id).await.unwrap(), 1);
}

#[tokio::test]
async fn requests_of_other_organizations_do_not_wait() {
    let database = TestDatabase::migrated();
    let store = with_organization(&database).await;
    let mut setter = database.connect().await;
    let change = setter.transaction().await.unwrap();
    change.batch_execute("SELECT pg_advisory_xact_lock(2, -1)").await.unwrap();
    assert_eq!(send(&store, &[person("A", json!({}))]).await.unwrap().len(), 1);
}

/// An organization of the release before organizations had settings, with a contact that has every
/// shared key; its mobile number was read as one of the organization's region.
const OLD: &str = r#"
    CREATE TABLE __diesel_schema_migrations (
        version varchar(50) PRIMARY KEY NOT NULL,
        run_on  timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP
    );
    INSERT INTO __diesel_schema_migrations (version) VALUES ('20261122000000');
    INSERT INTO organization (id, name, region) VALUES (1, 'Muster AG', 'CH');
    INSERT INTO contact (organization_id, id, contact_type, display_name, email, phone, mobile,
        vat_number, archived, is_customer, is_vendor, is_staff, version, document_version,
        created_at, updated_at, document)
    VALUES (1, 1, 'PERSON', 'Rochat', 'info@rhone.example', '+41215551212', '+41612345678',
        'CHE116281710', false, true, false, false, 3, 1, now(), now(),
        '{"id":1,"contactId":1,"organizationId":1,
        "contactType":"PERSON","lastName":"Rochat","email":"info@rhone.example",
        "phone":"021 555 12 12","mobile":"06 12 34 56 78","isCustomer":true,
        "addresses":[{"id":3,"name":"home","countryCode2":"FR"}],
        "client":{"id":2,"contactId":1,"vatNumber":"CHE-116.281.710"}}');
    UPDATE id_counter SET next_id = 4"#;

#[tokio::test]
async fn old_database_matches_by_every_key() {
    let database = TestDatabase::empty();
    let client = database.connect().await;
    client.batch_execute(MIGRATIONS[0].up).await.unwrap();
    client.batch_execute(OLD).await.unwrap();
    let url = database.url().parse().unwrap();
    let open = || PostgresStore::open(&url, PostgresOptions::default());
    let (one, other) = tokio::join!(open(), open());
    let (one, other) = (one.unwrap(), other.unwrap());
    let mut ran = [one.migrations.len(), other.migrations.len()];
    ran.sort_unstable();
    assert_eq!(ran, [0, MIGRATIONS.len() - 1], "one of two migrates");

    let store = Arc::new(one.store);
    let found = store.organizations().await.unwrap().remove(0);
    assert_eq!(found.settings.match_by, MatchBy::ALL);
    assert_eq!(found.settings.filling, SharedKey::Phone.into());
    assert_eq!(found.filling, Filling { of: 1, ..Filling::default() });
    let fill = FillKeys::new(store.clone(), store.clone());
    assert_eq!(fill.execute(found.id, &mut |_| {}).await.unwrap(), []);
    let found = store.organizations().await.unwrap().remove(0);
    let check = CheckContacts::new(store.clone(), store.clone());
    assert!(check.execute(Mode::Report, &mut |_| {}).await.unwrap().is_sound());
    let item = json!({"lastName": "Rochat", "email": "info@rhone.example",
        "phone": "+33 6 12 34 56 78", "client": {"vatNumber": "CHE116281710"}});
    for key in [Key::Phone, Key::Email, Key::VatNumber] {
        let options = Options { ladder: Ladder::new([key]), ..Options::default() };
        let items = [item.clone()];
        let context = Context { settings: found.settings, ..context(1) };
        let outcomes = store.upsert(batch(context, options, &items)).await.unwrap().unwrap();
        assert_eq!(outcomes[0].matched_by, Some(key), "{:?}", outcomes[0].violations);
        assert_eq!(super::id_of(&outcomes[0]), 1);
    }
}

/// The statements about settings by their first and last words, with their expected scans.
pub(super) const EXPECTED: [(&str, &str); 6] = [
    ("SELECT count(*) FROM … organization_id = $1", "contact_pkey(organization_id)"),
    ("SELECT id FROM … id LIMIT $3", "contact_pkey(organization_id,id)"),
    ("SELECT id, name, … id = $1", "organization_pkey(id)"),
    ("SELECT id, name, … ORDER BY id", "all of organization"),
    ("UPDATE organization SET … filling <> 'none'", "organization_pkey(id)"),
    ("UPDATE organization SET … id = $1", "organization_pkey(id)"),
];

#[tokio::test]
async fn settings_statements_use_expected_indexes() {
    let database = TestDatabase::migrated();
    let store = with_organization(&database).await;
    send(&store, &[person("A", json!({"phone": "021 555 12 12"}))]).await.unwrap();
    let sent = statements_of(async {
        store.organizations().await.unwrap();
        store.contacts_of(organization(1).id).await.unwrap();
        let change = match_by(MatchBy::NONE);
        store.change_settings(organization(1).id, change, 1).await.unwrap().unwrap();
        let fill = FillKeys::new(store.clone(), store.clone());
        assert_eq!(fill.execute(organization(1).id, &mut |_| {}).await.unwrap(), []);
    });
    let sent = sent.await;
    let expected = named(&EXPECTED);
    let of_settings = |explained: Vec<_>| {
        let mut scans = by_name(explained);
        scans.retain(|name, _| expected.contains_key(name));
        scans
    };
    let large = filled().await;
    let explained = Explained::prepare(large.connect().await, &sent).await;
    assert_eq!(of_settings(explained.scans().await), expected);
}
