//! Runs decisions: short ones on the writer, long ones beside it.
//!
//! All tenants wait for the writer, so a long decision is made on what a reader loads. If its
//! organization may have changed since, the writer looks up again, and writes what was decided only
//! if the decision would see the same. The documents are not compared: each change of one gives its
//! contact a new version.

use std::sync::Arc;

use contacts_application::compute::compute;
use contacts_application::ports::StoreError;
use contacts_domain::IdBlock;
use contacts_domain::decision::{Decision, Loaded};
use diesel::prelude::*;

use super::SqliteStore;
use super::decided::Decided;
use super::transaction::LONG_WORK;
use crate::statements::lookup::{Documents, look_up};

/// How often a long decision may be overtaken by other writes. After that, it runs on the writer.
const MAX_OVERTAKEN: usize = 3;

impl SqliteStore {
    /// Loads what the decision needs, lets it decide, and writes the outcome.
    pub(super) async fn run<D: Decision>(&self, decision: Arc<D>) -> Result<D::Report, StoreError> {
        let tenant = Some(decision.organization());
        // Each request has a handle of its own: dropping a large batch takes long, and the last
        // handle is never that of the writer.
        if decision.work(&Loaded::default()) <= LONG_WORK {
            let short = Arc::clone(&decision);
            let run =
                self.writer.write(tenant, move |transaction| transaction.run_if_short(&*short));
            if let Some(report) = run.await? {
                return Ok(report);
            }
        }
        let ids = self.spare_ids.reserve(&self.writer, tenant, decision.ids_at_most()).await?;
        for _ in 0..MAX_OVERTAKEN {
            let revisions = Arc::clone(self.writer.revisions());
            let revision = revisions.present(decision.organization());
            let decided = self.decide(&decision, ids).await?;
            let current = Arc::clone(&decision);
            let (written, decided) = if decided.writes.is_empty() {
                (true, decided)
            } else {
                let write = self.writer.write(tenant, move |transaction| {
                    let is_current = revisions.present(current.organization()) == revision
                        || transaction.sees_the_same(&*current, &decided.seen)?;
                    if is_current {
                        transaction.write(&*current, &decided.writes)?;
                    }
                    Ok((is_current, decided))
                });
                write.await?
            };
            if written {
                self.spare_ids.give_back(decided.ids);
                return Ok(decided.report);
            }
        }
        self.spare_ids.give_back(ids);
        let overtaken = Arc::clone(&decision);
        self.writer.write(tenant, move |transaction| transaction.run(&*overtaken)).await
    }

    /// Decides on what a reader loads.
    async fn decide<D: Decision>(
        &self,
        decision: &Arc<D>,
        ids: IdBlock,
    ) -> Result<Decided<D::Report>, StoreError> {
        let (loading, deciding) = (Arc::clone(decision), Arc::clone(decision));
        let loaded = self
            .readers
            .read_long(move |connection| {
                let (organization, lookup_keys) = (loading.organization(), loading.lookup_keys());
                let documents = Documents::AtMost(lookup_keys.documents_at_most);
                connection.transaction(|connection| {
                    look_up(connection, organization, lookup_keys, documents)
                })
            })
            .await?;
        let decided = compute(move || Decided::new(&*deciding, loaded, ids)).await;
        let decided = decided.map_err(|panic| StoreError::internal(format!("a decision {panic}")));
        Ok(decided??)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use contacts_domain::OrganizationId;
    use contacts_domain::decision::{LookupKeys, Writes};
    use contacts_domain::upsert::{Batch, Outcome, Verdict};
    use contacts_domain::{ContactId, OutOfIds};
    use diesel::connection::SimpleConnection;
    use tempfile::TempDir;

    use super::*;
    use crate::connect::{Database, SqliteOptions};
    use crate::store::write_batch;
    use crate::testing::{file, persons};

    /// A batch that counts as long. Each decision first does the next thing.
    struct Long {
        batch: Batch,
        first: Mutex<Vec<Box<dyn FnOnce() + Send>>>,
    }

    impl Decision for Long {
        type Report = Vec<Outcome>;

        fn organization(&self) -> OrganizationId {
            self.batch.organization()
        }

        fn lookup_keys(&self) -> &LookupKeys {
            self.batch.lookup_keys()
        }

        fn ids_at_most(&self) -> i64 {
            self.batch.ids_at_most()
        }

        fn work(&self, _: &Loaded) -> usize {
            usize::MAX
        }

        fn decide(
            &self,
            loaded: Loaded,
            ids: &mut IdBlock,
        ) -> Result<(Writes, Vec<Outcome>), OutOfIds> {
            let next = self.first.lock().unwrap().pop();
            if let Some(next) = next {
                next();
            }
            let (writes, report) = self.batch.decide(loaded, ids)?;
            Ok((writes, report.unwrap()))
        }
    }

    fn long(batch: Batch, first: Vec<Box<dyn FnOnce() + Send>>) -> Arc<Long> {
        Arc::new(Long { batch, first: Mutex::new(first) })
    }

    fn open() -> (TempDir, Database, SqliteStore) {
        let (directory, database) = file(SqliteOptions::default());
        let opened = SqliteStore::open(database.path(), SqliteOptions::default()).unwrap();
        (directory, database, opened.store)
    }

    fn verdicts(outcomes: &[Outcome]) -> Vec<Verdict> {
        outcomes.iter().map(|outcome| outcome.verdict).collect()
    }

    fn ids(outcomes: &[Outcome]) -> Vec<ContactId> {
        outcomes
            .iter()
            .map(|outcome| outcome.contact.as_ref().unwrap().record().unwrap().id)
            .collect()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn long_decision_leaves_the_writer_to_others() {
        let (_directory, _database, store) = open();
        let store = Arc::new(store);
        let (decided, other) = (tokio::runtime::Handle::current(), Arc::clone(&store));
        let write = Box::new(move || {
            let small = other.run(Arc::new(persons(&[("B", "Bär")])));
            assert_eq!(verdicts(&decided.block_on(small).unwrap().unwrap()), [Verdict::Created]);
        });
        let outcomes = store.run(long(persons(&[("A", "Abt")]), vec![write])).await.unwrap();
        assert_eq!(verdicts(&outcomes), [Verdict::Created]);
    }

    #[tokio::test]
    async fn overtaken_decision_is_made_again() {
        for times in [1, MAX_OVERTAKEN] {
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
            let decision = long(persons(&[("A", "Abt"), ("B", "Bär")]), overtake.collect());
            let outcomes = store.run(Arc::clone(&decision)).await.unwrap();
            assert_eq!(verdicts(&outcomes), [Verdict::Updated, Verdict::Created]);
            let version = outcomes[0].contact.as_ref().unwrap().record().unwrap().version.get();
            assert_eq!(version, i64::try_from(times).unwrap() + 1);
            assert!(decision.first.lock().unwrap().is_empty());
        }
    }

    #[tokio::test]
    async fn unchanged_long_batch_needs_no_writer() {
        let (_directory, database, store) = open();
        let batch = || long(persons(&[("A", "Abt")]), Vec::new());
        store.run(batch()).await.unwrap();
        let mut other = database.writer().unwrap();
        other.batch_execute("BEGIN IMMEDIATE").unwrap();
        assert_eq!(verdicts(&store.run(batch()).await.unwrap()), [Verdict::Unchanged]);
    }

    #[tokio::test]
    async fn long_and_short_decisions_share_no_id() {
        let (_directory, database, store) = open();
        let mut all = Vec::new();
        for round in 0..3 {
            let [first, second, third] = ["A", "B", "C"].map(|key| format!("{key}{round}"));
            let batch = persons(&[(&first, "Abt"), (&second, "Bär")]);
            all.extend(ids(&store.run(long(batch, Vec::new())).await.unwrap()));
            all.extend(ids(&store
                .run(Arc::new(persons(&[(&third, "Caduff")])))
                .await
                .unwrap()
                .unwrap()));
        }
        let many = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), many);
        // The ids that a long decision does not use go to the next one.
        drop(database);
        let long_ids: Vec<i64> = all.iter().map(|id| id.get()).take(6).collect();
        assert!(long_ids.windows(2).all(|pair| pair[1] == pair[0] + 1), "{all:?}");
    }
}
