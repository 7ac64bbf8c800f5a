//! All stores agree: the same requests lead to the same contacts and entries on each of them, however
//! the batches are split.
//!
//! The test tries few sequences; `PROPTEST_CASES=1000` tries more.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod postgres_schema;
mod replica;
mod requests;

use std::env;

use contacts_testing::MemoryStore;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use tokio::runtime::Runtime;

use self::replica::{Cut, Replica};
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

mod memory {
    use super::*;

    proptest! {
        #![proptest_config(cases(48))]

        #[test]
        fn undone_requests_lead_back(requests in requests()) {
            let runtime = Runtime::new().unwrap();
            lead_back(&runtime, &Replica::new(MemoryStore::default(), ()), &requests)?;
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
    }
}
