//! The store: its ports on PostgreSQL, and transactions.

mod access;
mod answers;
mod audit;
pub(crate) mod contact_list;
mod contacts;
pub(crate) mod directory;
mod groups;
pub(crate) mod ids;
mod ledger;
mod rows;
mod search_index;
mod settings;
mod transaction;

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use contacts_application::ports::{Measurement, OpenError, Reading, StoreError, StoreState};
use contacts_domain::decision::Idempotent;
use contacts_domain::upsert::Batch;
use tokio::sync::Semaphore;

use self::groups::Groups;
pub use self::rows::PostgresRows;
use self::transaction::Transactions;
use crate::connect::{Failure, Pool, PostgresOptions, PostgresUrl, Usage};
use crate::replica::Standby;
use crate::startup::{self, migrations};

/// A store of contacts, organizations and tokens in a PostgreSQL database.
///
/// It implements [`ContactStore`](contacts_application::ports::ContactStore),
/// [`AccessStore`](contacts_application::ports::AccessStore),
/// [`IntercomDirectory`](contacts_application::ports::IntercomDirectory) and
/// [`Audit`](contacts_application::ports::Audit). Its methods need a tokio runtime.
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
    pub(crate) pool: Pool,
    /// For organizations and tokens.
    access_pool: Pool,
    /// The connections that lists may use: half of them.
    pub(crate) free_for_lists: Arc<Semaphore>,
    pub(crate) transactions: Arc<Transactions>,
    pub(crate) groups: Arc<Groups<Batch>>,
    idempotent_groups: Arc<Groups<Idempotent<Batch>>>,
    pub(crate) standby: Option<Standby>,
}

/// An opened store.
#[derive(Debug)]
pub struct Opened {
    /// The store.
    pub store: PostgresStore,
    /// Whether this call made the schema. Of concurrent calls on a new database, one does.
    pub created: bool,
    /// The migrations that were run, in order.
    pub migrations: Vec<String>,
}

impl PostgresStore {
    /// Opens a database and runs missing migrations, unless the options forbid that. Any number of
    /// servers may do so at once.
    ///
    /// # Errors
    ///
    /// An [`OpenError`] that names the cause and a remedy.
    pub async fn open(url: &PostgresUrl, options: PostgresOptions) -> Result<Opened, OpenError> {
        let (options, access_options) = match options.divided() {
            Some((options, access)) => (options, Some(access)),
            None => (options, None),
        };
        let free_for_lists = Arc::new(Semaphore::new(options.half()));
        let pool = startup::pool(url, options)?;
        let access_pool = match access_options {
            Some(options) => startup::pool(url, options)?,
            None => pool.clone(),
        };
        let migrations = startup::prepare(&pool, url).await?;
        let created = migrations.iter().any(|name| migrations::is_first(name));
        let transactions = Arc::new(Transactions::new(pool.clone()));
        Ok(Opened {
            store: Self {
                groups: Arc::new(Groups::new(Arc::clone(&transactions))),
                idempotent_groups: Arc::new(Groups::new(Arc::clone(&transactions))),
                transactions,
                pool,
                access_pool,
                free_for_lists,
                standby: None,
            },
            created,
            migrations,
        })
    }

    /// The same store, which reads lists from a hot standby whenever that has replayed everything
    /// that was acknowledged before, through whichever server; otherwise from the primary. The
    /// standby is tried at once and may be absent; the log reports when it fails and recovers.
    ///
    /// # Errors
    ///
    /// [`OpenError`] if the certificates that the URL trusts cannot be read.
    pub async fn with_standby(mut self, url: &PostgresUrl) -> Result<Self, OpenError> {
        let pool = startup::pool(url, self.pool.options().clone())?;
        let standby = Standby::new(pool, url);
        // A failure of the primary shows at the next request.
        let _ = standby.caught_up(&self.pool, Instant::now()).await;
        self.standby = Some(standby);
        Ok(self)
    }
}

/// A row lock is written to the log, as every write is, and changes nothing.
const LOCK_COUNTER: &str = "SELECT FROM id_counter WHERE singleton FOR UPDATE";

#[async_trait]
impl StoreState for PostgresStore {
    async fn check_writable(&self) -> Result<(), StoreError> {
        let check = async {
            let session = self.transactions.begin().await?;
            session.query(LOCK_COUNTER, &[]).await?;
            let schema = migrations::known_schema(&session).await?;
            session.commit().await?;
            Ok::<_, Failure>(schema)
        };
        check.await?.require_current(|migration| migration.version())
    }

    fn measurements(&self) -> Vec<Measurement> {
        let Usage { open, idle, waiting } = self.pool.usage();
        let (groups, keyed) = (self.groups.counts(), self.idempotent_groups.counts());
        let of = |name, about, value| Measurement { name, about, value };
        let level = |name, about, value| of(name, about, Reading::Level(value));
        let total = |name, about, value| of(name, about, Reading::Total(value));
        let waiting_batches = u64::try_from(groups.waiting + keyed.waiting).unwrap_or(u64::MAX);
        vec![
            level("postgres_connections", "Open connections, without those for tokens", open),
            level("postgres_idle_connections", "Open connections that nobody uses", idle),
            level("postgres_waiting_requests", "Requests that wait for a connection", waiting),
            total(
                "postgres_groups",
                "Transactions that several small batches shared",
                groups.committed + keyed.committed,
            ),
            total(
                "postgres_grouped_batches",
                "Batches that these transactions wrote",
                groups.grouped + keyed.grouped,
            ),
            level(
                "postgres_waiting_batches",
                "Small batches that wait for a transaction",
                waiting_batches,
            ),
        ]
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore")
            .field("options", self.pool.options())
            .finish_non_exhaustive()
    }
}
