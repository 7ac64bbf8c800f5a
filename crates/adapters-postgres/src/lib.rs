//! The store on PostgreSQL 14 or later, for any number of servers at once.
//!
//! A batch is a handful of statements, whatever its mix, in one transaction. Nothing is kept in a
//! session but prepared statements, and those only where they are wanted: so a pooler may stand
//! between, and every key leads with the organization: so an engine that spreads tables may stand
//! behind.

mod access;
mod attempt_error;
mod audit;
#[cfg(test)]
mod catalogue;
mod contacts;
mod directory;
mod entry;
mod failure;
mod ids;
mod locks;
mod lookup;
mod migrations;
mod open;
mod options;
mod pool;
mod reading;
mod row;
mod session;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;
mod tls;
mod transaction;
mod url;
mod write;

use std::fmt;
use std::time::Instant;

pub use open::{OpenError, OpenErrorKind};
pub use options::PostgresOptions;
pub use url::{PostgresUrl, UrlError};

use self::pool::Pool;
use self::reading::Standby;
use self::transaction::Transactions;

/// A store of contacts, organizations and tokens in a PostgreSQL database.
///
/// It is both a [`ContactStore`](contacts_application::ports::ContactStore) and an
/// [`AccessStore`](contacts_application::ports::AccessStore). Its methods need a tokio runtime.
///
/// ```no_run
/// use contacts_adapters_postgres::{PostgresOptions, PostgresStore};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let url = "postgres://hub:secret@db.example.org/contacts?sslmode=verify-full".parse()?;
/// let opened = PostgresStore::open(&url, PostgresOptions::default()).await?;
/// assert!(opened.created, "the schema was made");
/// # Ok(())
/// # }
/// ```
pub struct PostgresStore {
    pool: Pool,
    transactions: Transactions,
    standby: Option<Standby>,
}

/// A store that was opened.
#[derive(Debug)]
pub struct Opened {
    /// The store.
    pub store: PostgresStore,
    /// Whether the schema was made. Of several servers that open a new database, one is told so.
    pub created: bool,
    /// The migrations that were run, in their order.
    pub migrations: Vec<String>,
}

impl PostgresStore {
    /// Opens a database and brings its schema up to date, unless the options forbid that. Any
    /// number of servers may do so at once.
    ///
    /// # Errors
    ///
    /// An [`OpenError`] that names what is in the way.
    pub async fn open(url: &PostgresUrl, options: PostgresOptions) -> Result<Opened, OpenError> {
        let pool = Pool::new(url, options)?;
        let migrations = open::prepare(&pool, url).await?;
        let created = migrations.iter().any(|name| migrations::is_first(name));
        Ok(Opened {
            store: Self { transactions: Transactions::new(pool.clone()), pool, standby: None },
            created,
            migrations,
        })
    }

    /// The same store, which reads lists from a hot standby of its database whenever that has
    /// caught up: whoever asks sees what was acknowledged before, through whichever server. While
    /// the standby is behind or away, lists are read like everything else. The log tells when it
    /// fails, and when it is used again. It is tried at once, so that the log tells now if it is not
    /// there; it need not be.
    ///
    /// # Errors
    ///
    /// When the certificates that the URL trusts cannot be read.
    pub async fn with_standby(mut self, url: &PostgresUrl) -> Result<Self, OpenError> {
        let pool = Pool::new(url, self.pool.options().clone())?;
        let standby = Standby::new(pool, url);
        // Should the primary fail, the first who asks it something is told.
        let _ = standby.caught_up(&self.pool, Instant::now()).await;
        self.standby = Some(standby);
        Ok(self)
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore")
            .field("options", self.pool.options())
            .finish_non_exhaustive()
    }
}
