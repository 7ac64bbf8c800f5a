//! What goes wrong in SQLite, sorted into what the caller of a store is told.

use std::error::Error;
use std::ffi::c_int;
use std::fmt;
use std::sync::Arc;

pub(super) use contacts_application::ports::StoreErrorKind as Kind;

use contacts_application::ports::StoreError;
use contacts_domain::OutOfIds;
use diesel::result::{ConnectionError, Error as DieselError};
use libsqlite3_sys as sqlite;

/// Why a statement or a transaction failed. It can be told to all whose writes it took along.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    kind: Kind,
    cause: Arc<dyn Error + Send + Sync>,
}

/// The result codes of SQLite that mean more than a fault of ours.
///
/// Diesel keeps the message of an error and drops its code. The message contains SQLite's own text
/// for the code, which the linked library tells; only the reader of a damaged schema words it
/// otherwise.
const CODES: [(c_int, Kind); 10] = [
    (sqlite::SQLITE_BUSY, Kind::Contention),
    (sqlite::SQLITE_LOCKED, Kind::Contention),
    (sqlite::SQLITE_PROTOCOL, Kind::Contention),
    (sqlite::SQLITE_FULL, Kind::Unavailable),
    (sqlite::SQLITE_IOERR, Kind::Unavailable),
    (sqlite::SQLITE_READONLY, Kind::Unavailable),
    (sqlite::SQLITE_CANTOPEN, Kind::Unavailable),
    (sqlite::SQLITE_NOMEM, Kind::Unavailable),
    (sqlite::SQLITE_CORRUPT, Kind::Corrupt),
    (sqlite::SQLITE_NOTADB, Kind::Corrupt),
];

const DAMAGED_SCHEMA: &str = "malformed database schema";

impl Failure {
    /// What is stored is not what was written.
    pub(super) fn corrupt(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { kind: Kind::Corrupt, cause: cause.into().into() }
    }

    /// Others were in the way.
    pub(super) fn contention(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { kind: Kind::Contention, cause: cause.into().into() }
    }

    /// The database is away.
    pub(super) fn unavailable(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { kind: Kind::Unavailable, cause: cause.into().into() }
    }

    /// A fault of ours.
    pub(super) fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { kind: Kind::Internal, cause: cause.into().into() }
    }

    /// What it means.
    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether SQLite reported that code.
    pub(super) fn is(&self, code: c_int) -> bool {
        self.cause.to_string().contains(sqlite::code_to_str(code))
    }

    fn sorted(cause: Arc<dyn Error + Send + Sync>) -> Self {
        let message = cause.to_string();
        let known = CODES.iter().find(|(code, _)| message.contains(sqlite::code_to_str(*code)));
        let kind = match known {
            Some((_, kind)) => *kind,
            None if message.contains(DAMAGED_SCHEMA) => Kind::Corrupt,
            None => Kind::Internal,
        };
        Self { kind, cause }
    }
}

impl From<DieselError> for Failure {
    fn from(error: DieselError) -> Self {
        let cause = match error {
            DieselError::RollbackErrorOnCommit { commit_error, .. } => *commit_error,
            error => error,
        };
        Self::sorted(Arc::new(cause))
    }
}

impl From<ConnectionError> for Failure {
    fn from(error: ConnectionError) -> Self {
        Self::sorted(Arc::new(error))
    }
}

/// A migration that failed.
impl From<Box<dyn Error + Send + Sync>> for Failure {
    fn from(error: Box<dyn Error + Send + Sync>) -> Self {
        Self::sorted(error.into())
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
        self.cause.fmt(f)
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.cause)
    }
}

#[cfg(test)]
mod tests {
    use diesel::prelude::*;
    use diesel::{RunQueryDsl, SqliteConnection, sql_query};

    use super::*;

    fn failure_of(connection: &mut SqliteConnection, statement: &str) -> Failure {
        sql_query(statement).execute(connection).unwrap_err().into()
    }

    #[test]
    fn what_sqlite_reports_is_sorted_by_its_code() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("some.db");
        let url = path.to_str().unwrap();
        let mut one = SqliteConnection::establish(url).unwrap();
        let mut other = SqliteConnection::establish(url).unwrap();
        sql_query("CREATE TABLE t (a UNIQUE)").execute(&mut one).unwrap();
        sql_query("INSERT INTO t VALUES (1)").execute(&mut one).unwrap();

        let kind = failure_of(&mut one, "INSERT INTO t VALUES (1)").kind();
        assert_eq!(kind, Kind::Internal, "a key that is taken");

        sql_query("BEGIN IMMEDIATE").execute(&mut one).unwrap();
        let busy = failure_of(&mut other, "INSERT INTO t VALUES (2)");
        assert_eq!(busy.kind(), Kind::Contention);
        assert!(busy.is(sqlite::SQLITE_BUSY) && !busy.is(sqlite::SQLITE_FULL));
        sql_query("COMMIT").execute(&mut one).unwrap();

        sql_query("PRAGMA max_page_count = 3").execute(&mut one).unwrap();
        let full = failure_of(&mut one, "INSERT INTO t VALUES (zeroblob(100000))");
        assert_eq!(full.kind(), Kind::Unavailable);

        sql_query("PRAGMA query_only = ON").execute(&mut one).unwrap();
        let read_only = failure_of(&mut one, "INSERT INTO t VALUES (3)");
        assert_eq!(read_only.kind(), Kind::Unavailable);

        std::fs::write(&path, vec![b'x'; 8192]).unwrap();
        let garbage = failure_of(&mut other, "SELECT * FROM t");
        assert_eq!(garbage.kind(), Kind::Corrupt);
    }

    #[test]
    fn a_damaged_schema_is_corrupt() {
        let mut connection = SqliteConnection::establish(":memory:").unwrap();
        sql_query("CREATE TABLE t (a)").execute(&mut connection).unwrap();
        sql_query("PRAGMA writable_schema = ON").execute(&mut connection).unwrap();
        sql_query("UPDATE sqlite_schema SET sql = 'CREATE TABLE t ('")
            .execute(&mut connection)
            .unwrap();
        sql_query("PRAGMA writable_schema = RESET").execute(&mut connection).unwrap();
        assert_eq!(failure_of(&mut connection, "SELECT * FROM t").kind(), Kind::Corrupt);
    }

    #[test]
    fn a_file_that_cannot_be_opened_is_unavailable() {
        let error = SqliteConnection::establish("/nowhere/at/all.db").err().unwrap();
        assert_eq!(Failure::from(error).kind(), Kind::Unavailable);
    }
}
