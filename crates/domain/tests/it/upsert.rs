//! Verdicts and repeats (upsert-rules §2 and §5).

mod applying;
mod matching;

use contacts_domain::contact::DOCUMENT_VERSION;
use contacts_domain::upsert::{Atomicity, Handling, Item, Key, Ladder, OnRepeat};
use serde_json::{Value, json};

use crate::fixture::{Fixture, faults, verdicts};

fn person(external_id: &str, members: Value) -> Value {
    let mut item =
        json!({"contactType": "PERSON", "externalId": external_id, "lastName": external_id});
    for (name, value) in members.as_object().unwrap() {
        item[name] = value.clone();
    }
    item
}

fn by(keys: &[Key]) -> Ladder {
    Ladder::new(keys.iter().copied())
}

#[test]
fn resent_batch_is_unchanged_and_writes_nothing() {
    let batch: Value = serde_json::from_str(include_str!("data/erp-batch-realistic.json")).unwrap();
    let mut fixture = Fixture::default();
    assert_eq!(verdicts(&fixture.send(batch.clone())), ["created", "created"]);
    let before = fixture.records.clone();
    fixture.context.now = contacts_domain::Timestamp::from_micros(crate::fixture::NOW + 1);
    let outcomes = fixture.send(batch);
    assert_eq!(verdicts(&outcomes), ["unchanged", "unchanged"]);
    assert!(outcomes.iter().all(|outcome| outcome.matched_by == Some(Key::ExternalId)));
    assert_eq!(fixture.records, before);
}

#[test]
fn the_realistic_batch_breaks_no_rule() {
    let batch = serde_json::from_str(include_str!("data/erp-batch-realistic.json")).unwrap();
    let outcomes = Fixture::default().send(batch);
    assert!(outcomes.iter().all(|outcome| outcome.violations.is_empty()), "{outcomes:?}");
}

#[test]
fn answer_can_be_posted_back_under_strict() {
    let mut fixture = Fixture::default();
    fixture.send(serde_json::from_str(include_str!("data/erp-batch-realistic.json")).unwrap());
    fixture.context.handling = Handling::Strict;
    let mut answer = fixture.document(1);
    answer["version"] = json!(1);
    answer["createdAt"] = json!("2026-01-01T00:00:00Z");
    answer["displayName"] = json!("whatever");
    let outcomes = fixture.send(json!([answer]));
    assert_eq!((verdicts(&outcomes), faults(&outcomes[0])), (vec!["unchanged"], vec![]));
}

#[test]
fn a_bad_item_does_not_stop_the_others() {
    let mut fixture = Fixture::default();
    let outcomes = fixture.send(json!([
        person("A", json!({})),
        person("B", json!({"birthday": "string"})),
        null,
        person("C", json!({})),
    ]));
    assert_eq!(verdicts(&outcomes), ["created", "rejected", "rejected", "created"]);
    assert_eq!(fixture.records.len(), 2);
}

#[test]
fn version_is_checked_only_for_changes() {
    let mut fixture = Fixture::default();
    fixture.send(json!([person("A", json!({}))]));
    let outcomes = fixture.send(json!([
        person("A", json!({"ifVersion": 7})),
        person("A", json!({"ifVersion": 7, "title": "Dr"})),
        person("A", json!({"ifVersion": 1, "title": "Dr"})),
        person("A", json!({"ifVersion": 1, "title": "Dr"})),
        person("B", json!({"ifVersion": 1})),
    ]));
    assert_eq!(verdicts(&outcomes), ["unchanged", "stale", "updated", "unchanged", "stale"]);
    assert_eq!(faults(&outcomes[1]), ["version VALIDATION_ERROR"]);
    assert_eq!(fixture.records.len(), 1);
    assert_eq!(fixture.records[0].version.get(), 2);
}

#[test]
fn deletion_frees_the_keys() {
    let mut fixture = Fixture::default();
    fixture.send(json!([person("A", json!({}))]));
    let delete =
        |fixture: &Fixture| Item::read(r#"{"externalId": "A"}"#, &fixture.context).to_delete();
    let create = Item::read(&person("A", json!({})).to_string(), &fixture.context);
    let (first, second) = (delete(&fixture), delete(&fixture));
    let outcomes = fixture.send_items(vec![first, create, second.clone(), second]);
    assert_eq!(verdicts(&outcomes), ["deleted", "created", "deleted", "rejected"]);
    assert_eq!(faults(&outcomes[3]), [" CONTACT_NOT_FOUND"]);
    assert_eq!(fixture.living().count(), 0);
    assert_eq!(fixture.records.len(), 2);
}

#[test]
fn unreadable_document_refuses_only_its_item() {
    let mut fixture = Fixture::default();
    fixture.send(json!([person("A", json!({})), person("B", json!({}))]));
    fixture.records[0].document_version = DOCUMENT_VERSION + 1;
    let outcomes =
        fixture.send(json!([person("A", json!({})), person("B", json!({"title": "x"}))]));
    assert_eq!(verdicts(&outcomes), ["rejected", "updated"]);
    assert_eq!(faults(&outcomes[0]), [" VALIDATION_ERROR"]);
    assert_eq!(outcomes[0].violations[0].value, fixture.records[0].id.to_string());
}

#[test]
fn items_on_one_contact_see_each_other_in_order() {
    let mut fixture = Fixture::default();
    let outcomes = fixture.send(json!([
        person("A", json!({"title": "1"})),
        person("A", json!({"title": "2"})),
        person("A", json!({"title": "2"})),
        person("A", json!({"birthday": "x"})),
        person("A", json!({"title": null})),
    ]));
    assert_eq!(verdicts(&outcomes), ["created", "updated", "unchanged", "rejected", "updated"]);
    let versions: Vec<_> =
        outcomes.iter().map(|o| o.contact.as_ref().unwrap().version.get()).collect();
    assert_eq!(versions, [1, 2, 2, 2, 3]);
    let same: Vec<_> = outcomes.iter().map(|outcome| outcome.same_as).collect();
    assert_eq!(same, [None, Some(0), Some(0), Some(0), Some(0)]);
    assert_eq!((fixture.records.len(), fixture.records[0].version.get()), (1, 3));
}

#[test]
fn released_key_is_free_for_the_next_item() {
    let mut fixture = Fixture::default();
    fixture.send(json!([person("A", json!({})), person("B", json!({}))]));
    let outcomes = fixture.send(json!([
        {"id": 1, "externalId": "B"},
        {"id": 1, "externalId": "spare"},
        {"id": 2, "externalId": "A"},
        {"id": 1, "externalId": "B"},
        {"id": 2, "externalId": null},
        person("A", json!({"title": "new"})),
    ]));
    assert_eq!(
        verdicts(&outcomes),
        ["rejected", "updated", "updated", "updated", "updated", "created"]
    );
    let keys: Vec<_> = fixture.records.iter().map(|r| r.projection.external_id.clone()).collect();
    assert_eq!(keys, [Some("B".into()), None, Some("A".into())]);
}

#[test]
fn repeats_are_refused_on_request() {
    let batch = json!([
        person("A", json!({"title": "1"})),
        person("B", json!({})),
        person("A", json!({"title": "2"})),
        person("A", json!({"title": "3"})),
    ]);
    for (policy, expected, title) in [
        (OnRepeat::First, ["created", "created", "rejected", "rejected"], Some("1")),
        (OnRepeat::Last, ["rejected", "created", "rejected", "created"], Some("3")),
        (OnRepeat::Reject, ["rejected", "created", "rejected", "rejected"], None),
    ] {
        let mut fixture = Fixture::default();
        fixture.options.on_repeat = policy;
        let outcomes = fixture.send(batch.clone());
        assert_eq!(verdicts(&outcomes), expected, "{policy:?}");
        let refused = outcomes.iter().find(|outcome| outcome.verdict.is_refusal()).unwrap();
        assert_eq!(faults(refused), [" DUPLICATION_ERROR"]);
        let stored =
            fixture.records.iter().find(|r| r.projection.external_id.as_deref() == Some("A"));
        let stored = stored.map(|record| fixture.document(record.id.get())["title"].clone());
        assert_eq!(stored, title.map(|title| json!(title)), "{policy:?}");
    }
}

#[test]
fn atomic_batch_with_refused_item_stores_nothing() {
    let mut fixture = Fixture::default();
    fixture.options.atomicity = Atomicity::Batch;
    let outcomes =
        fixture.send(json!([person("A", json!({})), person("B", json!({"birthday": "x"}))]));
    assert_eq!(verdicts(&outcomes), ["rejected", "rejected"]);
    assert_eq!(faults(&outcomes[0]), [" ACTION_DENIED"]);
    assert_eq!(fixture.records, []);
    assert_eq!(verdicts(&fixture.send(json!([person("A", json!({}))]))), ["created"]);
}
