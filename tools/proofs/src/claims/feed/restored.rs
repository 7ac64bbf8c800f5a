//! An older state of the database is restored.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use super::reader::Reader;
use super::round::plan;
use crate::database::{Database, connect};
use crate::load::{Kind, Load, Plan};
use crate::setting::Setting;
use crate::site::{Site, in_database};

/// The numbers of rounds that come after the others.
const FIRST: u16 = 100;

/// Copies the database, goes on, puts the copy back, and goes on differently: a token from before the
/// copy leads on, and a later one is gone.
pub(super) fn lead_on(setting: &Setting<'_>, site: &Site, servers: usize) -> Result<String> {
    let mut early = Reader::new(site, setting.seed);
    let load = |round| load(setting, site, round);
    load(FIRST)?;
    early.catch_up(&site.database)?;
    load(FIRST + 1)?;
    let kept = down(site, servers, || keep(&site.database))?;
    load(FIRST + 2)?;
    let mut late = early.at_the_same_place(site);
    late.catch_up(&site.database)?;
    down(site, servers, || put_back(&site.database, &kept))?;
    let mut same = late.at_the_same_place(site);
    ensure!(same.is_gone()?, "a token of lost changes is answered before anything else is written");
    for round in FIRST + 3..FIRST + 6 {
        load(round)?;
    }
    ensure!(late.is_gone()?, "a token of lost changes is answered after others were written");
    early.catch_up(&site.database)?;
    Ok("an older state restored: the token of before leads on, the later is gone".to_owned())
}

/// Writes what no other round writes.
pub(super) fn load(setting: &Setting<'_>, site: &Site, round: u16) -> Result<()> {
    let once = Plan { kind: Kind::Once, ..plan(round) };
    Load::new(site, once, setting.seed).run(|_| Ok(())).map(drop)
}

/// Does something while no server runs.
fn down<T>(site: &Site, servers: usize, meanwhile: impl FnOnce() -> Result<T>) -> Result<T> {
    (0..servers).for_each(|server| site.kill(server));
    let done = meanwhile()?;
    (0..servers).try_for_each(|server| site.start(server))?;
    Ok(done)
}

/// Keeps a copy of the database. Returns its file, or its name.
fn keep(database: &Database) -> Result<PathBuf> {
    match database {
        Database::Sqlite(file) => {
            let copy = file.with_extension("kept");
            rusqlite::Connection::open(file)?
                .execute("VACUUM INTO ?1", [copy.to_string_lossy()])?;
            Ok(copy)
        }
        Database::Postgres(url) => {
            let name = name(url)?;
            let copy = format!("{name}_kept");
            administer(
                url,
                &[&disconnect(name), &format!("CREATE DATABASE {copy} TEMPLATE {name}")],
            )?;
            Ok(copy.into())
        }
    }
}

fn put_back(database: &Database, kept: &Path) -> Result<()> {
    match database {
        Database::Sqlite(file) => {
            for ending in ["db-wal", "db-shm"] {
                let _ = fs::remove_file(file.with_extension(ending));
            }
            Ok(fs::rename(kept, file)?)
        }
        Database::Postgres(url) => {
            let (name, kept) = (name(url)?, kept.display());
            let drop = format!("DROP DATABASE {name}");
            let rename = format!("ALTER DATABASE {kept} RENAME TO {name}");
            administer(url, &[&disconnect(name), &drop, &rename])
        }
    }
}

fn name(url: &str) -> Result<&str> {
    Ok(url.rsplit_once('/').context("a URL without a database")?.1)
}

/// Ends what killed servers left behind.
fn disconnect(name: &str) -> String {
    format!(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '{name}'"
    )
}

/// Runs statements, each on its own, from another database of the cluster.
fn administer(url: &str, statements: &[&str]) -> Result<()> {
    let mut client = connect(&in_database(url, "postgres"))?;
    statements.iter().try_for_each(|statement| Ok(client.batch_execute(statement)?))
}
