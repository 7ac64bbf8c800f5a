//! Requests with an idempotency key.

use std::sync::Arc;

use contacts_application::access::Scope;
use contacts_application::ports::{ContactStore, MockClock, MockKeptAnswers, StoreError};
use contacts_application::use_cases::{
    AnswerOnce, Arrival, FirstRequest, ForgetAnswers, Keeping, NotDone, Request, UpsertContacts,
    UseCaseError,
};
use contacts_domain::decision::{Answer, RequestDigest, RequestKey};
use contacts_domain::upsert::{Item, Outcome};
use contacts_domain::{OrganizationId, Timestamp};
use contacts_testing::{MemoryStore, caller, now, organization};

const KEY: RequestKey = RequestKey([1; 32]);
const REQUEST: RequestDigest = RequestDigest([1; 32]);
const PERSON: &str = r#"{"contactType": "PERSON", "lastName": "Abt"}"#;

fn a_clock() -> Arc<MockClock> {
    let mut clock = MockClock::new();
    clock.expect_now().return_const(now());
    Arc::new(clock)
}

fn home() -> OrganizationId {
    organization(7).id
}

fn answer() -> Answer {
    Answer { head: Arc::from(*b"200"), body: Some(Arc::from(*b"{}")), contacts: Vec::new() }
}

async fn first(once: &AnswerOnce) -> Arc<FirstRequest> {
    match once.receive(home(), KEY, REQUEST).await.unwrap() {
        Arrival::First(request) => request,
        other => panic!("{other:?}"),
    }
}

/// Creates a contact, and keeps the answer with it.
async fn create(
    store: &Arc<MemoryStore>,
    request: &Arc<FirstRequest>,
) -> Result<Vec<Outcome>, UseCaseError> {
    let keeping = Keeping::new(Arc::clone(request), Arc::new(|_| Some(answer())));
    let request = Request { keeping: Some(keeping), ..Request::default() };
    let contacts: Arc<dyn ContactStore> = store.clone();
    let upsert = UpsertContacts::new(contacts, a_clock());
    let writer = caller(7, [Scope::Write]);
    upsert.execute(&writer, request, vec![PERSON], |text, context| Item::read(text, context)).await
}

#[tokio::test]
async fn one_request_of_a_key_runs_at_a_time() {
    let store = Arc::new(MemoryStore::default());
    let once = AnswerOnce::new(store, a_clock());
    let request = first(&once).await;
    let second = once.receive(home(), KEY, REQUEST).await.unwrap();
    assert!(matches!(second, Arrival::Refused(NotDone::Running)), "{second:?}");
    let elsewhere = once.receive(organization(8).id, KEY, REQUEST).await.unwrap();
    assert!(matches!(elsewhere, Arrival::First(_)), "{elsewhere:?}");
    drop(request);
    first(&once).await;
}

#[tokio::test]
async fn done_request_is_answered_as_before() {
    let store = Arc::new(MemoryStore::default());
    let once = AnswerOnce::new(store.clone(), a_clock());
    let request = first(&once).await;
    assert!(!request.is_kept());
    create(&store, &request).await.unwrap();
    assert!(request.is_kept());
    drop(request);
    let again = once.receive(home(), KEY, REQUEST).await.unwrap();
    assert!(matches!(&again, Arrival::Answered(kept) if *kept == answer()), "{again:?}");
    let other = once.receive(home(), KEY, RequestDigest([2; 32])).await.unwrap();
    assert!(matches!(other, Arrival::Refused(NotDone::OtherRequest)), "{other:?}");
}

#[tokio::test]
async fn request_done_by_another_server_does_nothing() {
    let store = Arc::new(MemoryStore::default());
    let servers = [(); 2].map(|()| AnswerOnce::new(store.clone(), a_clock()));
    let [one, other] = [first(&servers[0]).await, first(&servers[1]).await];
    create(&store, &one).await.unwrap();
    let refused = create(&store, &other).await;
    assert!(matches!(refused, Err(UseCaseError::NotDone(NotDone::Running))), "{refused:?}");
    assert_eq!(store.records().len(), 1);
    assert!(!other.keep(answer()).await.unwrap());
}

#[tokio::test]
async fn answers_are_forgotten_after_a_day_in_steps() {
    let mut kept = MockKeptAnswers::new();
    let mut steps = vec![7, 64, 64];
    kept.expect_forget_answers().times(3).returning(move |before, at_most| {
        let day = 24 * 60 * 60 * 1_000_000;
        assert_eq!((before, at_most), (Timestamp::from_micros(now().micros() - day), 64));
        Ok(steps.pop().unwrap())
    });
    ForgetAnswers::new(Arc::new(kept), a_clock()).execute().await.unwrap();
}

#[tokio::test]
async fn failed_look_up_frees_the_key() {
    let mut kept = MockKeptAnswers::new();
    kept.expect_kept_answer().times(1).returning(|_, _| Err(StoreError::unavailable("away")));
    kept.expect_kept_answer().returning(|_, _| Ok(None));
    let once = AnswerOnce::new(Arc::new(kept), a_clock());
    assert!(once.receive(home(), KEY, REQUEST).await.is_err());
    first(&once).await;
}
