//! Taking contacts out of the directory of intercoms.

use std::sync::Arc;

use contacts_application::access::Scope;
use contacts_application::ports::{ContactStore, MockClock, MockContactStore};
use contacts_application::use_cases::{AccessError, EntryKey, UnlinkContacts, UseCaseError};
use contacts_domain::decision::Decision;
use contacts_domain::upsert::{Context, Endpoints, Options, Verdict};
use contacts_domain::value::LinkId;
use contacts_testing::{MemoryStore, batch, caller, context, now};
use serde_json::json;

const LINK_ID: &str = "6f9619ff-8b86-d011-b42d-00cf4fc964ff";

fn link_id() -> LinkId {
    LinkId::parse(LINK_ID).unwrap()
}

fn a_clock() -> Arc<MockClock> {
    let mut clock = MockClock::new();
    clock.expect_now().return_const(now());
    Arc::new(clock)
}

#[tokio::test]
async fn caller_without_delete_never_reaches_the_store() {
    let mut store = MockContactStore::new();
    store.expect_upsert().never();
    let unlink = UnlinkContacts::new(Arc::new(store), a_clock());
    let writer = caller(7, [Scope::Read, Scope::Write, Scope::StaffWrite, Scope::Admin]);

    let denied = unlink.execute(&writer, &[EntryKey::Id(1)], false, None).await;

    let Err(UseCaseError::Access(AccessError::InsufficientScope(needed))) = denied else {
        panic!("{denied:?}")
    };
    assert!(needed.include(Scope::Delete));
}

#[tokio::test]
async fn store_gets_only_the_named_keys() {
    let mut store = MockContactStore::new();
    store
        .expect_upsert()
        .withf(|batch| {
            let lookup_keys = batch.lookup_keys();
            let ids: Vec<_> = lookup_keys.ids.iter().map(|id| id.get()).collect();
            let context =
                Context { may_read_staff: false, endpoints: Endpoints::Shown, ..context(7) };
            *batch.context() == context
                && (ids, lookup_keys.link_ids.as_slice()) == (vec![12], &[link_id()][..])
                && lookup_keys.external_ids.is_empty()
                && lookup_keys.email_owners.is_empty()
        })
        .times(1)
        .returning(|_| Ok(Ok(Vec::new())));
    let unlink = UnlinkContacts::new(Arc::new(store), a_clock());

    let keys = [EntryKey::LinkId(link_id()), EntryKey::Id(12)];
    assert_eq!(unlink.execute(&caller(7, [Scope::Delete]), &keys, false, None).await.unwrap(), []);
}

#[tokio::test]
async fn each_key_is_answered_in_order() {
    let store = Arc::new(MemoryStore::default());
    let shown = Context { endpoints: Endpoints::Shown, ..context(7) };
    let panel = json!({"contactType": "ENDPOINT", "linkId": LINK_ID,
        "intercom": {"name": "Door", "type": "multi", "number": "0001-01-01"}});
    store.upsert(batch(shown, Options::default(), &[panel])).await.unwrap().unwrap();
    let unlink = UnlinkContacts::new(store, a_clock());

    // Few and many: what is many is read elsewhere.
    for (unknown, first) in [(1, Verdict::Deleted), (100, Verdict::Rejected)] {
        let mut keys = vec![EntryKey::LinkId(link_id())];
        keys.extend((0..unknown).map(|number| EntryKey::Id(1_000_000 + number)));
        keys.push(EntryKey::Id(i64::MAX));

        let outcomes =
            unlink.execute(&caller(7, [Scope::Delete]), &keys, false, None).await.unwrap();

        let verdicts: Vec<_> = outcomes.iter().map(|outcome| outcome.verdict).collect();
        let mut expected = vec![Verdict::Rejected; keys.len()];
        expected[0] = first;
        assert_eq!(verdicts, expected);
    }
}
