//! Reading: every field with every wrong JSON type, generated from the document tree.

use crate::fixture::{Fixture, faults, verdicts};
use contacts_domain::contact::document::ContactDocument;
use contacts_domain::reading::read;
use contacts_domain::tree::{Kind, Shape, Shaped};
use contacts_domain::upsert::Handling;
use serde_json::{Value, json};

/// Adds all fields of a shape.
fn fields_of(
    shape: &'static Shape,
    around: &dyn Fn(Value) -> Value,
    at: &str,
    found: &mut Vec<Field>,
) {
    for member in shape.members {
        let path =
            if at.is_empty() { member.name.to_owned() } else { format!("{at}.{}", member.name) };
        let wrap = |value: Value| around(json!({member.name: value}));
        field(&member.kind, &wrap, &path, found);
    }
}

struct Field {
    path: String,
    kind: Kind,
    /// An item with the value in this field.
    item: Box<dyn Fn(&Value) -> Value>,
}

fn field(kind: &Kind, wrap: &dyn Fn(Value) -> Value, path: &str, found: &mut Vec<Field>) {
    let template = wrap(json!("\u{1}HOLE"));
    let item = move |value: &Value| fill(&template, value);
    found.push(Field { path: path.to_owned(), kind: *kind, item: Box::new(item) });
    match kind {
        Kind::Block(shape) | Kind::OpaqueObject(shape) => fields_of(shape, wrap, path, found),
        Kind::List(element) => {
            field(element, &|value| wrap(json!([value])), &format!("{path}[0]"), found);
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

fn all_fields() -> Vec<Field> {
    let mut found = Vec::new();
    fields_of(ContactDocument::SHAPE, &|value| value, "", &mut found);
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
fn wrong_json_type_is_reported_at_its_field() {
    let fields = all_fields();
    assert!(fields.len() > 280, "{} fields", fields.len());
    for field in &fields {
        for value in samples() {
            let item = (field.item)(&value);
            let outcome = read(&item.to_string(), Handling::Standard);
            if accepts(&field.kind, &value) {
                assert!(outcome.is_ok(), "{item}: {outcome:?}");
                continue;
            }
            let faults = outcome.expect_err(&item.to_string());
            let first = &faults[0];
            assert_eq!(first.code().as_str(), "CONVERSION_ERROR", "{item}");
            let inside = first.path.to_string();
            assert!(inside.starts_with(&field.path), "{item}: {inside}");
        }
    }
}

#[test]
fn null_is_read_except_in_arrays() {
    for field in all_fields() {
        let in_array = field.path.ends_with(']');
        let item = (field.item)(&Value::Null);
        assert_eq!(read(&item.to_string(), Handling::Standard).is_err(), in_array, "{item}");
    }
}

#[test]
fn wrong_json_types_are_reported_together_and_alone() {
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
fn unreadable_item_has_one_fault_at_the_root() {
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
fn last_of_two_equal_members_counts() {
    let mut fixture = Fixture::default();
    let outcomes = fixture
        .send_texts(&[r#"{"contactType": "PERSON", "lastName": "first", "lastName": "last"}"#]);
    assert_eq!(verdicts(&outcomes), ["created"]);
    assert_eq!(fixture.document(1)["lastName"], "last");
}

#[test]
fn numbers_keep_every_digit() {
    let mut fixture = Fixture::default();
    let item = r#"{"contactType":"ORGANIZATION","name":"x","isCustomer":true,"client":{"creditLimit":5000.10,"lateNoticeMargin":1E2,"clientDiscountRate":"02.50"},"customFields":{"pi":3.141592653589793238462643383}}"#;
    let outcomes = fixture.send_texts(&[item]);
    assert_eq!(verdicts(&outcomes), ["created"]);
    let stored = &fixture.records[0].document;
    for digits in ["5000.10", "1E2", "\"02.50\"", "3.141592653589793238462643383"] {
        assert!(stored.contains(digits), "{digits}: {stored}");
    }
    assert_eq!(verdicts(&fixture.send_texts(&[item])), ["created"], "no key: a new contact");
}

#[test]
fn numbers_keep_every_digit_beside_unknown_member() {
    let mut fixture = Fixture::default();
    let item = r#"{"contactType":"ORGANIZATION","name":"x","isCustomer":true,"client":{"creditLimit":-0,"lateNoticeMargin":1E3},"shoeSize":1,"customFields":{"$serde_json::private::Number":"12"}}"#;
    assert_eq!(verdicts(&fixture.send_texts(&[item])), ["created"]);
    let stored = &fixture.records[0].document;
    for text in [r#""creditLimit":-0"#, ":1E3", r#"{"$serde_json::private::Number":"12"}"#] {
        assert!(stored.contains(text), "{text}: {stored}");
    }
}

#[test]
fn ignored_members_must_be_readable() {
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
fn too_large_document_is_reported_with_other_faults() {
    let fields: serde_json::Map<_, _> =
        (0..30).map(|n| (n.to_string(), json!("x".repeat(9_000)))).collect();
    let item =
        json!({"contactType": "PERSON", "externalId": "A", "email": "x", "customFields": fields});
    let outcome = Fixture::default().send(json!([item])).remove(0);
    assert_eq!(
        faults(&outcome),
        ["lastName FIELD_REQUIRED", "email VALIDATION_ERROR", " VALIDATION_ERROR"]
    );
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
fn unknown_member_is_reported_with_a_suggestion() {
    for (name, message) in [
        ("emial", "unknown member; did you mean email?"),
        ("extrenalId", "unknown member; did you mean externalId?"),
        ("EMAIL", "unknown member; did you mean email?"),
        ("shoeSize", "unknown member"),
    ] {
        let item = json!({"contactType": "PERSON", "lastName": "x", (name): 1});
        let read = read(&item.to_string(), Handling::Standard).expect(name);
        assert_eq!(read.noted.len(), 1, "{name}");
        assert_eq!(read.noted[0].message, message);
    }
    let read = read(
        r#"{"version": 3, "createdAt": [], "updatedAt": null, "displayName": {}, "ifVersion": 1}"#,
        Handling::Standard,
    );
    assert_eq!(*read.expect("read-only members").noted, []);
}
