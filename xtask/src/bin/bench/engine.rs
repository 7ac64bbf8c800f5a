//! The database engines: each makes databases for the server, and does the same work bare.

mod postgres;
mod sqlite;

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use xtask::Failure;
use xtask::hub::{Hub, Launch};

pub(crate) use self::postgres::Postgres;
pub(crate) use self::sqlite::Sqlite;
use crate::measured::{Phase, Sample};

/// How many rows a statement or a transaction of the floor writes, as many as a batch has.
const CHUNK: usize = 1_000;
const TABLE: &str = "contact";

/// A database engine.
pub(crate) trait Engine {
    /// What it is called, with its version.
    fn name(&self) -> &str;

    /// The process that its other processes are children of, where it has any.
    fn process(&self) -> Option<u32>;

    /// An empty database that a server can be started on.
    ///
    /// # Errors
    ///
    /// When it cannot be made.
    fn create(&mut self) -> Result<Database, Failure>;

    /// Brings what the engine knows about a database that was filled up to date.
    ///
    /// # Errors
    ///
    /// When the database fails.
    fn settle(&self, database: &Database) -> Result<(), Failure>;

    /// Removes a database that no server uses any more.
    ///
    /// # Errors
    ///
    /// When somebody uses it still.
    fn discard(&self, database: Database) -> Result<(), Failure>;

    /// Keeps the rows that the server stored, as they are after that phase, for the floor.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    fn keep(&mut self, database: &Database, phase: Phase) -> Result<(), Failure>;

    /// The numbers of connections that the floor is measured over.
    fn lanes(&self) -> &'static [u32];

    /// Writes the rows that were kept into a database that a server has made, without a server:
    /// those of create, then those of update.
    ///
    /// # Errors
    ///
    /// When the database fails.
    fn floor(&self, database: &Database, lanes: u32) -> Result<Vec<(Phase, Sample)>, Failure>;
}

/// A database and the folder that its server runs in.
pub(crate) struct Database {
    folder: TempDir,
    /// Without it, a file in the folder.
    url: Option<String>,
    /// Known once a server has been started on it.
    token: Option<String>,
}

impl Database {
    /// Starts a server on it.
    ///
    /// # Errors
    ///
    /// When it does not start.
    pub(crate) fn serve(&mut self, program: &Path) -> Result<Hub, Failure> {
        let mut launch = Launch::new(program, self.folder.path());
        launch.database_url.clone_from(&self.url);
        launch.token.clone_from(&self.token);
        launch.quiet = true;
        let hub = launch.start()?;
        self.token = Some(hub.token().to_owned());
        Ok(hub)
    }
}

/// The median time of an fdatasync after a write of one page.
///
/// # Errors
///
/// When there is no place for a file.
pub(crate) fn sync_time() -> Result<Duration, Failure> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("sync");
    let mut file = File::create(&path).map_err(Failure::about(&path))?;
    let mut times = Vec::new();
    for _ in 0..200 {
        file.write_all(&[0x5a; 4096])?;
        let start = Instant::now();
        file.sync_data()?;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    Ok(times.get(times.len() / 2).copied().unwrap_or_default())
}
