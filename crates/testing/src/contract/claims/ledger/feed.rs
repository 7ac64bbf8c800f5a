//! The change feed leaves nothing out and goes on where its reader stands.

use contacts_application::ledger::{FeedPage, FeedPosition, PageSize};
use contacts_domain::ledger::ChangeKind;
use serde_json::json;

use super::super::super::claim::{Claim, claims};
use super::super::super::fixture::{StoreFixture, id_of, person};

pub(crate) const CLAIMS: &[Claim] = claims![
    feed_begins_with_all_living_contacts,
    feed_goes_on_after_the_list,
    changed_contact_comes_once_as_it_is,
    pages_of_any_size_fit_together,
    long_documents_end_a_page,
    position_of_another_database_is_refused,
    position_at_pruned_run_is_refused,
    feed_stays_in_its_organization,
];

const PAGE: PageSize = PageSize { items: 100, bytes: 1 << 20 };

async fn end(fixture: &StoreFixture) -> FeedPosition {
    fixture.ledger().feed_end(fixture.request().organization).await.expect("a position")
}

async fn read(fixture: &StoreFixture, from: FeedPosition, size: PageSize) -> Option<FeedPage> {
    fixture.ledger().feed(fixture.request().organization, from, size).await.expect("a page")
}

async fn page(fixture: &StoreFixture, from: FeedPosition) -> FeedPage {
    read(fixture, from, PAGE).await.expect("a position of this database")
}

/// Reads pages of that size to the end. Returns what they hold, and where they end.
async fn all(
    fixture: &StoreFixture,
    mut from: FeedPosition,
    size: PageSize,
) -> (Vec<(i64, i64, ChangeKind)>, FeedPosition) {
    let mut changes = Vec::new();
    loop {
        let page = read(fixture, from, size).await.expect("a position of this database");
        assert!(page.changes.len() <= usize::try_from(size.items).expect("few"));
        changes.extend(shown(&page));
        from = page.next;
        if !page.has_more && from.listed_to.is_none() {
            return (changes, from);
        }
    }
}

/// The contacts of a page, their versions, and what happened to them.
fn shown(page: &FeedPage) -> Vec<(i64, i64, ChangeKind)> {
    let changes = page.changes.iter();
    changes
        .map(|change| {
            let record = change.record.as_ref().expect("a stored contact");
            assert_eq!((record.id, record.version), (change.contact, change.version));
            (change.contact.get(), change.version.get(), change.kind)
        })
        .collect()
}

async fn feed_begins_with_all_living_contacts(fixture: &StoreFixture) {
    let kept = id_of(&fixture.create(person(json!({}))).await).get();
    let gone = id_of(&fixture.create(person(json!({}))).await);
    fixture.delete(gone).await;
    let last = id_of(&fixture.create(person(json!({}))).await).get();
    let start = FeedPosition { listed_to: Some(0), ..end(fixture).await };
    let expected = [(kept, 1, ChangeKind::Created), (last, 1, ChangeKind::Created)];
    for items in [1, 2, 3] {
        let (listed, next) = all(fixture, start, PageSize { items, ..PAGE }).await;
        assert_eq!(listed, expected);
        assert_eq!(next, end(fixture).await);
    }
}

async fn feed_goes_on_after_the_list(fixture: &StoreFixture) {
    for key in ["A", "B", "C"] {
        fixture.create(person(json!({"externalId": key}))).await;
    }
    let start = FeedPosition { listed_to: Some(0), ..end(fixture).await };
    let size = PageSize { items: 2, ..PAGE };
    let first = read(fixture, start, size).await.expect("a page");
    assert!(first.has_more);
    // One that was listed, and one that was not.
    let changed = person(json!({"externalId": "A", "firstName": "later"}));
    let changed = id_of(&fixture.send(&[changed]).await[0]).get();
    let new = id_of(&fixture.create(person(json!({"externalId": "D"}))).await).get();
    let (rest, next) = all(fixture, first.next, size).await;
    assert_eq!(rest.len(), 1, "the new one comes as a change only");
    let (changes, _) = all(fixture, next, size).await;
    assert_eq!(changes, [(changed, 2, ChangeKind::Updated), (new, 1, ChangeKind::Created)]);
}

async fn changed_contact_comes_once_as_it_is(fixture: &StoreFixture) {
    let start = end(fixture).await;
    let keyed = |text: &str| person(json!({"externalId": "A", "firstName": text}));
    let changed = id_of(&fixture.create(keyed("one")).await);
    let gone = id_of(&fixture.create(person(json!({}))).await);
    fixture.send(&[keyed("two")]).await;
    fixture.delete(gone).await;
    fixture.send(&[keyed("three")]).await;
    let feed = page(fixture, start).await;
    assert_eq!(
        shown(&feed),
        [(gone.get(), 2, ChangeKind::Deleted), (changed.get(), 3, ChangeKind::Updated)]
    );
    assert!(!feed.has_more);
    let nothing = page(fixture, feed.next).await;
    assert_eq!((nothing.changes.len(), nothing.next), (0, feed.next));
}

async fn pages_of_any_size_fit_together(fixture: &StoreFixture) {
    let start = end(fixture).await;
    for batch in 1..=3 {
        let keyed =
            |key| person(json!({"externalId": format!("{key}"), "firstName": batch.to_string()}));
        let items: Vec<_> = (0..3 + batch).map(keyed).collect();
        fixture.send(&items).await;
        fixture.send(&[person(json!({})), person(json!({}))]).await;
    }
    let (whole, last) = all(fixture, start, PAGE).await;
    assert_eq!(whole.len(), 6 + 6);
    for items in 1..=5 {
        let (pages, next) = all(fixture, start, PageSize { items, ..PAGE }).await;
        assert_eq!((pages, next), (whole.clone(), last));
    }
}

async fn long_documents_end_a_page(fixture: &StoreFixture) {
    let start = end(fixture).await;
    for _ in 0..3 {
        fixture.create(person(json!({"warnings": "long ".repeat(200)}))).await;
    }
    let size = PageSize { bytes: 1_500, ..PAGE };
    let first = read(fixture, start, size).await.expect("a page");
    assert_eq!((first.changes.len(), first.has_more), (1, true));
    assert_eq!(all(fixture, start, size).await.0.len(), 3);
    let list = FeedPosition { listed_to: Some(0), ..end(fixture).await };
    let first = read(fixture, list, size).await.expect("a page");
    assert_eq!((first.changes.len(), first.has_more), (1, true));
}

async fn position_of_another_database_is_refused(fixture: &StoreFixture) {
    fixture.create(person(json!({}))).await;
    let end = end(fixture).await;
    let last = end.last.expect("a change");
    let mut foreign = vec![FeedPosition { hub: end.hub.wrapping_add(1), ..end }];
    let mut other = last;
    other.mark = last.mark.wrapping_add(1);
    foreign.push(FeedPosition { last: Some(other), ..end });
    let mut later = last;
    later.position += 1;
    foreign.push(FeedPosition { last: Some(later), ..end });
    for position in foreign {
        assert_eq!(read(fixture, position, PAGE).await, None, "{position:?}");
        let listing = FeedPosition { listed_to: Some(0), ..position };
        assert_eq!(read(fixture, listing, PAGE).await, None, "{listing:?}");
    }
}

async fn position_at_pruned_run_is_refused(fixture: &StoreFixture) {
    fixture.create(person(json!({}))).await;
    let old = end(fixture).await;
    fixture.create(person(json!({}))).await;
    let last = end(fixture).await;
    let request = fixture.request();
    fixture.ledger().prune(request.organization, request.now).await.expect("pruned");
    assert_eq!(read(fixture, old, PAGE).await, None);
    assert_eq!(page(fixture, last).await.changes, []);
}

async fn feed_stays_in_its_organization(fixture: &StoreFixture) {
    let start = end(fixture).await;
    fixture.send_elsewhere(&[person(json!({}))]).await;
    assert_eq!(page(fixture, start).await.changes, []);
    let there = fixture.request_elsewhere().organization;
    let elsewhere = fixture.ledger().feed_end(there).await.expect("a position");
    assert_eq!(read(fixture, elsewhere, PAGE).await, None);
    let list = FeedPosition { listed_to: Some(0), ..start };
    assert_eq!(page(fixture, list).await.changes, []);
}
