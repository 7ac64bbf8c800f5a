//! Where lists are read: on a standby that has caught up, else on the primary.

mod rest;

use std::time::{Duration, Instant};

use tokio::time::timeout;
use tokio_postgres::types::{PgLsn, Type};

use self::rest::Rest;
use super::failure::Failure;
use super::options::PostgresOptions;
use super::pool::Pool;
use super::session::Session;
use super::url::PostgresUrl;

/// How far the log has come: what was acknowledged lies before it. That is what survives a crash;
/// or all of it, where commits are acknowledged before. `NULL` on a server that only follows another.
const WRITTEN: &str = "
    SELECT CASE
        WHEN pg_is_in_recovery() THEN NULL
        WHEN current_setting('synchronous_commit') = 'off' THEN pg_current_wal_insert_lsn()
        ELSE pg_current_wal_flush_lsn()
    END";

/// Whether it is a standby, and whether that much of the log has been replayed there. One that was
/// promoted goes on telling how far it had come as a standby.
const REPLAYED: &str = "
    SELECT pg_is_in_recovery(), coalesce(pg_last_wal_replay_lsn() >= $1, false)";

/// A hot standby of the database. One that fails is left alone for a while.
pub(super) struct Standby {
    pub(super) pool: Pool,
    /// Where it is, for the log.
    place: String,
    rest: Rest,
}

/// Reads inside a transaction whose statements all see one moment, at which everything is there that
/// was acknowledged before. Its statements are planned for the tables as they are. What reads is
/// given a connection on which the transaction has begun, and ends it. Where that comes to nothing
/// on the standby, it is done again on the primary.
///
/// # Errors
///
/// When no connection to the primary is to be had, or it fails.
pub(super) async fn read<T, F>(
    primary: &Pool,
    standby: Option<&Standby>,
    reading: impl Fn(Session) -> F,
) -> Result<T, Failure>
where
    F: Future<Output = Result<T, Failure>>,
{
    let begin = beginning(primary.options());
    if let Some(standby) = standby
        && let Some(session) = standby.caught_up(primary).await?
    {
        let read = async {
            session.begin(&begin).await?;
            reading(session).await
        };
        // The standby itself heeds this limit as well, unless it stands still.
        match in_time(primary.options().statement_timeout, read).await {
            Ok(found) => {
                standby.was_read();
                return Ok(found);
            }
            Err(failure) => standby.failed(&failure),
        }
    }
    reading(primary.begin(&begin).await?).await
}

impl Standby {
    /// The one that these connections to that URL lead to.
    pub(super) fn new(pool: Pool, url: &PostgresUrl) -> Self {
        let rest = Rest::of(pool.options().standby_rest);
        Self { pool, place: url.place(), rest }
    }

    /// A connection to it, if everything is there that was acknowledged on the primary by now. It is
    /// waited for as long as for any other connection.
    ///
    /// # Errors
    ///
    /// When the primary fails.
    pub(super) async fn caught_up(&self, primary: &Pool) -> Result<Option<Session>, Failure> {
        if !self.rest.allows_asking(Instant::now()) {
            return Ok(None);
        }
        let rows = primary.read(WRITTEN, &[]).await?;
        let written = rows.first().map(|row| row.try_get::<_, Option<PgLsn>>(0)).transpose()?;
        let Some(written) = written.flatten() else {
            return Ok(None);
        };
        match in_time(self.pool.options().wait, self.at(written)).await {
            Ok(session) => {
                self.rest.answered();
                Ok(session)
            }
            Err(failure) => {
                self.failed(&failure);
                Ok(None)
            }
        }
    }

    /// A connection on which that much has been replayed: the one that said so, as another may lead
    /// to another host of the URL. It is asked before the transaction: what a snapshot shows is older
    /// than what a function in the same statement sees.
    async fn at(&self, written: PgLsn) -> Result<Option<Session>, Failure> {
        let (session, rows) = self.pool.ask(REPLAYED, &[(&written, Type::PG_LSN)]).await?;
        let row = rows.first().ok_or_else(|| Failure::internal("a standby of no kind"))?;
        let (is_standby, has_caught_up): (bool, bool) = (row.try_get(0)?, row.try_get(1)?);
        if !is_standby {
            return Err(Failure::unavailable("it follows no primary, or was promoted"));
        }
        Ok(has_caught_up.then_some(session))
    }

    fn was_read(&self) {
        if self.rest.was_used() {
            tracing::info!(standby = self.place, "lists are read on the standby again");
        }
    }

    fn failed(&self, cause: &Failure) {
        if self.rest.failed(Instant::now()) {
            tracing::warn!(
                standby = self.place,
                %cause,
                "lists are read on the primary: the standby is of no use"
            );
        }
    }
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

async fn in_time<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    timeout(limit, work).await.unwrap_or_else(|_| {
        let seconds = limit.as_secs_f64();
        Err(Failure::unavailable(format_args!("it did not answer within {seconds} s")))
    })
}
