//! What one item can hold.

use contacts_domain::Violation;
use contacts_domain::decision::Decision;
use contacts_domain::upsert::{Arrays, Batch, Handling, Item, MAX_REFERENCES, Options};
use serde_json::{Map, Value, json};

use crate::fixture::{Fixture, faults, verdicts};
use contacts_domain::reading::read;

/// An item with a wrong type and an unknown member in front, which no limit lets be reported.
fn item(members: Value) -> String {
    let members = members.to_string();
    format!(r#"{{"email": 1, "emial": 2, {}"#, &members[1..])
}

/// An object of so many members with names of their own.
fn object(count: usize, prefix: &str) -> Value {
    (0..count)
        .map(|number| (format!("{prefix}{number}"), Value::Null))
        .collect::<Map<_, _>>()
        .into()
}

fn with(mut object: Value, name: &str, value: Value) -> Value {
    object.as_object_mut().unwrap().insert(name.to_owned(), value);
    object
}

fn refusals(item: &str) -> Vec<String> {
    let violations = read(item, Handling::Standard).expect_err("a fault");
    violations.iter().map(|found| format!("{} {}", found.path, found.code())).collect()
}

#[test]
fn exceeded_limit_is_reported_alone_at_its_path() {
    let lines = |count| json!({"staff": {"staffPayslips": [{}, {"payslipTableLines": vec![json!({}); count]}]}});
    let nulls = |count| vec![Value::Null; count];
    type Item = Box<dyn Fn(usize) -> Value>;
    let limits: [(Item, &str); 9] = [
        (Box::new(|count| json!({"addresses": vec![json!({}); count]})), "addresses"),
        (Box::new(lines), "staff.staffPayslips[1].payslipTableLines"),
        (Box::new(move |count| json!({"relatedContactIds": nulls(count)})), "relatedContactIds"),
        (Box::new(|count| json!({"groupRoles": [object(count, "x")]})), "groupRoles[0]"),
        (
            Box::new(|count| json!({"addresses": [{"region": {"a": object(count, "x")}}]})),
            "addresses[0].region.a",
        ),
        (
            Box::new(move |count| json!({"addresses": [{"region": {"a": [nulls(count)]}}]})),
            "addresses[0].region.a[0]",
        ),
        (Box::new(|count| json!({"customFields": object(count, "x")})), "customFields"),
        // One unknown member is `emial`, and those of all blocks count together.
        (Box::new(|count| object(count - 1, "x")), ""),
        (Box::new(|count| with(object(count - 601, "a"), "client", object(600, "y"))), "client"),
    ];
    for (members, path) in limits {
        assert_eq!(refusals(&item(members(1_001))), [format!("{path} VALIDATION_ERROR")]);
        let within = refusals(&item(members(1_000)));
        assert_eq!(within[0], "email CONVERSION_ERROR", "{path}");
    }
}

#[test]
fn too_long_item_is_refused_at_its_root() {
    let item = format!(r#"{{"email": 1, "addresses": [{}{{}}]}}"#, "{},".repeat(1_000_000));
    assert_eq!(refusals(&item), [" VALIDATION_ERROR"]);
}

#[test]
fn arrays_in_unknown_members_do_not_count() {
    let read = read(
        &json!({"fax": "1", "emial": vec![vec![0; 1_001]; 3]}).to_string(),
        Handling::Standard,
    )
    .unwrap();
    assert_eq!(read.noted.len(), 1);
}

#[test]
fn array_that_grows_beyond_its_limit_is_refused() {
    let mut fixture = Fixture::default();
    fixture.options = Options { arrays: Arrays::Append, ..Options::default() };
    let addresses = |from: usize, to: usize| {
        let lines: Vec<_> =
            (from..to).map(|line| json!({"name": "a", "line1": line.to_string()})).collect();
        json!([{"contactType": "PERSON", "lastName": "Rochat", "externalId": "A", "addresses": lines}])
    };
    assert_eq!(verdicts(&fixture.send(addresses(0, 600))), ["created"]);
    let outcomes = fixture.send(addresses(500, 1_001));
    assert_eq!(faults(&outcomes[0]), ["addresses VALIDATION_ERROR"]);
    assert_eq!(verdicts(&fixture.send(addresses(500, 1_000))), ["updated"]);
}

#[test]
fn object_that_grows_beyond_its_limit_is_refused() {
    let mut fixture = Fixture::default();
    let send = |fixture: &mut Fixture, prefix, count| {
        let names = object(count, prefix)
            .as_object()
            .unwrap()
            .keys()
            .map(|name| (name.clone(), json!(1)))
            .collect::<Map<_, _>>();
        fixture.send(json!([{
            "contactType": "PERSON", "lastName": "Rochat", "externalId": "A",
            "staff": {"workPermit": names},
        }]))
    };
    assert_eq!(verdicts(&send(&mut fixture, "x", 600)), ["created"]);
    let outcomes = send(&mut fixture, "y", 401);
    assert!(
        faults(&outcomes[0]).contains(&"staff.workPermit VALIDATION_ERROR".to_owned()),
        "{outcomes:?}"
    );
}

#[test]
fn numbers_that_clients_cannot_read_are_refused() {
    let long = format!("1{}", "0".repeat(100_000));
    let send = |number: &str| {
        let item = format!(
            r#"{{"contactType": "PERSON", "externalId": "A", "lastName": "x", "customFields": {{"a": {number}}},
                "addresses": [{{"name": "a", "region": {{"code": "GE", "b": {{"c": [1, {number}]}}}}}}]}}"#
        );
        faults(&Fixture::default().send_texts(&[item])[0])
    };
    for number in [
        "1e400",
        "-1e309",
        "12345678901234567890123456789",
        "1e00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001",
        &long,
    ] {
        assert_eq!(
            send(number),
            ["addresses[0].region.b.c[1] VALIDATION_ERROR", "customFields.a VALIDATION_ERROR"],
        );
    }
    for number in ["1e308", "-0", "1234567890123456789012345678", "1E-400", "0.10"] {
        assert_eq!(send(number), [""; 0], "{number}");
    }
}

#[test]
fn details_beyond_a_hundred_are_counted() {
    let mut fixture = Fixture::default();
    let mut members = object(300, "unknown");
    members["contactType"] = json!("PERSON");
    members["lastName"] = json!("Rochat");
    members["externalId"] = json!("A");

    for verdict in ["created", "unchanged"] {
        let outcomes = fixture.send(json!([members]));
        assert_eq!(verdicts(&outcomes), [verdict]);
        let (last, listed) = outcomes[0].violations.split_last().unwrap();
        assert_eq!(
            (listed.len(), last.path.to_string(), &*last.value),
            (100, String::new(), "200")
        );
        assert!(!last.is_error() && listed.iter().all(|found| found.path.to_string() != ""));
    }
    let mut strict = Fixture::default();
    strict.context.handling = Handling::Strict;
    let outcomes = strict.send(json!([members]));
    assert_eq!(verdicts(&outcomes), ["rejected"]);
    assert!(outcomes[0].violations.iter().all(Violation::is_error));
}

#[test]
fn errors_are_listed_before_warnings() {
    // A warning comes first in the order of the rules, and the errors last.
    let mut fixture = Fixture::default();
    let banks: Vec<_> = (0..150).map(|_| json!({"bankCustomerNumber": "0"})).collect();
    let outcomes =
        fixture.send(json!([{"contactType": "PERSON", "externalId": "A", "banks": banks}]));
    let violations = &outcomes[0].violations;
    assert_eq!(violations[0].path.to_string(), "banks[0].bankCustomerNumber");
    assert!(violations.iter().all(Violation::is_error), "{violations}");
    // 50 numbers, 150 names of banks and the name of the contact.
    assert_eq!((violations.len(), &*violations[100].value), (101, "201"));
}

#[test]
fn wrong_types_beyond_a_hundred_are_counted() {
    let item = json!({"contactType": "PERSON", "relatedContactIds": vec!["x"; 1_000]});
    let outcomes = Fixture::default().send(json!([item]));
    let violations = &outcomes[0].violations;
    assert_eq!((violations.len(), &*violations[100].value), (101, "900"));
    assert!(violations[100].is_error());
}

#[test]
fn item_with_excess_references_is_refused() {
    let item = |from: usize| {
        let ids: Vec<_> = (from..from + 1_000).collect();
        json!({"contactType": "PERSON", "relatedOrganizationContactIds": ids}).to_string()
    };
    let context = Fixture::default().context;
    let texts = (0..101).map(|number| item(1 + number * 1_000)).chain([item(500)]);
    let items = texts.map(|text| Item::read(&text, &context)).collect();
    let batch = Batch::new(context.clone(), Options::default(), items);
    assert_eq!(batch.lookup_keys().references.len(), MAX_REFERENCES);

    let outcomes = Fixture::default().run(&batch).unwrap();
    let first = |index: usize| faults(&outcomes[index])[0].clone();
    assert_eq!(first(99), "relatedOrganizationContactIds[0] NOT_FOUND");
    assert_eq!(faults(&outcomes[100]), ["relatedOrganizationContactIds VALIDATION_ERROR"]);
    assert_eq!(first(101), "relatedOrganizationContactIds[0] NOT_FOUND", "named before");
}
