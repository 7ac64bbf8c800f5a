//! Filtering the directory of intercoms: a store selects the entries for which [`Filter::holds`].

use contacts_domain::ContactId;
use contacts_domain::contact::IntercomEntry;
use serde_json::{Value, json};

use super::entries::{LINK_ID, OTHER_LINK_ID};
use crate::contract::claim::{Claim, claims};
use crate::contract::fixture::StoreFixture;
use crate::contract::fixture::every_entry;
use contacts_application::directory::{Comparison, EntryQuery, Filter, FlagField, TextField};

pub(crate) const CLAIMS: &[Claim] = claims![
    texts_are_compared_by_bytes,
    absent_link_id_equals_empty_text,
    flags_and_ids_are_compared,
    conditions_are_joined_and_negated,
    deep_and_wide_filters_work,
    text_with_nul_sorts_after_its_prefix,
];

const COMPARISONS: [Comparison; 6] = [
    Comparison::Equal,
    Comparison::NotEqual,
    Comparison::Less,
    Comparison::LessOrEqual,
    Comparison::Greater,
    Comparison::GreaterOrEqual,
];

const FLAGS: [FlagField; 4] =
    [FlagField::IsFavorite, FlagField::AutoAnswer, FlagField::InBlackList, FlagField::IsP2p];

/// Entries that differ in everything; two of them have a link id.
async fn store(fixture: &StoreFixture) -> Vec<(ContactId, IntercomEntry)> {
    let item = |link_id: Value, name: &str, kind: &str, number: &str, rest: Value| {
        let mut intercom = json!({"name": name, "type": kind, "number": number});
        if let (Value::Object(intercom), Value::Object(rest)) = (&mut intercom, rest) {
            intercom.extend(rest);
        }
        json!({"linkId": link_id, "intercom": intercom})
    };
    let none = Value::Null;
    fixture
        .send_entries(&[
            item(json!(LINK_ID), "Door", "regular", "0001-01-01-01", json!({"isFavorite": true})),
            item(json!(OTHER_LINK_ID), "door", "multi", "0001-01-01", json!({"isP2p": true})),
            item(none.clone(), "Dóor", "p2p", "sip:1@a.example", json!({"autoAnswer": true})),
            item(none.clone(), "Do'or", "p2p", "sip:2@a.example", json!({"inBlackList": true})),
            item(none.clone(), "Do%r", "individual", "001-01-01-01-1", json!({"ringtone": "%"})),
            item(none.clone(), "Do_r", "multi", "0002-01-01", json!({"ringtone": "b.wav"})),
            item(none, "Do\\r", "multi", "0001-01-01", json!({"ringtone": "B.wav"})),
        ])
        .await;
    let entries = fixture.entries().await;
    assert_eq!(entries.len(), 7);
    entries
}

/// Asserts that the store selects the entries for which the filter holds, and their number.
async fn selects(
    fixture: &StoreFixture,
    entries: &[(ContactId, IntercomEntry)],
    filter: Filter,
) -> usize {
    let expected: Vec<_> =
        entries.iter().filter(|(id, entry)| filter.holds(*id, entry)).cloned().collect();
    let query = EntryQuery { filter: Some(filter), ..every_entry() };
    let page = fixture.list(&query).await;
    assert_eq!(page.entries, expected, "{:?}", query.filter);
    assert_eq!(page.total, u64::try_from(expected.len()).expect("a small number"));
    expected.len()
}

fn name(comparison: Comparison, value: &str) -> Filter {
    Filter::Text(TextField::Name, comparison, value.to_owned())
}

async fn texts_are_compared_by_bytes(fixture: &StoreFixture) {
    let entries = store(fixture).await;
    let fields = [
        (TextField::LinkId, [LINK_ID, OTHER_LINK_ID, "", "3", "g", "6F9619FF"]),
        (TextField::Name, ["Door", "door", "Do'or", "Do%r", "Do_r", "Do\\r"]),
        (TextField::Name, ["Do", "Dóor", "DOOR", "", "' OR '1'='1", "🚪"]),
        (TextField::Kind, ["regular", "multi", "p2p", "individual", "", "n"]),
        (TextField::Number, ["0001-01-01", "sip:1@a.example", "sip:", "001", "", "~"]),
        (TextField::Ringtone, ["ring1.wav", "%", "b.wav", "B.wav", "", "ring"]),
    ];
    for (field, values) in fields {
        for comparison in COMPARISONS {
            let mut selected = Vec::new();
            for value in values {
                let filter = Filter::Text(field, comparison, value.to_owned());
                selected.push(selects(fixture, &entries, filter).await);
            }
            let most = selected.iter().max();
            assert!(most > Some(&0), "{field:?} {comparison:?} never selects anything");
        }
    }
}

async fn absent_link_id_equals_empty_text(fixture: &StoreFixture) {
    let entries = store(fixture).await;
    let link_id = |comparison| Filter::Text(TextField::LinkId, comparison, String::new());
    for (comparison, count) in [
        (Comparison::Equal, 5),
        (Comparison::NotEqual, 2),
        (Comparison::Less, 0),
        (Comparison::LessOrEqual, 5),
        (Comparison::Greater, 2),
        (Comparison::GreaterOrEqual, 7),
    ] {
        assert_eq!(selects(fixture, &entries, link_id(comparison)).await, count, "{comparison:?}");
        let filter = Filter::Not(Box::new(link_id(comparison)));
        assert_eq!(selects(fixture, &entries, filter).await, 7 - count, "not {comparison:?}");
    }
}

async fn flags_and_ids_are_compared(fixture: &StoreFixture) {
    let entries = store(fixture).await;
    for comparison in COMPARISONS {
        for field in FLAGS {
            for value in [false, true] {
                selects(fixture, &entries, Filter::Flag(field, comparison, value)).await;
            }
        }
        let middle = entries[3].0.get();
        for value in [i64::MIN, -1, 0, middle, middle + 1, i64::MAX] {
            selects(fixture, &entries, Filter::Id(comparison, value)).await;
        }
    }
    let favorite = Filter::Flag(FlagField::IsFavorite, Comparison::Equal, true);
    assert_eq!(selects(fixture, &entries, favorite).await, 1);
    let later = Filter::Id(Comparison::Greater, entries[3].0.get());
    assert_eq!(selects(fixture, &entries, later).await, 3);
}

async fn conditions_are_joined_and_negated(fixture: &StoreFixture) {
    let entries = store(fixture).await;
    let panel = || name(Comparison::Equal, "Door");
    let multi = || Filter::Text(TextField::Kind, Comparison::Equal, "multi".to_owned());
    let favorite = || Filter::Flag(FlagField::IsFavorite, Comparison::Equal, true);
    let not = |filter| Filter::Not(Box::new(filter));
    for (filter, count) in [
        (Filter::All(vec![panel(), favorite()]), 1),
        (Filter::All(vec![panel(), multi()]), 0),
        (Filter::Any(vec![panel(), multi()]), 4),
        (not(Filter::Any(vec![panel(), multi()])), 3),
        (not(Filter::All(vec![panel(), multi()])), 7),
        (Filter::All(vec![not(panel()), not(multi())]), 3),
        // `Or` does not bind closer than `and`.
        (Filter::All(vec![Filter::Any(vec![panel(), multi()]), not(favorite())]), 3),
        (Filter::Any(vec![Filter::All(vec![panel(), multi()]), favorite()]), 1),
        (Filter::Any(vec![panel(), multi(), favorite(), not(panel())]), 7),
        (not(not(panel())), 1),
        (Filter::All(Vec::new()), 7),
        (Filter::Any(Vec::new()), 0),
        (not(Filter::All(Vec::new())), 0),
    ] {
        let words = format!("{filter:?}");
        assert_eq!(selects(fixture, &entries, filter).await, count, "{words}");
    }
}

async fn deep_and_wide_filters_work(fixture: &StoreFixture) {
    let entries = store(fixture).await;
    let mut deep = name(Comparison::Equal, "Door");
    for level in 1..Filter::MAX_NESTING {
        let other = name(Comparison::Equal, &format!("{level}"));
        deep = match level % 3 {
            0 => Filter::Not(Box::new(deep)),
            1 => Filter::All(vec![Filter::Not(Box::new(other)), deep]),
            _ => Filter::Any(vec![deep, other]),
        };
    }
    selects(fixture, &entries, deep).await;

    let wide = (0..5_000).map(|number| name(Comparison::Equal, &format!("Door {number}")));
    let wide = Filter::Any(wide.chain([name(Comparison::Equal, "Door")]).collect());
    assert_eq!(selects(fixture, &entries, wide).await, 1);
}

/// No stored text holds NUL, and not every database takes one.
async fn text_with_nul_sorts_after_its_prefix(fixture: &StoreFixture) {
    let entries = store(fixture).await;
    for value in ["\0", "Door\0", "Do\0or", "Door\0\0x", "door\0", "é\0"] {
        for comparison in COMPARISONS {
            selects(fixture, &entries, name(comparison, value)).await;
        }
    }
}
