//! What goes wrong in PostgreSQL, sorted into what the caller of a store is told.

use std::error::Error;
use std::fmt;
use std::io;

pub(super) use contacts_application::ports::StoreErrorKind as Kind;

use contacts_application::ports::StoreError;
use contacts_domain::OutOfIds;
use tokio_postgres::Error as PostgresError;
use tokio_postgres::error::SqlState;

/// Why a statement or a transaction failed.
///
/// It repeats what the database says in a line, and neither the detail nor the hint of it: those
/// quote rows, and rows hold salaries.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    kind: Kind,
    retry: Option<Retry>,
    /// The SQLSTATE, where the database reported one.
    state: Option<SqlState>,
    /// Whether the connection is gone.
    connection_lost: bool,
    message: String,
}

/// Why the same transaction may end well when it is run again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Retry {
    /// It and another one were in each other's way.
    Conflict,
    /// Another one was the first to take a key: that of the unique index of this name.
    KeyTaken(String),
}

/// The classes of SQLSTATE that mean more than a fault of ours; the longest that fits counts.
/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>
const STATES: [(&str, Kind); 18] = [
    ("08", Kind::Unavailable),    // connection exceptions
    ("25006", Kind::Unavailable), // read-only transaction
    ("25P03", Kind::Unavailable), // paused for too long inside a transaction, and was ended
    ("28", Kind::Unavailable),    // authorization
    ("3D000", Kind::Unavailable), // no such database
    ("40", Kind::Contention),     // serialization failures and deadlocks
    ("40003", Kind::Unavailable), // the connection was lost and nobody knows how it ended
    ("42501", Kind::Unavailable), // a right was taken away
    ("53", Kind::Unavailable),    // disk, memory, connections
    ("54", Kind::Internal),       // limits of the program
    ("55000", Kind::Unavailable), // a database that lets nobody in
    ("55P03", Kind::Contention),  // a lock was not to be had in time
    ("57014", Kind::Contention),  // took too long
    ("57P", Kind::Unavailable),   // shutting down, starting up, dropped
    ("58", Kind::Unavailable),    // the operating system, the disk
    ("F0", Kind::Unavailable),    // the files that set the server up
    ("XX001", Kind::Corrupt),     // data corrupted
    ("XX002", Kind::Corrupt),     // index corrupted
];

/// The reports about a prepared statement that is not there, or is there already. Each connection
/// prepares its own, and gives each a new name.
const MIXED_UP: [SqlState; 2] =
    [SqlState::INVALID_SQL_STATEMENT_NAME, SqlState::DUPLICATE_PSTATEMENT];

/// What to do about that.
const POOLER_REMEDY: &str = "a pooler mixes prepared statements up; turn them off \
    (`--prepared-statements off`), or use PgBouncer 1.21 or later";

impl Failure {
    /// What is stored is not what was written.
    pub(super) fn corrupt(message: impl fmt::Display) -> Self {
        Self::new(Kind::Corrupt, message)
    }

    /// Others were in the way.
    pub(super) fn contention(message: impl fmt::Display) -> Self {
        Self::new(Kind::Contention, message)
    }

    /// The database is away.
    pub(super) fn unavailable(message: impl fmt::Display) -> Self {
        Self::new(Kind::Unavailable, message)
    }

    /// A fault of ours.
    pub(super) fn internal(message: impl fmt::Display) -> Self {
        Self::new(Kind::Internal, message)
    }

    /// What it means.
    #[cfg(test)]
    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// Why to run the transaction again, if that may help.
    pub(super) fn retry(&self) -> Option<&Retry> {
        self.retry.as_ref()
    }

    /// The SQLSTATE, where the database reported one.
    pub(super) fn state(&self) -> Option<&SqlState> {
        self.state.as_ref()
    }

    /// Whether the connection is gone. What was sent last may have been done or not.
    pub(super) fn connection_lost(&self) -> bool {
        self.connection_lost
    }

    /// Whether the connection has lost what was prepared on it, or what was prepared is out of
    /// date. Another connection knows better.
    pub(super) fn statements_lost(&self) -> bool {
        // The other: a cached plan whose columns have changed.
        self.is_mixed_up_statement()
            || self.state.as_ref() == Some(&SqlState::FEATURE_NOT_SUPPORTED)
    }

    /// Whether a prepared statement was not there, or another one of its name was: a pooler stands
    /// between that knows no prepared statements.
    pub(super) fn is_mixed_up_statement(&self) -> bool {
        self.state.as_ref().is_some_and(|state| MIXED_UP.contains(state))
    }

    /// Whether the server can only be read by now. Another connection may lead to one that took over.
    pub(super) fn server_demoted(&self) -> bool {
        self.state.as_ref() == Some(&SqlState::READ_ONLY_SQL_TRANSACTION)
    }

    fn new(kind: Kind, message: impl fmt::Display) -> Self {
        let message = message.to_string();
        Self { kind, retry: None, state: None, connection_lost: false, message }
    }
}

impl From<PostgresError> for Failure {
    fn from(error: PostgresError) -> Self {
        let Some(reported) = error.as_db_error() else {
            let is_io = error.source().is_some_and(<dyn Error>::is::<io::Error>);
            let connection_lost = error.is_closed() || is_io;
            let kind = if connection_lost { Kind::Unavailable } else { Kind::Internal };
            return Self { connection_lost, ..Self::new(kind, chain(&error)) };
        };
        let state = reported.code();
        let retry = match *state {
            SqlState::T_R_SERIALIZATION_FAILURE | SqlState::T_R_DEADLOCK_DETECTED => {
                Some(Retry::Conflict)
            }
            SqlState::UNIQUE_VIOLATION => {
                reported.constraint().map(|index| Retry::KeyTaken(index.to_owned()))
            }
            _ => None,
        };
        let mut message = format!("{} (SQLSTATE {})", reported.message(), state.code());
        if MIXED_UP.contains(state) {
            message = format!("{message}: {POOLER_REMEDY}");
        }
        Self {
            retry,
            connection_lost: ends_connection(state),
            state: Some(state.clone()),
            ..Self::new(kind_of(state), message)
        }
    }
}

impl From<OutOfIds> for Failure {
    fn from(error: OutOfIds) -> Self {
        Self::internal(error)
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        Self::new(failure.kind, failure)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Failure {}

fn kind_of(state: &SqlState) -> Kind {
    let fitting = STATES.iter().filter(|(class, _)| state.code().starts_with(class));
    fitting.max_by_key(|(class, _)| class.len()).map_or(Kind::Internal, |(_, kind)| *kind)
}

/// Whether the database ends the connection along with that report.
fn ends_connection(state: &SqlState) -> bool {
    ["08", "25P03", "57P"].iter().any(|class| state.code().starts_with(class))
}

/// The error and what is behind it, joined by colons.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text.push_str(": ");
        text.push_str(&source.to_string());
        next = source.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use tokio_postgres::Client;

    use super::super::testing::TestDatabase;
    use super::*;

    async fn failure_of(client: &Client, sql: &str) -> Failure {
        client.batch_execute(sql).await.unwrap_err().into()
    }

    #[tokio::test]
    async fn what_the_server_reports_is_sorted_by_its_state() {
        let database = TestDatabase::empty();
        let client = database.connect().await;
        for (state, kind, retry) in [
            ("08006", Kind::Unavailable, None),
            ("22P02", Kind::Internal, None),
            ("23514", Kind::Internal, None),
            ("25006", Kind::Unavailable, None),
            ("25P03", Kind::Unavailable, None),
            ("28000", Kind::Unavailable, None),
            ("28P01", Kind::Unavailable, None),
            ("3D000", Kind::Unavailable, None),
            ("3F000", Kind::Internal, None),
            ("40001", Kind::Contention, Some(Retry::Conflict)),
            ("40003", Kind::Unavailable, None),
            ("40P01", Kind::Contention, Some(Retry::Conflict)),
            ("42501", Kind::Unavailable, None),
            ("42P01", Kind::Internal, None),
            ("53100", Kind::Unavailable, None),
            ("53200", Kind::Unavailable, None),
            ("53300", Kind::Unavailable, None),
            ("54000", Kind::Internal, None),
            ("55000", Kind::Unavailable, None),
            ("55006", Kind::Internal, None),
            ("55P03", Kind::Contention, None),
            ("57014", Kind::Contention, None),
            ("57P01", Kind::Unavailable, None),
            ("57P02", Kind::Unavailable, None),
            ("57P03", Kind::Unavailable, None),
            ("57P05", Kind::Unavailable, None),
            ("58030", Kind::Unavailable, None),
            ("XX000", Kind::Internal, None),
            ("XX001", Kind::Corrupt, None),
            ("XX002", Kind::Corrupt, None),
        ] {
            let sql = format!(
                "DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{state}', DETAIL = 'a row',
                 HINT = 'a hint'; END $$"
            );
            let failure = failure_of(&client, &sql).await;
            assert_eq!((failure.kind(), failure.retry()), (kind, retry.as_ref()), "{state}");
            assert_eq!(failure.to_string(), format!("no (SQLSTATE {state})"));
        }
    }

    #[tokio::test]
    async fn what_a_pooler_mixed_up_is_told_with_the_remedy() {
        let database = TestDatabase::empty();
        let client = database.connect().await;
        for (sql, report) in [
            ("EXECUTE s0", "prepared statement \"s0\" does not exist (SQLSTATE 26000)"),
            (
                "PREPARE s0 AS SELECT 1; PREPARE s0 AS SELECT 2",
                "prepared statement \"s0\" already exists (SQLSTATE 42P05)",
            ),
        ] {
            let failure = failure_of(&client, sql).await;
            assert_eq!((failure.kind(), failure.statements_lost()), (Kind::Internal, true));
            assert_eq!(
                failure.to_string(),
                format!(
                    "{report}: a pooler mixes prepared statements up; turn them off \
                     (`--prepared-statements off`), or use PgBouncer 1.21 or later"
                )
            );
        }
    }

    #[tokio::test]
    async fn a_key_that_is_taken_is_told_by_its_index_and_not_by_its_value() {
        let database = TestDatabase::empty();
        let client = database.connect().await;
        let sql = "CREATE TABLE t (a text); CREATE UNIQUE INDEX one_of_each ON t (a);
                   INSERT INTO t VALUES ('secret'); INSERT INTO t VALUES ('secret')";
        let failure = failure_of(&client, sql).await;
        assert_eq!(failure.kind(), Kind::Internal);
        assert_eq!(failure.retry(), Some(&Retry::KeyTaken("one_of_each".to_owned())));
        assert!(!format!("{failure:?}").contains("secret"), "{failure:?}");
    }

    #[tokio::test]
    async fn limits_that_a_transaction_sets_itself_are_contention() {
        let database = TestDatabase::empty();
        let client = database.connect().await;
        let other = database.connect().await;
        client.batch_execute("CREATE TABLE t ()").await.unwrap();
        other.batch_execute("BEGIN; LOCK TABLE t").await.unwrap();
        for sql in [
            "BEGIN; SET LOCAL lock_timeout = 1; SELECT FROM t",
            "ROLLBACK; BEGIN; SET LOCAL statement_timeout = 1; SELECT FROM t",
        ] {
            let failure = failure_of(&client, sql).await;
            assert_eq!((failure.kind(), failure.connection_lost()), (Kind::Contention, false));
        }
    }

    #[tokio::test]
    async fn a_connection_that_the_server_ends_is_lost() {
        let database = TestDatabase::empty();
        let client = database.connect().await;
        database.end_connections();
        for _ in 0..2 {
            let failure = failure_of(&client, "SELECT 1").await;
            assert_eq!((failure.kind(), failure.connection_lost()), (Kind::Unavailable, true));
        }
    }
}
