//! `handling=lenient`: an error of one value is a warning, and the rest of the item is stored.

use contacts_domain::upsert::{Handling, Item, Key, Ladder, Options, Outcome, Verdict};
use contacts_domain::{Severity, Violation};
use serde_json::{Value, json};

use crate::fixture::{Fixture, faults, verdicts};

fn lenient() -> Fixture {
    let mut fixture = Fixture::default();
    fixture.context.handling = Handling::Lenient;
    fixture
}

fn person(members: Value) -> Value {
    let mut item = json!({"contactType": "PERSON", "externalId": "A", "lastName": "Rochat"});
    item.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    item
}

/// The violations, of which all are warnings.
fn warnings(outcome: &Outcome) -> Vec<String> {
    let is_warning = |found: &Violation| found.severity == Severity::Warning;
    assert!(outcome.violations.iter().all(is_warning), "{}", outcome.violations);
    faults(outcome)
}

/// One bad value in each kind of place: the item's members, where it is, its code, and a good value.
fn bad_values() -> Vec<(Value, &'static str, &'static str, Value)> {
    let long = "x".repeat(10_001);
    vec![
        (json!({"email": "no address"}), "/email", "VALIDATION_ERROR", json!("a@b.example")),
        (json!({"email": 5}), "/email", "CONVERSION_ERROR", json!("a@b.example")),
        (json!({"title": long}), "/title", "VALIDATION_ERROR", json!("Dr")),
        (json!({"title": "a\u{0}"}), "/title", "VALIDATION_ERROR", json!("Dr")),
        (json!({"birthday": "soon"}), "/birthday", "CONVERSION_ERROR", json!("1993-01-02")),
        (json!({"birthday": "29990101"}), "/birthday", "VALIDATION_ERROR", json!("1993-01-02")),
        (json!({"genderType": "?"}), "/genderType", "INVALID_TYPE", json!("MALE")),
        (json!({"defaultModule": "a-b"}), "/defaultModule", "INVALID_TYPE", json!("NONE")),
        (json!({"archived": "true"}), "/archived", "CONVERSION_ERROR", json!(true)),
        (json!({"phone": {}}), "/phone", "CONVERSION_ERROR", json!("+41227005929")),
        (json!({"banks": "none"}), "/banks", "CONVERSION_ERROR", json!([])),
        (
            json!({"relatedContactIds": [1, "2"]}),
            "/relatedContactIds",
            "CONVERSION_ERROR",
            json!([1]),
        ),
        (
            json!({"client": {"creditLimit": "1,5"}, "isCustomer": true}),
            "/client/creditLimit",
            "CONVERSION_ERROR",
            json!("1.5"),
        ),
        (
            json!({"client": {"clientDiscountRate": 101}, "isCustomer": true}),
            "/client/clientDiscountRate",
            "VALIDATION_ERROR",
            json!(100),
        ),
        (json!({"customFields": {"a": [1]}}), "/customFields/a", "CONVERSION_ERROR", json!(1)),
        (json!({"customFields": {"a": long}}), "/customFields/a", "VALIDATION_ERROR", json!("b")),
        (
            json!({"staff": {"workPermit": {"x": ["a\u{0}"], "id": 5}}, "isStaff": true}),
            "/staff/workPermit/x",
            "VALIDATION_ERROR",
            json!(["a"]),
        ),
        (
            json!({"intercom": {"name": "Door", "type": "p2p", "number": "sip:1@a.example",
                "ringtone": "../x"}}),
            "/intercom/ringtone",
            "VALIDATION_ERROR",
            json!("ring2.wav"),
        ),
    ]
}

#[test]
fn bad_value_is_left_out_of_a_new_contact() {
    for (members, pointer, code, _) in bad_values() {
        let mut fixture = lenient();
        let item = person(members);
        for verdict in ["created", "unchanged"] {
            let outcomes = fixture.send(json!([item]));
            assert_eq!(verdicts(&outcomes), [verdict], "{pointer}: {:?}", faults(&outcomes[0]));
            let found = warnings(&outcomes[0]);
            let path = pointer.trim_start_matches('/').replace('/', ".");
            assert!(
                matches!(found.as_slice(), [one] if one.starts_with(&path) && one.ends_with(code)),
                "{found:?}"
            );
        }
        let document = fixture.document(1);
        assert_eq!(document.pointer(pointer), None, "{document}");
        assert_eq!(document["lastName"], "Rochat");

        let mut standard = Fixture::default();
        assert_eq!(verdicts(&standard.send(json!([item]))), ["rejected"]);
    }
}

#[test]
fn bad_value_keeps_the_stored_one() {
    for (members, pointer, _, good) in bad_values() {
        let mut fixture = lenient();
        let mut stored = person(members.clone());
        *stored.pointer_mut(pointer).unwrap() = good.clone();
        fixture.send(json!([{"contactType": "PERSON", "externalId": "first"}]));
        assert_eq!(verdicts(&fixture.send(json!([stored]))), ["created"], "{pointer}");
        let mut sent = person(members);
        sent["firstName"] = json!("Anna");
        for verdict in ["updated", "unchanged"] {
            let outcomes = fixture.send(json!([sent]));
            assert_eq!(verdicts(&outcomes), [verdict], "{pointer}");
            assert_eq!(warnings(&outcomes[0]).len(), 1);
        }
        let document = fixture.document(2);
        assert_eq!(document.pointer(pointer), Some(&good), "{document}");
        assert_eq!(document["firstName"], "Anna");
    }
}

#[test]
fn bad_field_is_left_out_of_its_element() {
    let mut fixture = lenient();
    let addresses = |country: &str, city: &str| {
        json!([person(json!({"addresses": [
            {"name": "home", "city": city, "countryCode2": country},
            {"name": "work", "city": 5, "position": 1},
        ]}))])
    };
    let outcomes = fixture.send(addresses("CH", "Bern"));
    assert_eq!(warnings(&outcomes[0]), ["addresses[1].city CONVERSION_ERROR"]);
    for verdict in ["updated", "unchanged"] {
        let outcomes = fixture.send(addresses("Schweiz", "Basel"));
        assert_eq!(verdicts(&outcomes), [verdict]);
        assert_eq!(
            warnings(&outcomes[0]),
            ["addresses[1].city CONVERSION_ERROR", "addresses[0].countryCode2 VALIDATION_ERROR"]
        );
    }
    let stored = &fixture.document(1)["addresses"];
    let ids = (&stored[0]["id"], &stored[1]["id"]);
    let expected = json!([
        {"id": ids.0, "name": "home", "city": "Basel", "countryCode2": "CH"},
        {"id": ids.1, "name": "work", "position": 1},
    ]);
    assert_eq!(*stored, expected);
}

#[test]
fn identity_scopes_limits_and_other_rules_still_refuse() {
    let deep = (0..16).fold(json!(1), |inner, _| json!({"x": inner}));
    for (members, fault) in [
        (json!({"contactType": "ROBOT"}), "contactType INVALID_TYPE"),
        (json!({"contactType": 1}), "contactType CONVERSION_ERROR"),
        (json!({"externalId": "x".repeat(256)}), "externalId VALIDATION_ERROR"),
        (json!({"externalId": 5}), "externalId CONVERSION_ERROR"),
        (json!({"linkId": "x"}), "linkId VALIDATION_ERROR"),
        (json!({"id": "1"}), "id CONVERSION_ERROR"),
        (json!({"contactId": 1.5}), "contactId CONVERSION_ERROR"),
        (json!({"organizationId": "1"}), "organizationId CONVERSION_ERROR"),
        (json!({"organizationId": 2}), "organizationId ACTION_DENIED"),
        (json!({"ifVersion": "1"}), "ifVersion CONVERSION_ERROR"),
        (json!({"ExternalId": "A"}), "ExternalId VALIDATION_ERROR"),
        (json!({"staff": {"jobTitle": "x"}}), "staff ACTION_DENIED"),
        (
            json!({"staff": {"employmentStartDate": "2024-01-02", "employmentEndDate": "2024-01-01"}}),
            "staff.employmentEndDate VALIDATION_ERROR",
        ),
        (json!({"client": {"invoiceAddressId": 7}}), "client.invoiceAddressId NOT_FOUND"),
        (json!({"addresses": [{"id": "7"}]}), "addresses[0].id CONVERSION_ERROR"),
        (json!({"addresses": [{"id": 7}]}), "addresses[0].id NOT_FOUND"),
        (json!({"tags": [{"name": "x".repeat(501)}]}), "tags[0].name VALIDATION_ERROR"),
        (json!({"customFields": {"x".repeat(501): 1}}), "customFields."),
        (json!({"userGroups": vec![json!({}); 1_001]}), "userGroups VALIDATION_ERROR"),
        (json!({"staff": {"workPermit": deep}}), " CONVERSION_ERROR"),
        (
            json!({"intercom": {"name": "Door", "type": "p2p", "number": "0001-01-01"}}),
            "intercom.number VALIDATION_ERROR",
        ),
    ] {
        let mut fixture = lenient();
        fixture.context.may_write_staff = false;
        let outcomes = fixture.send(json!([person(members)]));
        assert_eq!(verdicts(&outcomes), ["rejected"], "{fault}");
        let errors = outcomes[0].violations.iter().filter(|found| found.is_error());
        let errors: Vec<_> =
            errors.map(|found| format!("{} {}", found.path, found.code())).collect();
        assert!(errors.iter().any(|found| found.starts_with(fault)), "{fault}: {errors:?}");
        assert!(fixture.records.is_empty());
    }
}

#[test]
fn bad_key_of_the_ladder_still_refuses() {
    let many = |members: Value| {
        let lines = vec![json!({"city": 5, "name": "a", "countryCode2": "?"}); 150];
        let mut item = person(members);
        item["addresses"] = json!(lines);
        item
    };
    for (ladder, members, refused) in [
        (vec![Key::ExternalId], json!({"email": "x"}), false),
        (vec![Key::ExternalId, Key::Email], json!({"email": "x"}), true),
        (vec![Key::Email], json!({"email": 5}), true),
        (vec![Key::Phone], json!({"email": 5}), false),
        (vec![Key::Phone], json!({"mobile": 5}), true),
        (vec![Key::VatNumber], json!({"client": {"vatNumber": 5}, "isCustomer": true}), true),
        (vec![Key::Email], json!({"client": {"vatNumber": 5}, "isCustomer": true}), false),
    ] {
        for item in [person(members.clone()), many(members.clone())] {
            let mut fixture = lenient();
            let ladder = Ladder::new(ladder.clone());
            let read = Item::read(&item.to_string(), &fixture.context).matched_by(ladder.clone());
            assert_eq!(fixture.send_items(vec![read])[0].verdict == Verdict::Rejected, refused);

            let mut fixture = lenient();
            fixture.options = Options { ladder, ..Options::default() };
            let outcomes = fixture.send(json!([item]));
            assert_eq!(outcomes[0].verdict == Verdict::Rejected, refused, "{members}");
            let is_listed = outcomes[0].violations.iter().any(Violation::is_error);
            assert_eq!(is_listed, refused, "{members}");
        }
    }
}

#[test]
fn thousands_of_bad_values_are_forgiven() {
    let addresses =
        vec![json!({"name": "a", "city": 5, "countryCode2": "?", "line1": "\u{0}"}); 1_000];
    let item = person(json!({"addresses": addresses, "emial": 1}));
    let mut fixture = lenient();
    for verdict in ["created", "unchanged"] {
        let outcomes = fixture.send(json!([item]));
        assert_eq!(verdicts(&outcomes), [verdict]);
        let (rest, listed) = outcomes[0].violations.split_last().unwrap();
        assert_eq!((listed.len(), &*rest.value, rest.is_error()), (100, "2901", false));
    }
    let stored = fixture.document(1);
    let stored = stored["addresses"].as_array().unwrap();
    assert!(stored.iter().all(|address| address.as_object().unwrap().len() == 2), "{stored:?}");
}

#[test]
fn certain_meanings_are_taken_under_lenient() {
    let item = person(json!({"genderType": "male", "birthday": "0000-00-00", "email": "x"}));
    let mut fixture = lenient();
    let outcomes = fixture.send(json!([item]));
    assert_eq!(verdicts(&outcomes), ["created"]);
    let expected =
        ["birthday CONVERSION_ERROR", "genderType INVALID_TYPE", "email VALIDATION_ERROR"];
    assert_eq!(warnings(&outcomes[0]), expected);
    assert_eq!(fixture.document(1)["genderType"], "MALE");
}

#[test]
fn bad_values_do_not_stand_in_for_scope() {
    for staff in [json!(5), json!({"jobTitle": 5}), json!({"maritalDate": "soon"})] {
        let mut fixture = lenient();
        fixture.context.may_write_staff = false;
        let outcomes = fixture.send(json!([person(json!({"isStaff": true, "staff": staff}))]));
        assert_eq!(verdicts(&outcomes), ["rejected"], "{staff}");
    }
}
