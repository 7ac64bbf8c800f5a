//! Searching contacts.

pub(crate) mod indexing;

use std::sync::Arc;

use contacts_application::contact_list::{
    ContactFilter, ContactFlag, ContactOrder, ContactOrderKey, ContactQuery,
};
use contacts_application::ledger::PageSize;
use contacts_application::ports::Lifecycle;
use contacts_application::use_cases::IndexContacts;
use contacts_domain::searching::SearchQuery;
use contacts_domain::{ContactId, Timestamp};
use serde_json::{Value, json};

use crate::contract::claim::{Claim, claims};
use crate::contract::fixture::{StoreFixture, id_of, person};
use crate::{StoppedClock, now, organization};

pub(crate) const CLAIMS: &[Claim] = claims![
    words_find_their_contacts_by_id,
    found_contacts_come_in_every_order,
    found_contacts_come_by_time_of_change,
    pages_of_found_contacts_fit_together,
    query_and_filters_hold_together,
    no_query_is_syntax_of_the_store,
    search_follows_changes,
    search_stays_in_its_organization,
    export_takes_a_query,
];

/// Indexes with the clock at that many seconds after the first request.
fn indexing(fixture: &StoreFixture, seconds: i64) -> IndexContacts {
    let clock = StoppedClock(Timestamp::from_micros(now().micros() + seconds * 1_000_000));
    IndexContacts::new(fixture.search_index(), fixture.ledger(), fixture.access(), Arc::new(clock))
}

async fn index(fixture: &StoreFixture) {
    let indexing = indexing(fixture, 0);
    let _awaiting = [1, 2].map(|id| indexing.hurry(organization(id).id));
    while indexing.execute().await.expect("the store does not fail") {}
}

fn found(text: &str) -> ContactFilter {
    let query = SearchQuery::parse(text);
    assert!(query.is_some(), "{text:?} has a letter");
    ContactFilter { query, ..ContactFilter::default() }
}

fn query(filter: ContactFilter, by: ContactOrderKey, descending: bool) -> ContactQuery {
    let order = ContactOrder { by, descending };
    let size = PageSize { items: 1_000, bytes: usize::MAX };
    ContactQuery { filter, order, after: None, size, is_counted: false }
}

/// The external ids of the contacts of all pages of that size, and the total.
async fn pages(
    fixture: &StoreFixture,
    mut query: ContactQuery,
    items: u32,
) -> (String, Option<u64>) {
    query.size.items = items;
    let mut names: Vec<String> = Vec::new();
    loop {
        let page = fixture.contact_page(&query).await;
        names.extend(page.contacts.iter().filter_map(|found| found.projection.external_id.clone()));
        query.after = page.next;
        if query.after.is_none() {
            return (names.join(" "), page.total);
        }
    }
}

async fn search(fixture: &StoreFixture, text: &str) -> String {
    pages(fixture, query(found(text), ContactOrderKey::Id, false), 1_000).await.0
}

fn named(external_id: &str, last_name: &str, members: Value) -> Value {
    let mut item = person(json!({"externalId": external_id, "lastName": last_name}));
    if let (Value::Object(item), Value::Object(members)) = (&mut item, members) {
        item.extend(members);
    }
    item
}

/// Four contacts that are indexed.
async fn four(fixture: &StoreFixture) -> Vec<ContactId> {
    let stored = fixture
        .send(&[
            named("a1", "Müller", json!({"firstName": "Zoë", "mobile": "079 111 22 33"})),
            named("b2", "Rochat", json!({"firstName": "Anna", "email": "anna@mill.example"})),
            named("c3", "Mulligan", json!({"addresses": [{"name": "1", "city": "Genève"}]})),
            named("d4", "Muller-Rochat", json!({"isStaff": true, "tags": [{"name": "VIP"}]})),
        ])
        .await;
    index(fixture).await;
    stored.iter().map(id_of).collect()
}

async fn words_find_their_contacts_by_id(fixture: &StoreFixture) {
    four(fixture).await;
    for (text, names) in [
        ("muller", "a1 d4"),
        ("mueller", "a1"),
        ("MÜLLER", "a1 d4"),
        ("mul", "a1 c3 d4"),
        ("mu", ""),
        ("rochat", "b2 d4"),
        ("rochat mul", "d4"),
        ("rochat ann", "b2"),
        ("anna roc", "b2"),
        ("geneve", "c3"),
        ("Genève", "c3"),
        ("0791112233", "a1"),
        ("+41 79 111", "a1"),
        ("079/111 zoe", "a1"),
        ("vip", "d4"),
        ("b2", "b2"),
        ("b", ""),
        ("mullerrochat", "d4"),
        ("nobody", ""),
        ("muller nobody", ""),
    ] {
        assert_eq!(search(fixture, text).await, names, "{text}");
    }
}

async fn found_contacts_come_in_every_order(fixture: &StoreFixture) {
    four(fixture).await;
    for (by, ascending) in [
        (ContactOrderKey::Id, "a1 c3 d4"),
        (ContactOrderKey::CreatedAt, "a1 c3 d4"),
        (ContactOrderKey::DisplayName, "d4 c3 a1"),
    ] {
        let descending = ascending.split(' ').rev().collect::<Vec<_>>().join(" ");
        for items in [1, 2, 1_000] {
            for (is_descending, names) in [(false, ascending), (true, descending.as_str())] {
                let mut query = query(found("mul"), by, is_descending);
                query.is_counted = true;
                let listed = pages(fixture, query, items).await;
                assert_eq!(listed, (names.to_owned(), Some(3)), "by {by:?}, {items} a page");
            }
        }
    }
}

/// Changes give another order than ids, and contacts of one request have one time.
async fn found_contacts_come_by_time_of_change(fixture: &StoreFixture) {
    let all: Vec<_> = (0..9).map(|number| named(&number.to_string(), "Weber", json!({}))).collect();
    fixture.send(&all).await;
    for changed in [["7", "2"], ["0", "5"]] {
        fixture.send(&changed.map(|key| named(key, "Webster", json!({})))).await;
    }
    fixture.send(&[named("4", "Rochat", json!({})), named("x", "Rochat", json!({}))]).await;
    index(fixture).await;
    let ascending = "1 3 6 8 2 7 0 5";
    let descending = ascending.split(' ').rev().collect::<Vec<_>>().join(" ");
    for items in [1, 2, 3, 8, 1_000] {
        for (is_descending, names) in [(false, ascending), (true, descending.as_str())] {
            let query = query(found("web"), ContactOrderKey::UpdatedAt, is_descending);
            let listed = pages(fixture, query, items).await.0;
            assert_eq!(listed, names, "descending: {is_descending}, {items} a page");
        }
    }
}

async fn pages_of_found_contacts_fit_together(fixture: &StoreFixture) {
    let named = |number: u32| {
        let name = if number.is_multiple_of(3) { "Weber" } else { "Webster" };
        named(&number.to_string(), name, json!({}))
    };
    fixture.send(&(0..300).map(named).collect::<Vec<_>>()).await;
    index(fixture).await;
    for (text, modulus) in [("web", 1), ("weber", 3)] {
        let expected =
            (0..300).filter(|number| number % modulus == 0).map(|number: u32| number.to_string());
        let expected = expected.collect::<Vec<_>>().join(" ");
        for items in [7, 100] {
            let query = query(found(text), ContactOrderKey::Id, false);
            assert_eq!(pages(fixture, query, items).await.0, expected, "{text}");
        }
    }
}

async fn query_and_filters_hold_together(fixture: &StoreFixture) {
    let stored = four(fixture).await;
    let staff = ContactFilter { flags: vec![(ContactFlag::IsStaff, true)], ..found("mul") };
    let listed = pages(fixture, query(staff, ContactOrderKey::Id, false), 1).await;
    assert_eq!(listed.0, "d4");
    // A deleted contact is not found, neither before it is indexed nor after that.
    fixture.delete(stored[3]).await;
    for _ in 0..2 {
        assert_eq!(search(fixture, "mul").await, "a1 c3");
        index(fixture).await;
    }
    let deleted = ContactFilter { lifecycle: Lifecycle::Deleted, ..found("mul") };
    assert_eq!(pages(fixture, query(deleted, ContactOrderKey::Id, false), 1).await.0, "");
}

async fn no_query_is_syntax_of_the_store(fixture: &StoreFixture) {
    four(fixture).await;
    for text in [
        "mul*",
        "\"mul",
        "'mul'",
        "mul & !x",
        "a OR mul",
        "NOT mul",
        "NEAR(mul)",
        "words:mul",
        "^mul",
        "mul'); DROP TABLE contact; --",
        "mul\\",
        "mul:*",
        "mul%",
        "{mul}",
        "(mul",
        "mul)",
        "-mul",
        "+mul",
        "mul\0",
        "mul <-> x",
        "$1 mul",
        "مول",
        "🏠 mul",
    ] {
        let listed = search(fixture, text).await;
        let is_one_word = SearchQuery::parse(text) == SearchQuery::parse("mul");
        assert_eq!(listed, if is_one_word { "a1 c3 d4" } else { "" }, "{text}");
    }
    assert_eq!(search(fixture, &"muller ".repeat(28)).await, "a1 d4");
}

async fn search_follows_changes(fixture: &StoreFixture) {
    let stored = four(fixture).await;
    let renamed = named("b2", "Weber", json!({}));
    fixture.send(&[renamed, named("e5", "Rochat", json!({}))]).await;
    assert_eq!(search(fixture, "rochat").await, "b2 d4", "as indexed before");
    index(fixture).await;
    assert_eq!(search(fixture, "rochat").await, "d4 e5");
    assert_eq!(search(fixture, "weber anna").await, "b2");
    fixture.merge(stored[1], stored[3]).await.expect("two people");
    index(fixture).await;
    assert_eq!(search(fixture, "rochat").await, "e5");
    let deleted = fixture.read(stored[0], Lifecycle::Living).await.expect("a living contact");
    fixture.delete(stored[0]).await;
    index(fixture).await;
    let deleted = fixture.read(deleted.id, Lifecycle::Deleted).await.expect("a deleted contact");
    fixture.restore(&deleted).await.expect("no key was taken");
    index(fixture).await;
    assert_eq!(search(fixture, "muller").await, "a1");
}

async fn search_stays_in_its_organization(fixture: &StoreFixture) {
    four(fixture).await;
    fixture.send_elsewhere(&[named("x9", "Muller", json!({}))]).await;
    index(fixture).await;
    let mut query = query(found("muller"), ContactOrderKey::Id, false);
    query.is_counted = true;
    assert_eq!(pages(fixture, query, 1).await, ("a1 d4".to_owned(), Some(2)));
}

async fn export_takes_a_query(fixture: &StoreFixture) {
    four(fixture).await;
    let mut export = fixture.export(&found("mul")).await;
    let page = export.pages.recv().await.expect("a page").expect("the store does not fail");
    let names = page.contacts.iter().filter_map(|found| found.projection.external_id.as_deref());
    assert_eq!((names.collect::<Vec<_>>(), page.next), (vec!["a1", "c3", "d4"], None));
}
