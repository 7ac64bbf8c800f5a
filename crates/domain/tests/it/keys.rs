//! Keys that an item misspells, leaves out, blanks or replaces.

use contacts_domain::path::Path;
use contacts_domain::upsert::{Handling, Key, Ladder, Mode, Options, Outcome};
use contacts_domain::{Fix, Severity};
use serde_json::{Value, json};

use crate::fixture::{Fixture, faults, verdicts};

const LINK_ID: &str = "91c615e3-1040-4815-8ecb-039a18b756b1";

fn person(members: Value) -> Value {
    let mut item = json!({"contactType": "PERSON", "lastName": "Rochat"});
    item.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    item
}

fn handled(handling: Handling) -> Fixture {
    let mut fixture = Fixture::default();
    fixture.context.handling = handling;
    fixture
}

/// The only violation of an outcome, a warning: its path, code and value.
fn warning(outcome: &Outcome) -> (String, String) {
    let [found] = outcome.violations.iter().as_slice() else { panic!("{:?}", faults(outcome)) };
    assert_eq!(found.severity, Severity::Warning);
    (format!("{} {}", found.path, found.code()), found.value.clone())
}

#[test]
fn member_that_is_nearly_a_key_is_refused() {
    for (name, key) in [
        ("ExternalId", "externalId"),
        ("external_id", "externalId"),
        ("EXTERNAL-ID", "externalId"),
        ("\u{feff}externalId", "externalId"),
        ("external\u{200b}Id", "externalId"),
        ("External ID ", "externalId"),
        ("Id", "id"),
        ("_id", "id"),
        ("contact_id", "contactId"),
        ("LinkID", "linkId"),
    ] {
        for handling in [Handling::Standard, Handling::Strict] {
            let mut fixture = handled(handling);
            let outcomes =
                fixture.send(json!([person(json!({name: "A", "email": "a@b.example"}))]));
            assert_eq!(verdicts(&outcomes), ["rejected"], "{name:?}");
            assert!(fixture.records.is_empty());
            let found = &outcomes[0].violations[0];
            assert_eq!(faults(&outcomes[0])[0], format!("{name} VALIDATION_ERROR"));
            let fix = Fix::Move { from: Path::of(name), path: Path::of(key) };
            assert_eq!((&*found.value, found.fix.as_ref()), ("A", Some(&fix)));
        }
    }
}

#[test]
fn right_key_beside_a_near_one_does_not_help() {
    let mut fixture = Fixture::default();
    fixture.send(json!([person(json!({"externalId": "A"}))]));
    let outcomes = fixture.send(json!([
        person(json!({"externalId": "A", "ExternalID": "B"})),
        {"id": 1, "link_id": LINK_ID, "title": "x"},
        {"id": 1, "client": {"Id": 5, "external_id": "x"}},
    ]));
    assert_eq!(verdicts(&outcomes), ["rejected", "rejected", "unchanged"]);
    assert_eq!(faults(&outcomes[0]), ["ExternalID VALIDATION_ERROR"]);
    assert_eq!(outcomes[0].violations[0].fix, None);
    assert_eq!(faults(&outcomes[1]), ["link_id VALIDATION_ERROR"]);
}

#[test]
fn near_key_is_listed_before_a_thousand_unknown_members() {
    let mut members: serde_json::Map<String, Value> =
        (0..900).map(|number| (format!("m{number}"), json!(1))).collect();
    members.insert("z external_id".to_owned(), json!("A"));
    members.insert("\u{feff}externalId".to_owned(), json!("A"));
    let outcomes = Fixture::default().send(json!([person(members.into())]));
    assert_eq!(faults(&outcomes[0])[0], "\u{feff}externalId VALIDATION_ERROR");
    assert!(outcomes[0].violations[0].is_error());
}

#[test]
fn item_without_a_key_is_reported() {
    for handling in [Handling::Standard, Handling::Strict] {
        let mut fixture = handled(handling);
        for members in [json!({}), json!({"externalId": " "}), json!({"linkId": null, "id": null})]
        {
            let outcomes = fixture.send(json!([person(members)]));
            assert_eq!(verdicts(&outcomes), ["created"]);
            let expected = ("externalId FIELD_REQUIRED".to_owned(), String::new());
            assert_eq!(warning(&outcomes[0]), expected);
        }
        for members in [json!({"externalId": "A"}), json!({"linkId": LINK_ID})] {
            assert_eq!(faults(&fixture.send(json!([person(members)]))[0]), [""; 0]);
        }
        let mail = |email: &str, id: &str| person(json!({"email": email, "externalId": id}));
        fixture.options.ladder = Ladder::new([Key::Email]);
        let outcomes = fixture.send(json!([mail("a@b.example", "B"), mail("", "C")]));
        assert_eq!(faults(&outcomes[0]), [""; 0]);
        assert_eq!(faults(&outcomes[1]), ["externalId FIELD_REQUIRED"], "off the ladder");
    }
    let mut fixture = Fixture::default();
    fixture.options = Options { mode: Mode::Create, ..Options::default() };
    let outcomes = fixture.send(json!([person(json!({}))]));
    assert_eq!(faults(&outcomes[0]), ["externalId FIELD_REQUIRED"]);
}

#[test]
fn replaced_external_id_is_reported() {
    for handling in [Handling::Standard, Handling::Strict] {
        let mut fixture = handled(handling);
        fixture.send(json!([person(json!({"externalId": "old", "linkId": LINK_ID}))]));
        for item in [
            json!({"id": 1, "externalId": "new"}),
            json!({"linkId": LINK_ID, "externalId": "newer"}),
        ] {
            let old = fixture.document(1)["externalId"].as_str().unwrap().to_owned();
            let outcomes = fixture.send(json!([item, item]));
            assert_eq!(verdicts(&outcomes), ["updated", "unchanged"]);
            let expected = ("externalId UNIQUE_VIOLATION".to_owned(), old.clone());
            assert_eq!(warning(&outcomes[0]), expected);
            assert!(outcomes[0].violations[0].message.contains(&old));
            assert_eq!(faults(&outcomes[1]), [""; 0]);
        }
        let outcomes = fixture.send(json!([
            {"id": 1, "externalId": null},
            {"id": 1, "externalId": "again"},
        ]));
        assert_eq!(verdicts(&outcomes), ["updated", "updated"]);
        assert_eq!(faults(&outcomes[0]), [""; 0], "given up");
        assert_eq!(faults(&outcomes[1]), [""; 0], "there was none");
    }
}

#[test]
fn blank_identity_key_keeps_the_stored_one() {
    let mut fixture = Fixture::default();
    fixture.send(json!([person(json!({"externalId": "A", "linkId": LINK_ID}))]));
    for blank in ["", " \t", "\u{feff}", "\u{200b}\u{a0}"] {
        let outcomes = fixture.send(json!([
            {"id": 1, "externalId": blank, "linkId": blank},
            {"externalId": "A", "linkId": blank},
            {"linkId": LINK_ID, "externalId": blank},
        ]));
        assert_eq!(verdicts(&outcomes), ["unchanged"; 3], "{blank:?}");
    }
    let document = fixture.document(1);
    assert_eq!((&document["externalId"], &document["linkId"]), (&json!("A"), &json!(LINK_ID)));
    assert_eq!(verdicts(&fixture.send(json!([{"id": 1, "externalId": null}]))), ["updated"]);
    assert_eq!(fixture.document(1).get("externalId"), None);
}
