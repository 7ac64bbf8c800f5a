//! The floor: the same rows through bare prepared statements, with the schema, the pragmas and the
//! batch size of the server, without HTTP, rules or tokens.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, params_from_iter};
use xtask::Failure;

use crate::report::Round;

const ROWS_PER_TRANSACTION: usize = 1_000;
const TABLE: &str = "contact";

/// What the store sets on the connection that writes.
const PRAGMAS: &str = "PRAGMA page_size = 4096;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA temp_store = MEMORY;
    PRAGMA cache_size = -65536;
    PRAGMA wal_autocheckpoint = 4096;";

/// The rows of the server's table after a phase.
struct Table {
    /// What makes an empty database like it: tables and indexes.
    schema: Vec<String>,
    columns: Vec<String>,
    /// The places of the columns of the primary key.
    key: Vec<usize>,
    rows: Vec<Vec<Value>>,
}

/// Keeps a copy of the server's database as it is after that phase.
pub(crate) fn keep(folder: &Path, phase: &str) -> Result<(), Failure> {
    let server = folder.join("contact-hub.db");
    let connection = Connection::open_with_flags(&server, OpenFlags::SQLITE_OPEN_READ_ONLY);
    let copy = copy_of(folder, phase);
    let sql = format!("VACUUM INTO '{}'", copy.display());
    connection.and_then(|connection| connection.execute_batch(&sql)).map_err(failed)
}

/// Measures the floor with the copies that were kept, and what the disk takes for a sync.
pub(crate) fn measure(folder: &Path, round: &mut Round) -> Result<(), Failure> {
    let created = Table::read(&copy_of(folder, "create")).map_err(failed)?;
    let updated = Table::read(&copy_of(folder, "update")).map_err(failed)?;
    let floor = folder.join("floor.db");
    let mut connection = Connection::open(floor).map_err(failed)?;
    created.prepare(&connection).map_err(failed)?;
    let inserted = created.write(&mut connection, &created.insert(), false).map_err(failed)?;
    let changed = updated.write(&mut connection, &updated.update(), true).map_err(failed)?;
    round.floor.insert("create", inserted);
    round.floor.insert("update", changed);
    round.sync_ms = sync_time(folder)?;
    Ok(())
}

impl Table {
    fn read(path: &Path) -> rusqlite::Result<Self> {
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let schema = connection
            .prepare(
                "SELECT sql FROM sqlite_schema \
                 WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
                 ORDER BY type = 'table' DESC",
            )?
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let keys = connection
            .prepare("SELECT name, pk FROM pragma_table_info(?1)")?
            .query_map([TABLE], |row| Ok((row.get(0)?, row.get::<_, i64>(1)? > 0)))?
            .collect::<Result<Vec<(String, bool)>, _>>()?;
        let key = keys.iter().enumerate().filter(|(_, (_, key))| *key).map(|(at, _)| at).collect();
        let columns = keys.into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        let rows = connection
            .prepare(&format!("SELECT {} FROM {TABLE}", columns.join(", ")))?
            .query_map([], |row| (0..columns.len()).map(|at| row.get(at)).collect())?
            .collect::<Result<_, _>>()?;
        Ok(Self { schema, columns, key, rows })
    }

    /// Makes the empty database.
    fn prepare(&self, connection: &Connection) -> rusqlite::Result<()> {
        connection.execute_batch(PRAGMAS)?;
        for sql in &self.schema {
            connection.execute_batch(sql)?;
        }
        Ok(())
    }

    fn insert(&self) -> String {
        let marks = vec!["?"; self.columns.len()].join(", ");
        format!("INSERT INTO {TABLE} ({}) VALUES ({marks})", self.columns.join(", "))
    }

    /// Every column but the key, then the key.
    fn update(&self) -> String {
        let is_key = |at: &usize| self.key.contains(at);
        let named = |wanted: bool| {
            let all = self.columns.iter().enumerate();
            all.filter(move |(at, _)| is_key(at) == wanted).map(|(_, name)| format!("{name} = ?"))
        };
        let set = named(false).collect::<Vec<_>>().join(", ");
        let key = named(true).collect::<Vec<_>>().join(" AND ");
        format!("UPDATE {TABLE} SET {set} WHERE {key}")
    }

    /// Runs the statement for every row; rows per second.
    fn write(
        &self,
        connection: &mut Connection,
        sql: &str,
        key_last: bool,
    ) -> rusqlite::Result<f64> {
        let places = (0..self.columns.len()).collect::<Vec<_>>();
        let (key, rest): (Vec<_>, Vec<_>) =
            places.into_iter().partition(|at| key_last && self.key.contains(at));
        let order = rest.into_iter().chain(key).collect::<Vec<_>>();
        let start = Instant::now();
        for chunk in self.rows.chunks(ROWS_PER_TRANSACTION) {
            let transaction = connection.transaction()?;
            {
                let mut statement = transaction.prepare_cached(sql)?;
                for row in chunk {
                    let values = order.iter().filter_map(|at| row.get(*at));
                    statement.execute(params_from_iter(values))?;
                }
            }
            transaction.commit()?;
        }
        let rows = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        Ok(f64::from(rows) / start.elapsed().as_secs_f64())
    }
}

/// The median time of an fdatasync after a write of one page, in milliseconds.
fn sync_time(folder: &Path) -> Result<f64, Failure> {
    let path = folder.join("sync");
    let mut file = File::create(&path).map_err(Failure::about(&path))?;
    let mut times = Vec::new();
    for _ in 0..200 {
        file.write_all(&[0x5a; 4096])?;
        let start = Instant::now();
        file.sync_data()?;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    let median = times.get(times.len() / 2).copied().unwrap_or_default();
    Ok(median.as_secs_f64() * 1_000.0)
}

fn copy_of(folder: &Path, phase: &str) -> PathBuf {
    folder.join(format!("after-{phase}.db"))
}

#[expect(clippy::needless_pass_by_value, reason = "called by map_err")]
fn failed(error: rusqlite::Error) -> Failure {
    Failure::Server(format!("bare SQLite: {error}"))
}
