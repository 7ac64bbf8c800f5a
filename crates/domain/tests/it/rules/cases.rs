//! The examples of each rule.

use serde_json::{Value, json};

/// A rule, an item that keeps it, an item that breaks it, and the path of the violation.
pub(super) struct Case {
    pub(super) rule: &'static str,
    pub(super) good: Value,
    pub(super) bad: Value,
    pub(super) path: &'static str,
}

fn case(rule: &'static str, good: Value, bad: Value, path: &'static str) -> Case {
    Case { rule, good, bad, path }
}

/// A person with these members.
pub(super) fn person(members: Value) -> Value {
    with(json!({"contactType": "PERSON", "lastName": "Rochat"}), members)
}

fn organization(members: Value) -> Value {
    with(json!({"contactType": "ORGANIZATION", "name": "Boulangerie"}), members)
}

/// A person with that staff block.
pub(super) fn staff(block: Value) -> Value {
    person(json!({"isStaff": true, "staff": block}))
}

pub(super) fn intercom(members: Value) -> Value {
    let entry = json!({"name": "Door", "type": "regular", "number": "0001-01-11-11"});
    person(json!({"intercom": with(entry, members)}))
}

fn bank(members: Value) -> Value {
    organization(json!({"banks": [with(json!({"name": "main"}), members)]}))
}

pub(super) fn with(mut item: Value, members: Value) -> Value {
    for (name, value) in members.as_object().unwrap() {
        item[name] = value.clone();
    }
    item
}

pub(super) fn cases() -> Vec<Case> {
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
