//! Reading one entry of the directory of intercoms.

use std::sync::Arc;

use contacts_application::access::Scope;
use contacts_application::ports::{ContactStore, Lifecycle, MockContactStore, StoreErrorKind};
use contacts_application::use_cases::{AccessError, Caller, GetEntry, UseCaseError};
use contacts_domain::ContactId;
use contacts_domain::contact::IntercomEntry;
use contacts_domain::upsert::{Context, Endpoints, Options};
use contacts_testing::{MemoryStore, batch, caller, context};
use mockall::predicate::eq;
use serde_json::{Value, json};

/// The contact as a store holds it, and its id.
async fn stored(contact: Value) -> (Arc<MemoryStore>, ContactId) {
    let store = Arc::new(MemoryStore::default());
    let context = Context { endpoints: Endpoints::Shown, ..context(7) };
    let outcomes =
        store.upsert(batch(context, Options::default(), &[contact])).await.unwrap().unwrap();
    (store, outcomes.first().unwrap().contact.as_ref().unwrap().id.unwrap())
}

fn reader() -> Caller {
    caller(7, [Scope::Read])
}

#[tokio::test]
async fn caller_without_read_never_reaches_the_store() {
    let mut store = MockContactStore::new();
    store.expect_contact().never();
    let get = GetEntry::new(Arc::new(store));
    let writer = caller(7, [Scope::Write, Scope::Delete, Scope::StaffWrite, Scope::Admin]);

    let denied = get.execute(&writer, ContactId::new(1).unwrap()).await;

    let Err(UseCaseError::Access(AccessError::InsufficientScope(needed))) = denied else {
        panic!("{denied:?}")
    };
    assert!(needed.include(Scope::Read));
}

#[tokio::test]
async fn store_is_asked_for_the_living_contact() {
    let id = ContactId::new(12).unwrap();
    let mut store = MockContactStore::new();
    store
        .expect_contact()
        .with(eq(caller(7, []).organization.id), eq(id), eq(Lifecycle::Living))
        .times(1)
        .returning(|_, _, _| Ok(None));

    assert_eq!(GetEntry::new(Arc::new(store)).execute(&reader(), id).await.unwrap(), None);
}

#[tokio::test]
async fn entry_is_shown_for_every_contact_type() {
    let intercom = json!({"name": "Door", "type": "multi", "number": "0001-01-01"});
    for contact_type in ["PERSON", "ORGANIZATION", "ENDPOINT"] {
        let (store, id) = stored(json!({"contactType": contact_type, "intercom": intercom})).await;

        let entry = GetEntry::new(store).execute(&reader(), id).await.unwrap();

        let expected = IntercomEntry {
            link_id: None,
            name: "Door".to_owned(),
            kind: "multi".to_owned(),
            number: "0001-01-01".to_owned(),
            is_favorite: false,
            auto_answer: false,
            in_black_list: false,
            is_p2p: false,
            ringtone: IntercomEntry::DEFAULT_RINGTONE.to_owned(),
            sort_key: IntercomEntry::sort_key("Door"),
        };
        assert_eq!(entry, Some(expected), "{contact_type}");
    }
}

#[tokio::test]
async fn contact_without_block_is_no_entry() {
    let (store, id) = stored(json!({"contactType": "PERSON", "lastName": "Rochat"})).await;
    assert_eq!(GetEntry::new(store).execute(&reader(), id).await.unwrap(), None);
}

#[tokio::test]
async fn unreadable_document_is_a_failure() {
    let (memory, id) = stored(json!({"contactType": "PERSON", "lastName": "Rochat"})).await;
    let mut record = memory.records().remove(0);
    record.document = "{".to_owned();
    let mut store = MockContactStore::new();
    store.expect_contact().returning(move |_, _, _| Ok(Some(record.clone())));

    let failed = GetEntry::new(Arc::new(store)).execute(&reader(), id).await;

    assert!(
        matches!(&failed, Err(UseCaseError::Store(error)) if error.kind() == StoreErrorKind::Corrupt),
        "{failed:?}"
    );
}
