//! The embedded store: one SQLite file.
//!
//! ```
//! use contacts_adapters_diesel::{SqliteOptions, SqliteStore};
//!
//! let directory = tempfile::tempdir()?;
//! let path = directory.path().join("contact-hub.db");
//! let opened = SqliteStore::open(&path, SqliteOptions::default())?;
//! assert!(opened.created);
//!
//! // Another process may open the same file; the database is no longer new.
//! assert!(!SqliteStore::open(&path, SqliteOptions::default())?.created);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! One writer owns its connection and commits the requests that wait together; readers work beside
//! it and see what was committed last (write-ahead log). Any number of processes may work on one
//! file: what one commits, the others see from their next statement on.

mod access;
mod audit;
mod backup;
#[cfg(test)]
mod catalogue;
mod condition;
mod contacts;
mod database;
mod directory;
mod entry;
mod failure;
mod ids;
mod lookup;
mod mend;
mod open;
mod options;
mod query;
mod readers;
mod row;
mod schema;
#[cfg(test)]
pub(crate) mod testing;
mod transaction;
mod write;
mod writer;

use std::fmt;
use std::path::Path;

pub use backup::{Backup, BackupError, back_up};
pub use open::OpenError;
pub use options::{Durability, SqliteOptions};

use self::database::Database;
use self::readers::Readers;
use self::writer::Writer;

/// A store of contacts, organizations and tokens in one SQLite file.
///
/// It is a [`ContactStore`](contacts_application::ports::ContactStore), its
/// [`IntercomDirectory`](contacts_application::ports::IntercomDirectory) and an
/// [`AccessStore`](contacts_application::ports::AccessStore). Its methods need a tokio runtime.
/// Dropping it waits until the requests that it has taken are written.
pub struct SqliteStore {
    writer: Writer,
    readers: Readers,
}

/// A store that was opened.
#[derive(Debug)]
pub struct Opened {
    /// The store.
    pub store: SqliteStore,
    /// Whether the database is new. Of several processes that open a file which is not there yet,
    /// one is told so.
    pub created: bool,
    /// The migrations that were run, in their order.
    pub migrations: Vec<String>,
}

impl SqliteStore {
    /// Opens the database in a file, makes it if it is not there, and brings its schema up to date,
    /// unless the options forbid that. Blocks meanwhile, also on another process that does the same.
    ///
    /// # Errors
    ///
    /// An [`OpenError`] that names what is in the way and what to do about it.
    pub fn open(path: &Path, options: SqliteOptions) -> Result<Opened, OpenError> {
        let database = Database::at(path, options)?;
        let migrations = open::prepare(&database)?;
        let created = migrations.iter().any(|name| open::is_first(name));
        let writer =
            Writer::start(&database).map_err(|failure| open::explain(&database, failure))?;
        let store = Self { writer, readers: Readers::of(database) };
        Ok(Opened { store, created, migrations })
    }

    /// How many write transactions were committed since the store was opened: fewer than there
    /// were requests, where some of them shared one.
    pub fn commits(&self) -> u64 {
        self.writer.commits()
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("commits", &self.commits()).finish_non_exhaustive()
    }
}
