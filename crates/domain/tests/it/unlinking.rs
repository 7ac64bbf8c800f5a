//! Taking contacts out of the directory of intercoms (device-directory §3).

use contacts_domain::decision::AliasKey;
use contacts_domain::merging::Merge;
use contacts_domain::upsert::{Item, Outcome};
use contacts_domain::value::LinkId;
use serde_json::{Value, json};

use crate::entries::{LINK_ID, OTHER_LINK_ID, block, fixture, sent};
use crate::fixture::{Fixture, faults, verdicts};

/// An item that takes the contact with that key out of the directory.
fn out(fixture: &Fixture, key: Value) -> Item {
    Item::read(&key.to_string(), &fixture.context).to_unlink()
}

/// An item that deletes the contact with that key.
fn deletion(fixture: &Fixture, key: &Value) -> Item {
    Item::read(&key.to_string(), &fixture.context).to_delete()
}

fn unlink(fixture: &mut Fixture, key: Value) -> Outcome {
    let item = out(fixture, key);
    fixture.send_items(vec![item]).remove(0)
}

fn by_link_id() -> Value {
    json!({"linkId": LINK_ID})
}

fn by_id() -> Value {
    json!({"id": 1})
}

fn person(members: Value) -> Value {
    let mut person = json!({"contactType": "PERSON", "lastName": "Rochat", "email": "a@b.example"});
    person.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    person
}

/// Two persons, of which the second was merged into the first: its link id leads there.
fn merged(target: Value) -> Fixture {
    let mut fixture = fixture();
    fixture
        .send(json!(
            [person(target), person(json!({"linkId": OTHER_LINK_ID, "externalId": "B"})),]
        ));
    let merge = Merge::new(fixture.context.clone(), 1, 2).unwrap();
    assert_eq!(fixture.run(&merge).map(drop), Ok(()));
    fixture
}

fn alias(fixture: &Fixture) -> Option<i64> {
    let key = AliasKey::LinkId(LinkId::parse(OTHER_LINK_ID).unwrap());
    fixture.aliases.iter().find(|(known, _)| *known == key).map(|(_, id)| *id)
}

#[test]
fn an_endpoint_is_deleted() {
    for key in [by_link_id(), by_id()] {
        let mut fixture = fixture();
        fixture.send_items(vec![fixture.entry(sent(LINK_ID, "Door"))]);
        let outcome = unlink(&mut fixture, key);
        assert_eq!((verdicts(&[outcome]), fixture.living().count()), (vec!["deleted"], 0));
    }
}

#[test]
fn unlinked_person_loses_only_block_and_link_id() {
    let organization = json!({"contactType": "ORGANIZATION", "name": "Rhône SA"});
    for (mut item, key) in [
        (person(json!({})), by_link_id()),
        (person(json!({})), by_id()),
        (organization.clone(), by_link_id()),
        (organization, by_id()),
    ] {
        let mut fixture = fixture();
        item["externalId"] = json!("A");
        item["linkId"] = json!(LINK_ID);
        item["intercom"] = block("Rochat");
        fixture.send(json!([item]));
        let mut expected = fixture.document(1);
        expected.as_object_mut().unwrap().retain(|name, _| name != "linkId" && name != "intercom");

        let outcome = unlink(&mut fixture, key);

        assert_eq!((outcome.verdict.as_str(), faults(&outcome)), ("updated", vec![]));
        assert_eq!(fixture.document(1), expected);
        let record = &fixture.records[0];
        assert_eq!((record.version.get(), record.projection.link_id), (2, None));
    }
}

#[test]
fn contact_without_entry_is_named_by_link_id_only() {
    let mut fixture = fixture();
    fixture.send(json!([person(json!({"linkId": LINK_ID}))]));
    let before = fixture.records.clone();

    let outcome = unlink(&mut fixture, by_id());
    assert_eq!(
        (outcome.verdict.as_str(), faults(&outcome)),
        ("rejected", vec!["id CONTACT_NOT_FOUND".to_owned()])
    );
    assert_eq!(fixture.records, before);

    let outcome = unlink(&mut fixture, by_link_id());
    assert_eq!(outcome.verdict.as_str(), "updated");
    assert_eq!(fixture.records[0].projection.link_id, None);
}

#[test]
fn unknown_contact_is_refused() {
    let mut fixture = fixture();
    for key in [by_link_id(), by_id(), json!({"externalId": "A"})] {
        let outcome = unlink(&mut fixture, key);
        assert_eq!(outcome.verdict.as_str(), "rejected");
        assert_eq!(outcome.violations[0].code().as_str(), "CONTACT_NOT_FOUND");
    }
}

#[test]
fn other_members_of_the_item_do_not_count() {
    let mut fixture = fixture();
    fixture.send(json!([person(json!({"linkId": LINK_ID, "intercom": block("Rochat")}))]));
    let key = json!({"linkId": LINK_ID, "contactType": "ENDPOINT", "lastName": "x", "email": "?",
        "relatedContactIds": [77]});
    let outcome = unlink(&mut fixture, key);
    assert_eq!((outcome.verdict.as_str(), faults(&outcome)), ("updated", vec![]));
    assert_eq!(fixture.document(1)["lastName"], "Rochat");
}

#[test]
fn unlinked_entry_can_be_created_again() {
    for item in [
        json!({"contactType": "ENDPOINT", "linkId": LINK_ID, "intercom": block("Door")}),
        person(json!({"linkId": LINK_ID, "intercom": block("Rochat")})),
    ] {
        // In one batch, and in the next.
        let mut fixture = fixture();
        fixture.send(json!([item]));
        let batch = vec![
            out(&fixture, by_link_id()),
            fixture.entry(sent(LINK_ID, "Door")),
            out(&fixture, by_link_id()),
            out(&fixture, by_link_id()),
        ];
        let first = fixture.send_items(batch);
        assert_eq!(verdicts(&first)[1..], ["created", "deleted", "rejected"]);

        let outcomes = fixture.send_items(vec![fixture.entry(sent(LINK_ID, "Door"))]);
        assert_eq!(verdicts(&outcomes), ["created"]);
        let names: Vec<_> = fixture.entries.values().map(|entry| &*entry.name).collect();
        assert_eq!(names, ["Door"]);
        assert!(!fixture.entries.contains_key(&1), "another contact");
    }
}

// Link ids of merged contacts

#[test]
fn deletion_follows_no_alias() {
    let target = json!({"linkId": LINK_ID, "externalId": "A", "intercom": block("Rochat")});
    let mut fixture = merged(target);
    let (records, aliases) = (fixture.records.clone(), fixture.aliases.clone());
    for (key, path) in [
        (json!({"linkId": OTHER_LINK_ID}), "linkId"),
        (json!({"externalId": "B"}), "externalId"),
        (json!({"id": 2}), "id"),
        (json!({"id": 2, "externalId": "A"}), "id"),
    ] {
        for item in [out(&fixture, key.clone()), deletion(&fixture, &key)] {
            let outcome = fixture.send_items(vec![item]).remove(0);
            let fault = format!("{path} CONTACT_NOT_FOUND");
            assert_eq!((outcome.verdict.as_str(), faults(&outcome)), ("rejected", vec![fault]));
            assert_eq!(outcome.violations[0].message, "was merged into contact 1");
        }
    }
    assert_eq!((fixture.records.clone(), fixture.aliases.clone()), (records, aliases));

    // The contact's own key deletes it, whatever stands beside.
    let item = out(&fixture, json!({"linkId": LINK_ID, "externalId": "B"}));
    assert_eq!(verdicts(&fixture.send_items(vec![item])), ["updated"]);
    assert_eq!(alias(&fixture), Some(1));
}
