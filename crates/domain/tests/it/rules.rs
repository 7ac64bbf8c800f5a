//! Every rule, with an item that keeps it and one that breaks it.

use std::collections::HashSet;

use crate::fixture::{Fixture, faults, verdicts};
use contacts_domain::upsert::{Endpoints, Handling, Verdict};
use contacts_domain::{Rule, Severity};
use serde_json::{Value, json};

/// A rule, an item that keeps it, an item that breaks it, and the path of the violation.
struct Case {
    rule: &'static str,
    good: Value,
    bad: Value,
    path: &'static str,
}

fn case(rule: &'static str, good: Value, bad: Value, path: &'static str) -> Case {
    Case { rule, good, bad, path }
}

/// A person with these members.
fn person(members: Value) -> Value {
    with(json!({"contactType": "PERSON", "lastName": "Rochat"}), members)
}

fn organization(members: Value) -> Value {
    with(json!({"contactType": "ORGANIZATION", "name": "Boulangerie"}), members)
}

/// A person with that staff block.
fn staff(block: Value) -> Value {
    person(json!({"isStaff": true, "staff": block}))
}

fn intercom(members: Value) -> Value {
    let entry = json!({"name": "Door", "type": "regular", "number": "0001-01-11-11"});
    person(json!({"intercom": with(entry, members)}))
}

fn bank(members: Value) -> Value {
    organization(json!({"banks": [with(json!({"name": "main"}), members)]}))
}

fn with(mut item: Value, members: Value) -> Value {
    for (name, value) in members.as_object().unwrap() {
        item[name] = value.clone();
    }
    item
}

fn cases() -> Vec<Case> {
    let long = |count: usize| "x".repeat(count);
    vec![
        case("content", person(json!({})), json!({}), ""),
        case("content", person(json!({})), json!(null), ""),
        case("readable", person(json!({})), json!([1]), ""),
        case("readable", person(json!({})), json!("text"), ""),
        case("readable", person(json!({})), json!(42), ""),
        case(
            "json types",
            person(json!({"email": "a@b.example"})),
            person(json!({"email": 1})),
            "email",
        ),
        case(
            "json types",
            person(json!({"archived": true})),
            person(json!({"archived": "true"})),
            "archived",
        ),
        case("found", person(json!({})), person(json!({"id": 99})), "id"),
        case(
            "same organization",
            person(json!({"organizationId": 1})),
            person(json!({"organizationId": 2})),
            "organizationId",
        ),
        case("type stays", person(json!({})), json!({"contactType": "ENDPOINT"}), "contactType"),
        case("contact type", person(json!({})), json!({"lastName": "Rochat"}), "contactType"),
        case("named", person(json!({})), json!({"contactType": "PERSON"}), "lastName"),
        case(
            "named",
            organization(json!({})),
            json!({"contactType": "ORGANIZATION", "name": " "}),
            "name",
        ),
        case(
            "date",
            person(json!({"birthday": "1987-11-30"})),
            person(json!({"birthday": "2026-02-30"})),
            "birthday",
        ),
        case(
            "date",
            person(json!({"birthday": "1987-11-30T10:00:00+02:00"})),
            person(json!({"birthday": "string"})),
            "birthday",
        ),
        case(
            "amount",
            organization(json!({"isCustomer": true, "client": {"creditLimit": "1.5"}})),
            organization(json!({"isCustomer": true, "client": {"creditLimit": "1,5"}})),
            "client.creditLimit",
        ),
        case(
            "closed list",
            person(json!({"defaultLanguage": "FR"})),
            person(json!({"defaultLanguage": "french"})),
            "defaultLanguage",
        ),
        case(
            "open list",
            person(json!({"defaultModule": "NEW_ONE"})),
            person(json!({"defaultModule": "new-one"})),
            "defaultModule",
        ),
        case(
            "e-mail",
            person(json!({"email": "a@b.example"})),
            person(json!({"email": "string"})),
            "email",
        ),
        case(
            "key name",
            person(json!({"externalId": "A"})),
            person(json!({"external_id": "A"})),
            "external_id",
        ),
        case("keyed", person(json!({"externalId": "A"})), person(json!({})), "externalId"),
        case(
            "invisible characters",
            person(json!({"firstName": "Zoé", "title": "a\nb\u{200b}"})),
            person(json!({"firstName": "Zo\u{200b}é"})),
            "firstName",
        ),
        case(
            "country code",
            person(json!({"addresses": [{"name": "home", "countryCode2": "XK"}]})),
            person(json!({"addresses": [{"name": "home", "countryCode2": "string"}]})),
            "addresses[0].countryCode2",
        ),
        case(
            "bank customer number",
            bank(json!({"bankCustomerNumber": "12"})),
            bank(json!({"bankCustomerNumber": "012"})),
            "banks[0].bankCustomerNumber",
        ),
        case(
            "range",
            organization(json!({"isCustomer": true, "client": {"clientDiscountRate": "100"}})),
            organization(json!({"isCustomer": true, "client": {"clientDiscountRate": "100.01"}})),
            "client.clientDiscountRate",
        ),
        case(
            "range",
            organization(json!({"isCustomer": true, "client": {"creditLimit": 0}})),
            organization(json!({"isCustomer": true, "client": {"creditLimit": -0.01}})),
            "client.creditLimit",
        ),
        case(
            "date order",
            staff(json!({"employmentStartDate": "2024-03-01", "employmentEndDate": "2024-03-01"})),
            staff(json!({"employmentStartDate": "2024-03-02", "employmentEndDate": "2024-03-01"})),
            "staff.employmentEndDate",
        ),
        case(
            "birth",
            person(json!({"birthday": "2026-09-21"})),
            person(json!({"birthday": "2026-09-22"})),
            "birthday",
        ),
        case(
            "no staff block",
            organization(json!({})),
            organization(json!({"isStaff": true, "staff": {"jobTitle": "x"}})),
            "staff",
        ),
        case(
            "roles agree",
            organization(json!({"isCustomer": true, "client": {"paymentTerms": "30"}})),
            organization(json!({"client": {"paymentTerms": "30"}})),
            "client",
        ),
        case(
            "own parts",
            organization(json!({})),
            organization(json!({"isCustomer": true, "client": {"invoiceAddressId": 77}})),
            "client.invoiceAddressId",
        ),
        case(
            "own ids",
            person(json!({"addresses": [{"name": "home"}]})),
            person(json!({"addresses": [{"id": 77, "name": "home"}]})),
            "addresses[0].id",
        ),
        case(
            "tags known",
            person(json!({"tags": [{"name": "team"}]})),
            person(json!({"tags": [{"id": 5}]})),
            "tags[0].id",
        ),
        case(
            "tags known",
            person(json!({"tags": [{"name": "team"}]})),
            person(json!({"tags": [{}]})),
            "tags[0].name",
        ),
        case(
            "relations exist",
            person(json!({"relatedContactIds": []})),
            person(json!({"relatedContactIds": [77]})),
            "relatedContactIds[0]",
        ),
        case(
            "limits",
            person(json!({"warnings": long(10_000)})),
            person(json!({"warnings": long(10_001)})),
            "warnings",
        ),
        case(
            "limits",
            person(json!({"externalId": long(255)})),
            person(json!({"externalId": long(256)})),
            "externalId",
        ),
        case(
            "limits",
            person(json!({"firstName": long(500)})),
            person(json!({"firstName": long(501)})),
            "firstName",
        ),
        case(
            "limits",
            person(json!({"tags": [{"name": "e\u{301}".repeat(500)}]})),
            person(json!({"tags": [{"name": "e\u{301}".repeat(501)}]})),
            "tags[0].name",
        ),
        case("limits", person(json!({"title": "a"})), person(json!({"title": "a\u{0}b"})), "title"),
        case(
            "limits",
            person(json!({"userGroups": vec![json!({}); 1000]})),
            person(json!({"userGroups": vec![json!({}); 1001]})),
            "userGroups",
        ),
        case(
            "limits",
            person(json!({"title": "a"})),
            person(
                json!({"customFields": (0..30).map(|n| (n.to_string(), json!("x".repeat(9_999)))).collect::<serde_json::Map<_, _>>()}),
            ),
            "",
        ),
        case(
            "link id",
            person(json!({"linkId": "91C615E3-1040-4815-8ecb-039a18b756b1"})),
            person(json!({"linkId": "{91c615e3-1040-4815-8ecb-039a18b756b1}"})),
            "linkId",
        ),
        case(
            "intercom fields",
            intercom(json!({})),
            intercom(json!({"number": null})),
            "intercom.number",
        ),
        case(
            "intercom name",
            intercom(json!({"name": "x".repeat(30)})),
            intercom(json!({"name": "x".repeat(31)})),
            "intercom.name",
        ),
        case(
            "intercom name",
            intercom(json!({"name": "e\u{301}".repeat(30)})),
            intercom(json!({"name": "Do\u{7}or"})),
            "intercom.name",
        ),
        case(
            "intercom number",
            intercom(json!({"number": "sip:100@sip.example.com"})),
            intercom(json!({"number": "0000-01-11-11"})),
            "intercom.number",
        ),
        case(
            "intercom flags",
            intercom(json!({"autoAnswer": true})),
            intercom(json!({"autoAnswer": true, "inBlackList": true})),
            "intercom.inBlackList",
        ),
        case(
            "ringtone",
            intercom(json!({"ringtone": "ring1.wav"})),
            intercom(json!({"ringtone": "../x"})),
            "intercom.ringtone",
        ),
        case(
            "phone",
            person(json!({"phone": "022 700 59 29"})),
            person(json!({"phone": "string"})),
            "phone",
        ),
        case(
            "phone",
            person(json!({"fax": "022 700 59 29"})),
            person(json!({"fax": "06 12 34 56 78", "addresses": [{"countryCode2": "FR"}]})),
            "fax",
        ),
        case(
            "web site",
            person(json!({"webSite": "www.example.ch"})),
            person(json!({"webSite": "no site"})),
            "webSite",
        ),
        case(
            "IBAN",
            bank(json!({"accountNumber": "CH9300762011623852957"})),
            bank(json!({"accountNumber": "CH9300762011623852958"})),
            "banks[0].accountNumber",
        ),
        case(
            "IBAN",
            bank(json!({"accountNumber": "string"})),
            bank(json!({"accountNumber": "CH93 0076 2011 6238 5295 8"})),
            "banks[0].accountNumber",
        ),
        case(
            "QR-IBAN",
            bank(json!({"qrIban": "CH4431999123000889012"})),
            bank(json!({"qrIban": "CH9300762011623852957"})),
            "banks[0].qrIban",
        ),
        case(
            "BIC",
            bank(json!({"swiftBic": "BCGECHGGXXX"})),
            bank(json!({"swiftBic": "string"})),
            "banks[0].swiftBic",
        ),
        case(
            "VAT number",
            organization(
                json!({"isCustomer": true, "client": {"vatNumber": "CHE-116.281.710 TVA"}}),
            ),
            organization(
                json!({"isCustomer": true, "client": {"vatNumber": "CHE-116.281.711 TVA"}}),
            ),
            "client.vatNumber",
        ),
        case(
            "AVS number",
            staff(json!({"avsNumber": "756.9217.0769.85"})),
            staff(json!({"avsNumber": "756.9217.0769.84"})),
            "staff.avsNumber",
        ),
        case(
            "ISR customer number",
            bank(json!({"isrCustomerNumber": "01-162-8"})),
            bank(json!({"isrCustomerNumber": "01-162-7"})),
            "banks[0].isrCustomerNumber",
        ),
        case(
            "parts named",
            person(json!({"addresses": [{"name": "home"}]})),
            person(json!({"addresses": [{"city": "Bern"}]})),
            "addresses[0].name",
        ),
        case(
            "expiry",
            staff(json!({"employmentStartDate": "2024-03-01", "permitExpiryDate": "2024-03-01"})),
            staff(json!({"employmentStartDate": "2024-03-01", "permitExpiryDate": "2024-02-29"})),
            "staff.permitExpiryDate",
        ),
        case("unknown member", person(json!({})), person(json!({"emial": "a@b.example"})), "emial"),
    ]
}

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
