//! Requests with an idempotency key.

use std::sync::Arc;

use contacts_application::access::SettingsChange;
use contacts_application::ports::KeptAnswers;
use contacts_domain::decision::{
    Answer, Idempotent, Keep, KeptAnswer, Once, RequestDigest, RequestKey,
};
use contacts_domain::merging::Merge;
use contacts_domain::purging::{Purge, PurgeTarget};
use contacts_domain::restoring::Restore;
use contacts_domain::upsert::{Batch, BatchReport, Context, Documents, Options};
use contacts_domain::{AliasKey, ContactId};
use serde_json::json;
use tokio::task::JoinSet;

use crate::contract::claim::{Claim, claims};
use crate::contract::fixture::{StoreFixture, id_of, person};
use crate::{batch, organization};

pub(crate) const CLAIMS: &[Claim] = claims![
    request_sent_again_does_nothing,
    request_that_writes_nothing_is_kept_afterwards,
    key_of_another_request_does_nothing,
    answer_that_is_not_kept_is_not_found,
    keys_of_organizations_are_apart,
    one_of_many_requests_at_once_is_done,
    one_of_many_changes_of_settings_is_done,
    merge_and_restore_are_done_once,
    large_batch_is_done_once,
    old_answers_are_forgotten,
    answers_that_show_a_purged_contact_are_erased,
    answer_that_shows_a_purged_contact_is_kept_without_body,
    purge_is_done_once_and_answered,
];

const KEY: RequestKey = RequestKey([1; 32]);

fn answer(body: &[u8], contacts: &[i64]) -> Answer {
    let contacts = contacts.iter().map(|id| ContactId::new(*id).expect("positive")).collect();
    Answer { head: Arc::from(*b"200"), body: Some(Arc::from(body)), contacts }
}

/// Keeps this answer, whatever the report.
fn keep<R>(context: &Context, key: RequestKey, request: u8, answer: Option<Answer>) -> Keep<R> {
    let (request, at) = (RequestDigest([request; 32]), context.now);
    Keep { key, request, at, render: Arc::new(move |_| answer.clone()) }
}

/// A person without a key, so that each request that is done makes one more.
fn creation(context: Context, key: RequestKey, request: u8) -> Arc<Idempotent<Batch>> {
    let answer = answer(&[request], &[]);
    creations(context, 1, key, request, Some(answer))
}

fn creations(
    context: Context,
    count: usize,
    key: RequestKey,
    request: u8,
    answer: Option<Answer>,
) -> Arc<Idempotent<Batch>> {
    let keep = keep(&context, key, request, answer);
    let options = Options { documents: Documents::LeftOut, ..Options::default() };
    let batch = batch(context, options, &vec![person(json!({})); count]);
    Arc::new(Idempotent::new(batch, keep))
}

async fn upsert(store: &dyn KeptAnswers, batch: Arc<Idempotent<Batch>>) -> Once<BatchReport> {
    store.upsert_once(batch).await.expect("the store does not fail")
}

fn is_now<R>(once: &Once<R>) -> bool {
    matches!(once, Once::Now { .. })
}

/// The body of the answer that is kept for the key.
async fn kept(fixture: &StoreFixture, key: RequestKey) -> Option<Option<Arc<[u8]>>> {
    let organization = fixture.request().organization;
    let kept = fixture.answers().kept_answer(organization, key).await;
    kept.expect("the store does not fail").map(|kept| kept.answer.body)
}

async fn request_sent_again_does_nothing(fixture: &StoreFixture) {
    let store = fixture.answers();
    let context = fixture.request();
    let contacts: Vec<i64> = (1..=3).collect();
    let (organization, at) = (context.organization, context.now);
    let shown = answer(b"body", &contacts);
    let first = creations(context, 1, KEY, 1, Some(shown.clone()));
    assert!(matches!(upsert(&*store, first).await, Once::Now { is_kept: true, .. }));
    let before = fixture.everything().await;
    assert_eq!(before.len(), 1);
    for _ in 0..2 {
        assert_eq!(upsert(&*store, creation(fixture.request(), KEY, 1)).await, Once::Before);
    }
    assert_eq!(fixture.everything().await, before);
    let kept = store.kept_answer(organization, KEY).await.expect("the store does not fail");
    assert_eq!(kept, Some(KeptAnswer { request: RequestDigest([1; 32]), at, answer: shown }));
    let other = upsert(&*store, creation(fixture.request(), RequestKey([2; 32]), 1)).await;
    assert!(is_now(&other));
    assert_eq!(fixture.everything().await.len(), 2);
}

async fn request_that_writes_nothing_is_kept_afterwards(fixture: &StoreFixture) {
    let store = fixture.answers();
    let nothing = || creations(fixture.request(), 0, KEY, 1, Some(answer(b"nothing", &[])));
    assert!(matches!(upsert(&*store, nothing()).await, Once::Now { is_kept: false, .. }));
    assert_eq!(kept(fixture, KEY).await, None);
    let Context { organization, now: at, .. } = fixture.request();
    for (body, is_kept) in [(b"first", true), (b"other", false)] {
        let (request, answer) = (RequestDigest([1; 32]), answer(body, &[]));
        let answer = KeptAnswer { request, at, answer };
        let now_kept = store.keep_answer(organization, KEY, answer).await;
        assert_eq!(now_kept.expect("the store does not fail"), is_kept);
    }
    assert_eq!(kept(fixture, KEY).await, Some(Some(Arc::from(*b"first"))));
    assert_eq!(upsert(&*store, nothing()).await, Once::Before);
}

async fn key_of_another_request_does_nothing(fixture: &StoreFixture) {
    let store = fixture.answers();
    upsert(&*store, creation(fixture.request(), KEY, 1)).await;
    let other = upsert(&*store, creation(fixture.request(), KEY, 2)).await;
    assert_eq!(other, Once::OtherRequest);
    assert_eq!(fixture.everything().await.len(), 1);
    assert_eq!(kept(fixture, KEY).await, Some(Some(Arc::from([1]))));
}

async fn answer_that_is_not_kept_is_not_found(fixture: &StoreFixture) {
    let store = fixture.answers();
    for _ in 0..2 {
        let once = upsert(&*store, creations(fixture.request(), 1, KEY, 1, None)).await;
        assert!(matches!(once, Once::Now { is_kept: false, .. }));
    }
    assert_eq!(kept(fixture, KEY).await, None);
    assert_eq!(fixture.everything().await.len(), 2);
}

async fn keys_of_organizations_are_apart(fixture: &StoreFixture) {
    let store = fixture.answers();
    for (context, request) in [(fixture.request(), 1), (fixture.request_elsewhere(), 2)] {
        assert!(is_now(&upsert(&*store, creation(context, KEY, request)).await));
    }
    assert_eq!(kept(fixture, KEY).await, Some(Some(Arc::from([1]))));
}

async fn one_of_many_requests_at_once_is_done(fixture: &StoreFixture) {
    let mut requests = JoinSet::new();
    for _ in 0..64 {
        let (store, request) = (fixture.answers(), creation(fixture.request(), KEY, 1));
        requests.spawn(async move { upsert(&*store, request).await });
    }
    let answers = requests.join_all().await;
    assert_eq!(answers.iter().filter(|answer| is_now(answer)).count(), 1);
    assert_eq!(answers.iter().filter(|answer| **answer == Once::Before).count(), 63);
    assert_eq!(fixture.everything().await.len(), 1);
}

async fn one_of_many_changes_of_settings_is_done(fixture: &StoreFixture) {
    // Some stores have it already.
    fixture.access().add_organization(organization(1)).await.expect("the store does not fail");
    let context = fixture.request();
    let id = context.organization;
    let mut requests = JoinSet::new();
    for request in 0..8 {
        let store = fixture.answers();
        let keep = keep(&context, KEY, 1, Some(answer(&[request], &[])));
        let change =
            SettingsChange { name: Some(format!("name {request}")), ..SettingsChange::default() };
        requests.spawn(async move {
            let once = store.change_settings_once(id, change, 0, keep).await;
            (request, once.expect("the store does not fail"))
        });
    }
    let answers = requests.join_all().await;
    let done: Vec<_> = answers.iter().filter(|(_, answer)| is_now(answer)).collect();
    let [(request, Once::Now { report: Some(changed), is_kept: true })] = &done[..] else {
        panic!("{answers:?}");
    };
    let organizations = fixture.settings().organizations().await.expect("the store does not fail");
    assert!(organizations.contains(changed));
    assert_eq!(changed.name, format!("name {request}"));
    assert_eq!(kept(fixture, KEY).await, Some(Some(Arc::from([*request]))));
}

async fn merge_and_restore_are_done_once(fixture: &StoreFixture) {
    let created = fixture.send(&[person(json!({})), person(json!({})), person(json!({}))]).await;
    let [target, source, deleted] = [0, 1, 2].map(|index: usize| id_of(&created[index]));
    let store = fixture.answers();
    let merge = || {
        let context = fixture.request();
        let keep = keep(&context, KEY, 1, Some(answer(b"merged", &[])));
        let merge = Merge::new(context, target.get(), source.get()).expect("two contacts");
        Arc::new(Idempotent::new(Arc::new(merge), keep))
    };
    let first = store.merge_once(merge()).await.expect("the store does not fail");
    assert!(matches!(first, Once::Now { report: Ok(_), is_kept: true }));
    let again = store.merge_once(merge()).await.expect("the store does not fail");
    assert_eq!(again, Once::Before);

    fixture.delete(deleted).await;
    let everything = fixture.everything().await;
    let deleted = everything.iter().find(|record| record.id == deleted).expect("it is stored");
    let restore = || {
        let context = fixture.request();
        let keep = keep(&context, RequestKey([2; 32]), 1, Some(answer(b"restored", &[])));
        Arc::new(Idempotent::new(Arc::new(Restore::new(context, deleted, None)), keep))
    };
    let first = store.restore_once(restore()).await.expect("the store does not fail");
    assert!(matches!(first, Once::Now { report: Ok(_), is_kept: true }));
    let again = store.restore_once(restore()).await.expect("the store does not fail");
    assert_eq!(again, Once::Before);
}

/// SQLite decides about it beside the writer.
async fn large_batch_is_done_once(fixture: &StoreFixture) {
    let large = || creations(fixture.request(), 200, KEY, 1, Some(answer(b"large", &[])));
    let mut requests = JoinSet::new();
    for _ in 0..8 {
        let (store, request) = (fixture.answers(), large());
        requests.spawn(async move { upsert(&*store, request).await });
    }
    let answers = requests.join_all().await;
    assert_eq!(answers.iter().filter(|answer| is_now(answer)).count(), 1);
    assert_eq!(fixture.everything().await.len(), 200);
}

async fn old_answers_are_forgotten(fixture: &StoreFixture) {
    let store = fixture.answers();
    let keys = || (1..=3).map(|key| RequestKey([key; 32]));
    for key in keys() {
        upsert(&*store, creation(fixture.request(), key, 1)).await;
    }
    let later = fixture.request().now;
    let forget = async |at_most| {
        store.forget_answers(later, at_most).await.expect("the store does not fail")
    };
    assert_eq!((forget(2).await, forget(2).await, forget(2).await), (2, 1, 0));
    for key in keys() {
        assert!(is_now(&upsert(&*store, creation(fixture.request(), key, 1)).await));
    }
    assert_eq!(forget(2).await, 0);
}

/// Creates contacts in one request, which is answered with a body that shows the first.
async fn shown_contacts(fixture: &StoreFixture, keys: &[RequestKey]) -> ContactId {
    let shown = id_of(&fixture.create(person(json!({}))).await);
    for key in keys {
        let shown = Some(answer(b"shown", &[shown.get()]));
        let sent = creations(fixture.request(), 1, *key, 1, shown);
        assert!(is_now(&upsert(&*fixture.answers(), sent).await));
    }
    shown
}

fn purge(context: Context, contact: ContactId) -> Purge {
    Purge::new(context, vec![PurgeTarget { key: AliasKey::Id(contact), version: None }])
}

async fn answers_that_show_a_purged_contact_are_erased(fixture: &StoreFixture) {
    let store = fixture.answers();
    let shown = shown_contacts(fixture, &[KEY]).await;
    let other = RequestKey([2; 32]);
    let longer = Some(answer(b"other", &[shown.get() * 10]));
    upsert(&*store, creations(fixture.request(), 1, other, 1, longer)).await;
    let purge_for = async |context| {
        let purged = fixture.contacts().purge(Arc::new(purge(context, shown))).await;
        purged.expect("the store does not fail").expect("a small answer");
    };
    purge_for(fixture.request_elsewhere()).await;
    assert_eq!(kept(fixture, KEY).await, Some(Some(Arc::from(*b"shown"))));
    purge_for(fixture.request()).await;
    assert_eq!(kept(fixture, KEY).await, Some(None));
    assert_eq!(kept(fixture, other).await, Some(Some(Arc::from(*b"other"))));
    assert_eq!(upsert(&*store, creation(fixture.request(), KEY, 1)).await, Once::Before);
}

async fn answer_that_shows_a_purged_contact_is_kept_without_body(fixture: &StoreFixture) {
    let store = fixture.answers();
    let shown = shown_contacts(fixture, &[]).await;
    let organization = fixture.request().organization;
    let early = fixture.request().now;
    fixture.purge(shown).await;
    let late = fixture.request().now;
    for (key, at, body) in [(1, early, None), (2, late, Some(Arc::from(*b"shown")))] {
        let (key, answer) = (RequestKey([key; 32]), answer(b"shown", &[shown.get()]));
        let answer = KeptAnswer { request: RequestDigest([1; 32]), at, answer };
        assert!(store.keep_answer(organization, key, answer).await.expect("no failure"));
        assert_eq!(kept(fixture, key).await, Some(body));
    }
}

async fn purge_is_done_once_and_answered(fixture: &StoreFixture) {
    let store = fixture.answers();
    let shown = shown_contacts(fixture, &[]).await;
    let once = || {
        let context = fixture.request();
        let keep = keep(&context, KEY, 1, Some(answer(b"purged", &[shown.get()])));
        Arc::new(Idempotent::new(Arc::new(purge(context, shown)), keep))
    };
    let first = store.purge_once(once()).await.expect("the store does not fail");
    assert!(matches!(first, Once::Now { report: Ok(_), is_kept: true }));
    assert_eq!(store.purge_once(once()).await.expect("no failure"), Once::Before);
    assert_eq!(kept(fixture, KEY).await, Some(Some(Arc::from(*b"purged"))));
}
