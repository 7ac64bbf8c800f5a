//! Texts that are not written as their rule asks for, and have one certain meaning.

use contacts_domain::contact::IntercomEntry;
use contacts_domain::upsert::{Arrays, Endpoints, Handling, Options, Outcome};
use contacts_domain::{Fix, Severity};
use serde_json::{Value, json};

use crate::fixture::{Fixture, faults, verdicts};

const KEY: &str = "A-1";

fn person(members: Value) -> Value {
    let mut item = json!({
        "contactType": "PERSON", "externalId": KEY, "lastName": "Rochat", "isStaff": true,
    });
    item.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    item
}

/// The warnings, each as `path CODE`, with what its fix says.
fn fixes(outcome: &Outcome) -> Vec<(String, Option<String>)> {
    let fixes = outcome.violations.iter().map(|found| {
        assert_eq!(found.severity, Severity::Warning, "{found}");
        match &found.fix {
            Some(Fix::Replace { path, value }) if *path == found.path => {
                (format!("{path} {}", found.code()), value.clone())
            }
            other => panic!("{found}: {other:?}"),
        }
    });
    fixes.collect()
}

/// Sends an item twice, and returns the contact. Both times there is that warning.
fn sent_twice(item: &Value, at: &str, fix: Option<&str>) -> Value {
    let mut fixture = Fixture::default();
    for verdict in ["created", "unchanged"] {
        let outcomes = fixture.send(json!([item]));
        assert_eq!(verdicts(&outcomes), [verdict], "{item}: {:?}", faults(&outcomes[0]));
        assert_eq!(fixes(&outcomes[0]), [(at.to_owned(), fix.map(str::to_owned))], "{item}");
    }
    let mut strict = Fixture::default();
    strict.context.handling = Handling::Strict;
    let outcomes = strict.send(json!([item]));
    assert_eq!(verdicts(&outcomes), ["rejected"], "{item}");
    assert_eq!(faults(&outcomes[0]), [at], "{item}");
    assert!(strict.records.is_empty());
    fixture.document(1)
}

#[test]
fn enumeration_value_is_stored_as_meant() {
    let payslip = |members: Value| json!({"staff": {"staffPayslips": [members]}});
    for (members, path, meant) in [
        (json!({"genderType": "male"}), "/genderType", "MALE"),
        (json!({"defaultLanguage": " fr\n"}), "/defaultLanguage", "FR"),
        (json!({"defaultLanguage": "\u{feff}De\u{200b}"}), "/defaultLanguage", "DE"),
        (json!({"defaultModule": "contacts"}), "/defaultModule", "CONTACTS"),
        (json!({"staff": {"contractType": "permanent"}}), "/staff/contractType", "PERMANENT"),
        (
            json!({"staff": {"familyMembers": [{"familyMemberType": "Child "}]}}),
            "/staff/familyMembers/0/familyMemberType",
            "CHILD",
        ),
        (
            payslip(json!({"salaryInfo": {"salaryType": "monthly"}})),
            "/staff/staffPayslips/0/salaryInfo/salaryType",
            "MONTHLY",
        ),
        (json!({"groupRoles": [{}, {"roleType": "global"}]}), "/groupRoles/1/roleType", "GLOBAL"),
        (
            json!({"permissionsTree": [{"roles": [{"type": "super_role"}]}]}),
            "/permissionsTree/0/roles/0/type",
            "SUPER_ROLE",
        ),
        (
            json!({"intercom": {"name": "Door", "type": "P2P", "number": "sip:1@a.example"}}),
            "/intercom/type",
            "p2p",
        ),
    ] {
        let at = path.trim_start_matches('/').replace('/', ".");
        let at = at.replace(".0", "[0]").replace(".1", "[1]");
        let document = sent_twice(&person(members), &format!("{at} INVALID_TYPE"), Some(meant));
        assert_eq!(document.pointer(path), Some(&json!(meant)), "{document}");
    }
}

#[test]
fn contact_type_in_lower_case_decides_the_kind() {
    let document = sent_twice(
        &person(json!({"contactType": " person"})),
        "contactType INVALID_TYPE",
        Some("PERSON"),
    );
    assert_eq!(document["contactType"], "PERSON");

    let mut fixture = Fixture::default();
    fixture.send(json!([person(json!({}))]));
    let outcomes = fixture.send(json!([
        {"externalId": KEY, "contactType": "organization"},
        {"externalId": KEY, "contactType": "person", "title": "Dr"},
        {"contactType": "endpoint"},
    ]));
    assert_eq!(verdicts(&outcomes), ["rejected", "updated", "rejected"]);
    assert_eq!(faults(&outcomes[0]), ["contactType INVALID_TYPE"]);
    assert_eq!(faults(&outcomes[2]), ["contactType INVALID_TYPE"]);
}

#[test]
fn country_is_stored_as_meant() {
    for (sent, meant) in
        [("gb", "GB"), (" CH ", "CH"), ("UK", "GB"), ("uk", "GB"), ("El", "GR"), ("xk\t", "XK")]
    {
        let item = person(json!({"addresses": [{"name": "home", "countryCode2": sent}]}));
        let at = "addresses[0].countryCode2 VALIDATION_ERROR";
        let document = sent_twice(&item, at, Some(meant));
        assert_eq!(document["addresses"][0]["countryCode2"], meant);

        let item = person(json!({
            "banks": [{"name": "main", "accountHolderAddress": {"countryCode2": sent}}],
        }));
        let at = "banks[0].accountHolderAddress.countryCode2 VALIDATION_ERROR";
        let document = sent_twice(&item, at, Some(meant));
        assert_eq!(document["banks"][0]["accountHolderAddress"]["countryCode2"], meant);
    }
}

#[test]
fn date_is_stored_as_sent_and_compared_as_meant() {
    for sent in ["19930102", " 1993-01-02", "1993-01-02T10:15:00", "1993-01-02 00:00:00 +0000"] {
        let at = "birthday CONVERSION_ERROR";
        let document = sent_twice(&person(json!({"birthday": sent})), at, Some("1993-01-02"));
        assert_eq!(document["birthday"], sent);
    }
    for (start, end, refused) in [
        ("20240301", "2024-03-01", false),
        ("2024-03-02T00:00:00+0000", "2024-03-01", true),
        ("20240301", " 2024-02-29 ", true),
    ] {
        let mut fixture = Fixture::default();
        let staff = json!({"employmentStartDate": start, "employmentEndDate": end});
        let outcomes = fixture.send(json!([person(json!({"staff": staff}))]));
        let found =
            faults(&outcomes[0]).contains(&"staff.employmentEndDate VALIDATION_ERROR".into());
        assert_eq!((verdicts(&outcomes)[0] == "rejected", found), (refused, refused), "{start}");
    }
    let outcomes = Fixture::default().send(json!([person(json!({"birthday": "20260922"}))]));
    assert_eq!(faults(&outcomes[0]), ["birthday CONVERSION_ERROR", "birthday VALIDATION_ERROR"]);
}

#[test]
fn zero_date_clears_the_date() {
    for sent in ["0000-00-00", "0000-00-00 00:00:00", " 00000000"] {
        let at = "birthday CONVERSION_ERROR";
        let document = sent_twice(&person(json!({"birthday": sent})), at, None);
        assert_eq!(document.get("birthday"), None);

        let mut fixture = Fixture::default();
        fixture.send(json!([person(json!({"birthday": "1993-01-02"}))]));
        let outcomes = fixture.send(json!([{"externalId": KEY, "birthday": sent}]));
        assert_eq!(verdicts(&outcomes), ["updated"]);
        assert_eq!(fixture.document(1).get("birthday"), None);

        let relative = json!({"firstName": "Zoé", "birthDate": sent});
        let item = person(json!({"staff": {"familyMembers": [relative]}}));
        let at = "staff.familyMembers[0].birthDate CONVERSION_ERROR";
        let document = sent_twice(&item, at, None);
        assert_eq!(document["staff"]["familyMembers"][0].get("birthDate"), None);
    }
}

#[test]
fn bic_is_stored_as_sent() {
    for sent in ["bcgechggxxx", " BCGECHGGXXX", "BCGE CH GG XXX"] {
        let item = person(json!({"banks": [{"name": "main", "swiftBic": sent}]}));
        let at = "banks[0].swiftBic VALIDATION_ERROR";
        let document = sent_twice(&item, at, Some("BCGECHGGXXX"));
        assert_eq!(document["banks"][0]["swiftBic"], sent);
    }
}

#[test]
fn element_is_found_by_what_it_means() {
    for arrays in [Arrays::Replace, Arrays::Append] {
        let mut fixture = Fixture::default();
        fixture.options = Options { arrays, ..Options::default() };
        let addresses = |country: &str| {
            let lines = (0..12).map(
                |line| json!({"name": "a", "line1": line.to_string(), "countryCode2": country}),
            );
            json!([person(json!({"addresses": lines.collect::<Vec<_>>()}))])
        };
        assert_eq!(verdicts(&fixture.send(addresses("GB"))), ["created"]);
        for country in ["uk", "GB", " gb"] {
            assert_eq!(verdicts(&fixture.send(addresses(country))), ["unchanged"], "{country}");
        }
    }
}

#[test]
fn every_correction_is_made_however_many_warnings() {
    let addresses = vec![json!({"countryCode2": "ch"}); 1_000];
    let banks = vec![json!({"swiftBic": "x"}); 200];
    let item = person(json!({"birthday": "20200101", "addresses": addresses, "banks": banks}));
    let mut fixture = Fixture::default();
    for verdict in ["created", "unchanged"] {
        let outcomes = fixture.send(json!([item]));
        assert_eq!(verdicts(&outcomes), [verdict]);
        // A date, a thousand countries, and of each address and bank the name, and of these the BIC.
        let (last, listed) = outcomes[0].violations.split_last().unwrap();
        assert_eq!((listed.len(), &*last.value), (100, "2301"));
    }
    let document = fixture.document(1);
    let addresses = document["addresses"].as_array().unwrap();
    assert!(addresses.iter().all(|address| address["countryCode2"] == "CH"));
}

#[test]
fn invisible_characters_are_reported_and_kept() {
    let banks = |members: Value| json!({"banks": [{"name": "main"}, members]});
    for (members, path, fix) in [
        (json!({"firstName": "An\u{200b}na"}), "/firstName", "Anna"),
        (json!({"firstName": "Anna\u{feff}"}), "/firstName", "Anna"),
        (json!({"firstName": "Anna\tMaria"}), "/firstName", "AnnaMaria"),
        (json!({"externalId": "A\u{ad}-1"}), "/externalId", "A-1"),
        (json!({"email": "an\u{200b}na@example.ch"}), "/email", "anna@example.ch"),
        (json!({"phone": "\u{202d}+41 22 700 59 29\u{202c}"}), "/phone", "+41 22 700 59 29"),
        (json!({"webSite": "www.exam\u{200b}ple.ch"}), "/webSite", "www.example.ch"),
        (json!({"tags": [{"name": "te\u{2060}am"}]}), "/tags/0/name", "team"),
        (json!({"addresses": [{"name": "ho\u{200b}me"}]}), "/addresses/0/name", "home"),
        (
            banks(json!({"name": "a", "accountNumber": "CH9300762011\u{200b}623852957"})),
            "/banks/1/accountNumber",
            "CH9300762011623852957",
        ),
        (
            banks(json!({"name": "a", "bankCustomerNumber": "12\u{200b}3"})),
            "/banks/1/bankCustomerNumber",
            "123",
        ),
        (
            json!({"staff": {"avsNumber": "756.9217.0769.85\u{200b}"}}),
            "/staff/avsNumber",
            "756.9217.0769.85",
        ),
        (
            json!({"intercom": {"name": "Do\u{200b}or", "type": "p2p", "number": "sip:1@a.example"}}),
            "/intercom/name",
            "Door",
        ),
    ] {
        let at = path.trim_start_matches('/').replace('/', ".");
        let at = at.replace(".0", "[0]").replace(".1", "[1]");
        let at = format!("{at} VALIDATION_ERROR");
        let document = sent_twice(&person(members.clone()), &at, Some(fix));
        assert_eq!(document.pointer(path), members.pointer(path), "{at}");
    }
}

#[test]
fn keys_are_trimmed_without_report() {
    let mut fixture = Fixture::default();
    let item = |ends: &str| {
        json!([{
            "contactType": "PERSON", "lastName": "Rochat",
            "externalId": format!("{ends}A-1{ends}"),
            "email": format!("{ends}anna@example.ch"),
            "mobile": format!("+41 79 700 59 29{ends}"),
            "linkId": format!("{ends}91c615e3-1040-4815-8ecb-039a18b756b1{ends}"),
            "isCustomer": true, "client": {"vatNumber": format!("CHE-116.281.710{ends}")},
        }])
    };
    for (ends, verdict) in [
        ("\u{feff}", "created"),
        ("\u{200b}", "unchanged"),
        ("\u{2060}\u{a0}", "unchanged"),
        ("", "unchanged"),
    ] {
        let outcomes = fixture.send(item(ends));
        assert_eq!(
            (verdicts(&outcomes), faults(&outcomes[0])),
            (vec![verdict], vec![]),
            "{ends:?}"
        );
    }
    let document = fixture.document(1);
    assert_eq!(
        (&document["externalId"], &document["email"]),
        (&json!("A-1"), &json!("anna@example.ch"))
    );
    assert_eq!(document["client"]["vatNumber"], "CHE-116.281.710");
}

#[test]
fn name_that_shows_nothing_is_missing() {
    for blank in ["\u{200b}", " \u{feff}\u{2060}", "\u{200e}"] {
        let entry = json!({"name": blank, "type": "p2p", "number": "sip:1@a.example"});
        let item = person(json!({"lastName": blank, "intercom": entry}));
        let outcomes = Fixture::default().send(json!([item]));
        assert_eq!(verdicts(&outcomes), ["rejected"]);
        let expected = [
            "lastName FIELD_REQUIRED",
            "lastName VALIDATION_ERROR",
            "intercom.name FIELD_REQUIRED",
        ];
        assert_eq!(faults(&outcomes[0]), expected, "{blank:?}");
    }
}

#[test]
fn stored_name_that_shows_nothing_is_no_fault() {
    let link_id = "91c615e3-1040-4815-8ecb-039a18b756b1";
    let entry = |name: &str, number: &str| json!({"linkId": link_id, "intercom": {"name": name, "type": "p2p", "number": number}});
    for name in ["\u{200b}", "Do\tor"] {
        let mut fixture = Fixture::default();
        fixture.context.endpoints = Endpoints::Shown;
        let sent = fixture.entry(entry("Door", "sip:1@a.example"));
        fixture.send_items(vec![sent]);
        let mut document = fixture.document(1);
        document["intercom"]["name"] = json!(name);
        fixture.records[0].document = document.to_string();
        let stored = fixture.entries.get_mut(&1).unwrap();
        stored.name = name.to_owned();
        stored.sort_key = IntercomEntry::sort_key(name);
        for (number, verdict) in [("sip:1@a.example", "unchanged"), ("sip:2@a.example", "updated")]
        {
            let sent = fixture.entry(entry(name, number));
            let outcomes = fixture.send_items(vec![sent]);
            assert_eq!(verdicts(&outcomes), [verdict], "{:?}", faults(&outcomes[0]));
        }
        assert_eq!(fixture.document(1)["intercom"]["name"], name);
    }
}
