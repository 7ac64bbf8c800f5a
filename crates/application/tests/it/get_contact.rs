//! Reading one contact.

use std::sync::Arc;

use contacts_application::access::Scope;
use contacts_application::ports::{Lifecycle, MockContactStore};
use contacts_application::use_cases::{AccessError, GetContact, UseCaseError};
use contacts_domain::contact::{ContactType, DOCUMENT_VERSION, Projection, Record, SortKey};
use contacts_domain::{ContactId, OrganizationId, Version};
use contacts_testing::{caller, now};
use mockall::predicate::eq;

fn id() -> ContactId {
    ContactId::new(12).unwrap()
}

fn a_person() -> Record {
    Record {
        id: id(),
        organization: OrganizationId::new(7).unwrap(),
        projection: Projection {
            contact_type: ContactType::Person,
            external_id: None,
            link_id: None,
            display_name: "Rochat".to_owned(),
            email: None,
            phone: None,
            mobile: None,
            vat_number: None,
            archived: false,
            is_customer: false,
            is_vendor: false,
            is_staff: false,
            sort_key: SortKey::default(),
            countries: String::new(),
            tags: String::new(),
        },
        version: Version::FIRST,
        created_at: now(),
        updated_at: now(),
        deleted_at: None,
        document_version: DOCUMENT_VERSION,
        document: r#"{"id":12}"#.to_owned(),
        digest: None,
    }
}

/// A store that holds a person and has to be asked for exactly that.
fn a_store_asked_for(lifecycle: Lifecycle) -> Arc<MockContactStore> {
    let mut store = MockContactStore::new();
    store
        .expect_contact()
        .with(eq(caller(7, []).organization.id), eq(id()), eq(lifecycle))
        .times(1)
        .returning(|_, _, _| Ok(Some(a_person())));
    Arc::new(store)
}

#[tokio::test]
async fn caller_without_read_never_reaches_the_store() {
    let mut store = MockContactStore::new();
    store.expect_contact().never();
    let get = GetContact::new(Arc::new(store));
    let writer = caller(7, [Scope::Write, Scope::Delete, Scope::StaffWrite, Scope::Admin]);

    let denied = get.execute(&writer, Some(ContactType::Person), id(), Lifecycle::Living).await;

    let Err(UseCaseError::Access(AccessError::InsufficientScope(needed))) = denied else {
        panic!("{denied:?}")
    };
    assert!(needed.include(Scope::Read));
}

#[tokio::test]
async fn store_gets_lifecycle_and_organization() {
    for lifecycle in [Lifecycle::Living, Lifecycle::Deleted] {
        let get = GetContact::new(a_store_asked_for(lifecycle));

        let found = get
            .execute(&caller(7, [Scope::Read]), Some(ContactType::Person), id(), lifecycle)
            .await
            .unwrap();

        assert_eq!(found, Some(a_person()));
    }
}

#[tokio::test]
async fn contact_of_another_type_is_not_found() {
    let get = GetContact::new(a_store_asked_for(Lifecycle::Living));
    let reader = caller(7, [Scope::Read]);

    let found = get
        .execute(&reader, Some(ContactType::Organization), id(), Lifecycle::Living)
        .await
        .unwrap();

    assert_eq!(found, None);
}

#[tokio::test]
async fn without_a_type_every_contact_is_found() {
    let get = GetContact::new(a_store_asked_for(Lifecycle::Living));
    let found = get.execute(&caller(7, [Scope::Read]), None, id(), Lifecycle::Living).await;
    assert_eq!(found.unwrap(), Some(a_person()));
}
