//! A write transaction for several requests, each in a savepoint of its own.

use contacts_application::compute::catch_panic;
use contacts_application::ports::{StoreError, StoreErrorKind};
use contacts_domain::auditing::{Discrepancy, Repair};
use contacts_domain::decision::{Decision, Footprint, Loaded, Writes};
use contacts_domain::{ContactId, IdBlock, OrganizationId, Timestamp};
use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::prelude::*;

use super::decided::Seen;
use super::history::History;
use super::ids::Ids;
use crate::connect::Failure;
use crate::statements::lookup::look_up;
use crate::statements::repair;
use crate::statements::settings::check_version;
use crate::statements::write::purge::purge;
use crate::statements::write::write;

/// The [work](Decision::work) of a decision that is too long for the writer, in bytes: about 50 ms.
pub(super) const LONG_WORK: usize = 4 << 20;

/// An open write transaction. Dropping it leaves the connection unusable.
pub(super) struct Transaction<'a> {
    /// What it writes to contacts goes through [`write`](Self::write).
    pub(super) connection: &'a mut SqliteConnection,
    ids: &'a mut Ids,
    history: &'a History,
    /// Whether it has purged contacts.
    pub(super) has_purged: bool,
}

/// The whole transaction was rolled back, with what each of its requests wrote.
#[derive(Debug)]
pub(super) struct Aborted(pub(super) Failure);

impl<'a> Transaction<'a> {
    /// Begins a transaction. Waits up to the busy timeout for other processes to end theirs.
    pub(super) fn begin(
        connection: &'a mut SqliteConnection,
        ids: &'a mut Ids,
        history: &'a History,
    ) -> Result<Self, Failure> {
        AnsiTransactionManager::begin_transaction_sql(connection, "BEGIN IMMEDIATE")?;
        Ok(Self { connection, ids, history, has_purged: false })
    }

    /// Runs one request in a savepoint. A failure or a panic rolls back this request alone.
    pub(super) fn savepoint<T>(
        &mut self,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<T, Failure>,
    ) -> Result<Result<T, Failure>, Aborted> {
        AnsiTransactionManager::begin_transaction(self.connection).map_err(aborted)?;
        let ids = *self.ids;
        let done = catch_panic(|| work(self)).map_err(|panic| format!("a decision {panic}"));
        match done.unwrap_or_else(|panic| Err(StoreError::internal(panic).into())) {
            Ok(value) => {
                AnsiTransactionManager::commit_transaction(self.connection).map_err(aborted)?;
                Ok(Ok(value))
            }
            Err(failure) => {
                *self.ids = ids;
                // SQLite itself may have rolled the transaction back: the disk is full, or failed.
                match AnsiTransactionManager::rollback_transaction(self.connection) {
                    Ok(()) => Ok(Err(failure)),
                    Err(_) => Err(Aborted(failure)),
                }
            }
        }
    }

    pub(super) fn commit(self) -> Result<(), Aborted> {
        AnsiTransactionManager::commit_transaction(self.connection).map_err(aborted)
    }

    /// Loads what the decision needs, lets it decide, and writes the outcome.
    pub(super) fn run<D: Decision>(&mut self, decision: &D) -> Result<D::Report, Failure> {
        let loaded = self.look_up(decision, decision.lookup_keys().documents_at_most)?;
        self.decide(decision, loaded)
    }

    /// The same, unless that takes long: then it writes nothing and returns `None`.
    pub(super) fn run_if_short<D: Decision>(
        &mut self,
        decision: &D,
    ) -> Result<Option<D::Report>, Failure> {
        let documents_at_most = decision.lookup_keys().documents_at_most.min(LONG_WORK);
        let loaded = match self.look_up(decision, documents_at_most) {
            Err(failure) if failure.kind() == StoreErrorKind::TooLarge => return Ok(None),
            loaded => loaded?,
        };
        if decision.work(&loaded) > LONG_WORK {
            return Ok(None);
        }
        self.decide(decision, loaded).map(Some)
    }

    /// Whether a decision would see here what it has seen elsewhere.
    pub(super) fn shows(&self, organization: OrganizationId, seen: &Seen) -> bool {
        self.history.is_untouched(organization, &seen.footprint, seen.at)
    }

    /// Writes what was decided and touches that.
    pub(super) fn write(
        &mut self,
        organization: OrganizationId,
        writes: &Writes,
        touched: Footprint,
    ) -> Result<(), Failure> {
        self.history.add(organization, touched);
        self.has_purged |= !writes.purged.is_empty();
        write(self.connection, organization, writes)
    }

    /// Purges contacts, and touches them.
    pub(super) fn purge(
        &mut self,
        organization: OrganizationId,
        contacts: &[ContactId],
        now: Timestamp,
    ) -> Result<(), Failure> {
        let writes = Writes { purged: contacts.to_vec(), ..Writes::default() };
        self.history.add(organization, Footprint::of_writes(&writes));
        self.has_purged |= !contacts.is_empty();
        purge(self.connection, organization, contacts, now, &[])
    }

    /// Examines the contacts of a repair and writes what differs.
    pub(super) fn repair(&mut self, repair: &Repair) -> Result<Vec<Discrepancy>, Failure> {
        let (writes, discrepancies) = repair::settle(self.connection, repair)?;
        let touched = Footprint::of_writes(&writes);
        self.write(repair.organization(), &writes, touched)?;
        Ok(discrepancies)
    }

    /// Fails if the settings of the organization are not those that the decision was prepared for.
    pub(super) fn check_settings<D: Decision>(&mut self, decision: &D) -> Result<(), Failure> {
        check_version(self.connection, decision.organization(), decision.settings_version())
    }

    /// Reserves a block of ids that only the caller hands out, with so many for runs.
    pub(super) fn reserve_ids(&mut self, count: i64, runs: i64) -> Result<IdBlock, Failure> {
        let block = self.ids.offer(self.connection, count, runs)?;
        let rest = IdBlock::new(block.next() + count, 0).with_runs(block.next_run() + runs);
        self.ids.keep(self.connection, rest)?;
        Ok(block)
    }

    fn look_up<D: Decision>(
        &mut self,
        decision: &D,
        documents_at_most: usize,
    ) -> Result<Loaded, Failure> {
        self.check_settings(decision)?;
        let (organization, lookup_keys) = (decision.organization(), decision.lookup_keys());
        look_up(self.connection, organization, lookup_keys, documents_at_most)
    }

    fn decide<D: Decision>(&mut self, decision: &D, loaded: Loaded) -> Result<D::Report, Failure> {
        let mut ids =
            self.ids.offer(self.connection, decision.ids_at_most(), decision.runs_at_most())?;
        let (writes, report) = decision.decide(loaded, &mut ids)?;
        let touched = Footprint::of_writes(&writes);
        self.write(decision.organization(), &writes, touched)?;
        self.ids.keep(self.connection, ids)?;
        Ok(report)
    }
}

fn aborted(error: diesel::result::Error) -> Aborted {
    Aborted(error.into())
}

/// Writes one batch in a transaction of its own.
#[cfg(test)]
pub(crate) fn write_batch(
    connection: &mut SqliteConnection,
    batch: &contacts_domain::upsert::Batch,
) {
    let (ids, history) = (&mut Ids::new(), History::default());
    let mut transaction = Transaction::begin(connection, ids, &history).unwrap();
    transaction.run(batch).unwrap().unwrap();
    transaction.commit().unwrap();
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::{Arc, Mutex};

    use contacts_domain::upsert::{Batch, Verdict};
    use diesel::connection::InstrumentationEvent;

    use super::*;
    use crate::schema::contact;
    use crate::testing::{endpoints, memory, persons};

    /// Runs each batch in a savepoint of one transaction.
    fn run(connection: &mut SqliteConnection, ids: &mut Ids, batches: &[Batch]) -> Vec<Verdict> {
        let history = History::default();
        let mut transaction = Transaction::begin(connection, ids, &history).unwrap();
        let mut verdicts = Vec::new();
        for batch in batches {
            let outcomes = transaction
                .savepoint(|transaction| transaction.run(batch))
                .unwrap()
                .unwrap()
                .unwrap();
            verdicts.extend(outcomes.into_iter().map(|outcome| outcome.verdict));
        }
        transaction.commit().unwrap();
        verdicts
    }

    #[test]
    fn request_sees_writes_of_earlier_request() {
        let batches = [persons(&[("A", "Abt"), ("B", "Bär")]), persons(&[("B", "Bär")])];
        let verdicts = run(&mut memory(), &mut Ids::new(), &batches);
        assert_eq!(verdicts, [Verdict::Created, Verdict::Created, Verdict::Unchanged]);
    }

    #[test]
    fn failed_request_rolls_back_alone() {
        let (connection, ids) = (&mut memory(), &mut Ids::new());
        let history = History::default();
        let mut transaction = Transaction::begin(connection, ids, &history).unwrap();
        let batches = ["A", "B", "C"].map(|key| persons(&[(key, "Abt")]));

        transaction
            .savepoint(|transaction| transaction.run(&batches[0]))
            .unwrap()
            .unwrap()
            .unwrap();
        let failed = transaction.savepoint(|transaction| {
            transaction.run(&batches[1])?.unwrap();
            Err::<(), Failure>(StoreError::internal("no").into())
        });
        assert_eq!(failed.unwrap().unwrap_err().to_string(), "no");
        let panicked = transaction.savepoint(|transaction| -> Result<(), Failure> {
            transaction.run(&batches[1])?.unwrap();
            panic!("what a {}", "fault")
        });
        let words = panicked.unwrap().unwrap_err().to_string();
        assert_eq!(words, "a decision panicked: what a fault");
        transaction
            .savepoint(|transaction| transaction.run(&batches[2]))
            .unwrap()
            .unwrap()
            .unwrap();
        transaction.commit().unwrap();

        let stored: Vec<(Option<String>, i64)> = contact::table
            .select((contact::external_id, contact::id))
            .order(contact::id)
            .load(connection)
            .unwrap();
        let keys: Vec<_> = stored.iter().map(|(key, _)| key.as_deref()).collect();
        assert_eq!(keys, [Some("A"), Some("C")]);
    }

    #[test]
    fn failed_request_returns_its_block_of_ids() {
        let (connection, ids) = (&mut memory(), &mut Ids::new());
        let history = History::default();
        let mut transaction = Transaction::begin(connection, ids, &history).unwrap();
        let batch = persons(&[("A", "Abt")]);
        let failed = transaction.savepoint(|transaction| {
            transaction.run(&batch)?.unwrap();
            Err::<(), Failure>(StoreError::internal("no").into())
        });
        assert!(failed.unwrap().is_err());
        transaction.commit().unwrap();

        // The counter was rolled back too, so the ids in memory must be read from it again.
        let mut other = Ids::new();
        run(connection, &mut other, &[persons(&[("B", "Bär")])]);
        run(connection, ids, &[persons(&[("C", "Caduff")])]);
        let count: i64 = contact::table.count().get_result(connection).unwrap();
        assert_eq!(count, 2, "an id was handed out twice");
    }

    /// All statements that were started, and those that were cached.
    fn statements(work: impl FnOnce(&mut SqliteConnection)) -> (HashSet<String>, Vec<String>) {
        let seen = Arc::new(Mutex::new((HashSet::new(), Vec::new())));
        let events = Arc::clone(&seen);
        let connection = &mut memory();
        connection.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            let mut seen = events.lock().unwrap();
            match event {
                InstrumentationEvent::StartQuery { query, .. } => {
                    let query = query.to_string();
                    seen.0.insert(query.split(" -- binds").next().unwrap().to_owned());
                }
                InstrumentationEvent::CacheQuery { sql, .. } => seen.1.push(sql.to_owned()),
                _ => {}
            }
        });
        work(connection);
        let seen = seen.lock().unwrap();
        seen.clone()
    }

    #[test]
    fn statements_of_batches_are_prepared_once() {
        let (started, prepared) = statements(|connection| {
            let ids = &mut Ids::new();
            for last_name in ["Abt", "Ammann", "Amstutz"] {
                run(connection, ids, &[persons(&[("A", last_name), ("B", "Bär")])]);
                run(connection, ids, &[endpoints(&[("C", last_name), ("D", "Door")])]);
            }
        });
        let once: HashSet<_> = prepared.iter().cloned().collect();
        assert_eq!(once.len(), prepared.len(), "{prepared:?}");
        assert!(prepared.iter().any(|sql| sql.starts_with("INSERT INTO contact (")));
        assert!(prepared.iter().any(|sql| sql.starts_with("UPDATE contact SET")));
        assert!(prepared.iter().any(|sql| sql.starts_with("INSERT INTO `contact_intercom`")));
        assert!(prepared.iter().any(|sql| sql.starts_with("DELETE FROM `contact_intercom`")));

        // The counter moves once per 100,000 ids.
        let control = ["BEGIN", "SAVEPOINT", "RELEASE", "COMMIT", "UPDATE `id_counter`"];
        for sql in started.difference(&once) {
            assert!(control.iter().any(|word| sql.starts_with(word)), "prepared each time: {sql}");
        }
        // SQLite would prepare these each time: it plans with the value of a limit.
        assert!(!started.iter().any(|sql| sql.contains("LIMIT")), "{started:?}");
    }

    #[test]
    fn contact_without_entry_leaves_directory_alone() {
        let (started, _) = statements(|connection| {
            let ids = &mut Ids::new();
            for last_name in ["Abt", "Ammann"] {
                run(connection, ids, &[persons(&[("A", last_name), ("B", "Bär")])]);
            }
        });
        assert!(!started.iter().any(|sql| sql.contains("contact_intercom")), "{started:?}");
    }
}
