//! What is stored, read past the servers.

use std::path::{Path, PathBuf};

use postgres::{Client, NoTls};
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;
use xtask::Failure;

use crate::row::Row;

/// The database under the servers.
#[derive(Debug)]
pub(crate) enum Database {
    /// A file.
    Sqlite(PathBuf),
    /// A database of a PostgreSQL, by its URL.
    Postgres(String),
}

/// What both understand, but for the last column.
macro_rules! contacts {
    ($document:literal) => {
        concat!(
            "SELECT id, version, external_id, deleted_at IS NOT NULL, ",
            $document,
            " FROM contact ORDER BY id"
        )
    };
}

impl Database {
    /// All contacts, as they were at one moment.
    ///
    /// # Errors
    ///
    /// When they cannot be read, or a column says something else than its document.
    pub(crate) fn rows(&self) -> Result<Vec<Row>, Failure> {
        match self {
            Self::Sqlite(file) => sqlite_rows(file),
            Self::Postgres(url) => postgres_rows(url),
        }
    }
}

/// A connection to a PostgreSQL.
///
/// # Errors
///
/// When it does not accept.
pub(crate) fn connect(url: &str) -> Result<Client, Failure> {
    Client::connect(url, NoTls).map_err(postgres_failed)
}

/// What PostgreSQL says is wrong.
#[expect(clippy::needless_pass_by_value, reason = "called by map_err")]
pub(crate) fn postgres_failed(error: postgres::Error) -> Failure {
    let said = error.as_db_error().map_or_else(|| error.to_string(), ToString::to_string);
    Failure::Server(format!("asking PostgreSQL: {said}"))
}

fn sqlite_rows(file: &Path) -> Result<Vec<Row>, Failure> {
    let failed = |error: rusqlite::Error| Failure::Server(format!("reading the file: {error}"));
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
    let connection = Connection::open_with_flags(file, flags).map_err(failed)?;
    connection.execute_batch("PRAGMA query_only = ON").map_err(failed)?;
    let mut statement = connection.prepare(contacts!("document")).map_err(failed)?;
    let columns = statement.query_map([], |row| {
        let (external_id, document): (Option<String>, String) = (row.get(2)?, row.get(4)?);
        Ok((row.get(0)?, row.get(1)?, external_id, row.get(3)?, document))
    });
    let mut rows = Vec::new();
    for columns in columns.map_err(failed)? {
        let (id, version, external_id, is_deleted, document) = columns.map_err(failed)?;
        let document: Value = serde_json::from_str(&document)?;
        rows.push(Row::read(id, version, external_id.as_deref(), is_deleted, &document)?);
    }
    Ok(rows)
}

fn postgres_rows(url: &str) -> Result<Vec<Row>, Failure> {
    let columns = connect(url)?.query(contacts!("document::text"), &[]).map_err(postgres_failed)?;
    let read = |columns: postgres::Row| {
        let document: &str = columns.get(4);
        let document: Value = serde_json::from_str(document)?;
        Row::read(columns.get(0), columns.get(1), columns.get(2), columns.get(3), &document)
    };
    columns.into_iter().map(read).collect()
}
