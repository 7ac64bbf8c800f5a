//! One transaction for many requests: each in a savepoint of its own.

use contacts_application::compute::catch_panic;
use contacts_domain::decision::Decision;
use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::prelude::*;

use super::failure::Failure;
use super::ids::Ids;
use super::lookup::look_up;
use super::write::write;

/// What a request works with: the connection, inside a transaction, and ids.
pub(super) struct Session<'a> {
    pub(super) connection: &'a mut SqliteConnection,
    ids: &'a mut Ids,
}

/// The transaction is lost, and with it what every request of it wrote.
#[derive(Debug)]
pub(super) struct Lost(pub(super) Failure);

impl<'a> Session<'a> {
    /// Begins a transaction, and waits for other processes to end theirs.
    ///
    /// # Errors
    ///
    /// When they take too long, or SQLite fails.
    pub(super) fn begin(
        connection: &'a mut SqliteConnection,
        ids: &'a mut Ids,
    ) -> Result<Self, Failure> {
        AnsiTransactionManager::begin_transaction_sql(connection, "BEGIN IMMEDIATE")?;
        Ok(Self { connection, ids })
    }

    /// Does the work of one request. If it fails or panics, what it wrote is undone, and nothing
    /// else.
    ///
    /// # Errors
    ///
    /// When the transaction as a whole cannot go on.
    pub(super) fn attempt<T>(
        &mut self,
        work: impl FnOnce(&mut Session<'_>) -> Result<T, Failure>,
    ) -> Result<Result<T, Failure>, Lost> {
        AnsiTransactionManager::begin_transaction(self.connection).map_err(lost)?;
        let ids = *self.ids;
        let done = catch_panic(|| work(self));
        match done.unwrap_or_else(|panic| Err(Failure::internal(format!("a decision {panic}")))) {
            Ok(value) => {
                AnsiTransactionManager::commit_transaction(self.connection).map_err(lost)?;
                Ok(Ok(value))
            }
            Err(failure) => {
                *self.ids = ids;
                // A full disk or a failing one may have ended the transaction.
                match AnsiTransactionManager::rollback_transaction(self.connection) {
                    Ok(()) => Ok(Err(failure)),
                    Err(_) => Err(Lost(failure)),
                }
            }
        }
    }

    /// Makes everything durable.
    ///
    /// # Errors
    ///
    /// When SQLite fails; then nothing is written.
    pub(super) fn commit(self) -> Result<(), Lost> {
        AnsiTransactionManager::commit_transaction(self.connection).map_err(lost)
    }

    /// Looks up what the decision wants, lets it decide, and writes the outcome.
    ///
    /// # Errors
    ///
    /// When SQLite fails, or the decision runs out of ids.
    pub(super) fn run<D: Decision>(&mut self, decision: &D) -> Result<D::Report, Failure> {
        let organization = decision.organization();
        let found = look_up(self.connection, organization, decision.lookup_keys())?;
        let mut ids = self.ids.offer(self.connection, decision.ids_at_most())?;
        let (writes, report) = decision.decide(found, &mut ids)?;
        write(self.connection, organization, &writes)?;
        self.ids.keep(self.connection, ids)?;
        Ok(report)
    }
}

fn lost(error: diesel::result::Error) -> Lost {
    Lost(error.into())
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
        let mut session = Session::begin(connection, ids).unwrap();
        let mut verdicts = Vec::new();
        for batch in batches {
            let outcomes = session.attempt(|session| session.run(batch)).unwrap().unwrap();
            verdicts.extend(outcomes.into_iter().map(|outcome| outcome.verdict));
        }
        session.commit().unwrap();
        verdicts
    }

    #[test]
    fn a_request_sees_what_an_earlier_one_of_the_transaction_wrote() {
        let batches = [persons(&[("A", "Abt"), ("B", "Bär")]), persons(&[("B", "Bär")])];
        let verdicts = run(&mut memory(), &mut Ids::new(), &batches);
        assert_eq!(verdicts, [Verdict::Created, Verdict::Created, Verdict::Unchanged]);
    }

    #[test]
    fn a_request_that_fails_takes_only_its_own_writes_along() {
        let (connection, ids) = (&mut memory(), &mut Ids::new());
        let mut session = Session::begin(connection, ids).unwrap();
        let batches = ["A", "B", "C"].map(|key| persons(&[(key, "Abt")]));

        session.attempt(|session| session.run(&batches[0])).unwrap().unwrap();
        let failed = session.attempt(|session| {
            session.run(&batches[1])?;
            Err::<(), _>(Failure::internal("no"))
        });
        assert_eq!(failed.unwrap().unwrap_err().to_string(), "no");
        let panicked = session.attempt(|session| -> Result<(), Failure> {
            session.run(&batches[1])?;
            panic!("what a {}", "fault")
        });
        let words = panicked.unwrap().unwrap_err().to_string();
        assert_eq!(words, "a decision panicked: what a fault");
        session.attempt(|session| session.run(&batches[2])).unwrap().unwrap();
        session.commit().unwrap();

        let stored: Vec<(Option<String>, i64)> = contact::table
            .select((contact::external_id, contact::id))
            .order(contact::id)
            .load(connection)
            .unwrap();
        let keys: Vec<_> = stored.iter().map(|(key, _)| key.as_deref()).collect();
        assert_eq!(keys, [Some("A"), Some("C")]);
    }

    #[test]
    fn a_block_of_ids_goes_back_with_the_request_that_took_it() {
        let (connection, ids) = (&mut memory(), &mut Ids::new());
        let mut session = Session::begin(connection, ids).unwrap();
        let batch = persons(&[("A", "Abt")]);
        let failed = session.attempt(|session| {
            session.run(&batch)?;
            Err::<(), _>(Failure::internal("no"))
        });
        assert!(failed.unwrap().is_err());
        session.commit().unwrap();

        // The counter went back too: whoever comes next must not start from memory.
        let mut other = Ids::new();
        run(connection, &mut other, &[persons(&[("B", "Bär")])]);
        run(connection, ids, &[persons(&[("C", "Caduff")])]);
        let count: i64 = contact::table.count().get_result(connection).unwrap();
        assert_eq!(count, 2, "an id was handed out twice");
    }

    /// Every statement that was started, and those that were prepared to stay so.
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
    fn every_statement_of_a_batch_is_prepared_once() {
        let (started, prepared) = statements(|connection| {
            let ids = &mut Ids::new();
            for last_name in ["Abt", "Ammann", "Amstutz"] {
                run(connection, ids, &[persons(&[("A", last_name), ("B", "Bär")])]);
                run(connection, ids, &[endpoints(&[("C", last_name), ("D", "Door")])]);
            }
        });
        let once: HashSet<_> = prepared.iter().cloned().collect();
        assert_eq!(once.len(), prepared.len(), "{prepared:?}");
        assert!(prepared.iter().any(|sql| sql.starts_with("INSERT INTO `contact`")));
        assert!(prepared.iter().any(|sql| sql.starts_with("UPDATE contact SET")));
        assert!(prepared.iter().any(|sql| sql.starts_with("INSERT INTO `contact_intercom`")));
        assert!(prepared.iter().any(|sql| sql.starts_with("DELETE FROM `contact_intercom`")));

        // The counter moves once in a hundred thousand ids.
        let control = ["BEGIN", "SAVEPOINT", "RELEASE", "COMMIT", "UPDATE `id_counter`"];
        for sql in started.difference(&once) {
            assert!(control.iter().any(|word| sql.starts_with(word)), "prepared each time: {sql}");
        }
        // SQLite itself would prepare these again: it plans with the value of a limit.
        assert!(!started.iter().any(|sql| sql.contains("LIMIT")), "{started:?}");
    }

    #[test]
    fn a_contact_that_is_no_entry_costs_the_directory_nothing() {
        let (started, _) = statements(|connection| {
            let ids = &mut Ids::new();
            for last_name in ["Abt", "Ammann"] {
                run(connection, ids, &[persons(&[("A", last_name), ("B", "Bär")])]);
            }
        });
        assert!(!started.iter().any(|sql| sql.contains("contact_intercom")), "{started:?}");
    }
}
