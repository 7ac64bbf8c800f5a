//! Failures of SQLite, classified for the callers of the store (ADR 10).

use std::error::Error;
use std::ffi::c_int;
use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use contacts_application::ports::StoreErrorKind::{
    Contention, Corrupt, Full, Internal, OutOfTime, TooLarge, Unavailable,
};
use contacts_application::ports::{OpenError, OpenErrorKind, StoreError, StoreErrorKind};
use contacts_domain::OutOfIds;
use diesel::result::{ConnectionError, Error as DieselError};
use libsqlite3_sys as sqlite;

use super::deadline::OUT_OF_TIME;

/// A [`StoreError`] that is made of diesel's errors, and is printed as its cause.
#[derive(Debug, Clone)]
pub(crate) struct Failure(StoreError);

/// The result codes that are not a fault of ours.
///
/// Diesel keeps the message of an error and drops its code. The message contains SQLite's text for
/// the code, which the linked library returns (`sqlite3_errstr`). Only the parser of the schema
/// words a damaged one differently.
const CODES: [(c_int, StoreErrorKind); 10] = [
    (sqlite::SQLITE_BUSY, Contention),
    (sqlite::SQLITE_LOCKED, Contention),
    (sqlite::SQLITE_PROTOCOL, Contention),
    (sqlite::SQLITE_FULL, Full),
    (sqlite::SQLITE_IOERR, Unavailable),
    (sqlite::SQLITE_READONLY, Unavailable),
    (sqlite::SQLITE_CANTOPEN, Unavailable),
    (sqlite::SQLITE_NOMEM, Unavailable),
    (sqlite::SQLITE_CORRUPT, Corrupt),
    (sqlite::SQLITE_NOTADB, Corrupt),
];

const DAMAGED_SCHEMA: &str = "malformed database schema";

impl Failure {
    pub(crate) fn kind(&self) -> StoreErrorKind {
        self.0.kind()
    }

    /// Whether SQLite reported that code.
    pub(crate) fn is(&self, code: c_int) -> bool {
        self.to_string().contains(sqlite::code_to_str(code))
    }

    /// The error that this failure means while the file is being opened.
    pub(crate) fn on_opening(&self, path: &Path) -> OpenError {
        if self.is(sqlite::SQLITE_READONLY) || self.is(sqlite::SQLITE_CANTOPEN) {
            return not_writable(path);
        }
        // SQLite reports most files that cannot grow as an I/O error.
        if self.kind() == Full || (self.is(sqlite::SQLITE_IOERR) && is_full(path)) {
            return OpenError::new(
                OpenErrorKind::Unavailable,
                format!("there is no space left for {}", path.display()),
                "free some space on its disk",
            );
        }
        let path = path.display();
        match self.kind() {
            Corrupt => OpenError::new(
                OpenErrorKind::Unusable,
                format!("{path} is not an SQLite database, or a damaged one"),
                "name another file, or restore it from a backup",
            ),
            Contention => OpenError::new(
                OpenErrorKind::Unavailable,
                format!("{path} is locked by another process"),
                "try again when that is done",
            ),
            Unavailable | Full | TooLarge | OutOfTime | Internal => OpenError::new(
                OpenErrorKind::Unavailable,
                format!("{path} cannot be opened: {self}"),
                "check the disk and the file",
            ),
        }
    }

    fn classify(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let cause = cause.into();
        let message = cause.to_string();
        let known = CODES.iter().find(|(code, _)| message.contains(sqlite::code_to_str(*code)));
        let kind = match known {
            Some((_, kind)) => *kind,
            None if message.contains(DAMAGED_SCHEMA) => Corrupt,
            None if message.contains(OUT_OF_TIME) => OutOfTime,
            None => Internal,
        };
        Self(StoreError::new(kind, cause))
    }
}

/// Whether the disk of the file has no room for a small one: less than SQLite needs for a log.
fn is_full(path: &Path) -> bool {
    let mut probe = path.as_os_str().to_owned();
    probe.push("-space");
    let written = fs::write(&probe, [0; 64 << 10]);
    // There is none if it could not be created.
    let _ = fs::remove_file(&probe);
    written.is_err_and(|error| {
        matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
    })
}

pub(super) fn not_writable(path: &Path) -> OpenError {
    OpenError::new(
        OpenErrorKind::Unusable,
        format!("{} cannot be written", path.display()),
        "allow it for the file and its directory",
    )
}

impl From<DieselError> for Failure {
    fn from(error: DieselError) -> Self {
        match error {
            DieselError::RollbackErrorOnCommit { commit_error, .. } => Self::classify(commit_error),
            error => Self::classify(error),
        }
    }
}

impl From<ConnectionError> for Failure {
    fn from(error: ConnectionError) -> Self {
        Self::classify(error)
    }
}

/// Migrations fail with a boxed error.
impl From<Box<dyn Error + Send + Sync>> for Failure {
    fn from(error: Box<dyn Error + Send + Sync>) -> Self {
        Self::classify(error)
    }
}

impl From<OutOfIds> for Failure {
    fn from(error: OutOfIds) -> Self {
        Self(StoreError::internal(error))
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self(error)
    }
}

impl From<Failure> for StoreError {
    fn from(Failure(error): Failure) -> Self {
        error
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.source() {
            Some(cause) => write!(f, "{cause}"),
            None => write!(f, "{}", self.0),
        }
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
    fn message_of_result_code_decides_the_kind() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("some.db");
        let url = path.to_str().unwrap();
        let mut one = SqliteConnection::establish(url).unwrap();
        let mut other = SqliteConnection::establish(url).unwrap();
        sql_query("CREATE TABLE t (a UNIQUE)").execute(&mut one).unwrap();
        sql_query("INSERT INTO t VALUES (1)").execute(&mut one).unwrap();

        let kind = failure_of(&mut one, "INSERT INTO t VALUES (1)").kind();
        assert_eq!(kind, Internal, "a taken key");

        sql_query("BEGIN IMMEDIATE").execute(&mut one).unwrap();
        let busy = failure_of(&mut other, "INSERT INTO t VALUES (2)");
        assert_eq!(busy.kind(), Contention);
        assert!(busy.is(sqlite::SQLITE_BUSY) && !busy.is(sqlite::SQLITE_FULL));
        sql_query("COMMIT").execute(&mut one).unwrap();

        sql_query("PRAGMA max_page_count = 3").execute(&mut one).unwrap();
        let full = failure_of(&mut one, "INSERT INTO t VALUES (zeroblob(100000))");
        assert_eq!(full.kind(), Full);
        let message = full.on_opening(&path).to_string();
        assert_eq!(message, format!("there is no space left for {}", path.display()));

        sql_query("PRAGMA query_only = ON").execute(&mut one).unwrap();
        let read_only = failure_of(&mut one, "INSERT INTO t VALUES (3)");
        assert_eq!(read_only.kind(), Unavailable);

        fs::write(&path, vec![b'x'; 8192]).unwrap();
        let garbage = failure_of(&mut other, "SELECT * FROM t");
        assert_eq!(garbage.kind(), Corrupt);
    }

    #[test]
    fn damaged_schema_is_corrupt() {
        let mut connection = SqliteConnection::establish(":memory:").unwrap();
        sql_query("CREATE TABLE t (a)").execute(&mut connection).unwrap();
        sql_query("PRAGMA writable_schema = ON").execute(&mut connection).unwrap();
        sql_query("UPDATE sqlite_schema SET sql = 'CREATE TABLE t ('")
            .execute(&mut connection)
            .unwrap();
        sql_query("PRAGMA writable_schema = RESET").execute(&mut connection).unwrap();
        assert_eq!(failure_of(&mut connection, "SELECT * FROM t").kind(), Corrupt);
    }

    #[test]
    fn missing_directory_is_unavailable() {
        let error = SqliteConnection::establish("/nowhere/at/all.db").err().unwrap();
        assert_eq!(Failure::from(error).kind(), Unavailable);
    }
}
