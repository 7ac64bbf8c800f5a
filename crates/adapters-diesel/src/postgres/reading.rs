//! Where lists are read: on a standby that has caught up, else on the primary.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio_postgres::types::{PgLsn, Type};

use super::failure::Failure;
use super::options::PostgresOptions;
use super::pool::Pool;
use super::session::Session;

/// How far the log has come that survives a crash. What was acknowledged lies before it.
const WRITTEN: &str = "SELECT pg_current_wal_flush_lsn()";

/// Whether that much of the log has been replayed. `NULL` where nothing ever is: on a primary.
const REPLAYED: &str = "SELECT coalesce(pg_last_wal_replay_lsn() >= $1, false)";

/// For how long a standby that failed is not asked again.
const REST: Duration = Duration::from_secs(10);

/// A hot standby of the database.
pub(super) struct Standby {
    pool: Pool,
    /// Until when it is not asked, because it failed.
    resting: Mutex<Option<Instant>>,
}

impl Standby {
    /// The one that these connections lead to.
    pub(super) fn new(pool: Pool) -> Self {
        Self { pool, resting: Mutex::new(None) }
    }

    /// A connection to it on which a transaction has begun, if everything is there that was
    /// acknowledged on the primary by now. A standby that fails is none for a while.
    async fn begin(&self, primary: &Pool, begin: &str) -> Result<Option<Session>, Failure> {
        if self.is_resting() {
            return Ok(None);
        }
        let rows = primary.read(WRITTEN, &[]).await?;
        let Some(written) = rows.first().map(|row| row.try_get::<_, PgLsn>(0)).transpose()? else {
            return Ok(None);
        };
        match self.begin_at(written, begin).await {
            Ok(session) => Ok(session),
            Err(_) => {
                self.rest();
                Ok(None)
            }
        }
    }

    /// The check comes before the transaction: what a snapshot shows is older than what a function
    /// in the same statement sees.
    async fn begin_at(&self, written: PgLsn, begin: &str) -> Result<Option<Session>, Failure> {
        let rows = self.pool.read(REPLAYED, &[(&written, Type::PG_LSN)]).await?;
        let has_caught_up = rows.first().map(|row| row.try_get(0)).transpose()?;
        match has_caught_up {
            Some(true) => Ok(Some(self.pool.begin(begin).await?)),
            Some(false) | None => Ok(None),
        }
    }

    fn is_resting(&self) -> bool {
        let resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        resting.is_some_and(|until| Instant::now() < until)
    }

    fn rest(&self) {
        let until = Instant::now() + REST;
        *self.resting.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
    }
}

/// Begins a transaction whose statements all see one moment, and that writes nothing. Its statements
/// are planned for the tables as they are.
///
/// # Errors
///
/// When no connection is to be had, or the primary fails.
pub(super) async fn begin_reading(
    primary: &Pool,
    standby: Option<&Standby>,
) -> Result<Session, Failure> {
    let begin = beginning(primary.options());
    if let Some(standby) = standby
        && let Some(session) = standby.begin(primary, &begin).await?
    {
        return Ok(session);
    }
    primary.begin(&begin).await
}

fn beginning(options: &PostgresOptions) -> String {
    format!(
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
        SET LOCAL statement_timeout = {};
        SET LOCAL idle_in_transaction_session_timeout = {}",
        options.statement_timeout.as_millis(),
        options.pause_timeout.as_millis(),
    )
}
