//! The port [`StoredRows`]: every row of a database, for a copy.

use async_trait::async_trait;
use contacts_application::ports::{
    CopyError, OpenError, RowBatch, RowMessage, StoreError, StoredRows, Totals,
};
use tokio::sync::mpsc::{Receiver, Sender};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use crate::connect::{Failure, Parameter, Pool, PostgresOptions, PostgresUrl, Session};
use crate::startup;

/// The table of the ids to come: the only one that has a row in a new database.
const COUNTER: &str = "id_counter";

/// The columns of all tables but those of searches, which are made of the others. Tables without foreign keys come first: others refer to them.
const COLUMNS: &str = "
    SELECT c.relname::text, a.attname::text, format_type(a.atttypid, NULL), a.attidentity <> ''
      FROM pg_class AS c
      JOIN pg_attribute AS a ON a.attrelid = c.oid
     WHERE c.relnamespace = current_schema()::regnamespace
       AND c.relkind IN ('r', 'p') AND NOT c.relispartition
       AND c.relname NOT LIKE '\\_\\_diesel%' AND c.relname NOT LIKE 'search\\_%'
       AND a.attnum > 0 AND NOT a.attisdropped
     ORDER BY EXISTS (SELECT FROM pg_constraint WHERE conrelid = c.oid AND contype = 'f'),
              c.relname COLLATE \"C\", a.attname COLLATE \"C\"";

/// For how long a copy waits until nobody writes.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL lock_timeout = '5s'";

/// How many rows a batch has.
const FETCH: &str = "FETCH 100 FROM rows";

/// The rows of a database.
pub struct PostgresRows {
    pool: Pool,
}

impl PostgresRows {
    /// Opens a database of the current schema.
    ///
    /// # Errors
    ///
    /// An [`OpenError`] that names the cause and its remedy.
    pub async fn open(url: &PostgresUrl, options: PostgresOptions) -> Result<Self, OpenError> {
        let pool = startup::pool(url, PostgresOptions { migrate: false, ..options })?;
        startup::prepare(&pool, url).await?;
        Ok(Self { pool })
    }

    /// A transaction without time limits, besides which nobody writes.
    async fn begin(&self) -> Result<(Session, Vec<Table>), Failure> {
        let tables = Table::all(&self.pool).await?;
        let names: Vec<_> = tables.iter().map(|table| table.name.as_str()).collect();
        let session = self.pool.begin(BEGIN).await?.without_limits();
        // Before the first statement, so that the snapshot is that of the lock.
        session.batch(&format!("LOCK TABLE {} IN EXCLUSIVE MODE", names.join(", "))).await?;
        Ok((session, tables))
    }
}

#[async_trait]
impl StoredRows for PostgresRows {
    async fn send(&self, rows: Sender<RowMessage>) -> Result<(), StoreError> {
        let (session, tables) = self.begin().await?;
        for table in tables {
            table.open(&session).await?;
            while let Some(batch) = table.next(&session).await? {
                hand_over(&rows, RowMessage::Rows(batch)).await?;
            }
        }
        session.rollback().await?;
        hand_over(&rows, RowMessage::End).await
    }

    async fn take(&self, mut rows: Receiver<RowMessage>) -> Result<Totals, CopyError> {
        let (session, tables) = self.begin().await.map_err(StoreError::from)?;
        for table in tables.iter().filter(|table| table.name != COUNTER) {
            if !table.is_empty(&session).await.map_err(StoreError::from)? {
                return Err(CopyError::NotEmpty(table.name.clone()));
            }
        }
        let emptied = session.batch(&format!("DELETE FROM {COUNTER}")).await;
        emptied.map_err(StoreError::from)?;
        let mut sent = Totals::default();
        loop {
            let batch = match rows.recv().await {
                Some(RowMessage::Rows(batch)) => batch,
                Some(RowMessage::End) => break,
                None => return Err(CopyError::Interrupted),
            };
            let table = tables.iter().find(|table| table.name == batch.table);
            let Some(table) = table.filter(|table| table.names() == batch.columns) else {
                return Err(CopyError::NoTable(batch.table));
            };
            table.insert(&session, &batch).await.map_err(StoreError::from)?;
            sent.add(&batch);
        }
        let stored = totals(&session, &tables).await.map_err(StoreError::from)?;
        stored.require_equal(&sent)?;
        session.commit().await.map_err(StoreError::from)?;
        Ok(stored)
    }
}

async fn hand_over(rows: &Sender<RowMessage>, sent: RowMessage) -> Result<(), StoreError> {
    // The receiver says why it has ended.
    rows.send(sent).await.map_err(|_unsent| StoreError::unavailable("nobody takes the rows"))
}

/// Ends the writing, and counts what was written.
async fn totals(session: &Session, tables: &[Table]) -> Result<Totals, Failure> {
    let mut stored = Totals::default();
    for table in tables {
        table.end(session).await?;
        table.open(session).await?;
        while let Some(batch) = table.next(session).await? {
            stored.add(&batch);
        }
    }
    Ok(stored)
}

/// A table, and statements that read and write its rows.
struct Table {
    name: String,
    columns: Vec<Column>,
}

struct Column {
    name: String,
    type_name: String,
    is_identity: bool,
}

impl Table {
    async fn all(pool: &Pool) -> Result<Vec<Self>, Failure> {
        let mut tables: Vec<Self> = Vec::new();
        for row in pool.read(COLUMNS, &[]).await? {
            let name: String = row.try_get(0)?;
            let column = Column {
                name: row.try_get(1)?,
                type_name: row.try_get(2)?,
                is_identity: row.try_get(3)?,
            };
            match tables.last_mut().filter(|table| table.name == name) {
                Some(table) => table.columns.push(column),
                None => tables.push(Self { name, columns: vec![column] }),
            }
        }
        Ok(tables)
    }

    fn names(&self) -> Vec<String> {
        self.columns.iter().map(|column| column.name.clone()).collect()
    }

    async fn is_empty(&self, session: &Session) -> Result<bool, Failure> {
        let query = format!("SELECT NOT EXISTS (SELECT FROM {})", self.name);
        let rows = session.query_once(&query, &[]).await?;
        Ok(rows.first().map_or(Ok(false), |row| row.try_get(0))?)
    }

    /// Begins to read all rows.
    async fn open(&self, session: &Session) -> Result<(), Failure> {
        let texts: Vec<_> = self.columns.iter().map(Column::to_text).collect();
        let select = format!("SELECT {} FROM {}", texts.join(", "), self.name);
        session.batch(&format!("DECLARE rows NO SCROLL CURSOR FOR {select}")).await
    }

    /// The next rows; `None` at the end.
    async fn next(&self, session: &Session) -> Result<Option<RowBatch>, Failure> {
        let fetched = session.query_once(FETCH, &[]).await?;
        if fetched.is_empty() {
            session.batch("CLOSE rows").await?;
            return Ok(None);
        }
        let texts = |row: &Row| (0..self.columns.len()).map(|index| row.try_get(index)).collect();
        let rows = fetched.iter().map(texts).collect::<Result<_, tokio_postgres::Error>>()?;
        Ok(Some(RowBatch { table: self.name.clone(), columns: self.names(), rows }))
    }

    async fn insert(&self, session: &Session, batch: &RowBatch) -> Result<(), Failure> {
        let columns: Vec<Vec<Option<&str>>> = (0..self.columns.len())
            .map(|index| batch.rows.iter().map(|row| row.get(index)?.as_deref()).collect())
            .collect();
        let parameters: Vec<Parameter<'_>> =
            columns.iter().map(|texts| -> Parameter<'_> { (texts, Type::TEXT_ARRAY) }).collect();
        let arrays: Vec<_> =
            (1..=self.columns.len()).map(|place| format!("${place}::text[]")).collect();
        let (names, values) = (self.names().join(", "), self.columns.iter().map(Column::of_text));
        let insert = format!(
            "INSERT INTO {} ({names}) OVERRIDING SYSTEM VALUE SELECT {} FROM unnest({}) AS r ({names})",
            self.name,
            values.collect::<Vec<_>>().join(", "),
            arrays.join(", "),
        );
        session.query_once(&insert, &parameters).await.map(drop)
    }

    /// Sets the next identities, and lets the planner know the table.
    async fn end(&self, session: &Session) -> Result<(), Failure> {
        let table = &self.name;
        for Column { name, .. } in self.columns.iter().filter(|column| column.is_identity) {
            let sequence = format!(
                "SELECT setval(pg_get_serial_sequence('{table}', '{name}'), max({name})) FROM {table}
                 HAVING max({name}) IS NOT NULL"
            );
            session.batch(&sequence).await?;
        }
        session.batch(&format!("ANALYZE {table}")).await
    }
}

impl Column {
    fn to_text(&self) -> String {
        let name = &self.name;
        match self.type_name.as_str() {
            "timestamp with time zone" => {
                format!("(extract(epoch FROM {name}) * 1000000)::bigint::text")
            }
            "boolean" => format!("{name}::int::text"),
            "bytea" => format!("encode({name}, 'hex')"),
            _ => format!("{name}::text"),
        }
    }

    fn of_text(&self) -> String {
        let name = &self.name;
        match self.type_name.as_str() {
            "timestamp with time zone" => {
                format!("'epoch'::timestamptz + {name}::bigint * interval '1 microsecond'")
            }
            "boolean" => format!("{name}::int::boolean"),
            "bytea" => format!("decode({name}, 'hex')"),
            type_name => format!("{name}::{type_name}"),
        }
    }
}
