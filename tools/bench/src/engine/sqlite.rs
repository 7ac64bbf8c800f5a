//! SQLite: a file per database. The floor has the prepared statements, pragmas and transactions of the
//! server, on one connection, because SQLite has one writer.

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::Result;
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, params_from_iter};

use super::{CHUNK, Database, Engine, TABLE};
use crate::measured::{Phase, Sample};
use crate::meter::Meter;

/// The settings of the store's writing connection.
const PRAGMAS: &str = "PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA temp_store = MEMORY;
    PRAGMA cache_size = -8192;
    PRAGMA wal_autocheckpoint = 16384;";

/// The bundled SQLite.
#[derive(Default)]
pub(crate) struct Sqlite {
    kept: BTreeMap<Phase, Rows>,
}

/// The rows of the server's table.
struct Rows {
    columns: Vec<String>,
    /// The positions of the columns of the primary key.
    key: Vec<usize>,
    rows: Vec<Vec<Value>>,
}

impl Engine for Sqlite {
    fn name(&self) -> &'static str {
        "SQLite"
    }

    fn process(&self) -> Option<u32> {
        None
    }

    fn create(&mut self) -> Result<Database> {
        Ok(Database { folder: tempfile::tempdir()?, url: None, token: None })
    }

    /// Does nothing: only the server updates statistics.
    fn settle(&self, _: &Database) -> Result<()> {
        Ok(())
    }

    fn discard(&self, database: Database) -> Result<()> {
        Ok(database.folder.close()?)
    }

    fn keep(&mut self, database: &Database, phase: Phase) -> Result<()> {
        let connection = open(database, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        self.kept.insert(phase, Rows::read(&connection)?);
        Ok(())
    }

    fn lanes(&self) -> &'static [u32] {
        &[1]
    }

    fn floor(&self, database: &Database, _: u32) -> Result<Vec<(Phase, Sample)>> {
        let mut connection = open(database, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.execute_batch(PRAGMAS)?;
        let phases = self.kept.iter().map(|(phase, rows)| {
            let sample = match phase {
                Phase::Create => rows.write(&mut connection, &rows.insert(), false),
                _ => rows.write(&mut connection, &rows.update(), true),
            };
            Ok((*phase, sample?))
        });
        phases.collect()
    }
}

impl Rows {
    fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let columns = connection
            .prepare("SELECT name, pk FROM pragma_table_info(?1)")?
            .query_map([TABLE], |row| Ok((row.get(0)?, row.get::<_, i64>(1)? > 0)))?
            .collect::<Result<Vec<(String, bool)>, _>>()?;
        let key = columns.iter().enumerate().filter(|(_, (_, key))| *key).map(|(at, _)| at);
        let key = key.collect();
        let columns = columns.into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        let rows = connection
            .prepare(&format!("SELECT {} FROM {TABLE}", columns.join(", ")))?
            .query_map([], |row| (0..columns.len()).map(|at| row.get(at)).collect())?
            .collect::<Result<_, _>>()?;
        Ok(Self { columns, key, rows })
    }

    fn insert(&self) -> String {
        let marks = vec!["?"; self.columns.len()].join(", ");
        format!("INSERT INTO {TABLE} ({}) VALUES ({marks})", self.columns.join(", "))
    }

    /// Every column but the key, then the key.
    fn update(&self) -> String {
        let is_key = |at: &usize| self.key.contains(at);
        let named = |keys: bool| {
            let all = self.columns.iter().enumerate();
            all.filter(move |(at, _)| is_key(at) == keys).map(|(_, name)| format!("{name} = ?"))
        };
        let set = named(false).collect::<Vec<_>>().join(", ");
        let key = named(true).collect::<Vec<_>>().join(" AND ");
        format!("UPDATE {TABLE} SET {set} WHERE {key}")
    }

    /// Runs the statement for every row.
    fn write(
        &self,
        connection: &mut Connection,
        sql: &str,
        key_last: bool,
    ) -> rusqlite::Result<Sample> {
        let places = (0..self.columns.len()).collect::<Vec<_>>();
        let (key, rest): (Vec<_>, Vec<_>) =
            places.into_iter().partition(|at| key_last && self.key.contains(at));
        let order = rest.into_iter().chain(key).collect::<Vec<_>>();
        let mut latencies = Vec::new();
        let before = Meter::default().read();
        let began = Instant::now();
        for chunk in self.rows.chunks(CHUNK) {
            let start = Instant::now();
            let transaction = connection.transaction()?;
            {
                let mut statement = transaction.prepare_cached(sql)?;
                for row in chunk {
                    let values = order.iter().filter_map(|at| row.get(*at));
                    statement.execute(params_from_iter(values))?;
                }
            }
            transaction.commit()?;
            latencies.push(start.elapsed());
        }
        let elapsed = began.elapsed();
        let work = Meter::default().read().zip(before).map(|(after, before)| after.since(&before));
        let rows = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        Ok(Sample::new(rows, elapsed, latencies, work))
    }
}

fn open(database: &Database, flags: OpenFlags) -> rusqlite::Result<Connection> {
    Connection::open_with_flags(database.folder.path().join("contact-hub.db"), flags)
}
