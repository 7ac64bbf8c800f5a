//! Merging two contacts (erp-batch §3).

use contacts_domain::ContactId;
use contacts_domain::decision::AliasKey;
use contacts_domain::merging::{Merge, MergeReport};
use contacts_domain::upsert::{Item, Key, Ladder, Outcome};
use serde_json::{Value, json};

use crate::fixture::{Fixture, faults, verdicts};

fn merge(fixture: &mut Fixture, target: i64, source: i64) -> MergeReport {
    let merge = Merge::new(fixture.context.clone(), target, source)?;
    fixture.run(&merge)
}

fn refusal(report: MergeReport) -> Vec<String> {
    let violations = report.expect_err("refused");
    violations.iter().map(|found| format!("{} {}", found.path, found.code())).collect()
}

/// The alias by the id of a merged contact.
fn merged_id(source: i64, target: i64) -> (AliasKey, i64) {
    (AliasKey::Id(ContactId::new(source).unwrap()), target)
}

fn person(external_id: &str, members: Value) -> Value {
    let mut item =
        json!({"contactType": "PERSON", "externalId": external_id, "lastName": "Rochat"});
    for (name, value) in members.as_object().unwrap() {
        item[name] = value.clone();
    }
    item
}

#[test]
fn a_contact_is_not_merged_into_itself() {
    let mut fixture = Fixture::default();
    fixture.send(json!([person("A", json!({}))]));
    assert_eq!(refusal(merge(&mut fixture, 1, 1)), ["sourceId VALIDATION_ERROR"]);
}

#[test]
fn unknown_deleted_and_other_types_are_not_merged() {
    let mut fixture = Fixture::default();
    fixture.send(json!([
        person("A", json!({})), person("B", json!({})),
        {"contactType": "ORGANIZATION", "name": "x"},
    ]));
    let before = fixture.records.clone();
    assert_eq!(refusal(merge(&mut fixture, 1, 99)), ["sourceId CONTACT_NOT_FOUND"]);
    assert_eq!(refusal(merge(&mut fixture, 0, 1)), ["targetId CONTACT_NOT_FOUND"]);
    assert_eq!(refusal(merge(&mut fixture, 1, 3)), ["sourceId INVALID_TYPE"]);
    assert_eq!(fixture.records, before);
    merge(&mut fixture, 1, 2).unwrap();
    assert_eq!(refusal(merge(&mut fixture, 1, 2)), ["sourceId CONTACT_NOT_FOUND"]);
}

#[test]
fn target_takes_what_it_lacks() {
    let mut fixture = Fixture::default();
    fixture.send(json!([
        person(
            "A",
            json!({"title": "Dr", "isCustomer": false, "archived": false,
            "addresses": [{"name": "home", "city": "Bern"}], "tags": [{"name": "Team"}],
            "customFields": {"a": 1}})
        ),
        person(
            "B",
            json!({"title": "Mr", "fax": "1", "isCustomer": true, "archived": true,
            "addresses": [{"name": "home", "city": "Bern"}, {"name": "work"}],
            "tags": [{"name": "team"}, {"name": "x"}], "customFields": {"a": 2, "b": 3},
            "client": {"paymentTerms": "30"}})
        ),
    ]));
    let (target, source) = (fixture.records[0].id.get(), fixture.records[1].id.get());
    let home = fixture.document(source)["addresses"][0]["id"].clone();
    let work = fixture.document(source)["addresses"][1]["id"].clone();
    fixture.send(
        json!([{"id": source, "client": {"invoiceAddressId": home, "orderAddressId": work}}]),
    );
    merge(&mut fixture, target, source).unwrap();

    let merged = fixture.document(target);
    assert_eq!(merged["title"], "Dr");
    assert_eq!(merged["fax"], "1");
    assert_eq!((&merged["isCustomer"], &merged["archived"]), (&json!(true), &json!(false)));
    assert_eq!(merged["customFields"], json!({"a": 1, "b": 3}));
    assert_eq!(merged["addresses"].as_array().unwrap().len(), 2, "united by content");
    assert_eq!(merged["addresses"][1]["id"], work, "children keep their ids");
    assert_eq!(merged["client"]["contactId"], target, "mirrors follow");
    assert_eq!(merged["client"]["invoiceAddressId"], merged["addresses"][0]["id"]);
    assert_eq!(merged["client"]["orderAddressId"], work);
    let tags: Vec<_> =
        merged["tags"].as_array().unwrap().iter().map(|tag| tag["name"].clone()).collect();
    assert_eq!(tags, ["Team", "x"], "tags by name");
    assert!(fixture.records[1].deleted_at.is_some());
    assert_eq!(fixture.records[0].version.get(), 2);
}

#[test]
fn source_keys_lead_to_target_until_taken() {
    let mut fixture = Fixture::default();
    fixture.send(json!([person("A", json!({})), person("B", json!({}))]));
    merge(&mut fixture, 1, 2).unwrap();

    // The next batch creates no duplicate, and the target keeps its own key.
    let batch = json!([person("A", json!({"title": "1"})), person("B", json!({"title": "2"}))]);
    assert_eq!(verdicts(&fixture.send(batch.clone())), ["updated", "updated"]);
    assert_eq!(verdicts(&fixture.send(batch)), ["updated", "updated"]);
    assert_eq!(fixture.living().count(), 1);
    assert_eq!(fixture.document(1)["externalId"], "A");

    // A living contact takes the key, and the key leads to it.
    let outcomes = fixture.send(json!([
        person("C", json!({})),
        {"id": 3, "externalId": "B"},
        {"externalId": "B", "title": "of 3"},
    ]));
    assert_eq!(verdicts(&outcomes), ["created", "updated", "updated"]);
    assert_eq!(fixture.document(3)["title"], "of 3");
    assert_eq!(fixture.aliases, [merged_id(2, 1)], "the id alone");
}

#[test]
fn two_equal_parts_of_the_source_stay_two() {
    let mut fixture = Fixture::default();
    fixture.send(json!([
        person("A", json!({"addresses": [{"name": "e"}]})),
        person("B", json!({"isCustomer": true, "addresses": [{"name": "d"}, {"name": "d"}]})),
    ]));
    let source = fixture.records[1].id.get();
    let second = fixture.document(source)["addresses"][1]["id"].clone();
    fixture.send(json!([{"id": source, "client": {"invoiceAddressId": second}}]));
    merge(&mut fixture, 1, source).unwrap();
    let merged = fixture.document(1);
    assert_eq!(merged["addresses"].as_array().unwrap().len(), 3);
    assert_eq!(merged["client"]["invoiceAddressId"], second);
}

#[test]
fn target_takes_members_of_opaque_objects() {
    let mut fixture = Fixture::default();
    let with_permit = |key: &str, permit: Value| {
        person(key, json!({"isStaff": true, "staff": {"workPermit": permit}}))
    };
    fixture.send(json!([
        with_permit("A", json!({"countryId": 1})),
        with_permit("B", json!({"countryId": 2, "name": {"fr": "B"}})),
    ]));
    let source = fixture.records[1].id.get();
    merge(&mut fixture, 1, source).unwrap();
    assert_eq!(
        fixture.document(1)["staff"]["workPermit"],
        json!({"countryId": 1, "name": {"fr": "B"}})
    );
}

#[test]
fn alias_sent_with_the_id_becomes_a_key() {
    let mut fixture = Fixture::default();
    fixture.send(json!([person("A", json!({})), person("B", json!({}))]));
    merge(&mut fixture, 1, 2).unwrap();
    let outcomes = fixture.send(json!([{"id": 1, "externalId": "B"}]));
    assert_eq!(verdicts(&outcomes), ["updated"]);
    assert_eq!(fixture.document(1)["externalId"], "B");
    assert_eq!(fixture.aliases, [merged_id(2, 1)], "the id alone");
}

#[test]
fn target_without_a_key_takes_that_of_the_source() {
    let mut fixture = Fixture::default();
    fixture.send(json!([{"contactType": "PERSON", "lastName": "x"}, person("B", json!({}))]));
    merge(&mut fixture, 1, 2).unwrap();
    assert_eq!(fixture.document(1)["externalId"], "B");
    assert_eq!(fixture.aliases, [merged_id(2, 1)], "the id alone");
}

#[test]
fn references_move_to_the_target() {
    let mut fixture = Fixture::default();
    fixture.send(json!([
        person("A", json!({})),
        person("B", json!({"relatedContactIds": [1]})),
        person("C", json!({"relatedContactIds": [2]})),
        person("D", json!({"relatedContactIds": [1, 2]})),
    ]));
    merge(&mut fixture, 1, 2).unwrap();
    assert_eq!(fixture.document(1)["relatedContactIds"], json!([]));
    assert_eq!(fixture.document(3)["relatedContactIds"], json!([1]));
    assert_eq!(fixture.document(4)["relatedContactIds"], json!([1]));
    assert_eq!(fixture.records[2].version.get(), 2);
}

#[test]
fn merge_that_breaks_a_rule_changes_nothing() {
    let mut fixture = Fixture::default();
    fixture.send(json!([
        person("A", json!({"isStaff": true, "staff": {"employmentStartDate": "2024-03-01"}})),
        person("B", json!({"isStaff": true, "staff": {"employmentEndDate": "2024-02-01"}})),
    ]));
    let source = fixture.records[1].id.get();
    let before = fixture.records.clone();
    assert_eq!(
        refusal(merge(&mut fixture, 1, source)),
        ["staff.employmentEndDate VALIDATION_ERROR"]
    );
    assert_eq!(fixture.records, before);
}

// The id of the source

/// Contact 2, with the external id B, was merged into contact 1, which has A.
fn merged() -> Fixture {
    let mut fixture = Fixture::default();
    fixture.send(json!([person("A", json!({})), person("B", json!({}))]));
    merge(&mut fixture, 1, 2).unwrap();
    fixture
}

/// Each outcome with the contact that it is about.
fn about(outcomes: &[Outcome]) -> Vec<(&str, Option<i64>)> {
    let contact = |outcome: &Outcome| Some(outcome.contact.as_ref()?.id?.get());
    outcomes.iter().map(|outcome| (outcome.verdict.as_str(), contact(outcome))).collect()
}

#[test]
fn merged_id_updates_the_target_under_its_key() {
    for nightly in [
        json!({"id": 2, "externalId": "B", "title": "Dr"}),
        json!({"contactId": 2, "title": "Dr"}),
        json!({"id": 2, "contactId": 2, "externalId": "A", "title": "Dr"}),
    ] {
        let mut fixture = merged();
        let batch = json!([nightly, {"externalId": "A", "lastName": "Rochat"}, nightly]);
        let outcomes = fixture.send(batch.clone());
        let expected = [("updated", Some(1)), ("unchanged", Some(1)), ("unchanged", Some(1))];
        assert_eq!(about(&outcomes), expected, "{nightly}");
        assert_eq!(about(&fixture.send(batch)), [("unchanged", Some(1)); 3]);
        assert_eq!(fixture.document(1)["externalId"], "A");
        assert_eq!(fixture.living().count(), 1);
    }
}

#[test]
fn merged_id_and_key_of_another_contact_disagree() {
    let mut fixture = merged();
    fixture.send(json!([person("C", json!({}))]));
    let outcomes = fixture.send(json!([{"id": 2, "externalId": "C"}]));
    assert_eq!(faults(&outcomes[0]), ["externalId UNIQUE_VIOLATION"]);

    fixture.options.ladder = Ladder::new([Key::ExternalId]);
    let outcomes = fixture.send(json!([{"id": 2, "externalId": "C"}]));
    assert_eq!(faults(&outcomes[0]), ["id UNIQUE_VIOLATION"]);
}

#[test]
fn merged_id_follows_a_second_merge() {
    let mut fixture = merged();
    fixture.send(json!([person("C", json!({}))]));
    merge(&mut fixture, 3, 1).unwrap();
    let items = json!([{"id": 2}, {"id": 1}, {"externalId": "B"}, {"externalId": "A"}]);
    assert_eq!(about(&fixture.send(items)), [("unchanged", Some(3)); 4]);
}

#[test]
fn merged_id_of_a_deleted_target_is_unknown() {
    let mut fixture = merged();
    let delete = Item::read(r#"{"id": 1}"#, &fixture.context).to_delete();
    let update = Item::read(r#"{"id": 2}"#, &fixture.context);
    let outcomes = fixture.send_items(vec![delete, update.clone()]);
    assert_eq!(verdicts(&outcomes), ["deleted", "rejected"]);
    assert_eq!(faults(&outcomes[1]), ["id CONTACT_NOT_FOUND"]);
    assert_eq!(faults(&fixture.send_items(vec![update])[0]), ["id CONTACT_NOT_FOUND"]);
}

#[test]
fn alias_stays_one_whatever_stands_beside_it() {
    for beside in [json!({"id": 2}), json!({"id": null}), json!({})] {
        let mut fixture = merged();
        fixture.send(json!([{"id": 1, "externalId": null}]));
        let mut item = json!({"externalId": "B"});
        item.as_object_mut().unwrap().extend(beside.as_object().unwrap().clone());
        assert_eq!(about(&fixture.send(json!([item]))), [("unchanged", Some(1))], "{item}");
    }
}

#[test]
fn relations_to_merged_contacts_are_resolved() {
    let mut fixture = merged();
    for (external_id, sent, stored) in [
        ("C", json!([2]), json!([1])),
        ("D", json!([2, 1, 2]), json!([1])),
        ("A", json!([2, 1]), json!([])),
        ("A", json!([3, 2]), json!([3])),
    ] {
        let item = person(external_id, json!({"relatedContactIds": sent}));
        let outcome = fixture.send(json!([item.clone()])).remove(0);
        assert!(!outcome.verdict.is_refusal(), "{outcome:?}");
        let id = outcome.contact.unwrap().id.unwrap().get();
        assert_eq!(fixture.document(id)["relatedContactIds"], stored, "{item}");
        assert_eq!(verdicts(&fixture.send(json!([item]))), ["unchanged"]);
    }
}

#[test]
fn relation_to_a_deleted_target_stays() {
    let mut fixture = merged();
    let item = person("C", json!({"relatedOrganizationContactIds": [2]}));
    fixture.send(json!([item.clone()]));
    let delete = Item::read(r#"{"id": 1}"#, &fixture.context).to_delete();
    fixture.send_items(vec![delete]);
    assert_eq!(verdicts(&fixture.send(json!([item]))), ["unchanged"]);
    let outcomes = fixture.send(json!([person("D", json!({"relatedContactIds": [2]}))]));
    assert_eq!(faults(&outcomes[0]), ["relatedContactIds[0] NOT_FOUND"]);
}
