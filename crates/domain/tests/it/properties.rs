//! Properties of every batch (upsert-rules §7).

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::fixture::{Fixture, verdicts};

/// An item for one of three contacts; a few members are absent, null or set.
fn item() -> impl Strategy<Value = Value> {
    let member = |values: Vec<Value>| {
        let values: Vec<Option<Value>> =
            values.into_iter().map(Some).chain([None, Some(Value::Null)]).collect();
        proptest::sample::select(values)
    };
    let addresses = vec![
        json!([]),
        json!([{"name": "a"}]),
        json!([{"name": "b", "city": "Bern"}, {"name": "a"}]),
        json!([{"name": "a"}, {"name": "a"}]),
        json!([{"name": "a", "city": null}]),
        json!([{"name": "a", "countryCode2": "FR"}]),
        json!([{"name": "a", "countryCode2": "DE"}, {"name": "b", "countryCode2": "DE"}]),
    ];
    (
        proptest::sample::select(vec!["A", "B", "C"]),
        member(vec![json!("Dr"), json!(" ")]),
        member(vec![json!("a@b.example"), json!(""), json!("no address")]),
        member(addresses),
        member(vec![json!([{"name": "x"}, {"name": "Y"}]), json!([{"name": "y"}])]),
        member(vec![json!("06 12 34 56 78"), json!("+33 6 12 34 56 78"), json!("12")]),
        member(vec![json!({"paymentTerms": "30"}), json!({}), json!({"creditLimit": "x"})]),
        member(vec![json!(["not", "an", "object"]), json!({"a": 1, "b": null})]),
    )
        .prop_map(|(key, title, email, addresses, tags, mobile, client, fields)| {
            let mut item = json!({"contactType": "PERSON", "lastName": key, "externalId": key});
            for (name, value) in [
                ("title", title),
                ("email", email),
                ("addresses", addresses),
                ("tags", tags),
                ("mobile", mobile),
                ("client", client),
                ("customFields", fields),
            ] {
                if let Some(value) = value {
                    item[name] = value;
                }
            }
            item
        })
}

fn contents(fixture: &Fixture) -> Vec<Value> {
    let mut contents: Vec<Value> = fixture
        .records
        .iter()
        .map(|record| {
            json!([
                record.projection.external_id,
                record.version.get(),
                without_ids(fixture.document(record.id.get()))
            ])
        })
        .collect();
    contents.sort_by_key(ToString::to_string);
    contents
}

/// Ids depend on how many a batch reserves, and so on chunking.
fn without_ids(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .filter(|(name, _)| name != "id" && name != "contactId")
            .map(|(name, value)| (name, without_ids(value)))
            .collect(),
        Value::Array(elements) => elements.into_iter().map(without_ids).collect(),
        other => other,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn same_item_again_is_unchanged(first in item(), second in item()) {
        let mut fixture = Fixture::default();
        fixture.send(json!([first]));
        let verdict = verdicts(&fixture.send(json!([second])))[0];
        let stored = fixture.records.clone();
        let again = verdicts(&fixture.send(json!([second])))[0];
        prop_assert_eq!(again, if verdict == "rejected" { "rejected" } else { "unchanged" });
        prop_assert_eq!(fixture.records, stored);
    }

    #[test]
    fn chunking_does_not_change_outcomes(items in prop::collection::vec(item(), 1..12), size in 1_usize..12) {
        let mut whole = Fixture::default();
        let at_once = verdicts(&whole.send(json!(items)));
        let mut parts = Fixture::default();
        let in_parts: Vec<_> =
            items.chunks(size).flat_map(|chunk| verdicts(&parts.send(json!(chunk)))).collect();
        prop_assert_eq!(at_once, in_parts);
        prop_assert_eq!(contents(&whole), contents(&parts));
    }

    #[test]
    fn stored_document_posted_back_is_unchanged(item in item()) {
        let mut fixture = Fixture::default();
        if verdicts(&fixture.send(json!([item]))) == ["created"] {
            let document = fixture.document(1);
            prop_assert_eq!(verdicts(&fixture.send(json!([document]))), ["unchanged"]);
        }
    }

    #[test]
    fn stored_document_reads_back_as_itself(item in item()) {
        let mut fixture = Fixture::default();
        fixture.send(json!([item]));
        for record in &fixture.records {
            let document = record.read().unwrap();
            prop_assert_eq!(&serde_json::to_string(&document).unwrap(), &record.document);
        }
    }
}
