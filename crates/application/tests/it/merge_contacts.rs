//! Merging two contacts.

use std::collections::BTreeSet;
use std::sync::Arc;

use contacts_application::access::Scope;
use contacts_application::ports::{MockClock, MockContactStore};
use contacts_application::use_cases::{AccessError, MergeContacts, Merging, UseCaseError};
use contacts_domain::decision::{Decision, MAX_LOADED_BYTES};
use contacts_domain::upsert::Endpoints;
use contacts_domain::{ContactId, Violations};
use contacts_testing::{caller, now};

fn a_clock() -> Arc<MockClock> {
    let mut clock = MockClock::new();
    clock.expect_now().return_const(now());
    Arc::new(clock)
}

fn a_store_never_asked() -> Arc<MockContactStore> {
    let mut store = MockContactStore::new();
    store.expect_merge().never();
    Arc::new(store)
}

fn merging(target: i64, source: i64) -> Merging {
    let (endpoints, documents_at_most) = (Endpoints::Hidden, MAX_LOADED_BYTES);
    Merging { target, source, endpoints, documents_at_most, dry_run: false }
}

#[tokio::test]
async fn merging_needs_both_write_and_delete() {
    for scopes in [vec![Scope::Write, Scope::StaffWrite, Scope::Admin], vec![Scope::Delete], vec![]]
    {
        let merge = MergeContacts::new(a_store_never_asked(), a_clock());

        let denied = merge.execute(&caller(7, scopes), merging(10, 20), None).await;

        assert!(
            matches!(denied, Err(UseCaseError::Access(AccessError::InsufficientScope(_)))),
            "{denied:?}"
        );
    }
}

#[tokio::test]
async fn store_merges_in_the_callers_organization() {
    let mut store = MockContactStore::new();
    store
        .expect_merge()
        .withf(|merge| {
            let lookup_keys: BTreeSet<_> =
                merge.lookup_keys().ids.iter().copied().map(ContactId::get).collect();
            merge.is_dry_run()
                && merge.organization() == caller(7, []).organization.id
                && lookup_keys == BTreeSet::from([10, 20])
                && merge.lookup_keys().referring_to == ContactId::new(20)
        })
        .times(1)
        .returning(|_| Ok(Err(Violations::default())));
    let merge = MergeContacts::new(Arc::new(store), a_clock());
    let clerk = caller(7, [Scope::Write, Scope::Delete]);

    let tried = Merging { dry_run: true, ..merging(10, 20) };
    let report = merge.execute(&clerk, tried, None).await;
    assert_eq!(report.unwrap(), Err(Violations::default()));
}

#[tokio::test]
async fn senseless_merge_never_reaches_the_store() {
    let merge = MergeContacts::new(a_store_never_asked(), a_clock());
    let clerk = caller(7, [Scope::Write, Scope::Delete]);

    for (target, source) in [(10, 10), (0, 10), (10, -1)] {
        let report = merge.execute(&clerk, merging(target, source), None).await.unwrap();
        assert!(report.is_err_and(|refusal| !refusal.is_empty()), "{target} and {source}");
    }
}
