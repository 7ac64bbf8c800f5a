//! What differs between two documents, and the way back.

use contacts_domain::contact::document::ContactDocument;
use contacts_domain::tree::Difference;
use contacts_domain::upsert::{Documents, Options, Verdict};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::fixture::Fixture;

fn read(value: &Value) -> ContactDocument {
    serde_json::from_value(value.clone()).unwrap()
}

/// The differences as `[pointer, before, after]`.
fn shown(found: &[Difference]) -> Value {
    let value = |found: &Difference| {
        let [before, after] = [&found.before, &found.after].map(|text| {
            text.as_ref().map(|text| serde_json::from_str::<Value>(text.as_str()).unwrap())
        });
        json!([found.path.pointer(), before, after])
    };
    found.iter().map(value).collect()
}

#[test]
fn differences_name_the_smallest_places() {
    let home = json!({"id": 2, "name": "Home", "city": "Bern"});
    let work = json!({"id": 3, "name": "Work"});
    let fields = |name: &str, value: Value| json!({"customFields": {"~a/b": 1, name: value}});
    let long = "é".repeat(300);
    for (before, after, found) in [
        (json!({"fax": "1"}), json!({"fax": "2"}), json!([["/fax", "1", "2"]])),
        (
            json!({"addresses": [home]}),
            json!({"addresses": [{"id": 2, "name": "Home", "city": "Chur"}, work]}),
            json!([["/addresses/0/city", "Bern", "Chur"], ["/addresses/1", null, work]]),
        ),
        (
            json!({"addresses": [home, work]}),
            json!({"addresses": [work]}),
            json!([["/addresses", [home, work], [work]]]),
        ),
        (
            json!({"addresses": [home, work]}),
            json!({"addresses": [work, home]}),
            json!([["/addresses", [home, work], [work, home]]]),
        ),
        (
            json!({"addresses": []}),
            json!({"addresses": [home]}),
            json!([["/addresses/0", null, home]]),
        ),
        (json!({}), json!({"addresses": [home]}), json!([["/addresses", null, [home]]])),
        (
            json!({"relatedContactIds": [1, 2]}),
            json!({"relatedContactIds": [2]}),
            json!([["/relatedContactIds", [1, 2], [2]]]),
        ),
        (
            fields(&long, json!("a")),
            fields(&long, json!("b")),
            json!([[format!("/customFields/{long}"), "a", "b"]]),
        ),
        (
            fields("x", json!(1)),
            json!({"customFields": {"x": 1}}),
            json!([["/customFields/~0a~1b", 1, null]]),
        ),
        (
            json!({"staff": {"id": 5, "workPermit": {"a": {"b": [1], "c": 2}}}}),
            json!({"staff": {"id": 5, "workPermit": {"a": {"b": [1, null]}}}}),
            json!([["/staff/workPermit/a/b", [1], [1, null]], ["/staff/workPermit/a/c", 2, null]]),
        ),
    ] {
        let (before, after) = (read(&before), read(&after));
        assert_eq!(shown(&before.differences(&after)), found);
        assert_eq!(after.reverted(&before.reverse(&after)).unwrap(), before);
        assert_eq!(before.reverted(&after.reverse(&before)).unwrap(), after);
        assert_eq!(before.differences(&before), []);
        assert_eq!(before.reverse(&before), "{}");
    }
}

#[test]
fn reverse_of_another_document_is_refused() {
    let document = read(&json!({"fax": "1", "addresses": [{"id": 2}]}));
    for reverse in [
        "",
        "[]",
        r#"{"fax": "2"}"#,
        r#"{"/client/id": 2}"#,
        r#"{"/fax/0": 2}"#,
        r#"{"/addresses/2": {}}"#,
        r#"{"/addresses/x": {}}"#,
        r#"{"/fax": 2}"#,
    ] {
        assert!(document.reverted(reverse).is_err(), "{reverse}");
    }
}

#[test]
fn changes_are_shown_where_asked_for() {
    let mut fixture = Fixture::default();
    let item = json!({"contactType": "PERSON", "externalId": "A", "addresses": [{"name": "Home"}]});
    let outcomes = fixture.send(json!([item]));
    assert_eq!(outcomes[0].changes, []);

    fixture.options =
        Options { changes: true, documents: Documents::LeftOut, ..Options::default() };
    let other =
        json!({"contactType": "PERSON", "externalId": "B", "addresses": [{"name": "Home"}]});
    let update =
        json!({"externalId": "B", "fax": "1", "addresses": [{"name": "Home", "city": "X"}]});
    let outcomes =
        fixture.send(json!([other, update, update, {"externalId": "B", "birthday": "x"}]));
    let changes: Vec<Value> = outcomes.iter().map(|outcome| shown(&outcome.changes)).collect();
    assert_eq!(
        changes,
        [
            json!([
                ["/id", null, 3],
                ["/contactId", null, 3],
                ["/contactType", null, "PERSON"],
                ["/organizationId", null, 1],
                ["/externalId", null, "B"],
                ["/addresses", null, [{"id": 4, "name": "Home"}]]
            ]),
            json!([["/fax", null, "1"], ["/addresses/0/city", null, "X"]]),
            json!([]),
            json!([]),
        ]
    );

    let stored = fixture.document(1);
    let mut provisional = fixture.clone();
    provisional.options.dry_run = true;
    let new = json!({"contactType": "PERSON", "addresses": [{"name": "Home"}]});
    let outcomes = provisional.send(json!([new]));
    assert_eq!(outcomes[0].verdict, Verdict::Created);
    assert_eq!(
        shown(&outcomes[0].changes),
        json!([
            ["/id", null, null],
            ["/contactId", null, null],
            ["/contactType", null, "PERSON"],
            ["/organizationId", null, 1],
            ["/addresses", null, [{"id": null, "name": "Home"}]]
        ])
    );

    let delete = contacts_domain::upsert::Item::read(r#"{"externalId": "A"}"#, &fixture.context);
    let outcomes = fixture.send_items(vec![delete.to_delete()]);
    let places = |member: &(String, Value)| json!([format!("/{}", member.0), member.1, null]);
    let members: Vec<(String, Value)> = stored.as_object().unwrap().clone().into_iter().collect();
    let mut gone: Vec<Value> = members.iter().map(places).collect();
    let mut found = shown(&outcomes[0].changes).as_array().unwrap().clone();
    let by_pointer = |change: &Value| change[0].to_string();
    gone.sort_by_key(by_pointer);
    found.sort_by_key(by_pointer);
    assert_eq!(found, gone);
}

fn object(names: &'static [&'static str], value: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    let member = (prop::sample::select(names), value);
    let members = prop::collection::vec(member, 0..4);
    members
        .prop_map(|members| members.into_iter().map(|(n, v)| (n.to_owned(), v)).collect())
        .boxed()
}

fn scalar() -> BoxedStrategy<Value> {
    let numbers = (0..3).prop_map(Value::from);
    prop_oneof![numbers, "[ab]".prop_map(Value::from), any::<bool>().prop_map(Value::from)].boxed()
}

/// An object as received, without nulls but in arrays.
fn opaque() -> BoxedStrategy<Value> {
    const NAMES: &[&str] = &["a", "b/", "~1", "", "é", "0"];
    let leaf = prop_oneof![scalar(), Just(json!([])), Just(json!([1, null, {"a": null}]))].boxed();
    object(NAMES, object(NAMES, object(NAMES, leaf.clone()).prop_union(leaf.clone()).boxed()))
        .prop_union(object(NAMES, leaf))
        .boxed()
}

fn optional(value: impl Strategy<Value = Value> + 'static) -> BoxedStrategy<Option<Value>> {
    prop::option::weighted(0.7, value).boxed()
}

fn block(members: Vec<(&'static str, BoxedStrategy<Option<Value>>)>) -> BoxedStrategy<Value> {
    let (names, values): (Vec<_>, Vec<_>) = members.into_iter().unzip();
    values
        .prop_map(move |values| {
            let members = names.iter().zip(values);
            members.filter_map(|(name, value)| Some(((*name).to_owned(), value?))).collect()
        })
        .boxed()
}

/// Elements with ids of their own, in any order.
fn elements(element: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    let ids = prop::sample::subsequence(vec![1, 2, 3, 4], 0..4).prop_shuffle();
    (ids, prop::collection::vec(element, 4))
        .prop_map(|(ids, elements)| {
            let element = |(id, mut element): (i64, Value)| {
                element["id"] = json!(id);
                element
            };
            ids.into_iter().zip(elements).map(element).collect()
        })
        .boxed()
}

fn text() -> BoxedStrategy<Option<Value>> {
    optional("[abc]".prop_map(Value::from))
}

fn document() -> BoxedStrategy<Value> {
    let id = || optional((1..3).prop_map(Value::from));
    let payslip = block(vec![
        ("staffId", id()),
        ("calendarYear", id()),
        ("payslipTableLines", optional(elements(block(vec![("number", id())])))),
    ]);
    let staff = block(vec![
        ("id", id()),
        ("contactId", id()),
        (
            "timesheetsCost",
            optional(prop::sample::select(vec![json!("1.0"), json!(1), json!(1.5)])),
        ),
        ("jobTitle", text()),
        ("workPermit", optional(opaque())),
        ("staffPayslips", optional(elements(payslip))),
    ]);
    let tag = block(vec![("name", text()), ("id", id())]);
    block(vec![
        ("id", id()),
        ("lastName", text()),
        ("archived", optional(any::<bool>().prop_map(Value::from))),
        (
            "addresses",
            optional(elements(block(vec![("city", text()), ("region", optional(opaque()))]))),
        ),
        ("staff", optional(staff)),
        ("tags", optional(prop::collection::vec(tag, 0..3).prop_map(Value::from))),
        ("relatedContactIds", optional(prop::collection::vec(1..4, 0..3).prop_map(Value::from))),
        ("groupRoles", optional(prop::collection::vec(opaque(), 0..3).prop_map(Value::from))),
        ("customFields", optional(object(&["a", "b/", "~1", ""], scalar()))),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn reverse_leads_back_to_the_document_before(before in document(), after in document()) {
        let (before, after) = (read(&before), read(&after));
        let reverse = before.reverse(&after);
        prop_assert_eq!(after.reverted(&reverse).unwrap(), before.clone(), "{}", reverse);

        // The two forms name the same places.
        let found = before.differences(&after);
        let places: Value = serde_json::from_str(&reverse).unwrap();
        prop_assert_eq!(found.len(), places.as_object().unwrap().len());
        for Difference { path, before, .. } in found {
            let before: Option<Value> = before.map(|text| serde_json::from_str(text.as_str()).unwrap());
            prop_assert_eq!(&places[path.pointer()], &before.unwrap_or_default());
        }
    }
}
