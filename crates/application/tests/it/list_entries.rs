//! Listing the directory of intercoms.

use std::sync::Arc;

use contacts_application::access::Scope;
use contacts_application::directory::{EntryPage, EntryQuery, Order, OrderKey};
use contacts_application::ports::{MockIntercomDirectory, StoreError, StoreErrorKind};
use contacts_application::use_cases::{AccessError, ListEntries, UseCaseError};
use contacts_testing::caller;
use mockall::predicate::eq;

fn query() -> EntryQuery {
    let order = Order { by: OrderKey::Name, descending: true };
    EntryQuery { filter: None, order, offset: 20, limit: 10 }
}

#[tokio::test]
async fn caller_without_read_never_reaches_the_directory() {
    let mut directory = MockIntercomDirectory::new();
    directory.expect_entries().never();
    let list = ListEntries::new(Arc::new(directory));
    let writer = caller(7, [Scope::Write, Scope::Delete, Scope::StaffWrite, Scope::Admin]);

    let denied = list.execute(&writer, &query()).await;

    let Err(UseCaseError::Access(AccessError::InsufficientScope(needed))) = denied else {
        panic!("{denied:?}")
    };
    assert!(needed.include(Scope::Read));
}

#[tokio::test]
async fn directory_gets_page_and_organization() {
    let page = EntryPage { entries: Vec::new(), total: 13 };
    let mut directory = MockIntercomDirectory::new();
    directory
        .expect_entries()
        .with(eq(caller(7, []).organization.id), eq(query()))
        .times(1)
        .return_once({
            let page = page.clone();
            |_, _| Ok(page)
        });
    let list = ListEntries::new(Arc::new(directory));

    let listed = list.execute(&caller(7, [Scope::Read]), &query()).await.unwrap();

    assert_eq!(listed, page);
}

#[tokio::test]
async fn failing_directory_is_no_empty_page() {
    let mut directory = MockIntercomDirectory::new();
    directory.expect_entries().returning(|_, _| Err(StoreError::unavailable("gone")));
    let list = ListEntries::new(Arc::new(directory));

    let failed = list.execute(&caller(7, [Scope::Read]), &query()).await;

    assert!(
        matches!(&failed, Err(UseCaseError::Store(error)) if error.kind() == StoreErrorKind::Unavailable),
        "{failed:?}"
    );
}
