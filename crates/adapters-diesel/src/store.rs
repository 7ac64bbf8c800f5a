//! The store, its ports, and the writer behind them.

mod access;
mod answers;
mod audit;
mod contact_list;
mod contacts;
mod decided;
mod decisions;
mod directory;
mod history;
mod ids;
mod ledger;
mod search_index;
mod settings;
mod spare_ids;
mod transaction;
mod writer;

use std::fmt;
use std::path::Path;

use async_trait::async_trait;
use contacts_application::ports::{Measurement, OpenError, Reading, StoreError, StoreState};
use diesel::prelude::*;

use self::spare_ids::SpareIds;
#[cfg(test)]
pub(crate) use self::transaction::write_batch;
use self::writer::Writer;
use crate::connect::{Database, Readers, SqliteOptions};
use crate::schema::id_counter;
use crate::startup;

/// The connections for organizations and tokens.
const ACCESS_READERS: usize = 2;

/// A store of contacts, organizations and tokens in one SQLite file.
///
/// It is a [`ContactStore`](contacts_application::ports::ContactStore), its
/// [`IntercomDirectory`](contacts_application::ports::IntercomDirectory) and an
/// [`AccessStore`](contacts_application::ports::AccessStore). Its methods need a tokio runtime.
/// Dropping it blocks until the requests that it accepted are written.
pub struct SqliteStore {
    writer: Writer,
    readers: Readers,
    /// For organizations and tokens, so that no read of contacts delays the check of a token.
    access_readers: Readers,
    /// Ids for long decisions.
    spare_ids: SpareIds,
}

/// An open store, and what opening it did to the schema.
#[derive(Debug)]
pub struct Opened {
    /// The store.
    pub store: SqliteStore,
    /// Whether this call created the database. It is true for one of several processes that open
    /// a missing file at once.
    pub created: bool,
    /// The migrations that this call ran, oldest first.
    pub migrations: Vec<String>,
}

impl SqliteStore {
    /// Opens the database in a file. Creates it if it is missing and migrates its schema, unless
    /// the options forbid both. Blocks, also while another process does the same.
    ///
    /// # Errors
    ///
    /// An [`OpenError`] that names the cause and its remedy.
    pub fn open(path: &Path, options: SqliteOptions) -> Result<Opened, OpenError> {
        let database = Database::at(path, options)?;
        let migrations = startup::prepare(&database)?;
        let created = migrations.iter().any(|name| startup::is_first(name));
        let readers = Readers::new(&database, database.options.readers);
        let access_readers = Readers::new(&database, ACCESS_READERS);
        let writer = Writer::start(&database, [readers.clone(), access_readers.clone()])
            .map_err(|failure| failure.on_opening(database.path()))?;
        let spare_ids = SpareIds::default();
        let store = Self { writer, readers, access_readers, spare_ids };
        Ok(Opened { store, created, migrations })
    }

    /// Returns the number of write transactions committed since the store was opened. Requests
    /// that waited together share one.
    pub fn commits(&self) -> u64 {
        self.writer.commits()
    }
}

#[async_trait]
impl StoreState for SqliteStore {
    async fn check_writable(&self) -> Result<(), StoreError> {
        self.writer
            .write(None, |transaction| {
                diesel::update(id_counter::table)
                    .set(id_counter::next_id.eq(id_counter::next_id))
                    .execute(transaction.connection)?;
                startup::require_current(transaction.connection)
            })
            .await
    }

    fn measurements(&self) -> Vec<Measurement> {
        let waiting = u64::try_from(self.writer.waiting()).unwrap_or(u64::MAX);
        let of = |name, about, value| Measurement { name, about, value };
        vec![
            of("sqlite_commits", "Transactions committed", Reading::Total(self.commits())),
            of(
                "sqlite_committed_requests",
                "Requests that these transactions wrote, several in one",
                Reading::Total(self.writer.committed()),
            ),
            of(
                "sqlite_waiting_requests",
                "Requests that wait to be written",
                Reading::Level(waiting),
            ),
        ]
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("commits", &self.commits()).finish_non_exhaustive()
    }
}
