//! What an item makes of a contact (upsert-rules §4).

use contacts_domain::contact::ContactType;
use contacts_domain::tree::Arrays;
use contacts_domain::upsert::Handling;
use serde_json::{Value, json};

use super::person;
use crate::fixture::{Fixture, faults, verdicts};

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
