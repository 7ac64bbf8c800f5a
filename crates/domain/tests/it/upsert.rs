//! Matching, merging, repeats and verdicts (upsert-rules §2 to §5).

use contacts_domain::contact::ContactType;
use contacts_domain::contact::DOCUMENT_VERSION;
use contacts_domain::tree::Arrays;
use contacts_domain::upsert::{
    Atomicity, Endpoints, Handling, Item, Key, Ladder, Mode, OnAmbiguous, OnRepeat,
};
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

// Verdicts

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

// Matching

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

// Applying

#[test]
fn absent_keeps_null_clears_a_value_sets() {
    let mut fixture = Fixture::default();
    fixture.send(json!([person(
        "A",
        json!({"title": "Dr", "fax": "1", "email": "a@b.example",
        "isCustomer": true, "client": {"paymentTerms": "30", "orderValidity": "7"}})
    )]));
    fixture.send(json!([{"externalId": "A", "title": null, "email": " ", "warnings": " ",
        "client": {"orderValidity": null}, "staff": {}}]));
    let mut expected = json!({
        "id": 1, "contactId": 1, "organizationId": 1, "contactType": "PERSON", "externalId": "A",
        "lastName": "A", "fax": "1", "isCustomer": true, "warnings": " ",
        "client": {"id": 2, "contactId": 1, "paymentTerms": "30"},
    });
    assert_eq!(fixture.document(1), expected);
    fixture.send(json!([{"externalId": "A", "client": null}]));
    expected.as_object_mut().unwrap().remove("client");
    assert_eq!(fixture.document(1), expected);
}

#[test]
fn sent_array_is_the_new_full_list() {
    let mut fixture = Fixture::default();
    let addresses = |list: Value| json!([{"externalId": "A", "contactType": "PERSON", "lastName": "x", "addresses": list}]);
    let cities = |fixture: &Fixture| -> Vec<(i64, String)> {
        let document = fixture.document(1);
        let list = document["addresses"].as_array().unwrap().clone();
        list.iter()
            .map(|a| (a["id"].as_i64().unwrap(), a["city"].as_str().unwrap_or("-").to_owned()))
            .collect()
    };
    fixture.send(addresses(json!([
        {"name": "a", "city": "Bern"}, {"name": "b", "city": "Genève"}, {"name": "b", "city": "Genève"},
    ])));
    let first = cities(&fixture);
    assert_eq!(
        first.iter().map(|(id, _)| *id).collect::<Vec<_>>(),
        [2, 3, 4],
        "two equal stay two"
    );

    // An id names an element, an equal element is kept, and a part of one names the first match.
    fixture.send(addresses(json!([
        {"name": "new", "city": "Zug"}, {"name": "b", "city": "Genève"}, {"id": 2, "city": "Biel"}, {"name": "b"},
    ])));
    assert_eq!(
        cities(&fixture),
        [
            (5, "Zug".to_owned()),
            (3, "Genève".to_owned()),
            (2, "Biel".to_owned()),
            (4, "Genève".to_owned()),
        ]
    );
    assert_eq!(fixture.document(1)["addresses"][2]["name"], "a", "merged into the element");

    let outcomes = fixture.send(addresses(json!([{"id": 3}, {"id": 3}, {"id": 99}])));
    assert_eq!(
        faults(&outcomes[0])[..2],
        ["addresses[1].id NOT_FOUND", "addresses[2].id NOT_FOUND"]
    );

    fixture.send(addresses(json!([{"name": "b"}])));
    assert_eq!(cities(&fixture), [(3, "Genève".to_owned())]);
    fixture.send(addresses(json!([])));
    assert_eq!(cities(&fixture), []);
}

#[test]
fn appending_removes_nothing() {
    let mut fixture = Fixture::default();
    fixture.options.arrays = Arrays::Append;
    fixture.send(json!([person(
        "A",
        json!({"addresses": [{"name": "a", "city": "Bern"}], "tags": [{"name": "x"}]})
    )]));
    let more = json!([person(
        "A",
        json!({"addresses": [{"name": "a"}, {"name": "b"}], "tags": [{"name": "y"}, {"name": "x"}]})
    )]);
    assert_eq!(verdicts(&fixture.send(more.clone())), ["updated"]);
    assert_eq!(verdicts(&fixture.send(more)), ["unchanged"]);
    let document = fixture.document(1);
    let names = |list: &str| -> Vec<String> {
        let list = document[list].as_array().unwrap();
        list.iter().map(|a| a["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(
        (names("addresses"), names("tags")),
        (vec!["a".into(), "b".into()], vec!["x".into(), "y".into()])
    );
    assert_eq!(document["addresses"][0]["city"], "Bern");
}

#[test]
fn parent_ids_are_filled_whatever_was_sent() {
    let mut fixture = Fixture::default();
    let outcomes = fixture.send(json!([person(
        "A",
        json!({"isStaff": true, "staff": {
            "contactId": 999, "familyMembers": [{"firstName": "Luc", "staffId": "x"}],
            "staffPayslips": [{"calendarYear": 2026, "staffId": 5,
                "baseSalaryLine": {"staffPayslipEntityId": 5, "employeeAmount": "1"},
                "employeeGroups": [{"percentage": "50"}],
                "salaryInfo": {"salaryType": "MONTHLY"},
                "systemLine": {"localizations": {"fr": "x"}}}],
        }})
    )]));
    assert_eq!((verdicts(&outcomes), faults(&outcomes[0])), (vec!["created"], vec![]));
    let staff = &fixture.document(1)["staff"];
    let id = &staff["id"];
    assert_eq!(staff["contactId"], 1);
    assert_eq!(&staff["familyMembers"][0]["staffId"], id);
    let payslip = &staff["staffPayslips"][0];
    assert_eq!(&payslip["staffId"], id);
    assert_eq!(&payslip["salaryInfo"]["staffId"], id);
    for part in ["baseSalaryLine", "salaryInfo", "systemLine"] {
        assert_eq!(payslip[part]["staffPayslipEntityId"], payslip["id"], "{part}");
    }
    assert_eq!(payslip["employeeGroups"][0]["staffPayslipEntityId"], payslip["id"]);
    assert!(payslip["systemLine"]["localizations"]["id"].is_i64());
}

#[test]
fn a_tag_is_known_by_its_name() {
    let mut fixture = Fixture::default();
    let outcomes = fixture.send(json!([
        person("A", json!({"tags": [{"name": "Genève"}], "additionalInformation": [{"tag": {"name": "x"}, "note": "n"}]})),
        person("B", json!({"tags": [{"id": 5, "name": " GENE\u{300}VE "}]})),
    ]));
    assert_eq!(verdicts(&outcomes), ["created", "created"]);
    let id = fixture.document(1)["tags"][0]["id"].clone();
    assert_eq!(fixture.document(fixture.records[1].id.get())["tags"][0]["id"], id);
    let note = fixture.document(1)["additionalInformation"][0]["tag"]["id"].clone();
    let outcomes = fixture.send(json!([
        {"externalId": "A", "tags": [{"id": note}, {"id": id}]},
        {"externalId": "B", "tags": [{"id": note}]},
    ]));
    assert_eq!(verdicts(&outcomes), ["updated", "rejected"]);
    assert_eq!(fixture.document(1)["tags"][0]["name"], "x");
    assert_eq!(faults(&outcomes[1]), ["tags[0].id NOT_FOUND"]);
}

#[test]
fn opaque_objects_are_stored_as_received() {
    let mut fixture = Fixture::default();
    let roles = json!([{"id": 7, "name": "admin", "more": {"deep": [1, null]}}]);
    let item = json!([person(
        "A",
        json!({"groupRoles": roles, "addresses": [{"name": "a", "region": {"code": "GE", "es": 1}}]})
    )]);
    fixture.send(item.clone());
    assert_eq!(fixture.document(1)["groupRoles"], roles);
    assert_eq!(fixture.document(1)["addresses"][0]["region"], json!({"code": "GE", "es": 1}));
    assert_eq!(verdicts(&fixture.send(item)), ["unchanged"]);
}

#[test]
fn opaque_object_goes_with_its_last_member() {
    let mut fixture = Fixture::default();
    let item = |region: Value| {
        json!([person("A", json!({"addresses": [{"id": 2, "name": "a", "region": region}]}))])
    };
    fixture.send(json!([person(
        "A",
        json!({"addresses": [{"name": "a", "region": {"code": "GE"}}]})
    )]));
    assert_eq!(verdicts(&fixture.send(item(json!({"code": null})))), ["updated"]);
    assert_eq!(fixture.document(1)["addresses"], json!([{"id": 2, "name": "a"}]));
    assert_eq!(verdicts(&fixture.send(item(json!({"code": null})))), ["unchanged"]);
}

#[test]
fn old_error_of_a_contact_is_a_warning() {
    let mut fixture = Fixture::default();
    fixture.send(json!([person("A", json!({"email": "a@b.example"}))]));
    // As if the rule had been tightened since.
    fixture.records[0].document = fixture.records[0].document.replace("a@b.example", "a@b");
    for handling in [Handling::Standard, Handling::Strict] {
        fixture.context.handling = handling;
        let title = format!("{handling:?}");
        let outcomes = fixture.send(json!([
            {"externalId": "A", "title": title},
            {"externalId": "A", "title": title},
            {"externalId": "A", "email": "b@c"},
        ]));
        assert_eq!(verdicts(&outcomes), ["updated", "unchanged", "rejected"]);
        assert_eq!(faults(&outcomes[0]), ["email VALIDATION_ERROR"]);
        assert!(!outcomes[0].violations[0].is_error());
    }
}

#[test]
fn damaged_document_keeps_the_type_of_its_row() {
    let mut fixture = Fixture::default();
    fixture.send(json!([person("A", json!({}))]));
    let document = &mut fixture.records[0].document;
    *document = document.replace(r#""contactType":"PERSON","#, "");
    assert!(!document.contains("contactType"));

    let outcomes = fixture.send(json!([{"externalId": "A", "title": "Dr"}]));
    assert_eq!(verdicts(&outcomes), ["updated"]);
    assert_eq!(fixture.records[0].projection.contact_type, ContactType::Person);
}

#[test]
fn address_in_use_cannot_be_removed() {
    let mut fixture = Fixture::default();
    fixture.send(json!([person(
        "A",
        json!({"isCustomer": true, "addresses": [{"name": "a"}, {"name": "b"}]})
    )]));
    let id = fixture.document(1)["addresses"][0]["id"].clone();
    let outcomes = fixture.send(json!([
        {"externalId": "A", "client": {"invoiceAddressId": id}},
        {"externalId": "A", "addresses": [{"name": "b"}]},
        {"externalId": "A", "addresses": [{"name": "b"}], "client": {"invoiceAddressId": null}},
        {"externalId": "A", "client": {"invoiceAddressId": id}},
    ]));
    assert_eq!(verdicts(&outcomes), ["updated", "rejected", "updated", "rejected"]);
    assert_eq!(faults(&outcomes[1]), ["addresses IN_USE"]);
    assert_eq!(faults(&outcomes[3]), ["client.invoiceAddressId NOT_FOUND"]);
}

#[test]
fn only_added_relations_are_looked_up() {
    let mut fixture = Fixture::default();
    let outcomes = fixture.send(json!([
        person("A", json!({})),
        person("B", json!({"relatedContactIds": [1]})),
        person("C", json!({"relatedContactIds": [1, 77]})),
    ]));
    assert_eq!(verdicts(&outcomes), ["created", "created", "rejected"]);
    assert_eq!(faults(&outcomes[2]), ["relatedContactIds[1] NOT_FOUND"]);
    fixture.records[0].deleted_at = Some(fixture.context.now);
    let outcomes =
        fixture.send(json!([person("B", json!({"relatedContactIds": [1], "title": "x"}))]));
    assert_eq!(verdicts(&outcomes), ["updated"], "a reference that was there stays");
}

#[test]
fn new_contact_with_known_email_is_reported() {
    let mut fixture = Fixture::default();
    let outcomes = fixture.send(json!([
        person("A", json!({"email": "a@b.example"})),
        person("B", json!({"email": "A@B.example"})),
    ]));
    assert_eq!(faults(&outcomes[1]), ["email DUPLICATION_ERROR"]);
    assert!(outcomes[1].violations[0].message.contains("contact 1"));
    let outcomes = fixture.send(json!([
        person("C", json!({"email": "a@b.example"})),
        person("B", json!({"title": "x"}))
    ]));
    assert_eq!(faults(&outcomes[0]), ["email DUPLICATION_ERROR"]);
    assert!(faults(&outcomes[1]).is_empty(), "only a new contact");
}

// Repeats

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
