//! Every rule, with an item that keeps it and one that breaks it.

mod cases;

use std::collections::HashSet;

use contacts_domain::upsert::{Endpoints, Handling, Verdict};
use contacts_domain::{Rule, Severity};
use serde_json::json;

use self::cases::{Case, cases, intercom, person, staff, with};
use crate::fixture::{Fixture, faults, verdicts};

#[test]
fn every_rule_refuses_only_its_bad_example() {
    for Case { rule, good, bad, path } in cases() {
        let table = Rule::ALL.iter().find(|known| known.name() == rule).expect(rule);
        let outcome = Fixture::default().send(json!([good])).remove(0);
        assert!(
            outcome.violations.iter().all(|found| found.rule.name() != rule),
            "{rule}: {good} should keep it: {:?}",
            faults(&outcome)
        );

        let mut fixture = Fixture::default();
        let outcome = fixture.send(json!([bad])).remove(0);
        let shown = bad.to_string().chars().take(200).collect::<String>();
        let found = outcome.violations.iter().find(|found| found.rule.name() == rule);
        let found = found.unwrap_or_else(|| panic!("{rule}: {shown}: {:?}", faults(&outcome)));
        assert_eq!(found.path.to_string(), path, "{rule}: {shown}");
        assert_eq!(found.severity, table.severity(), "{rule}");
        let refused = table.severity() == Severity::Error;
        assert_eq!(outcome.verdict == Verdict::Rejected, refused, "{rule}: {shown}");
        assert_eq!(fixture.records.is_empty(), refused, "{rule}: stored");
    }
}

/// Rules about stored contacts or other items, with the names of their tests.
const ELSEWHERE: [(&str, &str); 17] = [
    ("key replaced", "replaced_external_id_is_reported"),
    ("matchable", "own_ladder_with_unmatchable_key_refuses_its_item"),
    ("keys agree", "keys_of_two_contacts_are_a_unique_violation"),
    ("two contacts", "a_contact_is_not_merged_into_itself"),
    ("not there yet", "mode_create_refuses_stored_contacts"),
    ("unambiguous", "shared_mailbox_is_ambiguous_unless_request_chooses"),
    ("repeats", "repeats_are_refused_on_request"),
    ("current", "version_is_checked_only_for_changes"),
    ("planned", "contact_that_moved_is_left_alone"),
    ("stored contact is readable", "unreadable_document_refuses_only_its_item"),
    ("together", "atomic_batch_with_refused_item_stores_nothing"),
    ("in use", "address_in_use_cannot_be_removed"),
    ("scopes", "salary_data_needs_its_scope"),
    ("phone stays", "moved_address_that_changes_a_number_is_reported"),
    ("duplicate", "new_contact_with_known_email_is_reported"),
    ("lost race", "only_items_that_take_contested_keys_are_refused"),
    ("type stays", "a_contact_type_is_set_once"),
];

#[test]
fn every_rule_has_an_example() {
    let tested: Vec<&str> = cases().iter().map(|case| case.rule).collect();
    for rule in Rule::ALL.iter().map(|rule| rule.name()) {
        let elsewhere = ELSEWHERE.iter().any(|(name, _)| *name == rule);
        assert!(tested.contains(&rule) || elsewhere, "no example of {rule}");
    }
    let sources = concat!(
        include_str!("rules.rs"),
        include_str!("upsert.rs"),
        include_str!("upsert/applying.rs"),
        include_str!("upsert/matching.rs"),
        include_str!("merging.rs"),
        include_str!("phones.rs"),
        include_str!("planned.rs"),
        include_str!("races.rs"),
        include_str!("keys.rs"),
        include_str!("settings.rs")
    );
    for (rule, test) in ELSEWHERE {
        assert!(sources.contains(&format!("fn {test}()")), "{rule}: no test {test}");
    }
}

#[test]
fn salary_data_needs_its_scope() {
    let mut fixture = Fixture::default();
    fixture.context.may_write_staff = false;
    let outcomes = fixture.send(json!([
        with(staff(json!({"jobTitle": "baker"})), json!({"externalId": "A"})),
        staff(json!({})),
        person(json!({"isStaff": true})),
    ]));
    assert_eq!(faults(&outcomes[0]), ["staff ACTION_DENIED"]);
    assert_eq!(outcomes[0].verdict, Verdict::Rejected);
    assert_eq!(outcomes[1].verdict, Verdict::Created, "an empty block counts as absent");
    assert_eq!(outcomes[2].verdict, Verdict::Created);
}

#[test]
fn strict_refuses_warnings_except_suspected_duplicates() {
    let mut fixture = Fixture::default();
    fixture.context.handling = Handling::Strict;
    let outcomes = fixture.send(json!([
        person(json!({"phone": "string", "externalId": "A"})),
        person(json!({"email": "a@b.example", "externalId": "B"})),
        person(json!({"email": "a@b.example", "externalId": "C"})),
    ]));
    assert_eq!(verdicts(&outcomes), ["rejected", "created", "created"]);
    assert_eq!(faults(&outcomes[0]), ["phone VALIDATION_ERROR"]);
    assert_eq!(faults(&outcomes[2]), ["email DUPLICATION_ERROR"]);
}

#[test]
fn violations_come_in_the_order_of_rules() {
    let outcome = Fixture::default()
        .send(json!([{
            "webSite": "no site", "emial": 1, "email": "string", "birthday": "string",
            "addresses": [{"countryCode2": "string"}],
        }]))
        .remove(0);
    assert_eq!(
        faults(&outcome),
        [
            "contactType FIELD_REQUIRED",
            "birthday CONVERSION_ERROR",
            "email VALIDATION_ERROR",
            "externalId FIELD_REQUIRED",
            "addresses[0].countryCode2 VALIDATION_ERROR",
            "webSite VALIDATION_ERROR",
            "addresses[0].name FIELD_REQUIRED",
            "emial VALIDATION_ERROR",
        ]
    );
}

#[test]
fn endpoint_is_named_by_its_intercom_entry() {
    let mut fixture = Fixture::default();
    fixture.context.endpoints = Endpoints::Shown;
    let outcomes = fixture.send(json!([
        {"contactType": "ENDPOINT", "intercom": {"name": "Door", "type": "p2p", "number": "sip:1@a.example"}},
        {"contactType": "ENDPOINT", "externalId": "A"},
    ]));
    assert_eq!(verdicts(&outcomes), ["created", "created"]);
    assert_eq!(
        outcomes[0].contact.as_ref().unwrap().record().unwrap().projection.display_name,
        "Door"
    );
    assert_eq!(faults(&outcomes[1]), ["intercom FIELD_REQUIRED"]);
}

#[test]
fn bad_number_is_reported_beside_bad_type() {
    const WRONG_TYPE: &str = "intercom.type INVALID_TYPE";
    const NO_TYPE: &str = "intercom.type FIELD_REQUIRED";
    const WRONG_NUMBER: &str = "intercom.number VALIDATION_ERROR";
    for (kind, number, expected) in [
        (json!("door"), "0000-01-11-11", &[WRONG_TYPE, WRONG_NUMBER][..]),
        (json!("door"), "sip:100", &[WRONG_TYPE, WRONG_NUMBER]),
        (json!(null), "0000-01-11-11", &[NO_TYPE, WRONG_NUMBER]),
        (json!("door"), "0001-01-11-11", &[WRONG_TYPE]),
        (json!(null), "001-01-11-11-1", &[NO_TYPE]),
        (json!(null), "0001-01-11", &[NO_TYPE]),
    ] {
        let item =
            with(intercom(json!({"type": kind, "number": number})), json!({"externalId": "A"}));
        let outcome = Fixture::default().send(json!([item])).remove(0);
        assert_eq!(faults(&outcome), expected, "{kind} {number}");
    }
}

#[test]
fn anchors_of_rules_differ() {
    let anchors: HashSet<String> = Rule::ALL.iter().map(|rule| rule.anchor()).collect();
    assert_eq!(anchors.len(), Rule::ALL.len());
    assert!(anchors.iter().all(|anchor| !anchor.contains(|c: char| c.is_whitespace())));
    assert!(anchors.contains("qr-iban"));
}
