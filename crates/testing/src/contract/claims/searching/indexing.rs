//! Indexing contacts for searches, from the change feed.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use contacts_application::access::SettingsChange;
use contacts_application::ledger::FeedPosition;
use contacts_application::ports::{Behind, Clock, IndexStep};
use contacts_application::use_cases::IndexContacts;
use contacts_domain::Timestamp;
use contacts_domain::searching::{SEARCH_VERSION, SearchWords};
use contacts_domain::value::CountryCode;
use serde_json::json;

use super::{four, index, indexing, named, search};
use crate::contract::claim::{Claim, claims};
use crate::contract::fixture::StoreFixture;
use crate::{now, organization};

pub(crate) const CLAIMS: &[Claim] = claims![
    nothing_is_behind_after_indexing,
    changes_of_a_load_wait_until_it_rests,
    changes_wait_for_a_second_where_somebody_searches,
    step_from_another_place_changes_nothing,
    purged_contact_is_found_no_more,
    other_region_is_indexed_anew,
    other_version_is_indexed_anew,
    index_begins_again_after_pruned_changes,
];

/// A clock at some milliseconds after the first request.
#[derive(Default)]
struct MovableClock(AtomicI64);

impl MovableClock {
    fn move_to(&self, millis: i64) {
        self.0.store(millis, Ordering::Relaxed);
    }
}

impl Clock for MovableClock {
    fn now(&self) -> Timestamp {
        let millis = self.0.load(Ordering::Relaxed);
        Timestamp::from_micros(now().micros() + millis * 1_000)
    }
}

async fn nothing_is_behind_after_indexing(fixture: &StoreFixture) {
    let (here, there) = (organization(1).id, organization(2).id);
    let late = indexing(fixture, 60);
    assert!(!late.execute().await.expect("the store does not fail"), "there is nothing");
    let reached = async || late.reached(here).await.expect("the store does not fail");
    let end = async || Some(fixture.ledger().feed_end(here).await.expect("a position"));
    assert_eq!(reached().await, end().await);

    fixture.create(named("a", "A", json!({}))).await;
    fixture.create(named("b", "B", json!({}))).await;
    fixture.send_elsewhere(&[named("c", "C", json!({}))]).await;
    let lag = async |organization| {
        late.lag_of_search(organization).await.expect("the store does not fail")
    };
    assert_eq!(lag(here).await, Duration::from_secs(60));
    assert_eq!(lag(there).await, Duration::from_secs(58));
    assert_eq!(reached().await, None);
    while late.execute().await.expect("the store does not fail") {}
    assert_eq!((lag(here).await, lag(there).await, late.lag()), Default::default());
    assert_eq!(reached().await, end().await);

    fixture.create(named("d", "D", json!({}))).await;
    fixture.create(named("e", "E", json!({}))).await;
    assert_eq!((lag(here).await, lag(there).await), (Duration::from_secs(57), Duration::ZERO));
    assert_ne!(reached().await, end().await);
    assert!(late.execute().await.expect("the store does not fail"));
    assert_eq!(late.lag(), Duration::from_secs(57), "as it was seen before the step");
    assert_eq!(reached().await, end().await);
}

async fn changes_of_a_load_wait_until_it_rests(fixture: &StoreFixture) {
    let is_indexed = async |seconds| {
        indexing(fixture, seconds).execute().await.expect("the store does not fail")
    };
    fixture.create(named("a", "A", json!({}))).await;
    fixture.create(named("b", "B", json!({}))).await;
    assert!(!is_indexed(2).await, "the last change is new");
    assert!(is_indexed(3).await, "no change has followed");

    for second in 2..32 {
        fixture.create(named(&format!("{second}"), "C", json!({}))).await;
    }
    assert!(!is_indexed(31).await, "changes follow, and nobody searches");
    fixture.create(named("d", "D", json!({}))).await;
    assert!(is_indexed(32).await, "the first is thirty seconds old");

    fixture.create(named("e", "E", json!({}))).await;
    fixture.create(named("f", "F", json!({}))).await;
    assert!(!is_indexed(34).await);
    let awaited = indexing(fixture, 34);
    let elsewhere = awaited.hurry(organization(2).id);
    assert!(!awaited.execute().await.expect("the store does not fail"), "nobody waits here");
    drop(elsewhere);
    let awaiting = awaited.hurry(organization(1).id);
    assert!(awaited.execute().await.expect("the store does not fail"), "somebody waits");
    fixture.create(named("g", "G", json!({}))).await;
    drop(awaiting);
    assert!(!awaited.execute().await.expect("the store does not fail"), "nobody waits any more");
}

async fn changes_wait_for_a_second_where_somebody_searches(fixture: &StoreFixture) {
    let clock = Arc::new(MovableClock::default());
    let ports = (fixture.search_index(), fixture.ledger(), fixture.access());
    let indexing = IndexContacts::new(ports.0, ports.1, ports.2, clock.clone());
    let is_indexed = async |millis| {
        clock.move_to(millis);
        indexing.execute().await.expect("the store does not fail")
    };
    fixture.create(named("a", "A", json!({}))).await;
    fixture.create(named("b", "B", json!({}))).await;
    assert!(!is_indexed(1_000).await);
    indexing.lag_of_search(organization(1).id).await.expect("the store does not fail");
    assert!(is_indexed(1_000).await, "the first change is a second old");
    fixture.create(named("c", "C", json!({}))).await;
    assert!(!is_indexed(2_100).await);
    assert!(is_indexed(2_200).await, "no change has followed");

    for second in 3..60 {
        fixture.create(named(&format!("{second}"), "C", json!({}))).await;
    }
    index(fixture).await;
    fixture.create(named("d", "D", json!({}))).await;
    fixture.create(named("e", "E", json!({}))).await;
    assert!(!is_indexed(61_000).await, "the search was a minute ago");
}

async fn step_from_another_place_changes_nothing(fixture: &StoreFixture) {
    let stored = four(fixture).await;
    let index = fixture.search_index();
    let here = organization(1).id;
    let indexed = index.indexed(here).await.expect("the store does not fail").expect("a place");
    let position = FeedPosition { listed_to: Some(1), ..indexed.position };
    let before = [None, Some(contacts_application::ports::Indexed { position, ..indexed })];
    for before in before {
        let contacts = vec![(stored[0], None), (stored[1], Some(SearchWords::of_text("Muller")))];
        let step =
            IndexStep { organization: here, before, after: indexed, is_first: true, contacts };
        assert!(!index.index(step).await.expect("the store does not fail"));
    }
    assert_eq!(index.indexed(here).await.expect("the store does not fail"), Some(indexed));
    assert_eq!(search(fixture, "muller").await, "a1 d4");
}

async fn purged_contact_is_found_no_more(fixture: &StoreFixture) {
    let stored = four(fixture).await;
    let index = fixture.search_index();
    let here = organization(1).id;
    let indexed = index.indexed(here).await.expect("the store does not fail").expect("a place");
    fixture.purge(stored[0]).await;
    assert_eq!(search(fixture, "muller").await, "d4");
    // Whose words were made before the purge.
    let words = |id| (id, Some(SearchWords::of_text("late")));
    let contacts = vec![words(stored[0]), words(stored[1])];
    let (before, after) = (Some(indexed), indexed);
    let late = IndexStep { organization: here, before, after, is_first: false, contacts };
    assert!(index.index(late).await.expect("the store does not fail"));
    for _ in 0..2 {
        assert_eq!(search(fixture, "late").await, "b2");
        self::index(fixture).await;
    }
}

async fn other_region_is_indexed_anew(fixture: &StoreFixture) {
    four(fixture).await;
    assert_eq!(search(fixture, "+43 79 111").await, "");
    let region = Some(CountryCode::parse("AT").expect("a country"));
    let change = SettingsChange { region, ..SettingsChange::default() };
    let changed = fixture.settings().change_settings(organization(1).id, change, 4).await;
    changed.expect("the store does not fail");
    let behind = fixture.search_index().behind(None, SEARCH_VERSION).await;
    let expected = Behind { organization: organization(1).id, oldest: now(), newest: now() };
    assert_eq!(behind.expect("the store does not fail"), [expected]);
    index(fixture).await;
    let indexed = fixture.search_index().indexed(organization(1).id).await;
    assert_eq!(indexed.expect("the store does not fail").map(|indexed| indexed.region), region);
    assert_eq!(search(fixture, "muller").await, "a1 d4");
}

async fn other_version_is_indexed_anew(fixture: &StoreFixture) {
    let stored = four(fixture).await;
    let index = fixture.search_index();
    let here = organization(1).id;
    let indexed = index.indexed(here).await.expect("the store does not fail").expect("a place");
    // As an earlier release left it, with words of a contact that has been deleted since.
    fixture.delete(stored[0]).await;
    let old = contacts_application::ports::Indexed { version: 0, ..indexed };
    let contacts = vec![
        (stored[0], Some(SearchWords::of_text("x"))),
        (stored[1], Some(SearchWords::of_text("x"))),
    ];
    let step = IndexStep {
        organization: here,
        before: Some(indexed),
        after: old,
        is_first: false,
        contacts,
    };
    assert!(index.index(step).await.expect("the store does not fail"));
    assert_eq!(search(fixture, "x").await, "b2");
    self::index(fixture).await;
    assert_eq!(
        (search(fixture, "x").await, search(fixture, "rochat").await),
        (String::new(), "b2 d4".to_owned())
    );
}

async fn index_begins_again_after_pruned_changes(fixture: &StoreFixture) {
    let stored = four(fixture).await;
    fixture.delete(stored[0]).await;
    fixture.send(&[named("b2", "Weber", json!({}))]).await;
    let request = fixture.request();
    fixture.ledger().prune(request.organization, request.now).await.expect("pruned");
    index(fixture).await;
    assert_eq!(search(fixture, "mul").await, "c3 d4");
    assert_eq!(search(fixture, "weber").await, "b2");
}
