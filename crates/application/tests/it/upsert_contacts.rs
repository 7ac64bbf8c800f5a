//! Creating and updating a batch of contacts.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, mpsc};
use std::task::Waker;

use contacts_application::access::Scope;
use contacts_application::ports::{MockClock, MockContactStore, StoreError, StoreErrorKind};
use contacts_application::use_cases::{AccessError, Request, UpsertContacts, UseCaseError};
use contacts_domain::Violations;
use contacts_domain::decision::Decision;
use contacts_domain::upsert::{
    Context, Endpoints, Handling, Item, Key, Ladder, Options, Outcome, Verdict,
};
use contacts_testing::{caller, context, now};

/// Fewer items than are read in parallel, and more.
const FEW: usize = 3;
const MANY: usize = 96;

fn external_ids(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("ERP-{number}")).collect()
}

fn person(external_id: &String, context: &Context) -> Item {
    let item = format!(
        r#"{{"contactType": "PERSON", "lastName": "Rochat", "externalId": "{external_id}"}}"#
    );
    Item::read(&item, context)
}

fn a_clock_asked_once() -> MockClock {
    let mut clock = MockClock::new();
    clock.expect_now().times(1).return_const(now());
    clock
}

fn a_store_never_asked() -> MockContactStore {
    let mut store = MockContactStore::new();
    store.expect_upsert().never();
    store
}

fn unchanged() -> Outcome {
    Outcome {
        verdict: Verdict::Unchanged,
        matched_by: None,
        same_as: None,
        candidates: Vec::new(),
        changes: Vec::new(),
        explanation: None,
        violations: Violations::default(),
        contact: None,
    }
}

#[tokio::test]
async fn caller_without_write_never_reaches_the_store() {
    let mut clock = MockClock::new();
    clock.expect_now().never();
    let upsert = UpsertContacts::new(Arc::new(a_store_never_asked()), Arc::new(clock));
    let reader = caller(7, [Scope::Read, Scope::Delete, Scope::StaffWrite, Scope::Admin]);

    let denied =
        upsert.execute(&reader, Request::default(), external_ids(1), |_, _| unreachable!()).await;

    let Err(UseCaseError::Access(AccessError::InsufficientScope(needed))) = denied else {
        panic!("{denied:?}")
    };
    assert!(needed.include(Scope::Write));
}

#[tokio::test]
async fn ladder_with_unmatchable_key_never_reaches_the_store() {
    for (match_by, filling, refusal) in [
        ("email", "none", "organization 7 does not match by phone; switch it on with"),
        ("email,phone", "phone", "phone is being filled for organization 7: 0 of about 0 contacts"),
    ] {
        let upsert =
            UpsertContacts::new(Arc::new(a_store_never_asked()), Arc::new(MockClock::new()));
        let mut writer = caller(7, [Scope::Write]);
        writer.organization.settings.match_by = match_by.parse().unwrap();
        writer.organization.settings.filling = filling.parse().unwrap();
        let ladder = Ladder::new([Key::ExternalId, Key::Phone]);
        let options = Options { ladder, ..Options::default() };
        let request = Request { options, ..Request::default() };

        let refused =
            upsert.execute(&writer, request, external_ids(1), |_, _| unreachable!()).await;

        let refused = refused.unwrap_err();
        assert!(matches!(refused, UseCaseError::Ladder(_)), "{refused}");
        assert!(refused.to_string().starts_with(refusal), "{refused}");
    }
}

#[tokio::test]
async fn store_gets_one_batch_of_all_items() {
    for count in [FEW, MANY] {
        let mut store = MockContactStore::new();
        store
            .expect_upsert()
            .withf(move |batch| {
                let lookup_keys: BTreeSet<_> =
                    batch.lookup_keys().external_ids.iter().cloned().collect();
                batch.organization() == caller(7, []).organization.id
                    && lookup_keys == external_ids(count).into_iter().collect()
            })
            .times(1)
            .returning(move |_| Ok(Ok(vec![unchanged(); count])));
        let upsert = UpsertContacts::new(Arc::new(store), Arc::new(a_clock_asked_once()));

        let outcomes = upsert
            .execute(&caller(7, [Scope::Write]), Request::default(), external_ids(count), person)
            .await
            .unwrap();

        assert_eq!(outcomes, vec![unchanged(); count]);
    }
}

#[tokio::test]
async fn salaries_need_the_scope_staff() {
    for (scopes, may_write_staff) in
        [(vec![Scope::Write], false), (vec![Scope::Write, Scope::StaffWrite], true)]
    {
        let mut store = MockContactStore::new();
        store.expect_upsert().times(1).returning(|_| Ok(Ok(vec![unchanged()])));
        let upsert = UpsertContacts::new(Arc::new(store), Arc::new(a_clock_asked_once()));
        let request = Request {
            handling: Handling::Strict,
            endpoints: Endpoints::Shown,
            ..Request::default()
        };
        let seen = Arc::new(Mutex::new(Vec::new()));

        let notes = Arc::clone(&seen);
        upsert
            .execute(&caller(7, scopes), request, external_ids(1), move |raw, context| {
                notes.lock().unwrap().push(context.clone());
                person(raw, context)
            })
            .await
            .unwrap();

        let expected = Context {
            may_read_staff: false,
            may_write_staff,
            endpoints: Endpoints::Shown,
            handling: Handling::Strict,
            ..context(7)
        };
        assert_eq!(*seen.lock().unwrap(), [expected]);
    }
}

#[tokio::test]
async fn panic_while_reading_stores_nothing() {
    for count in [FEW, MANY] {
        let upsert =
            UpsertContacts::new(Arc::new(a_store_never_asked()), Arc::new(a_clock_asked_once()));

        let panicked = upsert
            .execute(
                &caller(7, [Scope::Write]),
                Request::default(),
                external_ids(count),
                |raw, context| match raw.as_str() {
                    "ERP-2" => panic!("on purpose, by a test"),
                    _ => person(raw, context),
                },
            )
            .await;

        assert!(matches!(panicked, Err(UseCaseError::Panicked(_))), "{panicked:?}");
    }
}

#[tokio::test]
async fn failing_store_is_no_verdict() {
    let mut store = MockContactStore::new();
    store.expect_upsert().times(1).returning(|_| Err(StoreError::unavailable("gone")));
    let upsert = UpsertContacts::new(Arc::new(store), Arc::new(a_clock_asked_once()));

    let failed = upsert
        .execute(&caller(7, [Scope::Write]), Request::default(), external_ids(1), person)
        .await;

    assert!(
        matches!(&failed, Err(UseCaseError::Store(error)) if error.kind() == StoreErrorKind::Unavailable),
        "{failed:?}"
    );
}

#[tokio::test]
async fn items_of_a_caller_that_is_gone_are_not_read() {
    let upsert =
        UpsertContacts::new(Arc::new(a_store_never_asked()), Arc::new(a_clock_asked_once()));
    let (begun, is_begun) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let may_go_on = Mutex::new(may_go_on);
    let caller = caller(7, [Scope::Write]);
    let mut execution = Box::pin(upsert.execute(
        &caller,
        Request::default(),
        vec![(); 10_000],
        move |(), context| {
            begun.send(()).unwrap();
            // Ends when the other half is dropped.
            let _ = may_go_on.lock().unwrap().recv();
            Item::read("{}", context)
        },
    ));
    let mut waiting = std::task::Context::from_waker(Waker::noop());
    assert!(execution.as_mut().poll(&mut waiting).is_pending());
    is_begun.recv().unwrap();
    drop(execution);
    drop(go_on);
    let others = is_begun.into_iter().count();
    assert!(others < 1_000, "{others}");
}
