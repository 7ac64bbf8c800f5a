//! Items about one contact: named by its own id, in one version, replaced.

use contacts_domain::merging::Merge;
use contacts_domain::upsert::{Endpoints, Item, Outcome, Verdict};
use contacts_domain::{ContactId, Version};
use serde_json::{Value, json};

use crate::fixture::{Fixture, faults, verdicts};

fn contact(id: i64) -> ContactId {
    ContactId::new(id).unwrap()
}

fn about(fixture: &Fixture, id: i64, version: Option<i64>, item: &Value) -> Item {
    let item = Item::read(&item.to_string(), &fixture.context);
    item.about(contact(id), version.map(Version::new))
}

fn replace(fixture: &mut Fixture, id: i64, item: Value) -> Outcome {
    let item = about(fixture, id, None, &item).to_replace();
    fixture.send_items(vec![item]).remove(0)
}

fn document(fixture: &Fixture, id: i64) -> Value {
    let record = fixture.records.iter().find(|record| record.id == contact(id)).unwrap();
    serde_json::from_str(&record.document).unwrap()
}

fn a_person() -> Value {
    json!({
        "contactType": "PERSON", "externalId": "A", "lastName": "Rochat", "fax": "12",
        "isCustomer": true, "client": {"paymentTerms": "30 days", "creditLimit": "1.50"},
        "addresses": [{"name": "Home", "city": "Bern", "line1": "Street"}],
        "customFields": {"a": 1, "b": 2},
        "isStaff": true, "staff": {"contractType": "OPEN_ENDED"},
    })
}

#[test]
fn replaced_contact_has_what_was_sent() {
    let mut fixture = Fixture::default();
    fixture.send(json!([a_person()]));
    let before = document(&fixture, 1);

    let outcome = replace(
        &mut fixture,
        1,
        json!({
            "lastName": "Rochat", "isCustomer": true, "client": {"creditLimit": "1.50"},
            "addresses": [{"name": "Home", "city": "Bern"}], "customFields": {"b": 2},
        }),
    );

    assert_eq!(outcome.verdict, Verdict::Updated, "{:?}", outcome.violations);
    let (client, address) = (&before["client"]["id"], &before["addresses"][0]["id"]);
    let expected = json!({
        "id": 1, "contactId": 1, "organizationId": 1, "contactType": "PERSON",
        "lastName": "Rochat", "isCustomer": true,
        "client": {"id": client, "contactId": 1, "creditLimit": "1.50"},
        "addresses": [{"id": address, "name": "Home", "city": "Bern"}], "customFields": {"b": 2},
    });
    assert_eq!(document(&fixture, 1), expected);
}

#[test]
fn contact_replaced_by_itself_is_unchanged() {
    let mut fixture = Fixture::default();
    fixture.send(json!([a_person()]));
    let itself = document(&fixture, 1);
    assert_eq!(replace(&mut fixture, 1, itself).verdict, Verdict::Unchanged);
}

#[test]
fn replacing_keeps_what_the_caller_may_not_write() {
    let mut fixture = Fixture::default();
    fixture.send(json!([a_person()]));
    let staff = document(&fixture, 1)["staff"].take();
    fixture.context.may_write_staff = false;

    let outcome = replace(&mut fixture, 1, json!({"lastName": "Rochat", "isStaff": true}));

    assert_eq!(outcome.verdict, Verdict::Updated, "{:?}", outcome.violations);
    assert_eq!(document(&fixture, 1)["staff"], staff);
}

#[test]
fn replacing_keeps_what_the_caller_cannot_see_and_does_not_send() {
    let mut fixture = Fixture::default();
    fixture.send(json!([a_person()]));
    let staff = document(&fixture, 1)["staff"].take();
    fixture.context.may_read_staff = false;

    replace(&mut fixture, 1, json!({"lastName": "Rochat", "isStaff": true}));
    assert_eq!(document(&fixture, 1)["staff"], staff);

    replace(&mut fixture, 1, json!({"lastName": "Rochat", "isStaff": true, "staff": null}));
    assert_eq!(document(&fixture, 1).get("staff"), None);
}

#[test]
fn item_that_names_another_contact_is_refused() {
    let mut fixture = Fixture::default();
    fixture.send(json!([a_person(), {"contactType": "PERSON", "externalId": "B"}]));
    for (item, fault) in [
        (json!({"id": 2, "fax": "1"}), "id UNIQUE_VIOLATION"),
        (json!({"contactId": 2, "fax": "1"}), "contactId UNIQUE_VIOLATION"),
        (json!({"externalId": "B"}), "externalId UNIQUE_VIOLATION"),
    ] {
        let item = about(&fixture, 1, None, &item);
        let outcome = fixture.send_items(vec![item]).remove(0);
        assert_eq!(faults(&outcome), [fault]);
        let owners = usize::from(fault.starts_with("externalId"));
        assert_eq!(outcome.candidates.len(), owners, "{outcome:?}");
    }
}

#[test]
fn merged_contact_is_not_changed_by_its_id() {
    let mut fixture = Fixture::default();
    fixture.context.endpoints = Endpoints::Shown;
    fixture.send(json!([a_person(), {"contactType": "PERSON", "externalId": "B"}]));
    let source = fixture.records.iter().map(|record| record.id.get()).max().unwrap();
    let merge = Merge::new(fixture.context.clone(), 1, source).unwrap();
    assert_eq!(fixture.run(&merge).map(drop), Ok(()));

    let item = about(&fixture, source, None, &json!({"fax": "1"}));
    let outcome = fixture.send_items(vec![item]).remove(0);

    assert_eq!(faults(&outcome), ["id CONTACT_NOT_FOUND"]);
}

#[test]
fn version_is_asked_of_changes_alone() {
    let mut fixture = Fixture::default();
    fixture.send(json!([a_person()]));
    let send = |fixture: &mut Fixture, item: Item| verdicts(&fixture.send_items(vec![item]));
    for (version, item, verdict) in [
        (2, json!({"fax": "12"}), "unchanged"),
        (2, json!({"fax": "13"}), "stale"),
        (1, json!({"fax": "13"}), "updated"),
    ] {
        let item = about(&fixture, 1, Some(version), &item);
        assert_eq!(send(&mut fixture, item), [verdict]);
    }
    for (version, verdict) in [(1, "stale"), (2, "deleted")] {
        let item = about(&fixture, 1, Some(version), &json!({"id": 1})).to_delete();
        assert_eq!(send(&mut fixture, item), [verdict]);
    }
}
