//! Errors of PostgreSQL, classified by SQLSTATE.

use std::error::Error;
use std::fmt;
use std::io;

use contacts_application::ports::{StoreError, StoreErrorKind};
use contacts_domain::OutOfIds;
use tokio_postgres::Error as PostgresError;
use tokio_postgres::error::SqlState;

/// Why a statement or a transaction failed.
///
/// It holds the message of the database, and neither its detail nor its hint: those quote rows, and
/// rows hold salaries.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    kind: StoreErrorKind,
    retry: Option<Retry>,
    /// The SQLSTATE, where the database reported one.
    state: Option<SqlState>,
    connection_lost: bool,
    message: String,
}

/// Why the same transaction may succeed when it runs again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Retry {
    /// A serialization failure or a deadlock.
    Conflict,
    /// Another transaction has taken a key: the name of the unique index.
    KeyTaken(String),
}

/// The classes of SQLSTATE that do not mean a fault of ours; the longest prefix decides.
/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>
const STATES: [(&str, StoreErrorKind); 19] = [
    ("08", StoreErrorKind::Unavailable),    // connection exceptions
    ("25006", StoreErrorKind::Unavailable), // read-only transaction
    ("25P03", StoreErrorKind::Unavailable), // idle in a transaction for too long
    ("28", StoreErrorKind::Unavailable),    // authorization
    ("3D000", StoreErrorKind::Unavailable), // no such database
    ("40", StoreErrorKind::Contention),     // serialization failures and deadlocks
    ("40003", StoreErrorKind::Unavailable), // completion unknown
    ("42501", StoreErrorKind::Unavailable), // a right was revoked
    ("53", StoreErrorKind::Unavailable),    // memory, connections
    ("53100", StoreErrorKind::Full),        // the disk
    ("54", StoreErrorKind::Internal),       // limits of the program
    ("55000", StoreErrorKind::Unavailable), // a database that accepts no connections
    ("55P03", StoreErrorKind::Contention),  // lock timeout
    ("57014", StoreErrorKind::Contention),  // statement timeout
    ("57P", StoreErrorKind::Unavailable),   // shutting down, starting up, dropped
    ("58", StoreErrorKind::Unavailable),    // the operating system, the disk
    ("F0", StoreErrorKind::Unavailable),    // configuration files of the server
    ("XX001", StoreErrorKind::Corrupt),     // data corrupted
    ("XX002", StoreErrorKind::Corrupt),     // index corrupted
];

/// A prepared statement is missing or exists already. Each connection prepares its own statements
/// under new names, so only a pooler that mixes them up causes this.
const MIXED_UP: [SqlState; 2] =
    [SqlState::INVALID_SQL_STATEMENT_NAME, SqlState::DUPLICATE_PSTATEMENT];

/// What to do about [`MIXED_UP`].
pub(crate) const POOLER_REMEDY: &str =
    "use `--prepared-statements off`, or PgBouncer 1.21 or later";

impl Failure {
    pub(crate) fn corrupt(message: impl fmt::Display) -> Self {
        Self::new(StoreErrorKind::Corrupt, message)
    }

    pub(crate) fn too_large(message: impl fmt::Display) -> Self {
        Self::new(StoreErrorKind::TooLarge, message)
    }

    pub(crate) fn out_of_time(message: impl fmt::Display) -> Self {
        Self::new(StoreErrorKind::OutOfTime, message)
    }

    pub(crate) fn contention(message: impl fmt::Display) -> Self {
        Self::new(StoreErrorKind::Contention, message)
    }

    pub(crate) fn unavailable(message: impl fmt::Display) -> Self {
        Self::new(StoreErrorKind::Unavailable, message)
    }

    pub(crate) fn internal(message: impl fmt::Display) -> Self {
        Self::new(StoreErrorKind::Internal, message)
    }

    #[cfg(test)]
    pub(crate) fn kind(&self) -> StoreErrorKind {
        self.kind
    }

    /// Whether another request at this time would fail with it too. Otherwise, it may be a fault of the
    /// request.
    pub(crate) fn hits_every_request(&self) -> bool {
        matches!(
            self.kind,
            StoreErrorKind::Unavailable | StoreErrorKind::Full | StoreErrorKind::Contention
        )
    }

    /// Why the transaction should run again, if that may help.
    pub(crate) fn retry(&self) -> Option<&Retry> {
        self.retry.as_ref()
    }

    pub(crate) fn state(&self) -> Option<&SqlState> {
        self.state.as_ref()
    }

    /// The failure of a list: if a statement ran too long, the list itself takes too long.
    pub(crate) fn of_list(self) -> Self {
        match self.state {
            Some(SqlState::QUERY_CANCELED) => Self { kind: StoreErrorKind::OutOfTime, ..self },
            _ => self,
        }
    }

    /// Whether the connection is lost. The last statement may or may not have run.
    pub(crate) fn connection_lost(&self) -> bool {
        self.connection_lost
    }

    /// Whether the prepared statements of the connection are lost or outdated. A new connection
    /// prepares them again.
    pub(crate) fn statements_lost(&self) -> bool {
        self.state.as_ref().is_some_and(|state| {
            // Reported for a cached plan whose columns have changed.
            MIXED_UP.contains(state) || *state == SqlState::FEATURE_NOT_SUPPORTED
        })
    }

    /// Whether the server has become read-only. A new connection may lead to its successor.
    pub(crate) fn server_demoted(&self) -> bool {
        self.state.as_ref() == Some(&SqlState::READ_ONLY_SQL_TRANSACTION)
    }

    fn new(kind: StoreErrorKind, message: impl fmt::Display) -> Self {
        let message = message.to_string();
        Self { kind, retry: None, state: None, connection_lost: false, message }
    }
}

impl From<PostgresError> for Failure {
    fn from(error: PostgresError) -> Self {
        let Some(reported) = error.as_db_error() else {
            let is_io = error.source().is_some_and(<dyn Error>::is::<io::Error>);
            let connection_lost = error.is_closed() || is_io;
            let kind = if connection_lost {
                StoreErrorKind::Unavailable
            } else {
                StoreErrorKind::Internal
            };
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
            message = format!("{message}: a pooler mixes prepared statements up; {POOLER_REMEDY}");
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

fn kind_of(state: &SqlState) -> StoreErrorKind {
    let fitting = STATES.iter().filter(|(class, _)| state.code().starts_with(class));
    fitting.max_by_key(|(class, _)| class.len()).map_or(StoreErrorKind::Internal, |(_, kind)| *kind)
}

/// Whether the database closes the connection after this error.
fn ends_connection(state: &SqlState) -> bool {
    ["08", "25P03", "57P"].iter().any(|class| state.code().starts_with(class))
}

/// The error and its sources, joined by colons.
pub(crate) fn chain(error: &dyn Error) -> String {
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

    use super::*;
    use crate::testing::TestDatabase;

    async fn failure_of(client: &Client, sql: &str) -> Failure {
        client.batch_execute(sql).await.unwrap_err().into()
    }

    #[tokio::test]
    async fn sqlstate_decides_kind_and_retry() {
        let database = TestDatabase::empty();
        let client = database.connect().await;
        for (state, kind, retry) in [
            ("08006", StoreErrorKind::Unavailable, None),
            ("22P02", StoreErrorKind::Internal, None),
            ("23514", StoreErrorKind::Internal, None),
            ("25006", StoreErrorKind::Unavailable, None),
            ("25P03", StoreErrorKind::Unavailable, None),
            ("28000", StoreErrorKind::Unavailable, None),
            ("28P01", StoreErrorKind::Unavailable, None),
            ("3D000", StoreErrorKind::Unavailable, None),
            ("3F000", StoreErrorKind::Internal, None),
            ("40001", StoreErrorKind::Contention, Some(Retry::Conflict)),
            ("40003", StoreErrorKind::Unavailable, None),
            ("40P01", StoreErrorKind::Contention, Some(Retry::Conflict)),
            ("42501", StoreErrorKind::Unavailable, None),
            ("42P01", StoreErrorKind::Internal, None),
            ("53100", StoreErrorKind::Full, None),
            ("53200", StoreErrorKind::Unavailable, None),
            ("53300", StoreErrorKind::Unavailable, None),
            ("54000", StoreErrorKind::Internal, None),
            ("55000", StoreErrorKind::Unavailable, None),
            ("55006", StoreErrorKind::Internal, None),
            ("55P03", StoreErrorKind::Contention, None),
            ("57014", StoreErrorKind::Contention, None),
            ("57P01", StoreErrorKind::Unavailable, None),
            ("57P02", StoreErrorKind::Unavailable, None),
            ("57P03", StoreErrorKind::Unavailable, None),
            ("57P05", StoreErrorKind::Unavailable, None),
            ("58030", StoreErrorKind::Unavailable, None),
            ("XX000", StoreErrorKind::Internal, None),
            ("XX001", StoreErrorKind::Corrupt, None),
            ("XX002", StoreErrorKind::Corrupt, None),
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
    async fn mixed_up_statement_error_carries_the_remedy() {
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
            assert_eq!(
                (failure.kind(), failure.statements_lost()),
                (StoreErrorKind::Internal, true)
            );
            assert_eq!(
                failure.to_string(),
                format!(
                    "{report}: a pooler mixes prepared statements up; \
                     use `--prepared-statements off`, or PgBouncer 1.21 or later"
                )
            );
        }
    }

    #[tokio::test]
    async fn taken_key_error_names_index_not_value() {
        let database = TestDatabase::empty();
        let client = database.connect().await;
        let sql = "CREATE TABLE t (a text); CREATE UNIQUE INDEX one_of_each ON t (a);
                   INSERT INTO t VALUES ('secret'); INSERT INTO t VALUES ('secret')";
        let failure = failure_of(&client, sql).await;
        assert_eq!(failure.kind(), StoreErrorKind::Internal);
        assert_eq!(failure.retry(), Some(&Retry::KeyTaken("one_of_each".to_owned())));
        assert!(!format!("{failure:?}").contains("secret"), "{failure:?}");
    }

    #[tokio::test]
    async fn lock_and_statement_timeouts_are_contention() {
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
            assert_eq!(
                (failure.kind(), failure.connection_lost()),
                (StoreErrorKind::Contention, false)
            );
        }
    }

    #[tokio::test]
    async fn connection_ended_by_server_is_lost() {
        let database = TestDatabase::empty();
        let client = database.connect().await;
        database.end_connections();
        for _ in 0..2 {
            let failure = failure_of(&client, "SELECT 1").await;
            assert_eq!(
                (failure.kind(), failure.connection_lost()),
                (StoreErrorKind::Unavailable, true)
            );
        }
    }
}
