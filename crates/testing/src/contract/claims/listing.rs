//! Listing the directory of intercoms: order, pages and the total.

pub(crate) mod contacts;
pub(crate) mod export;

use contacts_domain::ContactId;
use serde_json::{Value, json};

use super::entries::block;
use crate::contract::claim::{Claim, claims};
use crate::contract::fixture::StoreFixture;
use crate::contract::fixture::{every_entry, id_of, person};
use contacts_application::directory::{
    Comparison, EntryPage, EntryQuery, Filter, Order, OrderKey, TextField,
};

pub(crate) const CLAIMS: &[Claim] = claims![
    entries_come_in_every_order,
    names_sort_as_people_sort_them,
    entry_pages_show_every_entry_once,
    total_counts_the_selected_entries,
    empty_directory_is_an_empty_page,
];

/// Stores entries and returns their ids.
async fn store(fixture: &StoreFixture, blocks: impl IntoIterator<Item = Value>) -> Vec<ContactId> {
    let items: Vec<_> = blocks.into_iter().map(|block| json!({"intercom": block})).collect();
    fixture.send_entries(&items).await.iter().map(id_of).collect()
}

fn ids(page: &EntryPage) -> Vec<ContactId> {
    page.entries.iter().map(|(id, _)| *id).collect()
}

async fn entries_come_in_every_order(fixture: &StoreFixture) {
    let block = |name: &str, kind: &str, number: &str| json!({"name": name, "type": kind, "number": number});
    let stored = store(
        fixture,
        [
            block("b", "regular", "0001-01-01-01"),
            block("a", "p2p", "sip:2@a.example"),
            block("c", "multi", "0001-01-01"),
            block("a", "multi", "0001-01-01"),
            block("b", "p2p", "sip:10@a.example"),
            block("a", "individual", "001-01-01-01-1"),
        ],
    )
    .await;
    assert!(stored.is_sorted(), "{stored:?}");

    for (by, ascending, descending) in [
        (OrderKey::Id, [0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0]),
        (OrderKey::Name, [1, 3, 5, 0, 4, 2], [2, 0, 4, 1, 3, 5]),
        (OrderKey::Kind, [5, 2, 3, 1, 4, 0], [0, 1, 4, 2, 3, 5]),
        (OrderKey::Number, [2, 3, 0, 5, 4, 1], [1, 4, 5, 0, 2, 3]),
    ] {
        for (descending, expected) in [(false, ascending), (true, descending)] {
            let query = EntryQuery { order: Order { by, descending }, ..every_entry() };
            let expected: Vec<_> = expected.iter().map(|index| stored[*index]).collect();
            assert_eq!(ids(&fixture.list(&query).await), expected, "{:?}", query.order);
        }
    }
}

async fn names_sort_as_people_sort_them(fixture: &StoreFixture) {
    // Letters first, then accents, then case; of signs and other scripts, the code points.
    let names = [
        "!",
        "1",
        "10",
        "2",
        "_",
        "a",
        "A",
        "Ä",
        "A ",
        "a b",
        "ab",
        "AB",
        "Emil",
        "Émile",
        "Emma",
        "\u{fb01}n",
        "Łukasz",
        "öz",
        "z",
        "Z",
        "ż",
        "Zádor",
        "Zoe",
        "あ",
        "🚪",
    ];
    let mut shuffled: Vec<_> = names.to_vec();
    shuffled.rotate_left(7);
    shuffled.swap(0, 10);
    store(fixture, shuffled.iter().map(|name| block(name))).await;

    for descending in [false, true] {
        let order = Order { by: OrderKey::Name, descending };
        let page = fixture.list(&EntryQuery { order, ..every_entry() }).await;
        let mut listed: Vec<_> = page.entries.into_iter().map(|(_, entry)| entry.name).collect();
        if descending {
            listed.reverse();
        }
        assert_eq!(listed, names);
    }
}

async fn entry_pages_show_every_entry_once(fixture: &StoreFixture) {
    let stored = store(fixture, (0..25).map(|number| block(&format!("Door {}", number % 4)))).await;
    fixture.create(person(json!({"externalId": "A"}))).await;

    for by in [OrderKey::Id, OrderKey::Name, OrderKey::Kind, OrderKey::Number] {
        for descending in [false, true] {
            let order = Order { by, descending };
            let whole = fixture.list(&EntryQuery { order, ..every_entry() }).await;
            let mut listed = Vec::new();
            for (offset, count) in [(0, 10), (10, 10), (20, 5), (30, 0)] {
                let query = EntryQuery { order, offset, limit: 10, filter: None };
                let page = fixture.list(&query).await;
                assert_eq!((page.entries.len(), page.total), (count, 25), "{query:?}");
                listed.extend(page.entries);
            }
            assert_eq!(listed, whole.entries, "{order:?}");
            let mut ids: Vec<_> = listed.into_iter().map(|(id, _)| id).collect();
            ids.sort_unstable();
            assert_eq!(ids, stored);
        }
    }
}

async fn total_counts_the_selected_entries(fixture: &StoreFixture) {
    store(fixture, (0..25).map(|number| block(&format!("Door {}", number % 4)))).await;
    let second = Filter::Text(TextField::Name, Comparison::Equal, "Door 1".to_owned());

    for (offset, limit, count) in
        [(0, 4, 4), (4, 4, 2), (8, 4, 0), (0, 0, 0), (u64::MAX, u32::MAX, 0)]
    {
        let filter = Some(second.clone());
        let page = fixture.list(&EntryQuery { filter, offset, limit, ..every_entry() }).await;
        assert_eq!((page.entries.len(), page.total), (count, 6), "{offset} and {limit}");
        assert!(page.entries.iter().all(|(_, entry)| entry.name == "Door 1"), "{page:?}");
    }
}

async fn empty_directory_is_an_empty_page(fixture: &StoreFixture) {
    fixture.create(person(json!({"externalId": "A"}))).await;
    assert_eq!(fixture.list(&every_entry()).await, EntryPage { entries: Vec::new(), total: 0 });
}
