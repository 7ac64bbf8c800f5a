//! Of a purged contact nothing is left but its id.

use contacts_application::ledger::{FeedPosition, PageSize};
use contacts_application::ports::Lifecycle;
use contacts_domain::decision::AliasKey;
use contacts_domain::ledger::ChangeKind;
use contacts_domain::purging::{Purge, PurgeTarget};
use contacts_domain::upsert::{Context, Outcome};
use contacts_domain::{ContactId, RunId, Timestamp, Version};
use serde_json::json;
use std::sync::Arc;

use crate::contract::claim::{Claim, claims};
use crate::contract::fixture::{StoreFixture, answers, id_of, person};

pub(crate) const CLAIMS: &[Claim] = claims![
    purged_contact_is_gone,
    deleted_contact_is_purged_by_its_id,
    purge_finds_contacts_by_their_own_keys,
    purge_of_another_version_is_refused,
    dry_run_purges_nothing,
    purged_survivor_takes_its_aliases_along,
    purged_source_leaves_its_aliases,
    purge_stays_in_its_organization,
];

pub(crate) const LEDGER_CLAIMS: &[Claim] = claims![
    purged_contact_leaves_bare_entries,
    feed_shows_a_purged_contact_once,
    run_of_a_purged_contact_knows_it_no_more,
    contacts_deleted_long_ago_are_purged,
    feed_outlives_the_pruning_of_a_purge,
];

const PAGE: PageSize = PageSize { items: 100, bytes: 1 << 20 };

fn by_id(id: ContactId) -> PurgeTarget {
    PurgeTarget { key: AliasKey::Id(id), version: None }
}

fn by_external_id(key: &str) -> PurgeTarget {
    PurgeTarget { key: AliasKey::ExternalId(key.to_owned()), version: None }
}

async fn purge_for(
    fixture: &StoreFixture,
    context: Context,
    targets: &[PurgeTarget],
) -> Vec<Outcome> {
    let purge = Arc::new(Purge::new(context, targets.to_vec()));
    let report = fixture.contacts().purge(purge).await.expect("the store does not fail");
    report.expect("a small answer")
}

async fn purge(fixture: &StoreFixture, targets: &[PurgeTarget]) -> Vec<Outcome> {
    purge_for(fixture, fixture.request(), targets).await
}

/// A contact with everything that a store keeps beside its row.
async fn rich(fixture: &StoreFixture, key: &str) -> ContactId {
    let other = id_of(&fixture.create(person(json!({}))).await).get();
    let id = id_of(
        &fixture
            .create(person(json!({
                "externalId": key,
                "email": format!("{key}@one.example"),
                "intercom": {"name": "Door", "type": "individual", "number": "sip:door@one.example"},
                "relatedContactIds": [other],
            })))
            .await,
    );
    fixture.send(&[json!({"id": id.get(), "firstName": "Marker"})]).await;
    fixture.send(&[json!({"id": id.get(), "firstName": "Other"})]).await;
    id
}

async fn is_gone(fixture: &StoreFixture, id: ContactId) {
    for lifecycle in [Lifecycle::Living, Lifecycle::Deleted] {
        assert_eq!(fixture.read(id, lifecycle).await, None);
    }
    assert!(fixture.everything().await.iter().all(|record| record.id != id));
}

async fn purged_contact_is_gone(fixture: &StoreFixture) {
    let id = rich(fixture, "A").await;
    let purged = purge(fixture, &[by_id(id), by_id(id)]).await;
    assert_eq!(answers(&purged), ["deleted by id, version 4", "rejected, CONTACT_NOT_FOUND id"]);
    is_gone(fixture, id).await;
    let again = purge(fixture, &[by_id(id)]).await;
    assert_eq!(answers(&again), ["rejected, CONTACT_NOT_FOUND id"]);
    let next = fixture.create(person(json!({"externalId": "A"}))).await;
    assert!(id_of(&next) > id, "the key is free, and the id is not used again");
}

async fn deleted_contact_is_purged_by_its_id(fixture: &StoreFixture) {
    let id = rich(fixture, "A").await;
    fixture.delete_and_send(id, &[]).await;
    let purged = purge(fixture, &[by_external_id("A"), by_id(id)]).await;
    assert_eq!(
        answers(&purged),
        ["rejected, CONTACT_NOT_FOUND externalId", "deleted by id, version 5"]
    );
    is_gone(fixture, id).await;
}

async fn purge_finds_contacts_by_their_own_keys(fixture: &StoreFixture) {
    let link_id = "6f9619ff-8b86-d011-b42d-00cf4fc964ff";
    let linked = fixture.create(person(json!({"linkId": link_id}))).await;
    let (linked, keyed) = (id_of(&linked), rich(fixture, "A").await);
    let key = AliasKey::parse("LINK_ID", link_id).expect("a link id");
    let targets = [PurgeTarget { key, version: None }, by_external_id(" A "), by_external_id("B")];
    let purged = purge(fixture, &targets).await;
    assert_eq!(
        answers(&purged),
        [
            "deleted by linkId, version 2",
            "deleted by externalId, version 4",
            "rejected, CONTACT_NOT_FOUND externalId"
        ]
    );
    is_gone(fixture, linked).await;
    is_gone(fixture, keyed).await;
}

async fn purge_of_another_version_is_refused(fixture: &StoreFixture) {
    let id = rich(fixture, "A").await;
    let of = |version| PurgeTarget { version: Some(Version::new(version)), ..by_id(id) };
    let before = fixture.everything().await;
    assert_eq!(
        answers(&purge(fixture, &[of(2)]).await)[0],
        "stale by id, VALIDATION_ERROR version"
    );
    assert_eq!(fixture.everything().await, before);
    assert_eq!(answers(&purge(fixture, &[of(3)]).await)[0], "deleted by id, version 4");
    is_gone(fixture, id).await;
}

async fn dry_run_purges_nothing(fixture: &StoreFixture) {
    let id = rich(fixture, "A").await;
    let before = fixture.everything().await;
    let dry_run = Purge::new(fixture.request(), vec![by_id(id)]).without_writing();
    let report = fixture.contacts().purge(Arc::new(dry_run)).await.expect("no failure");
    assert_eq!(answers(&report.expect("small")), ["deleted by id, version 4"]);
    assert_eq!(fixture.everything().await, before);
}

async fn purged_survivor_takes_its_aliases_along(fixture: &StoreFixture) {
    let [target, source] = merged(fixture).await;
    purge(fixture, &[by_id(target)]).await;
    is_gone(fixture, target).await;
    assert_eq!(fixture.survivor(source).await, None);
    let sent = fixture.send(&[person(json!({"externalId": "B"}))]).await;
    assert_eq!(answers(&sent), ["created, version 1"]);
}

async fn purged_source_leaves_its_aliases(fixture: &StoreFixture) {
    let [target, source] = merged(fixture).await;
    let by_alias = purge(fixture, &[by_external_id("B")]).await;
    assert_eq!(answers(&by_alias), ["rejected, CONTACT_NOT_FOUND externalId"]);
    assert_eq!(answers(&purge(fixture, &[by_id(source)]).await), ["deleted by id, version 3"]);
    is_gone(fixture, source).await;
    assert_eq!(fixture.survivor(source).await.map(|record| record.id), Some(target));
    let sent = fixture.send(&[json!({"externalId": "B"})]).await;
    assert_eq!(id_of(&sent[0]), target);
}

/// Merges the contact `B` into the contact `A`.
async fn merged(fixture: &StoreFixture) -> [ContactId; 2] {
    let items = ["A", "B"].map(|key| person(json!({"externalId": key})));
    let created = fixture.send(&items).await;
    let [target, source] = [id_of(&created[0]), id_of(&created[1])];
    fixture.merge(target, source).await.expect("merged");
    [target, source]
}

async fn purge_stays_in_its_organization(fixture: &StoreFixture) {
    let id = rich(fixture, "A").await;
    let before = fixture.everything().await;
    let targets = [by_id(id), by_external_id("A")];
    let purged = purge_for(fixture, fixture.request_elsewhere(), &targets).await;
    let [by_id, by_key] =
        ["id", "externalId"].map(|key| format!("rejected, CONTACT_NOT_FOUND {key}"));
    assert_eq!(answers(&purged), [by_id, by_key]);
    assert_eq!(fixture.everything().await, before);
}

async fn runs(fixture: &StoreFixture) -> Vec<RunId> {
    let organization = fixture.request().organization;
    let runs = fixture.ledger().runs(organization, None, 100).await.expect("runs");
    runs.into_iter().rev().map(|run| run.id).collect()
}

async fn purged_contact_leaves_bare_entries(fixture: &StoreFixture) {
    let id = rich(fixture, "A").await;
    let organization = fixture.request().organization;
    let outcome = purge(fixture, &[by_id(id)]).await.remove(0);
    let mut entries = Vec::new();
    for run in runs(fixture).await {
        let changes = fixture.ledger().changes(organization, run, None, PAGE).await;
        let own = changes.expect("changes").into_iter().filter(|change| change.contact == id);
        entries.extend(own.map(|change| (change.run, change.kind, change.reverse)));
    }
    let kinds: Vec<ChangeKind> = entries.iter().map(|(_, kind, _)| *kind).collect();
    let [created, updated, deleted] =
        [ChangeKind::Created, ChangeKind::Updated, ChangeKind::Deleted];
    assert_eq!(kinds, [created, updated, updated, deleted]);
    assert!(entries.iter().all(|(_, _, reverse)| reverse.is_none()), "{entries:?}");
    assert_eq!(outcome.contact.expect("a contact").run, entries.last().map(|(run, ..)| *run));
    let history = fixture.ledger().history(organization, id, None, PAGE).await.expect("no failure");
    assert_eq!(history, None);
}

/// The ids, versions and kinds of what comes after a position, page by page.
async fn feed(
    fixture: &StoreFixture,
    mut from: FeedPosition,
    items: u32,
) -> Vec<(ContactId, i64, ChangeKind, bool)> {
    let organization = fixture.request().organization;
    let mut all = Vec::new();
    loop {
        let page = fixture.ledger().feed(organization, from, PageSize { items, ..PAGE }).await;
        let page = page.expect("no failure").expect("a position of this database");
        all.extend(page.changes.iter().map(|change| {
            let is_stored = change.record.is_some();
            (change.contact, change.version.get(), change.kind, is_stored)
        }));
        if !page.has_more {
            return all;
        }
        from = page.next;
    }
}

async fn feed_shows_a_purged_contact_once(fixture: &StoreFixture) {
    let organization = fixture.request().organization;
    let start = fixture.ledger().feed_end(organization).await.expect("a position");
    let living = rich(fixture, "A").await;
    let deleted = rich(fixture, "B").await;
    fixture.delete_and_send(deleted, &[]).await;
    purge(fixture, &[by_id(living), by_id(deleted)]).await;
    for items in [1, 100] {
        let purged: Vec<_> = feed(fixture, start, items)
            .await
            .into_iter()
            .filter(|(id, ..)| [living, deleted].contains(id))
            .collect();
        let expected = [(living, 4), (deleted, 5)]
            .map(|(id, version)| (id, version, ChangeKind::Deleted, false));
        assert_eq!(purged, expected);
    }
}

async fn run_of_a_purged_contact_knows_it_no_more(fixture: &StoreFixture) {
    let organization = fixture.request().organization;
    let id = rich(fixture, "A").await;
    let updated = runs(fixture).await.pop().expect("a run");
    purge(fixture, &[by_id(id)]).await;
    let undone = fixture.ledger().changed_by(organization, updated, 1 << 20).await;
    let undone = undone.expect("no failure").remove(0);
    assert_eq!((undone.id, undone.record, undone.changes.len()), (id, None, 0));
}

async fn contacts_deleted_long_ago_are_purged(fixture: &StoreFixture) {
    let organization = fixture.request().organization;
    let [first, second, third, living] = [
        rich(fixture, "A").await,
        rich(fixture, "B").await,
        rich(fixture, "C").await,
        rich(fixture, "D").await,
    ];
    for id in [second, first, third] {
        fixture.delete_and_send(id, &[]).await;
    }
    let deleted_at = async |id| {
        let record = fixture.read(id, Lifecycle::Deleted).await.expect("a deleted contact");
        record.deleted_at.expect("it is deleted")
    };
    let before: Timestamp = deleted_at(third).await;
    let runs_before = runs(fixture).await;
    let start = fixture.ledger().feed_end(organization).await.expect("a position");
    let ledger = fixture.ledger();
    let now = fixture.request().now;
    let elsewhere = fixture.request_elsewhere().organization;
    let purge = async |organization| {
        ledger.purge_deleted(organization, before, now, 1).await.expect("no failure")
    };
    assert_eq!(purge(elsewhere).await, 0);
    assert_eq!(purge(organization).await, 1);
    is_gone(fixture, second).await;
    assert!(fixture.read(first, Lifecycle::Deleted).await.is_some(), "one at a time");
    assert_eq!((purge(organization).await, purge(organization).await), (1, 0));
    is_gone(fixture, first).await;
    assert!(fixture.read(third, Lifecycle::Deleted).await.is_some(), "it is not old enough");
    fixture.living(living).await;
    assert_eq!(runs(fixture).await, runs_before, "it is no run");
    assert_eq!(feed(fixture, start, 100).await, [], "the deletion was told before");
}

async fn feed_outlives_the_pruning_of_a_purge(fixture: &StoreFixture) {
    let organization = fixture.request().organization;
    let id = rich(fixture, "A").await;
    purge(fixture, &[by_id(id)]).await;
    let start = fixture.ledger().feed_end(organization).await.expect("a position");
    let later = id_of(&fixture.create(person(json!({}))).await);
    let last = id_of(&fixture.create(person(json!({}))).await);
    let ledger = fixture.ledger();
    ledger.prune(organization, fixture.request().now).await.expect("pruned");
    let gone = ledger.feed(organization, start, PAGE).await.expect("no failure");
    assert_eq!(gone, None, "the run of the purge is pruned");
    let listed = FeedPosition {
        listed_to: Some(0),
        ..ledger.feed_end(organization).await.expect("a position")
    };
    let living: Vec<ContactId> =
        feed(fixture, listed, 100).await.into_iter().map(|(id, ..)| id).collect();
    assert!(living.contains(&later) && living.contains(&last) && !living.contains(&id));
}
