//! PostgreSQL: a throwaway server with the durability of production, and a database of it for each server
//! under test. The floor has one statement per thousand rows, on one connection or several.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use bytes::BytesMut;
use postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use postgres::{Client, NoTls};
use throwaway_postgres::{Durability, Postgres as Throwaway};

use super::{CHUNK, Database, Engine, TABLE};
use crate::load::elapsed;
use crate::measured::{Phase, Sample};
use crate::meter::Meter;

/// Memory for pages. With the default of 128 MB and a million contacts, the benchmark would measure how
/// fast pages of indexes are exchanged with the system's cache.
const MEMORY: &str = "ALTER SYSTEM SET shared_buffers = '1GB'";

/// A PostgreSQL server.
pub(crate) struct Postgres {
    server: Throwaway,
    name: String,
    process: u32,
    databases: u32,
    kept: BTreeMap<Phase, Rows>,
}

/// The rows of the server's table, as parameters of statements.
struct Rows {
    columns: Vec<Column>,
    chunks: Vec<Chunk>,
}

/// A column, and whether it belongs to the primary key.
struct Column {
    name: String,
    kind: String,
    is_key: bool,
}

/// The rows of a statement: a list per column.
struct Chunk {
    rows: u32,
    columns: Vec<Vec<Option<Raw>>>,
}

/// A value of any type in the binary format, as PostgreSQL sent it.
#[derive(Debug, Clone)]
struct Raw(Vec<u8>);

/// The times of a connection.
struct Lane {
    began: Instant,
    ended: Instant,
    latencies: Vec<Duration>,
}

impl Postgres {
    /// Starts one.
    pub(crate) fn start() -> Result<Self> {
        let mut server = Throwaway::start(Durability::Full)?;
        connect(server.url())?.batch_execute(MEMORY)?;
        server.stop()?;
        server.start_again()?;
        let file = server.folder().join("data").join("postmaster.pid");
        let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        let process = text.lines().next().and_then(|line| line.trim().parse().ok());
        let process = process.context("no process id in postmaster.pid")?;
        let mut client = connect(server.url())?;
        let version = client.query_one("SHOW server_version", &[])?;
        let version = version.get::<_, String>(0);
        let version = version.split(' ').next().unwrap_or_default();
        let name = format!("PostgreSQL {version}");
        Ok(Self { server, name, process, databases: 0, kept: BTreeMap::new() })
    }

    /// The URL of another database of the server.
    fn url_of(&self, database: &str) -> String {
        let url = self.server.url();
        let (server, _) = url.rsplit_once('/').unwrap_or((url, ""));
        format!("{server}/{database}")
    }
}

impl Engine for Postgres {
    fn name(&self) -> &str {
        &self.name
    }

    fn process(&self) -> Option<u32> {
        Some(self.process)
    }

    fn create(&mut self) -> Result<Database> {
        self.databases += 1;
        let name = format!("bench_{}", self.databases);
        let mut client = connect(self.server.url())?;
        client.batch_execute(&format!("CREATE DATABASE {name}"))?;
        let url = Some(self.url_of(&name));
        Ok(Database { folder: tempfile::tempdir()?, url, token: None })
    }

    fn settle(&self, database: &Database) -> Result<()> {
        Ok(connect(url(database)?)?.batch_execute("VACUUM (ANALYZE)")?)
    }

    fn discard(&self, database: Database) -> Result<()> {
        let (_, name) = url(&database)?.rsplit_once('/').unwrap_or_default();
        let mut client = connect(self.server.url())?;
        client.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)"))?;
        Ok(database.folder.close()?)
    }

    fn keep(&mut self, database: &Database, phase: Phase) -> Result<()> {
        let rows = Rows::read(&mut connect(url(database)?)?)?;
        self.kept.insert(phase, rows);
        Ok(())
    }

    fn lanes(&self) -> &'static [u32] {
        &[1, 4]
    }

    fn floor(&self, database: &Database, lanes: u32) -> Result<Vec<(Phase, Sample)>> {
        let phases = self.kept.iter().map(|(phase, rows)| {
            let sql = match phase {
                Phase::Create => rows.insert(),
                _ => rows.update(),
            };
            Ok((*phase, rows.write(url(database)?, &sql, lanes, self.process)?))
        });
        phases.collect()
    }
}

impl Rows {
    fn read(client: &mut Client) -> Result<Self, postgres::Error> {
        let columns = client.query(
            "SELECT attname::text, format_type(atttypid, NULL), attnum = ANY (indkey)
               FROM pg_attribute JOIN pg_index ON indrelid = attrelid AND indisprimary
              WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped
              ORDER BY attnum",
            &[&TABLE],
        )?;
        let columns = columns.iter().map(|row| Column {
            name: row.get(0),
            kind: row.get(1),
            is_key: row.get(2),
        });
        let columns = columns.collect::<Vec<_>>();
        let names = names(&columns, |column| column.name.clone());
        let rows = client.query(&format!("SELECT {names} FROM {TABLE} ORDER BY id"), &[])?;
        let chunks = rows.chunks(CHUNK).map(|chunk| Chunk {
            rows: u32::try_from(chunk.len()).unwrap_or(u32::MAX),
            columns: (0..columns.len())
                .map(|at| chunk.iter().map(|row| row.get(at)).collect())
                .collect(),
        });
        let chunks = chunks.collect();
        Ok(Self { columns, chunks })
    }

    fn insert(&self) -> String {
        let names = names(&self.columns, |column| column.name.clone());
        let keys = names_of_key(&self.columns);
        let source = self.source();
        let set = self.assignments("excluded");
        format!(
            "INSERT INTO {TABLE} ({names}) SELECT {names} FROM {source} \
             ON CONFLICT ({keys}) DO UPDATE SET {set}"
        )
    }

    fn update(&self) -> String {
        let same = self.columns.iter().filter(|column| column.is_key);
        let same = same.map(|Column { name, .. }| format!("old.{name} = new.{name}"));
        let same = same.collect::<Vec<_>>().join(" AND ");
        format!(
            "UPDATE {TABLE} AS old SET {} FROM {} WHERE {same}",
            self.assignments("new"),
            self.source()
        )
    }

    /// The lists as a table with the name `new`.
    fn source(&self) -> String {
        let lists = self.columns.iter().enumerate();
        let lists = lists.map(|(at, Column { kind, .. })| format!("${}::{kind}[]", at + 1));
        let lists = lists.collect::<Vec<_>>().join(", ");
        format!("unnest({lists}) AS new ({})", names(&self.columns, |column| column.name.clone()))
    }

    fn assignments(&self, from: &str) -> String {
        let rest = self.columns.iter().filter(|column| !column.is_key);
        names(rest, |Column { name, .. }| format!("{name} = {from}.{name}"))
    }

    /// Runs the statement for every chunk on that many connections. Each statement is a transaction.
    fn write(&self, url: &str, sql: &str, lanes: u32, process: u32) -> Result<Sample> {
        let meter = Meter { server: None, database: Some(process) };
        let lanes = usize::try_from(lanes).unwrap_or(1);
        let barrier = Barrier::new(lanes);
        let before = meter.read();
        let lanes = thread::scope(|scope| {
            let workers = (0..lanes).map(|lane| {
                let (barrier, chunks) = (&barrier, self.chunks.iter().skip(lane).step_by(lanes));
                scope.spawn(move || drive(url, sql, barrier, chunks))
            });
            let workers = workers.collect::<Vec<_>>();
            let lanes = workers
                .into_iter()
                .map(|worker| worker.join().unwrap_or_else(|_| bail!("a thread panicked")));
            lanes.collect::<Result<Vec<_>, _>>()
        })?;
        let work = meter.read().zip(before).map(|(after, before)| after.since(&before));
        let elapsed = elapsed(lanes.iter().map(|lane| (lane.began, lane.ended)));
        let rows = self.chunks.iter().map(|chunk| chunk.rows).sum();
        let latencies = lanes.into_iter().flat_map(|lane| lane.latencies).collect();
        Ok(Sample::new(rows, elapsed, latencies, work))
    }
}

fn drive<'a>(
    url: &str,
    sql: &str,
    barrier: &Barrier,
    chunks: impl Iterator<Item = &'a Chunk>,
) -> Result<Lane> {
    let prepared = connect(url).and_then(|mut client| {
        let statement = client.prepare(sql)?;
        Ok((client, statement))
    });
    // After a failure, too, because the others wait.
    barrier.wait();
    let (mut client, statement) = prepared?;
    let mut latencies = Vec::new();
    let began = Instant::now();
    for chunk in chunks {
        let start = Instant::now();
        let values = chunk.columns.iter().map(|column| {
            let value: &(dyn ToSql + Sync) = column;
            value
        });
        let rows = client.execute(&statement, &values.collect::<Vec<_>>())?;
        latencies.push(start.elapsed());
        ensure!(rows == u64::from(chunk.rows), "{rows} rows written of {}", chunk.rows);
    }
    Ok(Lane { began, ended: Instant::now(), latencies })
}

fn names<'a>(
    columns: impl IntoIterator<Item = &'a Column>,
    text: impl Fn(&Column) -> String,
) -> String {
    columns.into_iter().map(text).collect::<Vec<_>>().join(", ")
}

fn names_of_key(columns: &[Column]) -> String {
    names(columns.iter().filter(|column| column.is_key), |column| column.name.clone())
}

impl FromSql<'_> for Raw {
    fn from_sql(_: &Type, raw: &[u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(raw.to_vec()))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

impl ToSql for Raw {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.extend_from_slice(&self.0);
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

fn url(database: &Database) -> Result<&str> {
    database.url.as_deref().context("a database without a URL")
}

fn connect(url: &str) -> Result<Client> {
    Ok(Client::connect(url, NoTls)?)
}
