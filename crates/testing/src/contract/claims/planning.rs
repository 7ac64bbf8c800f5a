//! Plans, and batches that are applied as they were planned.

use std::sync::Arc;

use contacts_application::plans::{KeptPlan, PlanChange, PlanHead, PlanPart};
use contacts_application::ports::StoreErrorKind;
use contacts_domain::decision::{Answer, Idempotent, Keep, Once, RequestDigest, RequestKey};
use contacts_domain::upsert::{
    Atomicity, Batch, Context, Expectation, Item, Options, Outcome, Verdict,
};
use contacts_domain::{ContactId, OrganizationId};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::contract::claim::{Claim, claims};
use crate::contract::fixture::{StoreFixture, id_of, person};

pub(crate) const CLAIMS: &[Claim] = claims![
    plan_is_kept_until_it_is_deleted,
    plans_of_an_organization_have_a_limit,
    request_about_a_plan_is_done_once,
    old_plans_are_forgotten,
    plans_that_name_a_purged_contact_are_erased,
    plan_from_before_a_purge_is_not_kept,
    planned_batch_leaves_what_others_changed,
    planned_batch_is_stored_whole_or_not_at_all,
    one_of_many_applications_is_done,
    application_is_done_once_for_both_keys,
];

const PLAN: RequestKey = RequestKey([1; 32]);
const KEY: RequestKey = RequestKey([2; 32]);

fn plan(context: &Context, named: &[i64]) -> KeptPlan {
    KeptPlan {
        at: context.now,
        contacts: named.iter().map(|id| ContactId::new(*id).expect("positive")).collect(),
        head: Arc::from(*b"head"),
        request: Arc::from(*b"request"),
        results: Arc::from(*b"results"),
    }
}

fn keep<R>(context: &Context, key: RequestKey, request: u8, named: Vec<ContactId>) -> Keep<R> {
    let (request, at) = (RequestDigest([request; 32]), context.now);
    let answer = Answer { head: Arc::from(*b"200"), body: Some(Arc::from(*b"")), contacts: named };
    Keep { key, request, at, render: Arc::new(move |_| Some(answer.clone())) }
}

async fn change(
    fixture: &StoreFixture,
    organization: OrganizationId,
    key: RequestKey,
    change: PlanChange,
    keep: Option<Keep<()>>,
) -> Once<bool> {
    let changed = fixture.plans().change_plan(organization, key, change, keep).await;
    changed.expect("the store does not fail")
}

async fn add(fixture: &StoreFixture, context: &Context, key: RequestKey, named: &[i64]) {
    let plan = PlanChange::Add { plan: plan(context, named), bytes_at_most: i64::MAX };
    let added = change(fixture, context.organization, key, plan, None).await;
    assert_eq!(added, Once::Now { report: true, is_kept: false });
}

async fn found(
    fixture: &StoreFixture,
    organization: OrganizationId,
    key: RequestKey,
) -> Option<PlanHead> {
    fixture.plans().plan(organization, key).await.expect("the store does not fail")
}

async fn plan_is_kept_until_it_is_deleted(fixture: &StoreFixture) {
    let (context, elsewhere) = (fixture.request(), fixture.request_elsewhere().organization);
    let here = context.organization;
    assert_eq!(found(fixture, here, PLAN).await, None);
    add(fixture, &context, PLAN, &[]).await;
    let head = PlanHead { at: context.now, shown: Arc::from(*b"head") };
    assert_eq!(found(fixture, here, PLAN).await, Some(head));
    assert_eq!(found(fixture, elsewhere, PLAN).await, None);
    assert_eq!(found(fixture, here, KEY).await, None);
    for (part, text) in [(PlanPart::Request, "request"), (PlanPart::Results, "results")] {
        let read = fixture.plans().plan_part(here, PLAN, part).await;
        assert_eq!(read.expect("the store does not fail").as_deref(), Some(text.as_bytes()));
        let read = fixture.plans().plan_part(elsewhere, PLAN, part).await;
        assert_eq!(read.expect("the store does not fail"), None);
    }
    for (organization, expected) in [(elsewhere, false), (here, true), (here, false)] {
        let deleted = change(fixture, organization, PLAN, PlanChange::Delete, None).await;
        assert_eq!(deleted, Once::Now { report: expected, is_kept: false });
    }
    assert_eq!(found(fixture, here, PLAN).await, None);
}

async fn plans_of_an_organization_have_a_limit(fixture: &StoreFixture) {
    let (here, elsewhere) = (fixture.request(), fixture.request_elsewhere());
    let weight = plan(&here, &[]).weight();
    for (context, key, expected) in
        [(&here, 1, true), (&here, 2, true), (&here, 3, false), (&elsewhere, 3, true)]
    {
        let key = RequestKey([key; 32]);
        let add = PlanChange::Add { plan: plan(context, &[]), bytes_at_most: 2 * weight };
        let kept = keep(context, RequestKey([9; 32]), 1, Vec::new());
        let kept = Some(kept).filter(|_| !expected);
        let added = change(fixture, context.organization, key, add, kept).await;
        assert_eq!(added, Once::Now { report: expected, is_kept: false });
        assert_eq!(found(fixture, context.organization, key).await.is_some(), expected);
    }
    let kept = fixture.answers().kept_answer(here.organization, RequestKey([9; 32])).await;
    assert_eq!(kept.expect("the store does not fail"), None);
}

async fn request_about_a_plan_is_done_once(fixture: &StoreFixture) {
    let context = fixture.request();
    let here = context.organization;
    let add = |key, request| {
        let add = PlanChange::Add { plan: plan(&context, &[]), bytes_at_most: i64::MAX };
        let keep = keep(&context, KEY, request, Vec::new());
        change(fixture, here, RequestKey([key; 32]), add, Some(keep))
    };
    assert_eq!(add(3, 1).await, Once::Now { report: true, is_kept: true });
    assert_eq!(add(4, 1).await, Once::Before);
    assert_eq!(add(5, 2).await, Once::OtherRequest);
    for (key, expected) in [(3, true), (4, false), (5, false)] {
        assert_eq!(found(fixture, here, RequestKey([key; 32])).await.is_some(), expected);
    }
}

async fn old_plans_are_forgotten(fixture: &StoreFixture) {
    for key in 1..=3 {
        add(fixture, &fixture.request(), RequestKey([key; 32]), &[]).await;
    }
    let last = fixture.request();
    add(fixture, &last, RequestKey([4; 32]), &[]).await;
    let plans = fixture.plans();
    let forget = async |at_most| {
        plans.forget_plans(last.now, at_most).await.expect("the store does not fail")
    };
    assert_eq!((forget(2).await, forget(2).await, forget(2).await), (2, 1, 0));
    for (key, expected) in [(1, false), (3, false), (4, true)] {
        let found = found(fixture, last.organization, RequestKey([key; 32])).await;
        assert_eq!(found.is_some(), expected);
    }
}

async fn plans_that_name_a_purged_contact_are_erased(fixture: &StoreFixture) {
    let (here, elsewhere) = (fixture.request(), fixture.request_elsewhere());
    let [planned, made] = [
        id_of(&fixture.create(person(json!({}))).await),
        id_of(&fixture.create(person(json!({}))).await),
    ];
    let keys = [1, 2, 3].map(|key| RequestKey([key; 32]));
    let longer = planned.get() * 10;
    for (key, named) in keys.into_iter().zip([&[longer, planned.get()][..], &[longer], &[]]) {
        add(fixture, &here, key, named).await;
        add(fixture, &elsewhere, key, named).await;
    }
    // What the third plan has made has its id only now.
    let kept = keep::<()>(&here, keys[2], 1, vec![made]).answer(&()).expect("there is one");
    let added = fixture.answers().keep_answer(here.organization, keys[2], kept).await;
    assert!(added.expect("the store does not fail"));
    for (purged, expected) in [(planned, [false, true, true]), (made, [false, true, false])] {
        fixture.purge(purged).await;
        for (key, is_left) in keys.into_iter().zip(expected) {
            assert_eq!(found(fixture, here.organization, key).await.is_some(), is_left);
            assert!(found(fixture, elsewhere.organization, key).await.is_some());
        }
    }
}

async fn plan_from_before_a_purge_is_not_kept(fixture: &StoreFixture) {
    let purged = id_of(&fixture.create(person(json!({}))).await);
    let early = fixture.request();
    fixture.purge(purged).await;
    let late = fixture.request();
    let organization = early.organization;
    let plan = PlanChange::Add { plan: plan(&early, &[purged.get()]), bytes_at_most: i64::MAX };
    let keep = keep(&early, KEY, 1, Vec::new());
    let failed = fixture.plans().change_plan(organization, PLAN, plan, Some(keep)).await;
    assert_eq!(failed.expect_err("it names the contact").kind(), StoreErrorKind::Contention);
    assert_eq!(found(fixture, organization, PLAN).await, None);
    let kept = fixture.answers().kept_answer(organization, KEY).await;
    assert_eq!(kept.expect("the store does not fail"), None);
    add(fixture, &early, PLAN, &[purged.get() + 1]).await;
    add(fixture, &late, RequestKey([3; 32]), &[purged.get()]).await;
}

fn batch(context: &Context, options: Options, items: &[Value]) -> Batch {
    let read = |item: &Value| Item::read(&item.to_string(), context);
    Batch::new(context.clone(), options, items.iter().map(read).collect())
}

async fn planned(
    fixture: &StoreFixture,
    options: &Options,
    items: &[Value],
) -> Vec<Option<Expectation>> {
    let options = Options { dry_run: true, changes: true, ..options.clone() };
    let planned = upsert(fixture, batch(&fixture.request(), options, items)).await;
    planned.iter().map(Expectation::of).collect()
}

async fn upsert(fixture: &StoreFixture, batch: Batch) -> Vec<Outcome> {
    let report = fixture.contacts().upsert(Arc::new(batch)).await;
    report.expect("the store does not fail").expect("a small answer")
}

async fn planned_batch_leaves_what_others_changed(fixture: &StoreFixture) {
    let named = |key: &str, name: &str| person(json!({"externalId": key, "lastName": name}));
    fixture.send(&[named("A", "Abt"), named("B", "Blanc")]).await;
    let items = [
        named("A", "Amstutz"),
        named("B", "Bonnard"),
        named("C", "Chappuis"),
        named("D", "Ducret"),
    ];
    let expected = planned(fixture, &Options::default(), &items).await;
    fixture.send(&[named("B", "Other"), named("D", "Other")]).await;
    let batch = batch(&fixture.request(), Options::default(), &items).expecting(expected);
    let applied = upsert(fixture, batch).await;
    let verdicts: Vec<_> = applied.iter().map(|outcome| outcome.verdict).collect();
    assert_eq!(verdicts, [Verdict::Updated, Verdict::Stale, Verdict::Created, Verdict::Stale]);
    let mut names: Vec<_> = fixture.everything().await.iter().map(|c| c.document.clone()).collect();
    names.sort_unstable();
    assert_eq!(names.iter().filter(|document| document.contains("\"Other\"")).count(), 2);
    assert_eq!(names.len(), 4);
}

async fn planned_batch_is_stored_whole_or_not_at_all(fixture: &StoreFixture) {
    let named = |key: &str, name: &str| person(json!({"externalId": key, "lastName": name}));
    fixture.send(&[named("A", "Abt")]).await;
    let items = [named("A", "Amstutz"), named("B", "Blanc")];
    let options = Options { atomicity: Atomicity::Batch, ..Options::default() };
    let expected = planned(fixture, &options, &items).await;
    fixture.send(&[named("A", "Other")]).await;
    let before = fixture.everything().await;
    let batch = batch(&fixture.request(), options, &items).expecting(expected);
    let applied = upsert(fixture, batch).await;
    let verdicts: Vec<_> = applied.iter().map(|outcome| outcome.verdict).collect();
    assert_eq!(verdicts, [Verdict::Stale, Verdict::Rejected]);
    assert_eq!(fixture.everything().await, before);
}

fn application(
    context: &Context,
    items: &[Value],
    expected: &[Option<Expectation>],
    keys: &[RequestKey],
) -> Arc<Idempotent<Batch>> {
    let batch = batch(context, Options::default(), items).expecting(expected.to_vec());
    let mut keeps = keys.iter().map(|key| keep(context, *key, 1, Vec::new()));
    let first = keeps.next().expect("a key");
    let once = Idempotent::new(Arc::new(batch), first);
    Arc::new(keeps.fold(once, Idempotent::and))
}

async fn one_of_many_applications_is_done(fixture: &StoreFixture) {
    // Large enough to be decided beside the writer of SQLite.
    for (key, count) in [(1, 1), (2, 200)] {
        let items = vec![person(json!({})); count];
        let before = fixture.everything().await.len();
        let expected = planned(fixture, &Options::default(), &items).await;
        let mut applications = JoinSet::new();
        for _ in 0..16 {
            let (store, context) = (fixture.answers(), fixture.request());
            let apply = application(&context, &items, &expected, &[RequestKey([key; 32])]);
            applications.spawn(async move { store.upsert_once(apply).await });
        }
        let answers = applications.join_all().await;
        let done = answers.iter().filter(|answer| matches!(answer, Ok(Once::Now { .. })));
        assert_eq!(done.count(), 1);
        assert!(answers.iter().all(Result::is_ok));
        assert_eq!(fixture.everything().await.len(), before + count);
    }
}

async fn application_is_done_once_for_both_keys(fixture: &StoreFixture) {
    let store = fixture.answers();
    let items = [person(json!({}))];
    let expected = planned(fixture, &Options::default(), &items).await;
    let other = RequestKey([3; 32]);
    for (keys, is_done) in
        [(&[PLAN, KEY][..], true), (&[PLAN], false), (&[PLAN, other], false), (&[KEY], false)]
    {
        let apply = application(&fixture.request(), &items, &expected, keys);
        let once = store.upsert_once(apply).await.expect("the store does not fail");
        assert_eq!(matches!(once, Once::Now { is_kept: true, .. }), is_done);
    }
    let kept = store.kept_answer(fixture.request().organization, other).await;
    assert_eq!(kept.expect("the store does not fail"), None);
    let created = fixture.everything().await;
    assert_eq!(created.len(), 1);
}
