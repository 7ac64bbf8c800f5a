//! Reading items: every field with every wrong JSON type, generated from the document tree.

use crate::fixture::{Fixture, faults, verdicts};
use contacts_domain::contact::document::ContactDocument;
use contacts_domain::reading::read;
use contacts_domain::tree::{Kind, Shape, Shaped};
use serde_json::{Value, json};

/// Every place of the tree, as its printed path, its kind, and an item that has `value` there.
fn places(
    shape: &'static Shape,
    around: &dyn Fn(Value) -> Value,
    at: &str,
    found: &mut Vec<ContactKey>,
) {
    for member in shape.members {
        let path =
            if at.is_empty() { member.name.to_owned() } else { format!("{at}.{}", member.name) };
        let wrap = |value: Value| around(json!({member.name: value}));
        below(&member.kind, &wrap, &path, found);
    }
}

struct ContactKey {
    path: String,
    kind: Kind,
    item: Box<dyn Fn(&Value) -> Value>,
}

fn below(kind: &Kind, wrap: &dyn Fn(Value) -> Value, path: &str, found: &mut Vec<ContactKey>) {
    let template = wrap(json!("\u{1}HOLE"));
    let item = move |value: &Value| fill(&template, value);
    found.push(ContactKey { path: path.to_owned(), kind: *kind, item: Box::new(item) });
    match kind {
        Kind::Block(shape) | Kind::OpaqueObject(shape) => places(shape, wrap, path, found),
        Kind::List(element) => {
            below(element, &|value| wrap(json!([value])), &format!("{path}[0]"), found);
        }
        _ => {}
    }
}

fn fill(template: &Value, value: &Value) -> Value {
    match template {
        Value::String(text) if text == "\u{1}HOLE" => value.clone(),
        Value::Array(elements) => elements.iter().map(|element| fill(element, value)).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, member)| (name.clone(), fill(member, value))).collect()
        }
        other => other.clone(),
    }
}

fn all_places() -> Vec<ContactKey> {
    let mut found = Vec::new();
    places(ContactDocument::SHAPE, &|value| value, "", &mut found);
    found
}

fn samples() -> Vec<Value> {
    vec![
        json!(true),
        json!(42),
        json!(-1.5),
        json!(9_007_199_254_740_992_i64),
        json!("text"),
        json!([{}]),
        json!([]),
        json!({}),
    ]
}

fn accepts(kind: &Kind, value: &Value) -> bool {
    match kind {
        Kind::Flag => value.is_boolean(),
        Kind::SafeInteger | Kind::ElementId => value == &json!(42),
        Kind::ParentId | Kind::ReadOnly => true,
        Kind::Text(_) => value.is_string(),
        Kind::Amount(_) => value.is_string() || value.is_number(),
        Kind::Block(_) | Kind::OpaqueObject(_) | Kind::CustomFields => value.is_object(),
        Kind::List(element) => match value.as_array() {
            Some(elements) => elements.iter().all(|value| accepts(element, value)),
            None => false,
        },
    }
}

#[test]
fn every_field_with_a_wrong_json_type_is_a_conversion_error_at_its_place() {
    let places = all_places();
    assert!(places.len() > 280, "{} places", places.len());
    for place in &places {
        for value in samples() {
            let item = (place.item)(&value);
            let outcome = read(&item.to_string());
            if accepts(&place.kind, &value) {
                assert!(outcome.is_ok(), "{item}: {outcome:?}");
                continue;
            }
            let faults = outcome.expect_err(&item.to_string());
            let first = &faults[0];
            assert_eq!(first.code().as_str(), "CONVERSION_ERROR", "{item}");
            let inside = first.path.to_string();
            assert!(inside.starts_with(&place.path), "{item}: {inside}");
        }
    }
}

#[test]
fn null_is_read_everywhere_but_in_arrays() {
    for place in all_places() {
        let in_array = place.path.ends_with(']');
        let item = (place.item)(&Value::Null);
        assert_eq!(read(&item.to_string()).is_err(), in_array, "{item}");
    }
}

#[test]
fn all_wrong_fields_of_an_item_are_reported_and_nothing_further() {
    let outcome = Fixture::default()
        .send(json!([{
            "email": 1, "archived": "true", "defaultLanguage": "XX",
            "addresses": [{"city": 7}, {"position": "1"}],
            "client": {"creditLimit": true, "articleDiscounts": [{"id": "x"}]},
            "groupRoles": [{"name": 5, "more": [1]}], "customFields": {"a": {}},
        }]))
        .remove(0);
    let mut faults = faults(&outcome);
    faults.sort();
    assert_eq!(
        faults,
        [
            "addresses[0].city CONVERSION_ERROR",
            "addresses[1].position CONVERSION_ERROR",
            "archived CONVERSION_ERROR",
            "client.articleDiscounts[0].id CONVERSION_ERROR",
            "client.creditLimit CONVERSION_ERROR",
            "customFields.a CONVERSION_ERROR",
            "email CONVERSION_ERROR",
            "groupRoles[0].name CONVERSION_ERROR",
        ]
    );
}

#[test]
fn what_cannot_be_read_at_all_is_one_fault_at_the_root() {
    let deep = |levels: usize| {
        format!(
            r#"{{"contactType":"PERSON","workPermit":1,"x":{}{}}}"#,
            "[".repeat(levels),
            "]".repeat(levels)
        )
    };
    let received = |levels: usize| {
        format!(
            r#"{{"contactType":"PERSON","lastName":"x","groupRoles":[{{"x":{}1{}}}]}}"#,
            "[".repeat(levels),
            "]".repeat(levels)
        )
    };
    let items = [
        r#"{"lastName": "\ud800"}"#.to_owned(),
        r#"{"lastName": "\udc00x"}"#.to_owned(),
        deep(16),
        deep(100_000),
        received(14),
        "[]".to_owned(),
        "7".to_owned(),
    ];
    for item in &items {
        let outcome = Fixture::default().send_texts(std::slice::from_ref(item)).remove(0);
        let shown: String = item.chars().take(60).collect();
        assert_eq!(faults(&outcome), [" CONVERSION_ERROR"], "{shown}");
    }
    let outcome = Fixture::default().send_texts(&[received(13)]).remove(0);
    assert_eq!(verdicts(&[outcome]), ["created"], "16 deep is allowed");
}

#[test]
fn a_member_given_twice_counts_as_given_last() {
    let mut fixture = Fixture::default();
    let outcomes = fixture
        .send_texts(&[r#"{"contactType": "PERSON", "lastName": "first", "lastName": "last"}"#]);
    assert_eq!(verdicts(&outcomes), ["created"]);
    assert_eq!(fixture.document(1)["lastName"], "last");
}

#[test]
fn numbers_keep_every_digit_as_sent() {
    let mut fixture = Fixture::default();
    let item = r#"{"contactType":"ORGANIZATION","name":"x","isCustomer":true,"client":{"creditLimit":5000.10,"lateNoticeMargin":1E2,"clientDiscountRate":"02.50"},"customFields":{"pi":3.14159265358979323846264338327950288}}"#;
    let outcomes = fixture.send_texts(&[item]);
    assert_eq!(verdicts(&outcomes), ["created"]);
    let stored = &fixture.records[0].document;
    for digits in ["5000.10", "1E2", "\"02.50\"", "3.14159265358979323846264338327950288"] {
        assert!(stored.contains(digits), "{digits}: {stored}");
    }
    assert_eq!(verdicts(&fixture.send_texts(&[item])), ["created"], "no key: a new contact");
}

#[test]
fn numbers_keep_every_digit_also_beside_an_unknown_member() {
    let mut fixture = Fixture::default();
    let item = r#"{"contactType":"ORGANIZATION","name":"x","isCustomer":true,"client":{"creditLimit":-0,"lateNoticeMargin":1E3},"shoeSize":1,"customFields":{"$serde_json::private::Number":"12"}}"#;
    assert_eq!(verdicts(&fixture.send_texts(&[item])), ["created"]);
    let stored = &fixture.records[0].document;
    for text in [r#""creditLimit":-0"#, ":1E3", r#"{"$serde_json::private::Number":"12"}"#] {
        assert!(stored.contains(text), "{text}: {stored}");
    }
}

#[test]
fn what_does_not_count_has_to_be_readable_too() {
    for item in [
        r#"{"contactType":"PERSON","lastName":"x","createdAt":"\udc00"}"#,
        r#"{"contactType":"PERSON","lastName":"x","client":{"contactId":"\ud800"}}"#,
        &format!(r#"{{"lastName":"x","displayName":{}{}}}"#, "[".repeat(40), "]".repeat(40)),
    ] {
        let outcome = Fixture::default().send_texts(&[item]).remove(0);
        assert_eq!(faults(&outcome), [" CONVERSION_ERROR"], "{item}");
    }
}

#[test]
fn a_document_that_is_too_large_is_reported_beside_other_faults() {
    let fields: serde_json::Map<_, _> =
        (0..30).map(|n| (n.to_string(), json!("x".repeat(9_000)))).collect();
    let item =
        json!({"contactType": "PERSON", "lastName": "x", "email": "x", "customFields": fields});
    let outcome = Fixture::default().send(json!([item])).remove(0);
    assert_eq!(faults(&outcome), ["email VALIDATION_ERROR", " VALIDATION_ERROR"]);
}

#[test]
fn huge_and_broken_numbers_are_conversion_errors() {
    for (member, number) in [
        (r#""id""#, "9007199254740992"),
        (r#""id""#, "1.5"),
        (r#""id""#, "1e400"),
        (r#""id""#, r#""42""#),
        (r#""client": {"creditLimit": 1e400}, "x""#, "1"),
    ] {
        let item = format!(r#"{{"contactType":"ORGANIZATION","name":"x",{member}:{number}}}"#);
        let outcome = Fixture::default().send_texts(std::slice::from_ref(&item)).remove(0);
        assert_eq!(verdicts(std::slice::from_ref(&outcome)), ["rejected"], "{item}");
        assert_eq!(outcome.violations[0].code().as_str(), "CONVERSION_ERROR", "{item}");
    }
    for id in ["0", "-1", "9007199254740991"] {
        let item = format!(r#"{{"id":{id}}}"#);
        let outcome = Fixture::default().send_texts(&[item]).remove(0);
        assert_eq!(faults(&outcome), ["id CONTACT_NOT_FOUND"], "{id}");
    }
}

#[test]
fn an_unknown_member_is_reported_with_what_was_meant() {
    for (name, message) in [
        ("emial", "unknown member; did you mean email?"),
        ("external_id", "unknown member; did you mean externalId?"),
        ("EMAIL", "unknown member; did you mean email?"),
        ("shoeSize", "unknown member"),
    ] {
        let item = json!({"contactType": "PERSON", "lastName": "x", (name): 1});
        let read = read(&item.to_string()).expect(name);
        assert_eq!(read.unknown.len(), 1, "{name}");
        assert_eq!(read.unknown[0].message, message);
    }
    let read = read(
        r#"{"version": 3, "createdAt": [], "updatedAt": null, "displayName": {}, "ifVersion": 1}"#,
    );
    assert_eq!(read.expect("read-only members").unknown, []);
}
