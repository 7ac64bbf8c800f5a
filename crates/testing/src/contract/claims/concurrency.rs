//! Concurrent requests end like requests one after the other.

use std::collections::BTreeSet;
use std::sync::Arc;

use contacts_domain::merging::Merge;
use contacts_domain::upsert::{Key, Ladder, Options, Outcome, Verdict};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::batch;
use crate::contract::claim::{Claim, claims};
use crate::contract::fixture::StoreFixture;
use crate::contract::fixture::{id_of, person};

pub(crate) const CLAIMS: &[Claim] = claims![
    concurrent_batches_make_one_contact_per_key,
    concurrent_batches_lose_no_update,
    concurrent_batches_share_a_contact_by_email,
    concurrent_exchanges_leave_one_owner_per_key,
    one_of_two_concurrent_merges_succeeds,
];

pub(crate) const DIRECTORY_CLAIMS: &[Claim] =
    claims![concurrent_batches_make_one_entry_per_link_id];

/// The number of concurrent requests.
const AT_ONCE: usize = 8;

/// Sends the batches at once; every one is answered.
async fn send_at_once(
    fixture: &StoreFixture,
    options: &Options,
    batches: impl IntoIterator<Item = Vec<Value>>,
) -> Vec<Vec<Outcome>> {
    let mut requests = JoinSet::new();
    for items in batches {
        let contacts = fixture.contacts();
        let batch = batch(fixture.request(), options.clone(), &items);
        requests.spawn(async move {
            let report = contacts.upsert(batch).await.expect("the store takes it");
            report.expect("a small answer")
        });
    }
    requests.join_all().await
}

fn count(outcomes: &[Vec<Outcome>], verdict: Verdict) -> usize {
    outcomes.iter().flatten().filter(|outcome| outcome.verdict == verdict).count()
}

async fn concurrent_batches_make_one_contact_per_key(fixture: &StoreFixture) {
    let items: Vec<_> =
        (0..20).map(|number| person(json!({"externalId": format!("A-{number}")}))).collect();
    // Each batch starts somewhere else, so that no two take their keys in the same order.
    let batches = (0..AT_ONCE).map(|start| {
        let mut items = items.clone();
        items.rotate_left(start * 5 % 20);
        items
    });

    let outcomes = send_at_once(fixture, &Options::default(), batches).await;

    assert_eq!(count(&outcomes, Verdict::Created), 20);
    assert_eq!(count(&outcomes, Verdict::Unchanged), 20 * (AT_ONCE - 1));
    assert_eq!(fixture.everything().await.len(), 20);
}

async fn concurrent_batches_make_one_entry_per_link_id(fixture: &StoreFixture) {
    let item = |number: usize| {
        let intercom = json!({"name": "Door", "type": "multi", "number": "0001-01-01"});
        json!({"linkId": format!("00000000-0000-4000-8000-{number:012}"), "intercom": intercom})
    };
    let items: Vec<_> = (1..=20).map(item).collect();
    let mut requests = JoinSet::new();
    for start in 0..AT_ONCE {
        // Each batch starts somewhere else, so that no two take their keys in the same order.
        let mut items = items.clone();
        items.rotate_left(start * 5 % 20);
        let (contacts, batch) = (fixture.contacts(), fixture.entry_batch(&items, &[]));
        requests.spawn(async move {
            let report = contacts.upsert(batch).await.expect("the store takes it");
            report.expect("a small answer")
        });
    }

    let outcomes = requests.join_all().await;

    assert_eq!(count(&outcomes, Verdict::Created), 20);
    assert_eq!(count(&outcomes, Verdict::Unchanged), 20 * (AT_ONCE - 1));
    assert_eq!(fixture.everything().await.len(), 20);
    assert_eq!(fixture.entries().await.len(), 20);
}

async fn concurrent_batches_lose_no_update(fixture: &StoreFixture) {
    let created = fixture.create(person(json!({"externalId": "A"}))).await;
    let member = |number: usize| ["firstName", "title", "email", "fax"][number % 4];
    let batches = (0..AT_ONCE).map(|number| {
        let (member, half) = (member(number), number / 4);
        let value = format!("{member}-{half}@one.example");
        vec![json!({"externalId": "A", member: value})]
    });

    let outcomes = send_at_once(fixture, &Options::default(), batches).await;

    assert_eq!(count(&outcomes, Verdict::Updated), AT_ONCE, "{outcomes:?}");
    let stored = fixture.living(id_of(&created)).await;
    assert_eq!(stored.version.get(), 1 + i64::try_from(AT_ONCE).expect("a small number"));
    let document: Value = serde_json::from_str(&stored.document).expect("JSON");
    for member in (0..4).map(member) {
        let value = document[member].as_str().unwrap_or_default();
        assert!(value.starts_with(member), "{member} of {document}");
    }
}

async fn concurrent_batches_share_a_contact_by_email(fixture: &StoreFixture) {
    let by_email = Options { ladder: Ladder::new([Key::Email]), ..Options::default() };
    let items: Vec<_> = (0..10)
        .map(|number| person(json!({"email": format!("a-{number}@rhone.example")})))
        .collect();

    let outcomes = send_at_once(fixture, &by_email, vec![items; AT_ONCE]).await;

    assert_eq!(count(&outcomes, Verdict::Created), 10);
    assert_eq!(count(&outcomes, Verdict::Unchanged), 10 * (AT_ONCE - 1));
    assert_eq!(fixture.everything().await.len(), 10);
}

async fn concurrent_exchanges_leave_one_owner_per_key(fixture: &StoreFixture) {
    let first = fixture.create(person(json!({"externalId": "A"}))).await;
    let second = fixture.create(person(json!({"externalId": "B"}))).await;
    let rekeyed = |outcome: &Outcome, external_id: Value| json!({"id": id_of(outcome).get(), "externalId": external_id});
    let batches = (0..AT_ONCE).map(|number| {
        let (a, b) = if number % 2 == 0 { ("B", "A") } else { ("A", "B") };
        vec![rekeyed(&first, Value::Null), rekeyed(&second, json!(b)), rekeyed(&first, json!(a))]
    });

    let outcomes = send_at_once(fixture, &Options::default(), batches).await;

    // Each batch goes through, whichever of the two states it meets.
    assert_eq!(count(&outcomes, Verdict::Rejected), 0, "{outcomes:?}");
    let stored = fixture.everything().await;
    let keys: BTreeSet<_> = stored.iter().map(|record| &record.projection.external_id).collect();
    assert_eq!(keys, BTreeSet::from([&Some("A".to_owned()), &Some("B".to_owned())]));
    assert_eq!(stored.len(), 2);
}

async fn one_of_two_concurrent_merges_succeeds(fixture: &StoreFixture) {
    let one = id_of(&fixture.create(person(json!({"externalId": "A"}))).await);
    let other = id_of(&fixture.create(person(json!({"externalId": "B"}))).await);

    let mut requests = JoinSet::new();
    for (target, source) in [(one, other), (other, one)] {
        let contacts = fixture.contacts();
        let merge = Merge::new(fixture.request(), target.get(), source.get()).expect("two ids");
        requests.spawn(async move { contacts.merge(Arc::new(merge)).await.expect("it answers") });
    }
    let reports = requests.join_all().await;

    assert_eq!(reports.iter().filter(|report| report.is_ok()).count(), 1, "{reports:?}");
    let living =
        fixture.everything().await.into_iter().filter(|record| record.deleted_at.is_none());
    assert_eq!(living.count(), 1);
}
