//! Tests of decisions that are made beside the writer.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use contacts_application::access::{Organization, SettingsChange};
use contacts_application::ports::{AccessStore as _, OrganizationSettings as _, StoreErrorKind};
use contacts_domain::decision::{LookupKeys, Writes};
use contacts_domain::merging::Merge;
use contacts_domain::upsert::{Batch, Context, Item, Key, Ladder, Options, Outcome, Verdict};
use contacts_domain::{MatchBy, OrganizationId, OutOfIds};
use diesel::connection::SimpleConnection;
use tempfile::TempDir;
use tokio::runtime::Handle;

use super::*;
use crate::connect::{Database, SqliteOptions};
use crate::store::write_batch;
use crate::testing::{batch, context, file, persons};

/// A decision that is made beside the writer. Before each time, the next thing happens.
struct Beside<D> {
    decision: D,
    work: usize,
    first: Mutex<Vec<Box<dyn FnOnce() + Send>>>,
    made: AtomicUsize,
}

impl<D: Decision> Decision for Beside<D> {
    type Report = D::Report;

    fn organization(&self) -> OrganizationId {
        self.decision.organization()
    }

    fn settings_version(&self) -> i64 {
        self.decision.settings_version()
    }

    fn lookup_keys(&self) -> &LookupKeys {
        self.decision.lookup_keys()
    }

    fn ids_at_most(&self) -> i64 {
        self.decision.ids_at_most()
    }

    fn work(&self, _: &Loaded) -> usize {
        self.work
    }

    fn decide(&self, loaded: Loaded, ids: &mut IdBlock) -> Result<(Writes, D::Report), OutOfIds> {
        let next = self.first.lock().unwrap().pop();
        if let Some(next) = next {
            next();
        }
        self.made.fetch_add(1, Ordering::Relaxed);
        self.decision.decide(loaded, ids)
    }
}

fn beside<D>(decision: D, work: usize, first: Vec<Box<dyn FnOnce() + Send>>) -> Arc<Beside<D>> {
    Arc::new(Beside { decision, work, first: Mutex::new(first), made: AtomicUsize::new(0) })
}

/// A decision that the writer never makes but in the end.
fn long<D>(decision: D, first: Vec<Box<dyn FnOnce() + Send>>) -> Arc<Beside<D>> {
    beside(decision, usize::MAX, first)
}

fn open() -> (TempDir, Database, SqliteStore) {
    let (directory, database) = file(SqliteOptions::default());
    let opened = SqliteStore::open(database.path(), SqliteOptions::default()).unwrap();
    (directory, database, opened.store)
}

fn verdicts(outcomes: &[Outcome]) -> Vec<Verdict> {
    outcomes.iter().map(|outcome| outcome.verdict).collect()
}

fn ids(outcomes: &[Outcome]) -> Vec<i64> {
    outcomes.iter().map(|outcome| outcome.contact.as_ref().unwrap().id.unwrap().get()).collect()
}

fn items(items: &[&str]) -> Batch {
    batch(items.iter().map(|json| Item::read(json, &context())).collect())
}

fn matched_by(key: Key, json: &str) -> Batch {
    batch(vec![Item::read(json, &context()).matched_by(Ladder::new([key]))])
}

fn deletion(json: &str) -> Batch {
    batch(vec![Item::read(json, &context()).to_delete()])
}

/// Runs the decision on a prepared store, and something else meanwhile. Returns how often the
/// decision was made, what it reported, and what it reports after the other.
async fn overtaken<D: Decision, E: Decision>(
    prepare: impl AsyncFn(&SqliteStore),
    decision: impl Fn() -> D,
    meanwhile: impl Fn() -> E,
) -> (usize, D::Report, D::Report) {
    let (_directory, _database, store) = open();
    prepare(&store).await;
    store.run(Arc::new(meanwhile())).await.unwrap();
    let after = store.run(Arc::new(decision())).await.unwrap();

    let (_directory, _database, store) = open();
    let store = Arc::new(store);
    prepare(&store).await;
    let (other, handle, meanwhile) = (Arc::clone(&store), Handle::current(), meanwhile());
    let overtake = Box::new(move || {
        handle.block_on(other.run(Arc::new(meanwhile))).unwrap();
    });
    let decision = beside(decision(), SMALL_WORK + 1, vec![overtake]);
    let report = store.run(Arc::clone(&decision)).await.unwrap();
    (decision.made.load(Ordering::Relaxed), report, after)
}

fn documents(outcomes: &[Outcome]) -> Vec<String> {
    let record = |outcome: &Outcome| outcome.contact.as_ref()?.record().cloned();
    outcomes.iter().filter_map(record).map(|record| record.document).collect()
}

async fn stored_first(store: &SqliteStore, batch: &Batch) {
    store.run(Arc::new(batch.clone())).await.unwrap().unwrap();
}

/// The verdicts and the codes of the violations.
fn summary(outcomes: &[Outcome]) -> Vec<String> {
    let summary = |outcome: &Outcome| {
        let rules = outcome.violations.iter().map(|violation| violation.rule);
        format!("{:?} {:?}", outcome.verdict, rules.collect::<Vec<_>>())
    };
    outcomes.iter().map(summary).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn decision_that_no_longer_holds_is_made_again() {
    let person = |members: &str| format!(r#"{{"contactType": "PERSON", {members}}}"#);
    let named = |key: &str, name: &str| {
        person(&format!(r#""externalId": "{key}", "lastName": "{name}", "phone": "021 555 12 12""#))
    };
    let stored = items(&[&named("A", "Abt"), &named("B", "Bär")]);
    // Ids are handed out in order: A is 1, B is 2.
    let prepare = async |store: &SqliteStore| stored_first(store, &stored).await;
    let mail = person(r#""externalId": "M", "lastName": "M", "email": "m@example.org""#);
    let new = person(r#""externalId": "N", "lastName": "N", "email": "m@example.org""#);
    let link = r#""linkId": "5f0c1c54-6a3c-4a8e-9a57-1d1a2b3c4d5e""#;
    let linked = person(&format!(r#"{link}, "lastName": "L""#));
    let link_to_a = format!(r#"{{"externalId": "A", {link}}}"#);
    let referring = person(r#""externalId": "R", "lastName": "R", "relatedContactIds": [1]"#);
    let mobile = r#"{"externalId": "A", "mobile": "079 555 12 12"}"#;
    let by_mobile = person(r#""lastName": "P", "phone": "+41795551212""#);
    let key_of_a = r#"{"id": 1, "externalId": "C"}"#;
    let changed = named("A", "Ammann");

    for (case, decision, meanwhile) in [
        ("a key is taken", items(&[&new]), items(&[&person(r#""externalId": "N""#)])),
        ("a link id is taken", items(&[&linked]), items(&[&link_to_a])),
        ("a key is freed", items(&[&changed]), items(&[key_of_a])),
        ("a contact is changed", items(&[&changed]), items(&[&named("A", "Abegg")])),
        ("a contact is deleted", items(&[&changed]), deletion(r#"{"externalId": "A"}"#)),
        ("an e-mail address gets an owner", items(&[&new]), items(&[&mail])),
        ("an e-mail address matches", matched_by(Key::Email, &new), items(&[&mail])),
        ("a mobile number matches", matched_by(Key::Phone, &by_mobile), items(&[mobile])),
        ("a reference is deleted", items(&[&referring]), deletion(r#"{"id": 1}"#)),
    ] {
        let (made, report, after) =
            overtaken(prepare, || decision.clone(), || meanwhile.clone()).await;
        assert_eq!(summary(&report.unwrap()), summary(&after.unwrap()), "{case}");
        assert_eq!(made, 2, "{case}");
    }

    // A key of a merged contact leads to the other one; then it belongs to a contact again.
    let merge = || Merge::new(context(), 1, 2).unwrap();
    let changed = items(&[&named("B", "Baumann")]);
    let (made, report, after) = overtaken(prepare, || changed.clone(), merge).await;
    assert_eq!((made, summary(&report.unwrap())), (2, summary(&after.unwrap())));
    // A merge moves the references of a contact that came to refer to its source.
    let referring = items(&[&referring.replace("[1]", "[2]")]);
    let (made, report, after) = overtaken(prepare, merge, || referring.clone()).await;
    assert_eq!((made, report), (2, after));
}

#[tokio::test(flavor = "multi_thread")]
async fn merge_is_noticed_by_what_names_its_source() {
    let merge = |target, source| Merge::new(context(), target, source).unwrap();
    let person = |key: &str| format!(r#"{{"contactType": "PERSON", "externalId": "{key}"}}"#);
    let [a, b, c, d] = ["A", "B", "C", "D"].map(person);
    let named = || items(&[r#"{"id": 2, "lastName": "Abt"}"#]);
    let referring = || items(&[r#"{"externalId": "D", "relatedContactIds": [2]}"#]);
    let prepare = async |store: &SqliteStore| stored_first(store, &items(&[&a, &b, &c, &d])).await;
    let prepare_merged = async |store: &SqliteStore| {
        prepare(store).await;
        store.run(Arc::new(merge(1, 2))).await.unwrap().unwrap();
    };
    for decision in [named(), referring()] {
        let meanwhile = || merge(1, 2);
        let (made, report, after) = overtaken(prepare, || decision.clone(), meanwhile).await;
        assert_eq!((made, documents(&report.unwrap())), (2, documents(&after.unwrap())));
        let meanwhile = || merge(3, 1);
        let (made, report, after) = overtaken(prepare_merged, || decision.clone(), meanwhile).await;
        assert_eq!((made, documents(&report.unwrap())), (2, documents(&after.unwrap())));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unrelated_writes_leave_a_decision_alone() {
    let stored = persons(&[("A", "Abt"), ("B", "Bär")]);
    let prepare = async |store: &SqliteStore| stored_first(store, &stored).await;
    let decision = persons(&[("A", "Ammann"), ("C", "Caduff")]);
    let meanwhile = items(&[r#"{"contactType": "PERSON", "externalId": "D", "email": "d@d.ch"}"#]);
    for meanwhile in [persons(&[("B", "Baumann")]), meanwhile] {
        let (made, report, after) =
            overtaken(prepare, || decision.clone(), || meanwhile.clone()).await;
        assert_eq!((made, summary(&report.unwrap())), (1, summary(&after.unwrap())));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn decision_leaves_the_writer_to_others() {
    let (_directory, _database, store) = open();
    let store = Arc::new(store);
    let (handle, other) = (Handle::current(), Arc::clone(&store));
    let write = Box::new(move || {
        let small = other.run(Arc::new(persons(&[("B", "Bär")])));
        assert_eq!(verdicts(&handle.block_on(small).unwrap().unwrap()), [Verdict::Created]);
    });
    let outcomes = store.run(long(persons(&[("A", "Abt")]), vec![write])).await.unwrap().unwrap();
    assert_eq!(verdicts(&outcomes), [Verdict::Created]);
}

#[tokio::test]
async fn usual_batch_waits_for_no_long_read() {
    let (_directory, _database, store) = open();
    let (end, ended) = std::sync::mpsc::channel::<()>();
    let ended = Arc::new(Mutex::new(ended));
    let long_reads: Vec<_> = (0..SqliteOptions::default().readers / 2)
        .map(|_| {
            let (readers, ended) = (store.readers.clone(), Arc::clone(&ended));
            // Until the test drops the other end.
            let wait = move |_: &mut SqliteConnection| {
                let _ = ended.lock().unwrap().recv();
                Ok(())
            };
            tokio::spawn(async move { readers.read_long(wait).await })
        })
        .collect();
    while store.readers.long_reads_left() > 0 {
        tokio::task::yield_now().await;
    }
    let batch = beside(persons(&[("A", "Abt")]), SMALL_WORK + 1, Vec::new());
    assert_eq!(verdicts(&store.run(batch).await.unwrap().unwrap()), [Verdict::Created]);
    drop(end);
    for read in long_reads {
        read.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn decision_overtaken_by_another_process_is_made_again() {
    for (work, times, made) in [(SMALL_WORK + 1, 1, 2), (usize::MAX, 1, 2), (usize::MAX, 3, 4)] {
        let (_directory, database, store) = open();
        // Another process changes the contact each time that the decision has looked it up.
        let overtake = (0..times).map(|number| {
            let database = database.clone();
            let write = move || {
                let last_name = format!("Abt {number}");
                write_batch(&mut database.writer().unwrap(), &persons(&[("A", &last_name)]));
            };
            let write: Box<dyn FnOnce() + Send> = Box::new(write);
            write
        });
        let decision = beside(persons(&[("A", "Abt"), ("B", "Bär")]), work, overtake.collect());
        let outcomes = store.run(Arc::clone(&decision)).await.unwrap().unwrap();
        assert_eq!(verdicts(&outcomes), [Verdict::Updated, Verdict::Created]);
        let version = outcomes[0].contact.as_ref().unwrap().version.get();
        assert_eq!(version, i64::from(times) + 1);
        assert_eq!(decision.made.load(Ordering::Relaxed), made);
    }
}

#[tokio::test]
async fn unchanged_batch_needs_no_writer() {
    let (_directory, database, store) = open();
    let batch = || long(persons(&[("A", "Abt")]), Vec::new());
    store.run(batch()).await.unwrap().unwrap();
    let mut other = database.writer().unwrap();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    assert_eq!(verdicts(&store.run(batch()).await.unwrap().unwrap()), [Verdict::Unchanged]);
}

#[tokio::test]
async fn small_dry_run_needs_no_writer() {
    let (_folder, _database, store) = open();
    let options = Options { dry_run: true, ..Options::default() };
    let item = Item::read(r#"{"contactType": "PERSON", "externalId": "A"}"#, &context());
    let batch = Batch::new(context(), options, vec![item]);
    let outcomes = store.run(Arc::new(batch)).await.unwrap().unwrap();
    assert_eq!((verdicts(&outcomes), store.commits()), (vec![Verdict::Created], 0));
}

#[tokio::test]
async fn small_and_other_decisions_share_no_id() {
    let (_directory, _database, store) = open();
    let mut all = Vec::new();
    for round in 0..3 {
        let [first, second, third] = ["A", "B", "C"].map(|key| format!("{key}{round}"));
        let batch = persons(&[(&first, "Abt"), (&second, "Bär")]);
        all.extend(ids(&store.run(long(batch, Vec::new())).await.unwrap().unwrap()));
        let batch = persons(&[(&third, "Caduff")]);
        all.extend(ids(&store.run(Arc::new(batch)).await.unwrap().unwrap()));
    }
    all.sort_unstable();
    let many = all.len();
    all.dedup();
    assert_eq!(all.len(), many);
    // The ids that a decision does not use go to the next one.
    assert!(all[..6].windows(2).all(|pair| pair[1] == pair[0] + 1), "{all:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn decision_for_older_settings_is_not_written() {
    let (_directory, _database, store) = open();
    let store = Arc::new(store);
    let Context { organization, settings, .. } = context();
    let mut stored = Organization::new(organization, "A".to_owned(), settings.region);
    stored.settings = settings;
    assert!(store.add_organization(stored).await.unwrap());
    let (other, handle) = (Arc::clone(&store), Handle::current());
    let change = Box::new(move || {
        let none = SettingsChange { match_by: Some(MatchBy::NONE), ..SettingsChange::default() };
        handle.block_on(other.change_settings(organization, none, 0)).unwrap();
    });

    let decision = beside(persons(&[("A", "Abt")]), SMALL_WORK + 1, vec![change]);
    let error = store.run(Arc::clone(&decision)).await.unwrap_err();

    assert_eq!(error.kind(), StoreErrorKind::Contention);
    assert_eq!(decision.made.load(Ordering::Relaxed), 1);
    assert_eq!(store.contacts_of(organization).await.unwrap(), 0);
}
