//! The stored contacts, read without the servers.

use std::path::{Path, PathBuf};

use anyhow::Result;
use postgres::{Client, NoTls};
use proofs::history::{Isolation, Row};
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

/// The database of the servers.
#[derive(Debug)]
pub(crate) enum Database {
    /// A file.
    Sqlite(PathBuf),
    /// A database of a PostgreSQL, by its URL.
    Postgres(String),
}

/// The statement, whose last column differs between the databases.
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
    /// All contacts at one moment. Fails if a column contradicts its document.
    pub(crate) fn rows(&self) -> Result<Vec<Row>> {
        match self {
            Self::Sqlite(file) => sqlite_rows(file),
            Self::Postgres(url) => postgres_rows(url),
        }
    }

    /// The changes of the ledger after a position, so many of them at most.
    pub(crate) fn changes(&self, after: i64, at_most: i64) -> Result<Vec<RecordedChange>> {
        match self {
            Self::Sqlite(file) => {
                let connection = open(file)?;
                let mut statement = connection.prepare(CHANGES)?;
                let changes = statement.query_map([after, at_most], |row| {
                    Ok(RecordedChange { position: row.get(0)?, contact: row.get(1)? })
                })?;
                Ok(changes.collect::<Result<_, _>>()?)
            }
            Self::Postgres(url) => {
                let rows = connect(url)?.query(CHANGES, &[&after, &at_most])?;
                let change = |row: &postgres::Row| RecordedChange {
                    position: row.get(0),
                    contact: row.get(1),
                };
                Ok(rows.iter().map(change).collect())
            }
        }
    }

    /// How many contacts there are, deleted ones included.
    pub(crate) fn count(&self) -> Result<u64> {
        const COUNT: &str = "SELECT count(*) FROM contact";
        let count: i64 = match self {
            Self::Sqlite(file) => open(file)?.query_row(COUNT, [], |row| row.get(0))?,
            Self::Postgres(url) => connect(url)?.query_one(COUNT, &[])?.get(0),
        };
        Ok(count.try_into()?)
    }

    /// How concurrent batches may appear to each other.
    pub(crate) fn isolation(&self) -> Isolation {
        match self {
            // There is one writer at a time.
            Self::Sqlite(_) => Isolation::Serial,
            // Rows that do not change are not locked.
            Self::Postgres(_) => Isolation::Snapshot,
        }
    }
}

/// A change of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct RecordedChange {
    /// The position of its run.
    pub(crate) position: i64,
    /// The contact.
    pub(crate) contact: i64,
}

/// The changes of the ledger after a position, so many of them at most.
const CHANGES: &str = "
    SELECT run.position, ledger.contact_id
      FROM run JOIN ledger ON ledger.organization_id = run.organization_id AND ledger.run_id = run.id
     WHERE run.position > $1
     ORDER BY run.position, ledger.contact_id LIMIT $2";

/// A connection to a PostgreSQL.
pub(crate) fn connect(url: &str) -> Result<Client> {
    Ok(Client::connect(url, NoTls)?)
}

/// A connection to a file, which may have to be repaired after a kill.
fn open(file: &Path) -> Result<Connection> {
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.execute_batch("PRAGMA query_only = ON")?;
    Ok(connection)
}

fn sqlite_rows(file: &Path) -> Result<Vec<Row>> {
    let connection = open(file)?;
    let mut statement = connection.prepare(contacts!("document"))?;
    let columns = statement.query_map([], |row| {
        let (external_id, document): (Option<String>, String) = (row.get(2)?, row.get(4)?);
        Ok((row.get(0)?, row.get(1)?, external_id, row.get(3)?, document))
    })?;
    let mut rows = Vec::new();
    for columns in columns {
        let (id, version, external_id, is_deleted, document) = columns?;
        let document: Value = serde_json::from_str(&document)?;
        rows.push(Row::read(id, version, external_id.as_deref(), is_deleted, &document)?);
    }
    Ok(rows)
}

fn postgres_rows(url: &str) -> Result<Vec<Row>> {
    let columns = connect(url)?.query(contacts!("document::text"), &[])?;
    let read = |columns: postgres::Row| {
        let document: Value = serde_json::from_str(columns.get(4))?;
        Row::read(columns.get(0), columns.get(1), columns.get(2), columns.get(3), &document)
    };
    columns.into_iter().map(read).collect()
}
