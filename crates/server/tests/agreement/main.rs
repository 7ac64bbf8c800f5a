//! All stores agree: the same requests lead to the same contacts and entries on each of them, however
//! the batches are split.
//!
//! The test tries few sequences; `PROPTEST_CASES=1000` tries more.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod postgres_schema;
mod replica;
mod requests;

use std::collections::{BTreeMap, BTreeSet};
use std::env;

use contacts_domain::Rule;
use contacts_domain::contact::document::ContactDocument;
use contacts_domain::upsert::{Outcome, Verdict};
use contacts_testing::MemoryStore;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use tokio::runtime::Runtime;

use self::replica::{Cut, Replica, Said};
use self::requests::{Request, requests};

/// The number of sequences, unless `PROPTEST_CASES` sets another.
fn cases(count: u32) -> ProptestConfig {
    let usual = ProptestConfig::default();
    if env::var_os("PROPTEST_CASES").is_some() {
        usual
    } else {
        ProptestConfig { cases: count, ..usual }
    }
}

/// Sends the requests to a store in memory and to another store, whole and split, and compares the
/// answers, the stored contacts and the lists.
fn agree(
    runtime: &Runtime,
    other: impl Fn() -> Replica,
    requests: &[Request],
    cut: Cut,
) -> Result<(), TestCaseError> {
    let memory = || Replica::new(MemoryStore::default(), ());
    let model = memory();
    let replicas = [(other(), None), (memory(), Some(cut)), (other(), Some(cut))];
    for replica in replicas.iter().map(|(replica, _)| replica).chain([&model]) {
        runtime.block_on(replica.prepare());
    }
    for (number, request) in requests.iter().enumerate() {
        let expected = runtime.block_on(model.send(request, number, None));
        for (replica, cut) in &replicas {
            let said = runtime.block_on(replica.send(request, number, *cut));
            prop_assert_eq!(&said, &expected, "request {}, {:?}", number, cut);
        }
    }
    let expected = runtime.block_on(model.contacts());
    for (replica, cut) in &replicas {
        prop_assert_eq!(&runtime.block_on(replica.contacts()), &expected, "{:?}", cut);
    }
    let expected = runtime.block_on(model.entries());
    for (replica, cut) in &replicas {
        prop_assert_eq!(&runtime.block_on(replica.entries()), &expected, "{:?}", cut);
    }
    Ok(())
}

/// Sends the requests, and takes each back at once and again into force.
fn lead_back(
    runtime: &Runtime,
    replica: &Replica,
    requests: &[Request],
) -> Result<(), TestCaseError> {
    runtime.block_on(replica.prepare());
    for (number, request) in requests.iter().enumerate() {
        let [before, after, undone, redone] =
            runtime.block_on(replica.undo_and_redo(request, number));
        prop_assert_eq!(undone, before, "request {}", number);
        prop_assert_eq!(redone, after, "request {}", number);
    }
    Ok(())
}

/// Sends requests in pairs, and takes the first of each back: only what it did goes back, and only
/// where the second changed nothing.
fn keep_foreign_changes(
    runtime: &Runtime,
    replica: &Replica,
    requests: &[Request],
) -> Result<(), TestCaseError> {
    runtime.block_on(replica.prepare());
    let firsts = requests.iter().step_by(2);
    for (number, pair) in firsts.zip(requests.iter().skip(1).step_by(2)).enumerate() {
        let moments = runtime.block_on(replica.undo_the_first(pair, number));
        let ids: BTreeSet<_> = moments.iter().flat_map(|living| living.keys()).collect();
        for id in ids {
            let [before, after, later, undone] = moments.each_ref().map(|living| living.get(id));
            match (later, undone) {
                (None, None) => {}
                (None, Some(undone)) => {
                    prop_assert_eq!((before, after), (Some(undone), None), "restored {}", id);
                }
                (Some(later), None) => {
                    prop_assert_eq!((before, after), (None, Some(later)), "deleted {}", id);
                }
                (Some(later), Some(undone)) => {
                    let changed = places(later, undone);
                    let (Some(before), Some(after)) = (before, after) else {
                        prop_assert_eq!(changed, Vec::<String>::new(), "{}", id);
                        continue;
                    };
                    let (own, foreign) = (places(before, after), places(after, later));
                    for place in &changed {
                        prop_assert!(own.iter().any(|own| overlap(own, place)), "{id} {place}");
                        prop_assert!(!foreign.contains(place), "{id} {place}");
                    }
                }
            }
        }
    }
    Ok(())
}

/// Sends the requests to a store in memory, and plans them on another store and applies the plans: both
/// say and store the same.
fn plan_like_sending(
    runtime: &Runtime,
    replica: &Replica,
    requests: &[Request],
) -> Result<(), TestCaseError> {
    let model = Replica::new(MemoryStore::default(), ());
    runtime.block_on(model.prepare());
    runtime.block_on(replica.prepare());
    for (number, request) in requests.iter().enumerate() {
        let expected = runtime.block_on(model.send(request, number, None));
        let said = match runtime.block_on(replica.plan(request, number)) {
            None => runtime.block_on(replica.send(request, number, None)),
            // An id that is handed out only now names nothing in a plan.
            Some(planned) if findings(&planned) != findings_of(&expected) => {
                runtime.block_on(replica.send(request, number, None))
            }
            Some(planned) => {
                let applied = runtime.block_on(replica.apply(request, number, &planned));
                Said::Batch(applied.unwrap_or_default())
            }
        };
        prop_assert_eq!(said, expected, "request {}", number);
    }
    let expected = runtime.block_on(model.contacts());
    prop_assert_eq!(runtime.block_on(replica.contacts()), expected);
    Ok(())
}

/// What became of each item, and by which rules.
fn findings(outcomes: &[Outcome]) -> Vec<(Verdict, Vec<Rule>)> {
    let rules = |outcome: &Outcome| outcome.violations.iter().map(|found| found.rule).collect();
    outcomes.iter().map(|outcome| (outcome.verdict, rules(outcome))).collect()
}

fn findings_of(said: &Said) -> Vec<(Verdict, Vec<Rule>)> {
    match said {
        Said::Batch(outcomes) => findings(outcomes),
        Said::Merge(_) => Vec::new(),
    }
}

/// Plans the first of each pair of requests, sends the second and applies the plan: what the second
/// changed stays, and each item does what was planned or nothing.
fn plan_around_others(
    runtime: &Runtime,
    replica: &Replica,
    requests: &[Request],
) -> Result<(), TestCaseError> {
    runtime.block_on(replica.prepare());
    let by_id = |replica: &Replica| -> BTreeMap<_, _> {
        let contacts = runtime.block_on(replica.contacts()).into_iter();
        contacts.map(|record| (record.id, record)).collect()
    };
    let firsts = requests.iter().step_by(2);
    for (number, (first, second)) in firsts.zip(requests.iter().skip(1).step_by(2)).enumerate() {
        let Some(planned) = runtime.block_on(replica.plan(first, number)) else { continue };
        let before = by_id(replica);
        runtime.block_on(replica.send(second, number, None));
        let later = by_id(replica);
        let applied = runtime.block_on(replica.apply(first, number, &planned)).unwrap_or_default();
        let after = by_id(replica);
        for (id, record) in &later {
            if before.get(id) != Some(record) {
                prop_assert_eq!(after.get(id), Some(record), "request {}", number);
            }
        }
        for (planned, applied) in planned.iter().zip(&applied) {
            let is_left = matches!(applied.verdict, Verdict::Stale | Verdict::Rejected);
            let are_refused = planned.verdict.is_refusal() && applied.verdict.is_refusal();
            prop_assert!(
                is_left || are_refused || applied.verdict == planned.verdict,
                "request {}: planned {:?}, applied {:?}",
                number,
                planned,
                applied
            );
        }
    }
    Ok(())
}

/// The places where two documents differ.
fn places(one: &ContactDocument, other: &ContactDocument) -> Vec<String> {
    one.differences(other).iter().map(|difference| difference.path.pointer()).collect()
}

fn overlap(one: &str, other: &str) -> bool {
    let within = |inner: &str, outer: &str| format!("{inner}/").starts_with(&format!("{outer}/"));
    within(one, other) || within(other, one)
}

mod memory {
    use super::*;

    proptest! {
        // Few pairs of requests change the same field.
        #![proptest_config(cases(300))]

        #[test]
        fn undone_requests_lead_back(requests in requests()) {
            let runtime = Runtime::new().unwrap();
            lead_back(&runtime, &Replica::new(MemoryStore::default(), ()), &requests)?;
        }

        #[test]
        fn undo_takes_back_nothing_of_others(requests in requests()) {
            let runtime = Runtime::new().unwrap();
            keep_foreign_changes(&runtime, &Replica::new(MemoryStore::default(), ()), &requests)?;
        }

        #[test]
        fn plans_do_what_the_requests_would(requests in requests()) {
            let runtime = Runtime::new().unwrap();
            plan_like_sending(&runtime, &Replica::new(MemoryStore::default(), ()), &requests)?;
        }

        #[test]
        fn plans_overwrite_nothing_of_others(requests in requests()) {
            let runtime = Runtime::new().unwrap();
            plan_around_others(&runtime, &Replica::new(MemoryStore::default(), ()), &requests)?;
        }
    }
}

mod sqlite {
    use contacts_adapters_diesel::{Durability, SqliteOptions, SqliteStore};

    use super::*;

    fn fresh() -> Replica {
        let directory = tempfile::tempdir().unwrap();
        let options = SqliteOptions { durability: Durability::Process, ..SqliteOptions::default() };
        let store = SqliteStore::open(&directory.path().join("test.db"), options).unwrap().store;
        Replica::new(store, directory)
    }

    proptest! {
        #![proptest_config(cases(24))]

        #[test]
        fn the_same_batches_end_in_the_same_contacts(requests in requests(), cut in 1_usize..6) {
            let runtime = Runtime::new().unwrap();
            agree(&runtime, fresh, &requests, Cut(cut))?;
        }

        #[test]
        fn undone_requests_lead_back(requests in requests()) {
            let runtime = Runtime::new().unwrap();
            lead_back(&runtime, &fresh(), &requests)?;
        }

        #[test]
        fn undo_takes_back_nothing_of_others(requests in requests()) {
            let runtime = Runtime::new().unwrap();
            keep_foreign_changes(&runtime, &fresh(), &requests)?;
        }

        #[test]
        fn plans_do_what_the_requests_would(requests in requests()) {
            let runtime = Runtime::new().unwrap();
            plan_like_sending(&runtime, &fresh(), &requests)?;
        }

        #[test]
        fn plans_overwrite_nothing_of_others(requests in requests()) {
            let runtime = Runtime::new().unwrap();
            plan_around_others(&runtime, &fresh(), &requests)?;
        }
    }
}

mod postgres {
    use contacts_adapters_postgres::testing::TestDatabase;

    use super::*;

    fn fresh(runtime: &Runtime) -> Replica {
        let database = TestDatabase::migrated();
        Replica::new(runtime.block_on(database.open()), database)
    }

    proptest! {
        #![proptest_config(cases(8))]

        #[test]
        fn the_same_batches_end_in_the_same_contacts(requests in requests(), cut in 1_usize..6) {
            let runtime = Runtime::new().unwrap();
            agree(&runtime, || fresh(&runtime), &requests, Cut(cut))?;
        }

        #[test]
        fn undone_requests_lead_back(requests in requests()) {
            let runtime = Runtime::new().unwrap();
            lead_back(&runtime, &fresh(&runtime), &requests)?;
        }

        #[test]
        fn undo_takes_back_nothing_of_others(requests in requests()) {
            let runtime = Runtime::new().unwrap();
            keep_foreign_changes(&runtime, &fresh(&runtime), &requests)?;
        }

        #[test]
        fn plans_do_what_the_requests_would(requests in requests()) {
            let runtime = Runtime::new().unwrap();
            plan_like_sending(&runtime, &fresh(&runtime), &requests)?;
        }

        #[test]
        fn plans_overwrite_nothing_of_others(requests in requests()) {
            let runtime = Runtime::new().unwrap();
            plan_around_others(&runtime, &fresh(&runtime), &requests)?;
        }
    }
}
