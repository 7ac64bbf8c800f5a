//! The database file, and connections to it.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf, absolute};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::Text;

use super::failure::Failure;
use super::open::OpenError;
use super::options::{Durability, SqliteOptions};

/// The size of a page, in bytes, as it is set when the file is made.
const PAGE_BYTES: u64 = 4_096;

/// The pages that the write-ahead log may have before the writer copies them to the file, between
/// two transactions: 32 MiB. A page that is written again before that is copied once: to commit
/// 1,000 new contacts took 6.5 ms with 1,000 pages and 5.7 ms with these, copying included.
const CHECKPOINT_PAGES: u64 = 8_192;

/// The page cache of a reader, in KiB. What it lacks it finds in the cache of the operating system.
const READER_CACHE_KIB: u32 = 2 * 1_024;

/// A database file and how it is to be run.
#[derive(Debug, Clone)]
pub(super) struct Database {
    path: PathBuf,
    /// SQLite's form of the path, `file:…` (<https://www.sqlite.org/uri.html>).
    uri: String,
    pub(super) options: SqliteOptions,
}

impl Database {
    /// The database in that file, which may not be there yet.
    ///
    /// # Errors
    ///
    /// When there can be no database in that place.
    pub(super) fn at(path: &Path, options: SqliteOptions) -> Result<Self, OpenError> {
        let Ok(path) = absolute(path) else {
            return Err(OpenError::NoPath(path.to_owned()));
        };
        let uri = uri(path.to_str().ok_or_else(|| OpenError::NoPath(path.clone()))?);
        match (path.metadata(), path.parent()) {
            (Ok(file), _) if file.is_dir() => return Err(OpenError::IsDirectory(path)),
            (Ok(file), _) if file.permissions().readonly() => {
                return Err(OpenError::ReadOnly(path));
            }
            (Err(_), Some(directory)) if !directory.is_dir() => {
                return Err(OpenError::NoDirectory(directory.to_owned()));
            }
            _ => {}
        }
        Ok(Self { path, uri, options })
    }

    /// The absolute path of the file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The absolute path as SQLite takes it.
    pub(super) fn uri(&self) -> &str {
        &self.uri
    }

    /// A connection that makes the file if it is not there.
    ///
    /// # Errors
    ///
    /// When the file cannot be made or opened, or is not a database.
    pub(super) fn create(&self) -> Result<SqliteConnection, Failure> {
        self.make_private()
            .map_err(|error| Failure::unavailable(format!("the file cannot be made: {error}")))?;
        let mut connection = self.establish("rwc")?;
        connection.batch_execute(&format!("PRAGMA page_size = {PAGE_BYTES}"))?;
        Ok(connection)
    }

    /// A connection that has nothing set but how long it waits for others.
    ///
    /// # Errors
    ///
    /// When the file is not there or cannot be opened.
    pub(super) fn connect(&self) -> Result<SqliteConnection, Failure> {
        self.establish("rw")
    }

    /// The connection of the writer.
    ///
    /// # Errors
    ///
    /// When the file is not there or cannot be opened.
    pub(super) fn writer(&self) -> Result<SqliteConnection, Failure> {
        let SqliteOptions { durability, cache_kib, max_bytes, .. } = &self.options;
        let synchronous = match durability {
            Durability::Power => "FULL",
            Durability::Process => "NORMAL",
        };
        let mut connection = self.connect()?;
        connection.batch_execute(&format!(
            "PRAGMA synchronous = {synchronous};
             PRAGMA foreign_keys = ON;
             PRAGMA temp_store = MEMORY;
             PRAGMA cache_size = -{cache_kib};
             PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES};
             PRAGMA journal_size_limit = {}",
            2 * CHECKPOINT_PAGES * PAGE_BYTES,
        ))?;
        if let Some(max_bytes) = max_bytes {
            let max_pages = (max_bytes / PAGE_BYTES).max(1);
            connection.batch_execute(&format!("PRAGMA max_page_count = {max_pages}"))?;
        }
        Ok(connection)
    }

    /// A connection that cannot write.
    ///
    /// # Errors
    ///
    /// When the file is not there or cannot be opened.
    pub(super) fn reader(&self) -> Result<SqliteConnection, Failure> {
        let mut connection = self.connect()?;
        connection.batch_execute(&format!(
            "PRAGMA query_only = ON; PRAGMA cache_size = -{READER_CACHE_KIB}"
        ))?;
        Ok(connection)
    }

    /// Makes the file, if it is not there, for nobody but its owner: it will hold salary data.
    /// SQLite gives the files beside it the same permissions.
    ///
    /// # Errors
    ///
    /// When it cannot be made.
    pub(super) fn make_private(&self) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(&self.path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        }
    }

    /// Which file stands at the path now; `None` where nothing does.
    pub(super) fn identity(&self) -> Option<Identity> {
        let file = self.path.metadata().ok()?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            Some(Identity { device: file.dev(), number: file.ino() })
        }
        #[cfg(not(unix))]
        {
            // Elsewhere a file that is open cannot be taken away.
            let _ = file;
            Some(Identity { device: 0, number: 0 })
        }
    }

    fn establish(&self, mode: &str) -> Result<SqliteConnection, Failure> {
        let mut connection = SqliteConnection::establish(&format!("{}?mode={mode}", self.uri))?;
        let busy_timeout = self.options.busy_timeout.as_millis();
        connection.batch_execute(&format!("PRAGMA busy_timeout = {busy_timeout}"))?;
        Ok(connection)
    }
}

/// Which file it is, whatever its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity {
    device: u64,
    number: u64,
}

/// The answer of `PRAGMA journal_mode`.
#[derive(QueryableByName)]
struct JournalMode {
    #[diesel(sql_type = Text)]
    journal_mode: String,
}

/// Turns the write-ahead log on, for good: readers no longer wait for the writer.
///
/// # Errors
///
/// When SQLite fails, or the file system knows no shared memory.
pub(super) fn write_ahead(connection: &mut SqliteConnection) -> Result<(), Failure> {
    let mode: JournalMode = sql_query("PRAGMA journal_mode = WAL").get_result(connection)?;
    match mode.journal_mode.as_str() {
        "wal" => Ok(()),
        other => {
            Err(Failure::internal(format!("the file system allows only journal mode {other}")))
        }
    }
}

/// An absolute path as SQLite's URI. Only these three characters mean something else there.
fn uri(path: &str) -> String {
    let mut uri = String::from("file://");
    for character in path.chars() {
        match character {
            '%' | '?' | '#' => {
                let _ = write!(uri, "%{:02X}", u32::from(character));
            }
            _ => uri.push(character),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_taken_by_the_letter() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("50% new? #1 ü.db");
        let database = Database::at(&path, SqliteOptions::default()).unwrap();
        database.create().unwrap().batch_execute("CREATE TABLE t (a)").unwrap();
        assert!(path.is_file());
        assert!(database.reader().unwrap().batch_execute("SELECT a FROM t").is_ok());
    }

    #[test]
    fn a_reader_cannot_write() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("some.db");
        let database = Database::at(&path, SqliteOptions::default()).unwrap();
        database.create().unwrap().batch_execute("CREATE TABLE t (a)").unwrap();
        assert!(database.reader().unwrap().batch_execute("INSERT INTO t VALUES (1)").is_err());
    }

    #[test]
    fn nobody_but_create_makes_the_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("some.db");
        let database = Database::at(&path, SqliteOptions::default()).unwrap();
        assert!(database.writer().is_err() && database.reader().is_err());
        assert!(!path.exists());
    }
}
