//! The database file, and connections to it.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf, absolute};

use contacts_application::ports::{OpenError, OpenErrorKind, StoreError};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::deadline::register_in_time;
use super::failure::{Failure, not_writable};
use super::options::{Durability, SqliteOptions};

/// The page size of a new file, in bytes.
const PAGE_BYTES: u32 = 4_096;

/// The size of the write-ahead log, in pages, from which on it is copied to the file: 64 MiB. A page
/// that was written several times is copied once.
pub(crate) const CHECKPOINT_PAGES: i64 = if cfg!(test) { 64 } else { 16_384 };

/// The size from which on the writer copies it itself, because the thread for that could not.
pub(crate) const MAX_LOG_PAGES: i64 = 4 * CHECKPOINT_PAGES;

/// The page cache of a reader, in KiB. A commit empties it, and look-ups visit each page once.
const READER_CACHE_KIB: u32 = 1_024;

/// A database file and its options.
#[derive(Debug, Clone)]
pub(crate) struct Database {
    path: PathBuf,
    /// SQLite's form of the path, `file:…` (<https://www.sqlite.org/uri.html>).
    uri: String,
    pub(crate) options: SqliteOptions,
}

impl Database {
    /// The database in a file, which may be missing.
    pub(crate) fn at(path: &Path, options: SqliteOptions) -> Result<Self, OpenError> {
        let unusable = |message, remedy| OpenError::new(OpenErrorKind::Unusable, message, remedy);
        let not_a_path = |path: &Path| {
            let message = format!("`{}` cannot be the path of a database", path.display());
            unusable(message, "give one that is not empty and is UTF-8")
        };
        let Ok(path) = absolute(path) else { return Err(not_a_path(path)) };
        let uri = uri(path.to_str().ok_or_else(|| not_a_path(&path))?);
        match (path.metadata(), path.parent()) {
            (Ok(file), _) if file.is_dir() => {
                let message = format!("{} is a directory", path.display());
                return Err(unusable(message, "name a file in it"));
            }
            (Ok(file), _) if file.permissions().readonly() => return Err(not_writable(&path)),
            (Err(_), Some(directory)) if !directory.is_dir() => {
                let message = format!("the directory {} does not exist", directory.display());
                let remedy = "create it, or name another path with --database-url";
                return Err(unusable(message, remedy));
            }
            _ => {}
        }
        Ok(Self { path, uri, options })
    }

    /// The absolute path of the file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The absolute path as SQLite's URI.
    pub(crate) fn uri(&self) -> &str {
        &self.uri
    }

    /// Connects, and creates the file if it is missing.
    pub(crate) fn create(&self) -> Result<SqliteConnection, Failure> {
        self.make_private().map_err(|error| {
            StoreError::unavailable(format!("the file cannot be created: {error}"))
        })?;
        let mut connection = self.establish("rwc")?;
        connection.batch_execute(&format!("PRAGMA page_size = {PAGE_BYTES}"))?;
        Ok(connection)
    }

    /// Connects with default settings but for the busy timeout.
    pub(crate) fn connect(&self) -> Result<SqliteConnection, Failure> {
        self.establish("rw")
    }

    /// Connects with the settings of the writer.
    pub(crate) fn writer(&self) -> Result<SqliteConnection, Failure> {
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
             PRAGMA wal_autocheckpoint = {MAX_LOG_PAGES};
             PRAGMA journal_size_limit = {}",
            2 * CHECKPOINT_PAGES * i64::from(PAGE_BYTES),
        ))?;
        if let Some(max_bytes) = max_bytes {
            let max_pages = (max_bytes / u64::from(PAGE_BYTES)).max(1);
            connection.batch_execute(&format!("PRAGMA max_page_count = {max_pages}"))?;
        }
        Ok(connection)
    }

    /// Connects without the right to write.
    pub(crate) fn reader(&self) -> Result<SqliteConnection, Failure> {
        let mut connection = self.connect()?;
        connection.batch_execute(&format!(
            "PRAGMA query_only = ON; PRAGMA cache_size = -{READER_CACHE_KIB}"
        ))?;
        Ok(connection)
    }

    /// Creates the file, if it is missing, with permissions for its owner alone: it will hold
    /// salaries. SQLite gives the files beside it the same permissions.
    pub(crate) fn make_private(&self) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(&self.path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        }
    }

    /// Returns which files are at their paths now: the database, its write-ahead log and the index
    /// of that.
    pub(crate) fn files(&self) -> Files {
        let beside = |suffix: &str| {
            let mut path = self.path.clone().into_os_string();
            path.push(suffix);
            FileId::of(Path::new(&path))
        };
        Files { database: FileId::of(&self.path), log: [beside("-wal"), beside("-shm")] }
    }

    fn establish(&self, mode: &str) -> Result<SqliteConnection, Failure> {
        let mut connection = SqliteConnection::establish(&format!("{}?mode={mode}", self.uri))?;
        let busy_timeout = self.options.busy_timeout.as_millis();
        connection.batch_execute(&format!("PRAGMA busy_timeout = {busy_timeout}"))?;
        register_in_time(&mut connection)?;
        Ok(connection)
    }
}

/// The files of a database; `None` for one that is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Files {
    pub(crate) database: Option<FileId>,
    log: [Option<FileId>; 2],
}

impl Files {
    /// Whether none is missing.
    pub(crate) fn are_complete(&self) -> bool {
        self.database.is_some() && self.log.iter().all(Option::is_some)
    }
}

/// Identifies a file, whatever its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileId {
    device: u64,
    number: u64,
}

impl FileId {
    /// The file at that path, if there is one.
    fn of(path: &Path) -> Option<Self> {
        let file = path.metadata().ok()?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            Some(Self { device: file.dev(), number: file.ino() })
        }
        #[cfg(not(unix))]
        {
            // Other systems do not let an open file be deleted or replaced.
            let _ = file;
            Some(Self { device: 0, number: 0 })
        }
    }
}

/// An absolute path as SQLite's URI. Only three characters have a meaning of their own there.
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
    fn special_characters_of_a_path_are_literal() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("50% new? #1 ü.db");
        let database = Database::at(&path, SqliteOptions::default()).unwrap();
        database.create().unwrap().batch_execute("CREATE TABLE t (a)").unwrap();
        assert!(path.is_file());
        assert!(database.reader().unwrap().batch_execute("SELECT a FROM t").is_ok());
    }

    #[test]
    fn reader_cannot_write() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("some.db");
        let database = Database::at(&path, SqliteOptions::default()).unwrap();
        database.create().unwrap().batch_execute("CREATE TABLE t (a)").unwrap();
        assert!(database.reader().unwrap().batch_execute("INSERT INTO t VALUES (1)").is_err());
    }

    #[test]
    fn only_create_makes_the_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("some.db");
        let database = Database::at(&path, SqliteOptions::default()).unwrap();
        assert!(database.writer().is_err() && database.reader().is_err());
        assert!(!path.exists());
    }
}
