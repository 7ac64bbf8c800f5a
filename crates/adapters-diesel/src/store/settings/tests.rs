//! Databases of the release before organizations had settings.

use std::path::Path;
use std::sync::Barrier;
use std::thread;

use contacts_application::access::Filling;
use contacts_application::ports::{AccessStore as _, Audit as _, ContactStore as _, ID_BLOCK_SIZE};
use contacts_application::use_cases::{CheckContacts, FillKeys, Mode};
use contacts_domain::upsert::{Batch, Context, Item, Key, Ladder, Options, Verdict};
use contacts_domain::{MatchBy, SharedKey};
use diesel::connection::SimpleConnection;
use diesel_migrations::MigrationHarness;

use super::*;
use crate::connect::SqliteOptions;
use crate::startup::MIGRATIONS;
use crate::testing::context;

/// The migrations of the last release.
const OLD: usize = 2;

/// An organization with a contact that has every shared key; its mobile number was read as one of the
/// organization's region.
const CONTENT: &str = r#"
    INSERT INTO organization (id, name, region) VALUES (1, 'Muster AG', 'CH');
    INSERT INTO contact (id, organization_id, contact_type, display_name, email, phone, mobile,
        vat_number, archived, is_customer, is_vendor, is_staff, version, document_version,
        created_at, updated_at, document)
    VALUES (1, 1, 'PERSON', 'Rochat', 'info@rhone.example', '+41215551212', '+41612345678',
        'CHE116281710', 0, 1, 0, 0, 3, 1, 5, 7, '{"id":1,"contactId":1,"organizationId":1,
        "contactType":"PERSON","lastName":"Rochat","email":"info@rhone.example",
        "phone":"021 555 12 12","mobile":"06 12 34 56 78","isCustomer":true,
        "addresses":[{"id":3,"name":"home","countryCode2":"FR"}],
        "client":{"id":2,"contactId":1,"vatNumber":"CHE-116.281.710"}}');
    UPDATE id_counter SET next_id = 4;
"#;

fn make_old(path: &Path) {
    let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    for _ in 0..OLD {
        connection.run_next_migration(MIGRATIONS).unwrap();
    }
    connection.batch_execute(CONTENT).unwrap();
}

fn by(key: Key, context: &Context) -> Arc<Batch> {
    let item = r#"{"lastName": "Rochat", "email": "info@rhone.example", "phone": "+33 6 12 34 56 78",
        "client": {"vatNumber": "CHE116281710"}}"#;
    let options = Options { ladder: Ladder::new([key]), ..Options::default() };
    let items = vec![Item::read(item, context)];
    Arc::new(Batch::new(context.clone(), options, items))
}

#[tokio::test]
async fn old_database_matches_by_every_key() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("old.db");
    make_old(&path);
    let store = Arc::new(SqliteStore::open(&path, SqliteOptions::default()).unwrap().store);

    let organization = store.organizations().await.unwrap().remove(0);
    assert_eq!(organization.settings.match_by, MatchBy::ALL);
    assert_eq!(organization.settings.filling, SharedKey::Phone.into());
    assert_eq!(organization.filling, Filling { of: 1, ..Filling::default() });
    let fill = FillKeys::new(store.clone(), store.clone());
    assert_eq!(fill.execute(organization.id, &mut |_| {}).await.unwrap(), []);
    let organization = store.organizations().await.unwrap().remove(0);
    let check = CheckContacts::new(store.clone(), store.clone());
    assert!(check.execute(Mode::Report, &mut |_| {}).await.unwrap().is_sound());
    let context = Context { settings: organization.settings, ..context() };
    for key in [Key::Phone, Key::Email, Key::VatNumber] {
        let outcome = store.upsert(by(key, &context)).await.unwrap().unwrap().remove(0);
        let found = outcome.contact.unwrap().id.unwrap().get();
        assert_eq!((outcome.matched_by, found), (Some(key), 1), "{:?}", outcome.violations);
        assert_ne!(outcome.verdict, Verdict::Created);
    }
    // One block was reserved, for runs.
    assert_eq!(store.next_id().await.unwrap(), 4 + ID_BLOCK_SIZE);
}

#[test]
fn one_of_two_openers_migrates_old_database() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("old.db");
    make_old(&path);
    let barrier = Barrier::new(2);
    let open = || {
        barrier.wait();
        SqliteStore::open(&path, SqliteOptions::default()).unwrap()
    };
    let opened = thread::scope(|scope| {
        [scope.spawn(open), scope.spawn(open)].map(|opening| opening.join().unwrap())
    });
    let mut ran = opened.map(|opened| (opened.created, opened.migrations.is_empty()));
    ran.sort_unstable();
    assert_eq!(ran, [(false, false), (false, true)]);
}

#[tokio::test]
async fn new_organization_of_old_database_matches_by_email() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("old.db");
    make_old(&path);
    let store = SqliteStore::open(&path, SqliteOptions::default()).unwrap().store;
    let Context { organization: id, settings, .. } = context();
    let id = OrganizationId::new(id.get() + 1).unwrap();
    let new = Organization::new(id, "New".to_owned(), settings.region);
    assert!(store.add_organization(new.clone()).await.unwrap());
    assert_eq!(store.organization(id).await.unwrap(), Some(new));
}
