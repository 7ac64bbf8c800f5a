//! Matching (upsert-rules §3).

use contacts_domain::upsert::{Endpoints, Key, Mode, OnAmbiguous};
use serde_json::json;

use super::{by, person};
use crate::fixture::{Fixture, faults, verdicts};

#[test]
fn first_key_that_finds_one_contact_wins() {
    let mut fixture = Fixture::default();
    let link = "91c615e3-1040-4815-8ecb-039a18b756b1";
    fixture.send(json!([person("A", json!({"linkId": link}))]));
    let outcomes = fixture.send(json!([
        {"id": 1, "title": "a"},
        {"contactId": 1, "title": "b"},
        {"linkId": link.to_uppercase(), "title": "c"},
        {"externalId": " A ", "title": "d"},
    ]));
    assert_eq!(verdicts(&outcomes), ["updated"; 4]);
    let keys: Vec<_> = outcomes.iter().map(|outcome| outcome.matched_by.unwrap()).collect();
    assert_eq!(keys, [Key::Id, Key::Id, Key::LinkId, Key::ExternalId]);
    assert_eq!(fixture.records[0].version.get(), 5);
    assert_eq!(fixture.document(1)["linkId"], link.to_uppercase(), "returned as sent");
}

#[test]
fn keys_of_two_contacts_are_a_unique_violation() {
    let mut fixture = Fixture::default();
    let link = "91c615e3-1040-4815-8ecb-039a18b756b1";
    fixture.send(json!([person("A", json!({})), person("B", json!({"linkId": link}))]));
    let outcomes = fixture.send(json!([
        {"id": 1, "externalId": "B"},
        {"id": 1, "linkId": link},
        {"linkId": link, "externalId": "A"},
        {"id": 1, "contactId": 2},
        {"id": 99, "externalId": "A"},
    ]));
    let all: Vec<_> = outcomes.iter().map(|outcome| faults(outcome).join(", ")).collect();
    assert_eq!(
        all,
        [
            "externalId UNIQUE_VIOLATION",
            "linkId UNIQUE_VIOLATION",
            "externalId UNIQUE_VIOLATION",
            "contactId UNIQUE_VIOLATION",
            "id CONTACT_NOT_FOUND",
        ]
    );
    let message = &outcomes[0].violations[0].message;
    assert!(message.contains("contact 2") && message.contains("contact 1"), "{message}");
    assert!(fixture.records.iter().all(|record| record.version.get() == 1));
}

#[test]
fn taken_key_off_the_ladder_is_refused() {
    let mut fixture = Fixture::default();
    fixture.send(json!([person("A", json!({}))]));
    fixture.options.ladder = by(&[Key::Email]);
    let outcomes = fixture.send(json!([person("A", json!({"email": "new@b.example"}))]));
    assert_eq!(faults(&outcomes[0]), ["externalId UNIQUE_VIOLATION"]);
    assert_eq!(fixture.records.len(), 1);
}

#[test]
fn shared_mailbox_is_ambiguous_unless_request_chooses() {
    let mut fixture = Fixture::default();
    fixture.send(json!([
        person("A", json!({"email": "Info@B.example"})),
        person("B", json!({"email": "info@b.example"})),
    ]));
    let item = json!([{"contactType": "PERSON", "email": " INFO@b.example", "externalId": "B", "title": "x"}]);
    fixture.options.ladder = by(&[Key::Email, Key::ExternalId]);

    let outcomes = fixture.clone().send(item.clone());
    assert_eq!(verdicts(&outcomes), ["ambiguous"]);
    assert_eq!(
        outcomes[0].candidates.iter().map(|id| id.unwrap().get()).collect::<Vec<_>>(),
        [1, 2]
    );
    assert_eq!(faults(&outcomes[0]), ["email DUPLICATION_ERROR"]);

    fixture.options.on_ambiguous = OnAmbiguous::Next;
    let outcomes = fixture.clone().send(item.clone());
    assert_eq!(
        (verdicts(&outcomes), outcomes[0].matched_by),
        (vec!["updated"], Some(Key::ExternalId))
    );

    fixture.options.on_ambiguous = OnAmbiguous::Oldest;
    let outcomes = fixture.send(item);
    assert_eq!(faults(&outcomes[0]), ["externalId UNIQUE_VIOLATION"], "the oldest is contact 1");
}

#[test]
fn phone_and_mobile_each_match_either() {
    let mut fixture = Fixture::default();
    fixture.options.ladder = by(&[Key::Phone]);
    let outcomes = fixture.send(json!([
        {"contactType": "PERSON", "lastName": "x", "phone": "+41 79 123 45 67"},
        {"mobile": "079 123 45 67"},
        {"phone": "0041791234567", "title": "x"},
        {"contactType": "PERSON", "lastName": "y", "phone": "string"},
    ]));
    assert_eq!(verdicts(&outcomes), ["created", "updated", "updated", "created"]);
    assert_eq!(outcomes[1].same_as, Some(0));
}

#[test]
fn a_vat_number_matches_without_punctuation_and_suffix() {
    let mut fixture = Fixture::default();
    fixture.options.ladder = by(&[Key::VatNumber]);
    let organization = |block: &str, number: &str| json!({"contactType": "ORGANIZATION", "name": "x", "isCustomer": true, "isVendor": true, (block): {"vatNumber": number}});
    let outcomes = fixture.send(json!([
        organization("client", "CHE-116.281.710 TVA"),
        organization("supplier", "CHE116281710"),
    ]));
    assert_eq!(verdicts(&outcomes), ["created", "updated"]);
}

#[test]
fn mode_create_refuses_stored_contacts() {
    let mut fixture = Fixture::default();
    fixture.options.mode = Mode::Create;
    let outcomes = fixture.send(json!([person("A", json!({})), person("A", json!({}))]));
    assert_eq!(verdicts(&outcomes), ["created", "rejected"]);
    assert_eq!(faults(&outcomes[1]), [" DUPLICATION_ERROR"]);
    assert_eq!(outcomes[1].same_as, Some(0));
}

#[test]
fn mode_update_refuses_new_contacts() {
    let mut fixture = Fixture::default();
    fixture.options.mode = Mode::Update;
    let outcomes = fixture.send(json!([person("A", json!({}))]));
    assert_eq!(
        (faults(&outcomes[0]), fixture.records.len()),
        (vec![" CONTACT_NOT_FOUND".to_owned()], 0)
    );
}

#[test]
fn endpoints_are_hidden_but_their_keys_are_taken() {
    let mut fixture = Fixture::default();
    let link = "91c615e3-1040-4815-8ecb-039a18b756b1";
    fixture.context.endpoints = Endpoints::Shown;
    fixture.send(json!([{"contactType": "ENDPOINT", "linkId": link,
        "intercom": {"name": "Door", "type": "multi", "number": "0001-01-01"}}]));
    fixture.context.endpoints = Endpoints::Hidden;
    let outcomes =
        fixture.send(json!([{"id": 1, "title": "x"}, person("A", json!({"linkId": link}))]));
    assert_eq!(faults(&outcomes[0]), ["id CONTACT_NOT_FOUND"]);
    assert_eq!(faults(&outcomes[1]), ["linkId UNIQUE_VIOLATION"]);
}

#[test]
fn a_contact_type_is_set_once() {
    let mut fixture = Fixture::default();
    fixture.send(json!([person("A", json!({}))]));
    let outcomes = fixture.send(json!([
        {"externalId": "A", "contactType": "ORGANIZATION"},
        {"externalId": "A", "contactType": null, "organizationId": null, "id": null, "title": "x"},
    ]));
    assert_eq!(faults(&outcomes[0]), ["contactType INVALID_TYPE"]);
    assert_eq!(verdicts(&outcomes), ["rejected", "updated"]);
}

#[test]
fn an_archived_contact_is_matched_and_stays_archived() {
    let mut fixture = Fixture::default();
    fixture.send(json!([person("A", json!({"archived": true}))]));
    let outcomes = fixture.send(json!([person("A", json!({"title": "x"}))]));
    assert_eq!(verdicts(&outcomes), ["updated"]);
    assert!(fixture.records[0].projection.archived);
}
