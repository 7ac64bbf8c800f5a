//! Changing organizations, and filling their keys.

use std::sync::Arc;

use contacts_application::access::{Organization, SettingsChange};
use contacts_application::ports::{
    AccessStore, ContactStore, MockOrganizationSettings, OrganizationSettings, StoreError,
    StoreErrorKind,
};
use contacts_application::use_cases::{FillKeys, ManageAccessError, SetOrganization};
use contacts_domain::MatchBy;
use contacts_domain::upsert::{Documents, Options};
use contacts_testing::{MemoryStore, batch, context, organization};
use serde_json::{Value, json};

fn named(name: &str) -> SettingsChange {
    SettingsChange { name: Some(name.to_owned()), ..SettingsChange::default() }
}

#[tokio::test]
async fn invalid_name_is_not_set() {
    for name in ["", " ", "a\nb", &"x".repeat(101)] {
        let set = SetOrganization::new(Arc::new(MockOrganizationSettings::new()));
        let refused = set.execute(organization(7).id, named(name), false, None).await;
        assert!(matches!(refused, Err(ManageAccessError::InvalidName(_))), "{name:?}");
    }
}

#[tokio::test]
async fn unknown_organization_is_not_set() {
    let mut settings = MockOrganizationSettings::new();
    settings.expect_contacts_of().returning(|_| Ok(0));
    settings.expect_change_settings().times(1).returning(|_, _, _| Ok(None));
    let (id, set) = (organization(7).id, SetOrganization::new(Arc::new(settings)));
    let refused = set.execute(id, named("A"), false, None).await;
    assert!(matches!(refused, Err(ManageAccessError::UnknownOrganization(found)) if found == id));
}

/// A store with that many contacts of organization 1, of which none has a shared key yet.
async fn a_store_to_fill(contacts: usize) -> Arc<MemoryStore> {
    let store = Arc::new(MemoryStore::default());
    let mut none = organization(1);
    none.settings.match_by = MatchBy::NONE;
    store.add_organization(none.clone()).await.unwrap();
    let mut context = context(1);
    context.settings = none.settings;
    let item = |number| json!({"contactType": "PERSON", "email": format!("{number}@one.example")});
    let items: Vec<Value> = (0..contacts).map(item).collect();
    let options = Options { documents: Documents::LeftOut, ..Options::default() };
    store.upsert(batch(context, options, &items)).await.unwrap().unwrap();

    let change = SettingsChange { match_by: Some(MatchBy::default()), ..SettingsChange::default() };
    SetOrganization::new(store.clone()).execute(none.id, change, false, None).await.unwrap();
    store
}

fn with_email(store: &MemoryStore) -> usize {
    store.records().iter().filter(|record| record.projection.email.is_some()).count()
}

#[tokio::test]
async fn filling_takes_five_hundred_at_a_time() {
    let store = a_store_to_fill(1_100).await;
    let fill = FillKeys::new(store.clone(), store.clone());
    assert_eq!(fill.unfinished().await.unwrap(), [organization(1).id]);
    let mut seen = Vec::new();
    let mut notice = |filling: contacts_application::access::Filling| {
        seen.push((filling.done, filling.of, with_email(&store)));
    };
    assert_eq!(fill.execute(organization(1).id, &mut notice).await.unwrap(), []);
    assert_eq!(seen, [(0, 1_100, 0), (500, 1_100, 500), (1_000, 1_100, 1_000)]);
    assert_eq!(with_email(&store), 1_100);
    assert_eq!(fill.unfinished().await.unwrap(), []);
}

#[tokio::test]
async fn failure_of_the_store_keeps_the_progress() {
    let store = a_store_to_fill(1_100).await;
    let mut failing = MockOrganizationSettings::new();
    let below = store.clone();
    failing.expect_ids_after().returning(move |id, after, at_most| {
        let ids = store_ids(&below, after, at_most);
        assert_eq!(id, organization(1).id);
        Ok(ids)
    });
    let failed = StoreError::unavailable("the disk is full");
    failing.expect_fill().times(1).return_once(move |_| Err(failed));
    let fill = FillKeys::new(store.clone(), Arc::new(failing));
    let error = fill.execute(organization(1).id, &mut |_| {}).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);

    let resumed = FillKeys::new(store.clone(), store.clone());
    assert_eq!(resumed.execute(organization(1).id, &mut |_| {}).await.unwrap(), []);
    let filled: Organization = store.organizations().await.unwrap().remove(0);
    assert_eq!((filled.filling.done, with_email(&store)), (1_100, 1_100));
}

fn store_ids(store: &MemoryStore, after: i64, at_most: u32) -> Vec<contacts_domain::ContactId> {
    let ids = store.records().into_iter().map(|record| record.id);
    ids.filter(|id| id.get() > after).take(usize::try_from(at_most).unwrap()).collect()
}
