//! The database engines. Each makes databases for the server, and does the same work without it.

mod postgres;
mod sqlite;

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use server_process::{Launch, ServerProcess};
use tempfile::TempDir;

pub(crate) use self::postgres::Postgres;
pub(crate) use self::sqlite::Sqlite;
use crate::measured::{Phase, Sample};

/// How many rows a statement or a transaction of the floor writes: as many as a batch has.
const CHUNK: usize = 1_000;
const TABLE: &str = "contact";

/// A database engine.
pub(crate) trait Engine {
    /// Its name and version.
    fn name(&self) -> &str;

    /// The parent of its processes, if it has any.
    fn process(&self) -> Option<u32>;

    /// Creates an empty database for a server.
    fn create(&mut self) -> Result<Database>;

    /// Updates the statistics of a filled database.
    fn settle(&self, database: &Database) -> Result<()>;

    /// Removes a database without a server.
    fn discard(&self, database: Database) -> Result<()>;

    /// Reads the rows that the server has stored in that phase, for the floor.
    fn keep(&mut self, database: &Database, phase: Phase) -> Result<()>;

    /// The numbers of connections that the floor is measured with.
    fn lanes(&self) -> &'static [u32];

    /// Writes the kept rows into a database whose schema a server has created, without a server: the
    /// rows of create, then the rows of update.
    fn floor(&self, database: &Database, lanes: u32) -> Result<Vec<(Phase, Sample)>>;
}

/// A database, and the working folder of its server.
pub(crate) struct Database {
    folder: TempDir,
    /// `None` for a file in the folder.
    url: Option<String>,
    /// `None` before the first start of a server.
    token: Option<String>,
}

impl Database {
    /// Starts a server on it, for an organization that matches by these keys, if any are given.
    pub(crate) fn serve(
        &mut self,
        program: &Path,
        match_by: Option<&str>,
    ) -> Result<ServerProcess> {
        let mut launch = Launch::new(program, self.folder.path());
        launch.database_url.clone_from(&self.url);
        launch.token.clone_from(&self.token);
        launch.quiet = true;
        let server = launch.start()?;
        if let Some(keys) = match_by.filter(|_| self.token.is_none()) {
            launch.run(&["organization", "set", "--id", "1", "--match-by", keys])?;
        }
        self.token = Some(server.token().to_owned());
        Ok(server)
    }
}

/// The median time of an fdatasync after a write of one page.
pub(crate) fn sync_time() -> Result<Duration> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("sync");
    let mut file = File::create(&path).with_context(|| path.display().to_string())?;
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
