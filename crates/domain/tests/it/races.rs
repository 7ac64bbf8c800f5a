//! Keys that other requests keep taking while a batch is decided (upsert-rules §6, storage).

use contacts_domain::decision::AliasKey;
use contacts_domain::merging::Merge;
use contacts_domain::value::LinkId;
use serde_json::{Value, json};

use crate::entries::{LINK_ID, OTHER_LINK_ID};
use crate::fixture::{Fixture, faults, verdicts};

fn person(members: Value) -> Value {
    let mut person = json!({"contactType": "PERSON", "lastName": "Rochat"});
    person.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    person
}

fn external_id(text: &str) -> AliasKey {
    AliasKey::ExternalId(text.to_owned())
}

fn link_id(text: &str) -> AliasKey {
    AliasKey::LinkId(LinkId::parse(text).unwrap())
}

#[test]
fn only_items_that_take_contested_keys_are_refused() {
    let mut fixture = Fixture::default();
    fixture.send(json!([person(json!({"externalId": "mine", "linkId": LINK_ID}))]));
    let before = fixture.records[0].clone();
    fixture.contested = [external_id("theirs"), link_id(OTHER_LINK_ID)].into();

    let outcomes = fixture.send(json!([
        person(json!({"externalId": "theirs"})),
        person(json!({"linkId": OTHER_LINK_ID.to_uppercase()})),
        person(json!({"externalId": "theirs", "linkId": OTHER_LINK_ID})),
        {"id": 1, "externalId": "theirs"},
        {"id": 1, "linkId": OTHER_LINK_ID},
        person(json!({"externalId": "other"})),
    ]));

    assert_eq!(
        verdicts(&outcomes),
        ["rejected", "rejected", "rejected", "rejected", "rejected", "created"]
    );
    let all: Vec<_> = outcomes.iter().map(|outcome| faults(outcome).join(", ")).collect();
    assert_eq!(
        all,
        [
            "externalId UNIQUE_CONSTRAINT_VIOLATION",
            "linkId UNIQUE_CONSTRAINT_VIOLATION",
            "externalId UNIQUE_CONSTRAINT_VIOLATION",
            "externalId UNIQUE_VIOLATION, externalId UNIQUE_CONSTRAINT_VIOLATION",
            "linkId UNIQUE_CONSTRAINT_VIOLATION",
            "",
        ]
    );
    assert_eq!(outcomes[1].violations[0].value, OTHER_LINK_ID);
    assert_eq!((fixture.records.len(), &fixture.records[0]), (2, &before));
}

#[test]
fn owner_keeps_a_contested_key() {
    let mut fixture = Fixture::default();
    fixture.send(json!([person(json!({"externalId": "mine", "linkId": LINK_ID}))]));
    fixture.contested = [external_id("mine"), link_id(LINK_ID)].into();

    let outcomes = fixture.send(json!([
        person(json!({"externalId": "mine", "linkId": LINK_ID, "title": "x"})),
        person(json!({"externalId": "mine", "linkId": LINK_ID, "title": "x"})),
        {"id": 1, "externalId": null, "linkId": null},
    ]));

    assert_eq!(verdicts(&outcomes), ["updated", "unchanged", "updated"]);
}

#[test]
fn contested_alias_is_not_taken() {
    let mut fixture = Fixture::default();
    fixture.send(json!([person(json!({"externalId": "A"})), person(json!({"externalId": "B"}))]));
    let merge = Merge::new(fixture.context.clone(), 1, 2).unwrap();
    assert_eq!(fixture.run(&merge).map(drop), Ok(()));
    fixture.contested = [external_id("B")].into();

    let outcomes = fixture.send(json!([
        {"externalId": "B", "title": "x"},
        {"id": 1, "externalId": "B"},
    ]));

    assert_eq!(verdicts(&outcomes), ["updated", "rejected"]);
    assert_eq!(
        faults(&outcomes[1]),
        ["externalId UNIQUE_VIOLATION", "externalId UNIQUE_CONSTRAINT_VIOLATION"]
    );
}
