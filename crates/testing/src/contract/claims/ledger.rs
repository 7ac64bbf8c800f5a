//! Every change of a contact is part of a run.

pub(crate) mod feed;
pub(crate) mod undoing;

use contacts_application::ledger::{PageSize, RecordedChange};
use contacts_domain::ledger::{Api, ChangeKind, Origin, Run, RunCounts};
use contacts_domain::upsert::{Context, Options};
use contacts_domain::{ContactId, RunId};
use serde_json::json;

use super::super::claim::{Claim, claims};
use super::super::fixture::{StoreFixture, answers, id_of, person};

pub(crate) const CLAIMS: &[Claim] = claims![
    request_with_changes_is_a_run,
    request_without_changes_is_no_run,
    run_keeps_who_asked,
    runs_come_last_first_in_pages,
    changes_of_a_run_come_by_contact,
    history_leads_from_version_to_version,
    merge_is_a_run_of_all_that_it_changes,
    outcome_shows_the_run_of_its_change,
    runs_stay_in_their_organization,
    repair_is_no_run,
    pruning_keeps_the_last_old_run,
];

const PAGE: PageSize = PageSize { items: 100, bytes: 1 << 20 };

/// What changed, without the differences.
fn kinds(changes: &[RecordedChange]) -> Vec<(ContactId, i64, ChangeKind)> {
    let kind = |change: &RecordedChange| (change.contact, change.version.get(), change.kind);
    changes.iter().map(kind).collect()
}

async fn runs(fixture: &StoreFixture) -> Vec<Run> {
    let organization = fixture.request().organization;
    fixture.ledger().runs(organization, None, 100).await.expect("runs")
}

async fn changes(fixture: &StoreFixture, run: RunId) -> Vec<RecordedChange> {
    let organization = fixture.request().organization;
    fixture.ledger().changes(organization, run, None, PAGE).await.expect("changes")
}

async fn history(fixture: &StoreFixture, contact: ContactId) -> Vec<(RunId, RecordedChange)> {
    let organization = fixture.request().organization;
    let history =
        fixture.ledger().history(organization, contact, None, PAGE).await.expect("a history");
    let history = history.expect("a contact");
    assert!(!history.has_more);
    history.changes.into_iter().map(|(run, change)| (run.id, change)).collect()
}

async fn request_with_changes_is_a_run(fixture: &StoreFixture) {
    let created = fixture.send(&[person(json!({})), person(json!({})), json!({"bad": 1})]).await;
    let runs = runs(fixture).await;
    let [run] = runs.as_slice() else { panic!("one run, not {runs:?}") };
    assert_eq!(run.counts, RunCounts { created: 2, ..RunCounts::default() });
    let expected: Vec<_> =
        created[..2].iter().map(|outcome| (id_of(outcome), 1, ChangeKind::Created)).collect();
    let changes = changes(fixture, run.id).await;
    assert_eq!(kinds(&changes), expected);
    assert!(changes.iter().all(|change| change.previous.is_none() && change.reverse.is_none()));
    let organization = fixture.request().organization;
    let found = fixture.ledger().run(organization, run.id).await.expect("a run");
    assert_eq!(found.as_ref(), Some(run));
}

async fn request_without_changes_is_no_run(fixture: &StoreFixture) {
    let item = person(json!({"externalId": "A"}));
    fixture.send(std::slice::from_ref(&item)).await;
    let before = runs(fixture).await;
    assert_eq!(answers(&fixture.send(&[item]).await), ["unchanged by externalId, version 1"]);
    fixture.send(&[json!({"contactType": "NOBODY"})]).await;
    let dry_run = Options { dry_run: true, ..Options::default() };
    fixture.send_with(dry_run, &[person(json!({"externalId": "B"}))]).await;
    assert_eq!(runs(fixture).await, before);
}

async fn run_keeps_who_asked(fixture: &StoreFixture) {
    let source = Some("shop".to_owned());
    let origin = Origin { api: Api::Native, token: "CRM".to_owned(), source };
    let request = Context { origin: origin.clone(), ..fixture.request() };
    let at = request.now;
    fixture.send_for(request, Options::default(), &[person(json!({}))]).await;
    let run = runs(fixture).await.remove(0);
    assert_eq!((run.origin, run.at, run.undoes), (origin, at, None));
}

async fn runs_come_last_first_in_pages(fixture: &StoreFixture) {
    for _ in 0..5 {
        fixture.send(&[person(json!({}))]).await;
    }
    let all = runs(fixture).await;
    assert!(all.is_sorted_by(|one, next| one.at > next.at), "{all:?}");
    let (organization, ledger) = (fixture.request().organization, fixture.ledger());
    let first = ledger.runs(organization, None, 2).await.expect("runs");
    let second = ledger.runs(organization, Some(first[1].id), 2).await.expect("runs");
    let third = ledger.runs(organization, Some(second[1].id), 2).await.expect("runs");
    assert_eq!([first, second, third].concat(), all);
    let none = RunId::new(1 << 40);
    assert_eq!(ledger.runs(organization, none, 2).await.expect("runs"), []);
}

async fn changes_of_a_run_come_by_contact(fixture: &StoreFixture) {
    let items: Vec<_> = (0..5).map(|_| person(json!({}))).collect();
    fixture.send(&items).await;
    let run = runs(fixture).await.remove(0).id;
    let all = changes(fixture, run).await;
    assert!(all.is_sorted_by_key(|change| change.contact));
    let (organization, ledger) = (fixture.request().organization, fixture.ledger());
    let size = PageSize { items: 2, ..PAGE };
    let first = ledger.changes(organization, run, None, size).await.expect("changes");
    let after = Some(first[1].contact);
    let rest = ledger.changes(organization, run, after, PAGE).await.expect("changes");
    assert_eq!([first, rest].concat(), all);
}

async fn history_leads_from_version_to_version(fixture: &StoreFixture) {
    let key = |city: &str| person(json!({"externalId": "A", "firstName": city}));
    let contact = id_of(&fixture.create(key("Bern")).await);
    fixture.send(&[key("Thun")]).await;
    fixture.send(&[key("Thun"), key("Biel"), key("Genf")]).await;
    let runs: Vec<RunId> = runs(fixture).await.iter().map(|run| run.id).collect();
    let history = history(fixture, contact).await;
    let found: Vec<_> = history
        .iter()
        .map(|(run, change)| (*run, change.previous, change.version.get(), change.kind))
        .collect();
    // The last request counted the version up twice, and is one change.
    assert_eq!(
        found,
        [
            (runs[0], Some(runs[1]), 4, ChangeKind::Updated),
            (runs[1], Some(runs[2]), 2, ChangeKind::Updated),
            (runs[2], None, 1, ChangeKind::Created),
        ]
    );
    let organization = fixture.request().organization;
    let size = PageSize { items: 2, ..PAGE };
    let cut = fixture.ledger().history(organization, contact, None, size).await.expect("a history");
    let cut = cut.expect("a contact");
    assert_eq!((cut.changes.len(), cut.has_more), (2, true));
    let from = Some(runs[2]);
    let rest =
        fixture.ledger().history(organization, contact, from, size).await.expect("a history");
    let rest = rest.expect("a contact");
    assert_eq!((rest.record, rest.has_more), (cut.record, false));
    let versions = rest.changes.iter().map(|(run, change)| (run.id, change.version.get()));
    assert_eq!(versions.collect::<Vec<_>>(), [(runs[2], 1)]);
    let nobody = ContactId::new(1 << 40).expect("an id");
    assert_eq!(
        fixture.ledger().history(organization, nobody, None, PAGE).await.expect("none"),
        None
    );
}

async fn merge_is_a_run_of_all_that_it_changes(fixture: &StoreFixture) {
    let target = id_of(&fixture.create(person(json!({"externalId": "A"}))).await);
    let source = id_of(&fixture.create(person(json!({"firstName": "B"}))).await);
    let refers = person(json!({"relatedContactIds": [source.get()]}));
    let refers = id_of(&fixture.create(refers).await);
    fixture.merge(target, source).await.expect("a merge");
    let run = runs(fixture).await.remove(0);
    assert_eq!(run.counts, RunCounts { updated: 2, merged: 1, ..RunCounts::default() });
    assert_eq!(
        kinds(&changes(fixture, run.id).await),
        [
            (target, 2, ChangeKind::Updated),
            (source, 2, ChangeKind::Merged),
            (refers, 2, ChangeKind::Updated),
        ]
    );
    fixture.delete_and_send(refers, &[]).await;
    let run = runs(fixture).await.remove(0);
    assert_eq!(kinds(&changes(fixture, run.id).await), [(refers, 3, ChangeKind::Deleted)]);
}

async fn outcome_shows_the_run_of_its_change(fixture: &StoreFixture) {
    let created = fixture.create(person(json!({"externalId": "A"}))).await;
    let run = runs(fixture).await.remove(0).id;
    assert_eq!(created.contact.expect("a contact").run, Some(run));
    let same = fixture.send(&[person(json!({"externalId": "A"}))]).await.remove(0);
    assert_eq!(same.contact.expect("a contact").run, None);
}

async fn runs_stay_in_their_organization(fixture: &StoreFixture) {
    let elsewhere = id_of(&fixture.send_elsewhere(&[person(json!({}))]).await[0]);
    let (here, there) = (fixture.request().organization, fixture.request_elsewhere().organization);
    let ledger = fixture.ledger();
    assert_eq!(runs(fixture).await, []);
    let run = ledger.runs(there, None, 9).await.expect("runs").remove(0).id;
    assert_eq!(ledger.run(here, run).await.expect("none"), None);
    assert_eq!(ledger.changes(here, run, None, PAGE).await.expect("none"), []);
    assert_eq!(ledger.history(here, elsewhere, None, PAGE).await.expect("none"), None);
}

async fn repair_is_no_run(fixture: &StoreFixture) {
    let created = fixture.create(person(json!({"externalId": "A"}))).await;
    let before = runs(fixture).await;
    let mut record = fixture.living(id_of(&created)).await;
    record.projection.display_name = "wrong".to_owned();
    fixture.overwrite(&record, &[], None).await;
    fixture.repair(&[record.id]).await;
    assert_eq!(runs(fixture).await, before);
    assert_eq!(history(fixture, record.id).await.len(), 1, "the contact keeps its run");
}

async fn pruning_keeps_the_last_old_run(fixture: &StoreFixture) {
    for _ in 0..3 {
        fixture.send(&[person(json!({}))]).await;
    }
    let all = runs(fixture).await;
    let (organization, ledger) = (fixture.request().organization, fixture.ledger());
    let prune = |before| ledger.prune(organization, before);
    assert!(!prune(all[0].at).await.expect("pruned"));
    assert_eq!(runs(fixture).await, all[..2], "the run before the time stays");
    assert_eq!(changes(fixture, all[2].id).await, []);
    assert!(!prune(fixture.request().now).await.expect("pruned"));
    assert_eq!(runs(fixture).await, all[..1], "the last run stays");
    assert_eq!(kinds(&changes(fixture, all[0].id).await).len(), 1);
}
