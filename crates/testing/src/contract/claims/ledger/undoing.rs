//! A run is taken back, but for what others have changed since.

use contacts_application::ports::{Lifecycle, StoreErrorKind};
use contacts_domain::undoing::{Overtaken, Undo, UndoOutcome, UndoReport, Undone, UndoneContact};
use contacts_domain::{ContactId, RunId};
use serde_json::{Value, json};

use super::super::super::claim::{Claim, claims};
use super::super::super::fixture::{StoreFixture, id_of, person};
use super::runs;

pub(crate) const CLAIMS: &[Claim] = claims![
    undo_takes_every_kind_of_change_back,
    undone_twice_changes_nothing_more,
    undo_is_a_run_and_can_be_undone,
    field_that_others_changed_stays,
    created_contact_that_others_changed_stays,
    undone_merge_brings_the_source_back,
    contact_whose_key_is_taken_stays,
    undo_beside_other_changes_is_planned_anew,
    undo_as_dry_run_changes_nothing,
    contacts_of_a_run_stay_in_their_organization,
];

const BYTES: usize = 1 << 20;

async fn last_run(fixture: &StoreFixture) -> RunId {
    runs(fixture).await.remove(0).id
}

async fn changed_by(fixture: &StoreFixture, run: RunId) -> Vec<UndoneContact> {
    let organization = fixture.request().organization;
    fixture.ledger().changed_by(organization, run, BYTES).await.expect("contacts")
}

async fn plan(fixture: &StoreFixture, run: RunId) -> Undo {
    Undo::new(fixture.request(), run, changed_by(fixture, run).await)
}

async fn apply(fixture: &StoreFixture, undo: Undo) -> UndoReport {
    fixture.contacts().undo(undo.into()).await.expect("the store does not fail")
}

async fn undo(fixture: &StoreFixture, run: RunId) -> Undone {
    apply(fixture, plan(fixture, run).await).await.expect("nothing changed meanwhile")
}

/// The outcomes in a line each.
fn lines(undone: &Undone) -> Vec<String> {
    let line = |outcome: &UndoOutcome| {
        let kept: Vec<_> = outcome.kept.iter().map(|kept| kept.path.pointer()).collect();
        let violation = outcome.violation.as_ref().map(|violation| violation.path.pointer());
        let (id, verdict) = (outcome.contact, outcome.verdict.as_str());
        format!("{id} {verdict} {}{}", kept.join(" "), violation.unwrap_or_default())
    };
    undone.outcomes.iter().map(|outcome| line(outcome).trim_end().to_owned()).collect()
}

/// The documents of the living contacts.
async fn documents(fixture: &StoreFixture) -> Vec<String> {
    let living =
        fixture.everything().await.into_iter().filter(|record| record.deleted_at.is_none());
    living.map(|record| record.document).collect()
}

fn keyed(key: &str, name: &str) -> Value {
    person(json!({"externalId": key, "firstName": name}))
}

/// A run that creates, updates and deletes.
async fn mixed_run(fixture: &StoreFixture) -> (RunId, [ContactId; 2]) {
    let updated = id_of(&fixture.create(keyed("A", "one")).await);
    let deleted = id_of(&fixture.create(keyed("B", "one")).await);
    fixture.delete_and_send(deleted, &[keyed("A", "two"), keyed("C", "two")]).await;
    (last_run(fixture).await, [updated, deleted])
}

async fn undo_takes_every_kind_of_change_back(fixture: &StoreFixture) {
    let (run, [updated, deleted]) = mixed_run(fixture).await;
    let undone = undo(fixture, run).await;
    let created = undone.outcomes[2].contact;
    assert_eq!(
        lines(&undone),
        [
            format!("{updated} reverted"),
            format!("{deleted} reverted"),
            format!("{created} deleted")
        ]
    );
    let found = fixture.living(updated).await;
    assert_eq!((found.version.get(), found.projection.display_name.as_str()), (3, "one Rochat"));
    let found = fixture.living(deleted).await;
    assert_eq!((found.version.get(), found.projection.external_id), (3, Some("B".to_owned())));
    assert!(fixture.read(created, Lifecycle::Deleted).await.is_some());
}

async fn undone_twice_changes_nothing_more(fixture: &StoreFixture) {
    let (run, [updated, deleted]) = mixed_run(fixture).await;
    let created = undo(fixture, run).await.outcomes[2].contact;
    let (before, runs_before) = (fixture.everything().await, runs(fixture).await);
    let again = undo(fixture, run).await;
    assert_eq!(
        lines(&again),
        [format!("{updated} unchanged"), format!("{deleted} unchanged"), format!("{created} gone")]
    );
    assert_eq!(again.run, None);
    assert_eq!((fixture.everything().await, runs(fixture).await), (before, runs_before));
}

async fn undo_is_a_run_and_can_be_undone(fixture: &StoreFixture) {
    let (run, _) = mixed_run(fixture).await;
    let after = documents(fixture).await;
    let undone = undo(fixture, run).await;
    let first = runs(fixture).await.remove(0);
    assert_eq!((Some(first.id), first.undoes), (undone.run, Some(run)));
    undo(fixture, first.id).await;
    assert_eq!(documents(fixture).await, after);
}

async fn field_that_others_changed_stays(fixture: &StoreFixture) {
    let item = |name: &str, phone: &str| {
        person(json!({"externalId": "A", "firstName": name, "phone": phone}))
    };
    let contact = id_of(&fixture.create(item("one", "022 700 59 29")).await);
    fixture.send(&[item("two", "079 123 45 67")]).await;
    let run = last_run(fixture).await;
    fixture.send(&[json!({"externalId": "A", "phone": "044 668 18 00"})]).await;
    let undone = undo(fixture, run).await;
    assert_eq!(lines(&undone), [format!("{contact} reverted /phone")]);
    let kept = &undone.outcomes[0].kept[0];
    let values = [&kept.before, &kept.after].map(|value| value.as_ref().expect("a value").as_str());
    assert_eq!(values, ["\"022 700 59 29\"", "\"044 668 18 00\""]);
    let found = fixture.living(contact).await;
    assert_eq!(found.projection.display_name, "one Rochat");
    assert_eq!(found.projection.phone.as_deref(), Some("+41446681800"));
}

async fn created_contact_that_others_changed_stays(fixture: &StoreFixture) {
    let contact = id_of(&fixture.create(keyed("A", "one")).await);
    let run = last_run(fixture).await;
    fixture.send(&[keyed("A", "two")]).await;
    let before = fixture.everything().await;
    assert_eq!(lines(&undo(fixture, run).await), [format!("{contact} kept")]);
    assert_eq!(fixture.everything().await, before);
}

async fn undone_merge_brings_the_source_back(fixture: &StoreFixture) {
    let target = id_of(&fixture.create(keyed("A", "one")).await);
    let source = person(json!({"externalId": "B", "phone": "079 123 45 67"}));
    let source = id_of(&fixture.create(source).await);
    let refers = person(json!({"relatedContactIds": [source.get()]}));
    fixture.create(refers).await;
    let before = documents(fixture).await;
    fixture.merge(target, source).await.expect("a merge");
    undo(fixture, last_run(fixture).await).await;
    assert_eq!(documents(fixture).await, before);
    assert_eq!(fixture.survivor(source).await, None);
    let found = fixture.send(&[keyed("B", "two")]).await;
    assert_eq!(id_of(&found[0]), source, "its key leads to itself");
}

async fn contact_whose_key_is_taken_stays(fixture: &StoreFixture) {
    let first = id_of(&fixture.create(keyed("A", "one")).await);
    let second = id_of(&fixture.create(keyed("B", "one")).await);
    // The first leaves its key to the second, and the second leaves its own to a later contact.
    let moved = [
        json!({"id": first.get(), "externalId": "C"}),
        json!({"id": second.get(), "externalId": "A"}),
    ];
    fixture.send(&moved).await;
    let run = last_run(fixture).await;
    let owner = id_of(&fixture.create(keyed("B", "two")).await);
    let before = fixture.everything().await;
    let undone = undo(fixture, run).await;
    assert_eq!(
        lines(&undone),
        [format!("{first} kept /externalId"), format!("{second} kept /externalId")]
    );
    let violation = undone.outcomes[1].violation.as_ref().expect("a violation");
    assert_eq!(violation.message, format!("the key belongs to contact {owner} by now"));
    assert_eq!(fixture.everything().await, before);
}

async fn undo_beside_other_changes_is_planned_anew(fixture: &StoreFixture) {
    fixture.create(keyed("A", "one")).await;
    fixture.send(&[keyed("A", "two")]).await;
    let late = plan(fixture, last_run(fixture).await).await;
    fixture.send(&[keyed("A", "three")]).await;
    let before = fixture.everything().await;
    assert_eq!(apply(fixture, late).await, Err(Overtaken));
    assert_eq!(fixture.everything().await, before);
}

async fn undo_as_dry_run_changes_nothing(fixture: &StoreFixture) {
    let (run, _) = mixed_run(fixture).await;
    let before = (fixture.everything().await, runs(fixture).await);
    let dry = plan(fixture, run).await.without_writing();
    let dry = apply(fixture, dry).await.expect("a plan");
    assert_eq!((fixture.everything().await, runs(fixture).await), before);
    let done = undo(fixture, run).await;
    assert_eq!(dry, Undone { run: None, ..done });
}

async fn contacts_of_a_run_stay_in_their_organization(fixture: &StoreFixture) {
    let (run, _) = mixed_run(fixture).await;
    let (here, there) = (fixture.request().organization, fixture.request_elsewhere().organization);
    let ledger = fixture.ledger();
    assert_eq!(ledger.changed_by(there, run, BYTES).await.expect("none"), []);
    let too_large = ledger.changed_by(here, run, 10).await.expect_err("three documents");
    assert_eq!(too_large.kind(), StoreErrorKind::TooLarge);
}
