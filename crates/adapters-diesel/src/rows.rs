//! The port [`StoredRows`]: every row of a database file, for a copy.

use std::fmt::Write as _;
use std::path::Path;

use async_trait::async_trait;
use contacts_application::ports::{
    CopyError, OpenError, RowBatch, RowMessage, StoreError, StoredRows, Totals,
};
use diesel::connection::{DefaultLoadingMode, SimpleConnection as _};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Bool, Text};
use tokio::sync::mpsc::{Receiver, Sender};

use crate::connect::{Database, Failure, SqliteOptions};
use crate::startup;

/// How many rows a batch has.
const ROWS: usize = 100;

/// The table of the ids to come: the only one that has a row in a new database.
const COUNTER: &str = "id_counter";

/// The columns of all tables but those of searches, which are made of the others. The hash of the e-mail
/// address is filled again, because PostgreSQL has none.
const COLUMNS: &str = "
    SELECT t.name AS table_name, c.name AS name, c.type = 'BLOB' AS is_blob
      FROM sqlite_schema AS t, pragma_table_info(t.name) AS c
     WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite!_%' ESCAPE '!'
       AND t.name NOT LIKE '!_!_diesel%' ESCAPE '!' AND t.name NOT LIKE 'search!_%' ESCAPE '!'
       AND c.name <> 'email_hash'
     ORDER BY t.name, c.name";

/// The rows of a database file.
///
/// ```
/// use contacts_adapters_diesel::{SqliteOptions, SqliteRows, SqliteStore};
///
/// let directory = tempfile::tempdir()?;
/// let path = directory.path().join("contact-hub.db");
/// assert!(SqliteRows::open(&path).is_err(), "there is no database");
/// SqliteStore::open(&path, SqliteOptions::default())?;
/// assert!(SqliteRows::open(&path).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct SqliteRows(Database);

impl SqliteRows {
    /// Opens a database of the current schema.
    ///
    /// # Errors
    ///
    /// An [`OpenError`] that names the cause and its remedy.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let options = SqliteOptions { migrate: false, ..SqliteOptions::default() };
        let database = Database::at(path, options)?;
        startup::prepare(&database)?;
        Ok(Self(database))
    }
}

#[async_trait]
impl StoredRows for SqliteRows {
    async fn send(&self, rows: Sender<RowMessage>) -> Result<(), StoreError> {
        let database = self.0.clone();
        Ok(blocking(move || send(&mut database.connect()?, &rows)).await?)
    }

    async fn take(&self, rows: Receiver<RowMessage>) -> Result<Totals, CopyError> {
        let database = self.0.clone();
        blocking(move || {
            let taken = take(&mut database.connect()?, rows);
            Ok(taken.map_err(|error| match error {
                NotTaken::Copy(error) => error,
                NotTaken::Failed(failure) => StoreError::from(failure).into(),
            }))
        })
        .await
        .map_err(|failure| CopyError::Store(failure.into()))?
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Failure::from(StoreError::internal(error)))?
}

/// A table, and statements that read and write its rows.
struct Table {
    name: String,
    columns: Vec<Column>,
}

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Bool)]
    is_blob: bool,
}

/// A row as a JSON array of texts.
#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    texts: String,
}

impl Table {
    fn all(connection: &mut SqliteConnection) -> Result<Vec<Self>, Failure> {
        let mut tables: Vec<Self> = Vec::new();
        for column in sql_query(COLUMNS).load::<Column>(connection)? {
            match tables.last_mut().filter(|table| table.name == column.table_name) {
                Some(table) => table.columns.push(column),
                None => {
                    let name = column.table_name.clone();
                    tables.push(Self { name, columns: vec![column] });
                }
            }
        }
        Ok(tables)
    }

    fn names(&self) -> Vec<String> {
        self.columns.iter().map(|column| column.name.clone()).collect()
    }

    fn select(&self) -> String {
        let texts = self.columns.iter().map(|Column { name, is_blob, .. }| match is_blob {
            true => format!("CASE WHEN {name} IS NOT NULL THEN lower(hex({name})) END"),
            false => format!("CAST({name} AS TEXT)"),
        });
        let texts: Vec<_> = texts.collect();
        format!("SELECT json_array({}) AS texts FROM {}", texts.join(", "), self.name)
    }

    /// Takes a JSON array of rows, each an array of texts. A strict table makes numbers of texts.
    fn insert(&self) -> String {
        let mut values = String::new();
        for (index, Column { is_blob, .. }) in self.columns.iter().enumerate() {
            let separator = if index > 0 { ", " } else { "" };
            let (before, after) = if *is_blob { ("unhex(", ")") } else { ("", "") };
            let _ = write!(values, "{separator}{before}value ->> {index}{after}");
        }
        let (table, names) = (&self.name, self.names().join(", "));
        format!("INSERT INTO {table} ({names}) SELECT {values} FROM json_each(?)")
    }

    /// Reads all rows, some at a time.
    fn read(
        &self,
        connection: &mut SqliteConnection,
        mut each: impl FnMut(RowBatch) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let empty = || RowBatch {
            table: self.name.clone(),
            columns: self.names(),
            rows: Vec::with_capacity(ROWS),
        };
        let mut batch = empty();
        let rows = sql_query(self.select()).load_iter::<Row, DefaultLoadingMode>(connection)?;
        for row in rows {
            let texts = serde_json::from_str(&row?.texts).map_err(StoreError::corrupt)?;
            batch.rows.push(texts);
            if batch.rows.len() == ROWS {
                each(std::mem::replace(&mut batch, empty()))?;
            }
        }
        if batch.rows.is_empty() { Ok(()) } else { each(batch) }
    }

    fn is_empty(&self, connection: &mut SqliteConnection) -> Result<bool, Failure> {
        let query = format!("SELECT NOT EXISTS (SELECT 1 FROM {})", self.name);
        Ok(diesel::dsl::sql::<Bool>(&query).get_result(connection)?)
    }
}

fn send(connection: &mut SqliteConnection, rows: &Sender<RowMessage>) -> Result<(), Failure> {
    // Nobody else writes from here on.
    connection.immediate_transaction(|connection| {
        for table in Table::all(connection)? {
            table.read(connection, |batch| hand_over(rows, RowMessage::Rows(batch)))?;
        }
        hand_over(rows, RowMessage::End)
    })
}

fn hand_over(rows: &Sender<RowMessage>, sent: RowMessage) -> Result<(), Failure> {
    // The receiver says why it has ended.
    rows.blocking_send(sent)
        .map_err(|_unsent| StoreError::unavailable("nobody takes the rows").into())
}

/// Why rows were not taken.
enum NotTaken {
    Copy(CopyError),
    Failed(Failure),
}

impl<E: Into<Failure>> From<E> for NotTaken {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

fn take(
    connection: &mut SqliteConnection,
    mut rows: Receiver<RowMessage>,
) -> Result<Totals, NotTaken> {
    let copied = connection.exclusive_transaction(|connection| {
        let tables = Table::all(connection)?;
        for table in tables.iter().filter(|table| table.name != COUNTER) {
            if !table.is_empty(connection)? {
                return Err(NotTaken::Copy(CopyError::NotEmpty(table.name.clone())));
            }
        }
        sql_query(format!("DELETE FROM {COUNTER}")).execute(connection)?;
        let mut sent = Totals::default();
        loop {
            let batch = match rows.blocking_recv() {
                Some(RowMessage::Rows(batch)) => batch,
                Some(RowMessage::End) => break,
                None => return Err(NotTaken::Copy(CopyError::Interrupted)),
            };
            let table = tables.iter().find(|table| table.name == batch.table);
            let Some(table) = table.filter(|table| table.names() == batch.columns) else {
                return Err(NotTaken::Copy(CopyError::NoTable(batch.table)));
            };
            let json = serde_json::to_string(&batch.rows).map_err(StoreError::internal)?;
            sql_query(table.insert()).bind::<Text, _>(json).execute(connection)?;
            sent.add(&batch);
        }
        let mut stored = Totals::default();
        for table in &tables {
            table.read(connection, |batch| {
                stored.add(&batch);
                Ok(())
            })?;
        }
        stored.require_equal(&sent).map_err(NotTaken::Copy)?;
        startup::fill_email_hashes(connection)?;
        Ok(stored)
    })?;
    connection.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)")?;
    Ok(copied)
}
