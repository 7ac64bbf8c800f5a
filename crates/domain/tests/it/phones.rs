//! Phone numbers without their country: those of the contact's region (upsert-rules §3.7).

use contacts_domain::merging::Merge;
use contacts_domain::upsert::{Handling, Key, Ladder, Verdict};
use contacts_domain::value::CountryCode;
use contacts_domain::{Fix, Rule, Violation};
use serde_json::{Value, json};

use crate::fixture::{Fixture, faults, verdicts};

const FRENCH: &str = "+33612345678";
const SWISS: &str = "+41612345678";

/// A person with that mobile number and addresses in these countries.
fn person(mobile: &str, countries: &[&str]) -> Value {
    let address = |(index, country)| json!({"name": format!("{index}"), "countryCode2": country});
    let addresses: Vec<Value> = countries.iter().enumerate().map(address).collect();
    json!({"contactType": "PERSON", "lastName": "Rochat", "externalId": "A", "mobile": mobile,
        "addresses": addresses})
}

fn key(fixture: &Fixture) -> Option<&str> {
    fixture.records.last().unwrap().projection.mobile.as_deref()
}

fn of_phones(violations: &[Violation]) -> Vec<(Rule, String, String, Option<Fix>)> {
    let is_phone = |found: &&Violation| matches!(found.rule, Rule::Phone | Rule::PhoneStays);
    let parts = |found: &Violation| {
        (found.rule, found.path.to_string(), found.message.clone(), found.fix.clone())
    };
    violations.iter().filter(is_phone).map(parts).collect()
}

#[test]
fn number_belongs_to_where_the_contact_lives() {
    for (mobile, countries, expected, warned) in [
        ("06 12 34 56 78", &["FR"][..], Some(FRENCH), true),
        ("06 12 34 56 78", &["FR", "FR"], Some(FRENCH), true),
        ("06 12 34 56 78", &["", "FR"], Some(FRENCH), true),
        ("06 12 34 56 78", &["FR", "DE"], Some(SWISS), false),
        ("06 12 34 56 78", &["CH"], Some(SWISS), false),
        ("06 12 34 56 78", &[""], Some(SWISS), false),
        ("06 12 34 56 78", &[], Some(SWISS), false),
        ("079 123 45 67", &["US"], Some("+41791234567"), false),
        ("079 123 45 67", &["AQ"], Some("+41791234567"), false),
        ("0221 123456", &["DE"], Some("+49221123456"), true),
        ("+33 6 12 34 56 78", &["CH"], Some(FRENCH), false),
        ("12", &["FR"], None, true),
    ] {
        let mut fixture = Fixture::default();
        let outcomes = fixture.send(json!([person(mobile, countries)]));
        assert_eq!(outcomes[0].verdict, Verdict::Created);
        assert_eq!(key(&fixture), expected, "{mobile} in {countries:?}");
        let warning: &[&str] = if warned { &["mobile VALIDATION_ERROR"] } else { &[] };
        assert_eq!(faults(&outcomes[0]), warning, "{mobile} in {countries:?}");
    }
}

#[test]
fn number_of_two_regions_names_both() {
    let mut fixture = Fixture::default();
    let mut item = person("06 12 34 56 78", &["FR"]);
    item["fax"] = json!("06 12 34 56 79");
    let both = |path: &str, here: &str, there: &str| {
        let message = format!(
            "is {here} in the country of its addresses and {there} in that of the organization, and \
             is read as the first; write it with its country"
        );
        (Rule::Phone, path.to_owned(), message, None)
    };
    let expected = [both("mobile", FRENCH, SWISS), both("fax", "+33612345679", "+41612345679")];
    for verdict in [Verdict::Created, Verdict::Unchanged] {
        let outcome = fixture.send(json!([item])).remove(0);
        assert_eq!((outcome.verdict, of_phones(&outcome.violations)), (verdict, expected.to_vec()));
    }

    let mut strict = Fixture::default();
    strict.context.handling = Handling::Strict;
    assert_eq!(verdicts(&strict.send(json!([item]))), ["rejected"]);
    fixture.context.handling = Handling::Strict;
    assert_eq!(verdicts(&fixture.send(json!([item]))), ["unchanged"], "it is stored already");
}

#[test]
fn moved_address_that_changes_a_number_is_reported() {
    let moved = |was: &str, is: &str| {
        let message = format!("was {was}, and is {is} by the country of the addresses");
        let path =
            Violation::new(Rule::Phone, contacts_domain::path::Path::of("mobile"), "", "").path;
        let fix = Fix::Add { path, value: was.to_owned() };
        (Rule::PhoneStays, "mobile".to_owned(), message, Some(fix))
    };
    let to = |countries| {
        let addresses = person("", countries)["addresses"].take();
        json!([{"externalId": "A", "addresses": addresses}])
    };
    let lost = "was +33612345678, and is no number by the country of the addresses";
    for (from, countries, now, expected) in [
        (&["FR"][..], &["CH"][..], Some(SWISS), Some(moved(FRENCH, SWISS))),
        (&["FR"], &["FR", "DE"], Some(SWISS), Some(moved(FRENCH, SWISS))),
        (&["FR"], &[], Some(SWISS), Some(moved(FRENCH, SWISS))),
        (&["CH"], &["FR"], Some(FRENCH), Some(moved(SWISS, FRENCH))),
        (&["CH"], &["DE", "CH"], Some(SWISS), None),
        (&["FR"], &["FR", "FR"], Some(FRENCH), None),
    ] {
        let mut fixture = Fixture::default();
        fixture.send(json!([person("06 12 34 56 78", from)]));
        let outcome = fixture.send(to(countries)).remove(0);
        assert_eq!(outcome.verdict, Verdict::Updated);
        assert_eq!(key(&fixture), now, "{from:?} to {countries:?}");
        let mut found = of_phones(&outcome.violations);
        found.retain(|(rule, ..)| *rule == Rule::PhoneStays);
        assert_eq!(found, Vec::from_iter(expected), "{from:?} to {countries:?}");
        assert_eq!(verdicts(&fixture.send(to(countries))), ["unchanged"]);
    }

    let mut fixture = Fixture::default();
    fixture.context.settings.region = CountryCode::parse("US").unwrap();
    fixture.send(json!([person("06 12 34 56 78", &["FR"])]));
    let outcome = fixture.send(to(&[])).remove(0);
    assert_eq!((key(&fixture), of_phones(&outcome.violations)[1].2.as_str()), (None, lost));

    let mut strict = Fixture::default();
    strict.send(json!([person("06 12 34 56 78", &["FR"])]));
    strict.context.handling = Handling::Strict;
    assert_eq!(verdicts(&strict.send(to(&[]))), ["rejected"]);
}

#[test]
fn sent_number_follows_its_address_without_report() {
    let mut fixture = Fixture::default();
    fixture.send(json!([person("06 12 34 56 78", &["FR"])]));
    let outcome = fixture.send(json!([person("06 12 34 56 78", &["CH"])])).remove(0);
    assert_eq!((key(&fixture), of_phones(&outcome.violations)), (Some(SWISS), Vec::new()));
}

#[test]
fn stored_number_is_read_where_the_merged_contact_lives() {
    let mut fixture = Fixture::default();
    fixture.send(json!([person("079 123 45 67", &["FR"])]));
    fixture.send(json!([{"externalId": "A", "mobile": "06 12 34 56 78"}]));
    assert_eq!(key(&fixture), Some(FRENCH));
}

#[test]
fn own_addresses_decide_which_number_matches() {
    let mut fixture = Fixture::default();
    fixture.options.ladder = Ladder::new([Key::Phone]);
    let item = |countries| {
        let mut item = person("06 12 34 56 78", countries);
        item.as_object_mut().unwrap().remove("externalId");
        item
    };
    let mut without = item(&[]);
    without.as_object_mut().unwrap().remove("addresses");
    for (item, expected) in [
        (item(&["FR"]), "created"),
        (item(&["FR"]), "unchanged"),
        (without.clone(), "created"),
        (without, "unchanged"),
        (json!({"phone": FRENCH}), "updated"),
    ] {
        assert_eq!(verdicts(&fixture.send(json!([item]))), [expected], "{item}");
    }
    let keys: Vec<_> = fixture.records.iter().map(|found| &found.projection.mobile).collect();
    assert_eq!(keys, [&Some(FRENCH.to_owned()), &Some(SWISS.to_owned())]);
}

#[test]
fn merged_contact_keeps_the_numbers_of_both() {
    let mut fixture = Fixture::default();
    let mut target = person("06 12 34 56 78", &["FR"]);
    target["externalId"] = json!("B");
    let mut source = person("079 123 45 67", &["CH"]);
    source["phone"] = json!("061 234 56 78");
    fixture.send(json!([source, target]));
    let merge = Merge::new(fixture.context.clone(), 3, 1).unwrap();
    fixture.run(&merge).unwrap();
    let document = fixture.document(3);
    assert_eq!(document["mobile"], FRENCH, "otherwise it would be Swiss");
    assert_eq!(document["phone"], "061 234 56 78");
    assert_eq!(key(&fixture), Some(FRENCH));
}
