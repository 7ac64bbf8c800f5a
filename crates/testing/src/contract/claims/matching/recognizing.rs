//! Recognizing items that are sent again byte for byte.

use std::sync::Arc;

use contacts_application::ports::StoreErrorKind;
use contacts_domain::contact::Record;
use contacts_domain::undoing::Undo;
use contacts_domain::upsert::{
    Batch, Fingerprint, Item, NotApplied, Options, Outcome, Recognition,
};
use contacts_domain::{ContactId, Digest};
use serde_json::{Value, json};

use crate::contract::claim::{Claim, claims};
use crate::contract::fixture::StoreFixture;
use crate::contract::fixture::{answers, id_of, person, record_of};
use crate::sent_item;

pub(crate) const CLAIMS: &[Claim] = claims![
    contact_is_recognized_by_each_identity_key,
    changed_contact_is_not_recognized,
    recognized_documents_are_limited,
    known_item_is_answered_like_a_read_one,
    known_item_of_a_changed_contact_stores_nothing,
    unchanged_contact_gets_the_missing_digest,
];

/// Claims that undo runs, or overwrite what is stored.
pub(crate) const LEDGER_CLAIMS: &[Claim] = claims![
    undone_restored_or_repaired_contact_is_not_recognized,
    digest_of_other_rules_recognizes_nothing,
];

const LINK_ID: &str = "6f9619ff-8b86-d011-b42d-00cf4fc964ff";

/// Sends items that can be recognized later, and returns what recognizes them.
async fn send(fixture: &StoreFixture, items: &[Value]) -> (Vec<Outcome>, Vec<Fingerprint>) {
    let context = fixture.request();
    let (items, sent): (Vec<_>, Vec<_>) =
        items.iter().map(|item| sent_item(&context, item)).unzip();
    let batch = Arc::new(Batch::new(context, Options::default(), items));
    let outcomes = fixture.contacts().upsert(batch).await.expect("the store does not fail");
    (outcomes.expect("a small answer"), sent)
}

async fn recognized(fixture: &StoreFixture, sent: &[Fingerprint]) -> Vec<Record> {
    let recognition = Arc::new(Recognition::new(&fixture.request(), sent, Some(usize::MAX)));
    let found = fixture.contacts().recognize(recognition).await;
    let mut found = found.expect("the store does not fail");
    found.sort_by_key(|record| record.id);
    found
}

/// A batch of known items about these contacts.
fn known(fixture: &StoreFixture, contacts: &[ContactId], sent: &[Fingerprint]) -> Arc<Batch> {
    let items = contacts.iter().zip(sent).map(|(id, sent)| Item::known(*id, sent));
    Arc::new(Batch::new(fixture.request(), Options::default(), items.collect()))
}

async fn contact_is_recognized_by_each_identity_key(fixture: &StoreFixture) {
    let items = [
        person(json!({"externalId": "A"})),
        person(json!({"linkId": LINK_ID})),
        person(json!({"externalId": "B"})),
    ];
    let (created, sent) = send(fixture, &items).await;
    let by_id = json!({"id": id_of(&created[2]).get(), "title": "Dr."});
    let (updated, sent_by_id) = send(fixture, &[by_id]).await;

    let sent = [&sent[..2], &sent_by_id].concat();
    let stored = [&created[0], &created[1], &updated[0]].map(|outcome| record_of(outcome).clone());
    assert_eq!(recognized(fixture, &sent).await, stored);

    let elsewhere = fixture.request_elsewhere();
    let recognition = Arc::new(Recognition::new(&elsewhere, &sent, Some(usize::MAX)));
    assert_eq!(fixture.contacts().recognize(recognition).await.expect("an answer"), []);
}

async fn changed_contact_is_not_recognized(fixture: &StoreFixture) {
    let keys = ["A", "B", "C", "D", "E"];
    let items = keys.map(|key| person(json!({"externalId": key})));
    let (created, sent) = send(fixture, &items).await;
    fixture.send(&[json!({"externalId": "A", "title": "Dr."})]).await;
    fixture.delete(id_of(&created[1])).await;
    fixture.merge(id_of(&created[2]), id_of(&created[3])).await.expect("a merge");

    let still = recognized(fixture, &sent).await;
    assert_eq!(still, [record_of(&created[4]).clone()]);
    // As it was before, but in a later version.
    fixture.send(&[json!({"externalId": "A", "title": null})]).await;
    assert_eq!(recognized(fixture, &sent).await, still);
}

async fn undone_restored_or_repaired_contact_is_not_recognized(fixture: &StoreFixture) {
    let items = ["A", "B", "C"].map(|key| person(json!({"externalId": key})));
    let (created, sent) = send(fixture, &items).await;
    let contacts: Vec<_> = created.iter().map(id_of).collect();

    let changed = fixture.send(&[json!({"externalId": "A", "title": "Dr."})]).await;
    let run = changed[0].contact.as_ref().and_then(|contact| contact.run).expect("a run");
    let context = fixture.request();
    let undone = fixture.ledger().changed_by(context.organization, run, usize::MAX).await;
    let undo = Undo::new(context, run, undone.expect("the store does not fail"));
    let report = fixture.contacts().undo(Arc::new(undo)).await;
    report.expect("the store does not fail").expect("nothing changed meanwhile");

    let deleted = fixture.delete(contacts[1]).await;
    fixture.restore(record_of(&deleted)).await.expect("it can be restored");

    let mut unsound = fixture.living(contacts[2]).await;
    unsound.projection.display_name = "wrong".to_owned();
    fixture.overwrite(&unsound, &[], None).await;
    assert_eq!(recognized(fixture, &sent).await, [unsound]);
    fixture.repair(&contacts).await;
    assert_eq!(recognized(fixture, &sent).await, []);
}

async fn digest_of_other_rules_recognizes_nothing(fixture: &StoreFixture) {
    let (created, sent) = send(fixture, &[person(json!({"externalId": "A"}))]).await;
    let stored = fixture.living(id_of(&created[0])).await;
    let mut bytes = stored.digest.expect("it was noted").as_bytes().to_vec();
    let version = bytes.first_mut().expect("the version of the rules");
    *version -= 1;
    let digest = Digest::from_bytes(&bytes);
    fixture.overwrite(&Record { digest, ..stored.clone() }, &[], None).await;
    assert_eq!(recognized(fixture, &sent).await, []);
    fixture.overwrite(&stored, &[], None).await;
    assert_eq!(recognized(fixture, &sent).await, [stored]);
}

async fn recognized_documents_are_limited(fixture: &StoreFixture) {
    let items = ["A", "B"].map(|key| person(json!({"externalId": key})));
    let (created, sent) = send(fixture, &items).await;
    let bytes: usize = created.iter().map(|outcome| record_of(outcome).document.len()).sum();
    let here = fixture.request();
    let recognize = async |documents_at_most| {
        let recognition = Arc::new(Recognition::new(&here, &sent, documents_at_most));
        fixture.contacts().recognize(recognition).await
    };

    let too_large = recognize(Some(bytes - 1)).await.expect_err("too large documents");
    assert_eq!(too_large.kind(), StoreErrorKind::TooLarge);
    assert_eq!(recognize(Some(bytes)).await.expect("an answer").len(), 2);
    let without = recognize(None).await.expect("an answer");
    assert_eq!(without.len(), 2);
    assert!(without.iter().all(|record| record.document.is_empty()));
}

async fn known_item_is_answered_like_a_read_one(fixture: &StoreFixture) {
    let items = ["A", "B"].map(|key| person(json!({"externalId": key, "email": "a@one.example"})));
    let (created, sent) = send(fixture, &items[..1]).await;
    let before = fixture.everything().await;

    let batch = known(fixture, &[id_of(&created[0])], &sent);
    let outcomes = fixture.contacts().upsert(batch).await.expect("the store does not fail");
    let read = fixture.send(&items[..1]).await;
    assert_eq!(outcomes.expect("an answer"), read);
    assert_eq!(answers(&read), ["unchanged by externalId, version 1"]);
    assert_eq!(fixture.everything().await, before);
}

async fn known_item_of_a_changed_contact_stores_nothing(fixture: &StoreFixture) {
    let (created, sent) = send(fixture, &[person(json!({"externalId": "A"}))]).await;
    let id = id_of(&created[0]);
    let context = fixture.request();
    let other = Item::read(&person(json!({"externalId": "B"})).to_string(), &context);
    let items = vec![other.clone(), Item::known(id, &sent[0])];
    let mixed = Arc::new(Batch::new(context.clone(), Options::default(), items));
    // The contact is changed by an item of the same batch.
    let change = json!({"externalId": "A", "title": "Dr."});
    let items = vec![Item::read(&change.to_string(), &context), Item::known(id, &sent[0])];
    let twice = Arc::new(Batch::new(context, Options::default(), items));
    let before = fixture.everything().await;
    let report = fixture.contacts().upsert(twice).await.expect("the store does not fail");
    assert_eq!(report, Err(NotApplied::Overtaken));
    assert_eq!(fixture.everything().await, before);

    fixture.send(&[change]).await;
    let before = fixture.everything().await;
    let report = fixture.contacts().upsert(mixed).await.expect("the store does not fail");
    assert_eq!(report, Err(NotApplied::Overtaken));
    assert_eq!(fixture.everything().await, before);
}

async fn unchanged_contact_gets_the_missing_digest(fixture: &StoreFixture) {
    // More than a store decides about where others wait.
    let note = "x".repeat(1_000);
    let items: Vec<Value> =
        (0..40).map(|key| person(json!({"externalId": key.to_string(), "title": note}))).collect();
    let created = fixture.send(&items).await;

    let (unchanged, sent) = send(fixture, &items).await;
    assert!(answers(&unchanged).iter().all(|line| line == "unchanged by externalId, version 1"));
    // Digests may be written beside the requests, but before a later write.
    fixture.create(person(json!({"externalId": "later"}))).await;
    let known = recognized(fixture, &sent).await;
    let known: Vec<_> = known.into_iter().map(|record| Record { digest: None, ..record }).collect();
    let mut stored: Vec<_> = created.iter().map(|outcome| record_of(outcome).clone()).collect();
    stored.sort_by_key(|record| record.id);
    assert_eq!(known, stored);

    // A digest of use stays.
    let fewer: Vec<Value> = (0..40).map(|key| json!({"externalId": key.to_string()})).collect();
    let (_, of_fewer) = send(fixture, &fewer).await;
    fixture.create(person(json!({"externalId": "later still"}))).await;
    assert_eq!(recognized(fixture, &of_fewer).await, []);
    assert_eq!(recognized(fixture, &sent).await.len(), 40);
}
