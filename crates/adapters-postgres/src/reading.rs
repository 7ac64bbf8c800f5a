//! Where lists are read: on a standby that has caught up, else on the primary.

mod circuit_breaker;
mod identity;
mod lag;

use std::time::{Duration, Instant};

use tokio::time::timeout;
use tokio_postgres::types::PgLsn;

use self::circuit_breaker::CircuitBreaker;
use self::identity::{Identity, identity};
use self::lag::Lag;
use super::failure::Failure;
use super::options::PostgresOptions;
use super::pool::Pool;
use super::session::Session;
use super::url::PostgresUrl;

/// How far the log has come: what was acknowledged lies before it. That is what survives a crash;
/// or all of it, where commits are acknowledged before. `NULL` on a server that only follows another.
/// And of which database.
const WRITTEN: &str = concat!(
    "SELECT CASE
        WHEN pg_is_in_recovery() THEN NULL
        WHEN current_setting('synchronous_commit') = 'off' THEN pg_current_wal_insert_lsn()
        ELSE pg_current_wal_flush_lsn()
    END AS written, ",
    identity!()
);

/// Whether it is a standby, how much of the log it has replayed, and of which database. One that was
/// promoted goes on telling how far it had come as a standby.
const REPLAYED: &str = concat!(
    "SELECT pg_is_in_recovery() AS follows, pg_last_wal_replay_lsn() AS replayed, ",
    identity!()
);

/// A hot standby of the database. One that fails, or is none of it, is left alone for a while.
pub(super) struct Standby {
    pub(super) pool: Pool,
    /// Where it is, for the log.
    place: String,
    circuit_breaker: CircuitBreaker,
    lag: Lag,
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
        && let Some(session) = standby.caught_up(primary, Instant::now()).await?
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
        let circuit_breaker = CircuitBreaker::of(pool.options().standby_rest);
        Self { pool, place: url.place(), circuit_breaker, lag: Lag::default() }
    }

    /// A connection to it, if everything is there that was acknowledged on the primary by now. It is
    /// waited for as long as for any other connection.
    ///
    /// # Errors
    ///
    /// When the primary fails.
    pub(super) async fn caught_up(
        &self,
        primary: &Pool,
        now: Instant,
    ) -> Result<Option<Session>, Failure> {
        if !self.circuit_breaker.allows_asking(now) {
            return Ok(None);
        }
        let rows = primary.read(WRITTEN, &[]).await?;
        let row = rows.first().ok_or_else(|| Failure::internal("a primary of no kind"))?;
        let Some(written) = row.try_get("written")? else {
            return Ok(None);
        };
        let own = Identity::of(row)?;
        match in_time(self.pool.options().wait, self.at(written, &own, now)).await {
            Ok(session) => {
                self.circuit_breaker.answered();
                Ok(session)
            }
            Err(failure) => {
                self.failed(&failure);
                Ok(None)
            }
        }
    }

    /// A connection on which that much of that primary has been replayed: the one that said so, as
    /// another may lead to another host of the URL. It is asked before the transaction: what a
    /// snapshot shows is older than what a function in the same statement sees.
    async fn at(
        &self,
        written: PgLsn,
        primary: &Identity,
        now: Instant,
    ) -> Result<Option<Session>, Failure> {
        let (session, rows) = self.pool.ask(REPLAYED, &[]).await?;
        let row = rows.first().ok_or_else(|| Failure::internal("a standby of no kind"))?;
        if !row.try_get::<_, bool>("follows")? {
            return Err(Failure::unavailable("it follows no primary, or was promoted"));
        }
        Identity::of(row)?.follows(primary)?;
        let replayed: Option<PgLsn> = row.try_get("replayed")?;
        if replayed >= Some(written) {
            return Ok(Some(session));
        }
        if self.lag.is_too_long(replayed, written, now) {
            let seconds = lag::LIMIT.as_secs();
            return Err(Failure::unavailable(format_args!(
                "it has not replayed what was written {seconds} s ago"
            )));
        }
        Ok(None)
    }

    fn was_read(&self) {
        if self.circuit_breaker.was_used() {
            tracing::info!(standby = self.place, "lists are read on the standby again");
        }
    }

    fn failed(&self, cause: &Failure) {
        if self.circuit_breaker.failed(Instant::now()) {
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
        SET LOCAL lock_timeout = {};
        SET LOCAL statement_timeout = {};
        SET LOCAL idle_in_transaction_session_timeout = {}",
        options.lock_timeout.as_millis(),
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
