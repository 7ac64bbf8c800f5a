//! Reads lists on a standby that has caught up, otherwise on the primary.

mod circuit_breaker;
mod identity;
mod lag;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::PgLsn;

use self::circuit_breaker::CircuitBreaker;
use self::identity::{Identity, identity};
use self::lag::Lag;
use crate::connect::{Failure, Pool, PostgresUrl, Session, take_share};

/// The position in the write-ahead log of the primary before which everything acknowledged lies: the
/// flushed position, or, if commits are acknowledged before they are flushed, the inserted one.
/// `NULL` on a server in recovery. Also the identity of the database.
const WRITTEN: &str = concat!(
    "SELECT CASE
        WHEN pg_is_in_recovery() THEN NULL
        WHEN current_setting('synchronous_commit') = 'off' THEN pg_current_wal_insert_lsn()
        ELSE pg_current_wal_flush_lsn()
    END AS written, ",
    identity!()
);

/// Whether the server is a standby, and the position that it has replayed: a promoted server still
/// reports one. Also the identity of the database.
const REPLAYED: &str = concat!(
    "SELECT pg_is_in_recovery() AS follows, pg_last_wal_replay_lsn() AS replayed, ",
    identity!()
);

/// A hot standby of the database. One that fails, or follows another database, is not used for a
/// while.
pub(crate) struct Standby {
    pub(crate) pool: Pool,
    /// Host and port, for the log.
    place: String,
    circuit_breaker: CircuitBreaker,
    lag: Lag,
}

/// Reads in one snapshot that holds everything acknowledged before. `reading` gets a session in a
/// transaction and ends it. If it fails on the standby, it runs again on the primary. `free` are the
/// connections to the primary that lists may use.
pub(crate) async fn read<T, F>(
    primary: &Pool,
    free: &Arc<Semaphore>,
    standby: Option<&Standby>,
    reading: impl Fn(Session) -> F,
) -> Result<T, Failure>
where
    F: Future<Output = Result<T, Failure>>,
{
    let limits = primary.options().set_list_limits();
    let begin = format!("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {limits}");
    if let Some(standby) = standby
        && let Some(session) = standby.caught_up(primary, Instant::now()).await?
    {
        let read = async {
            session.begin(&begin).await?;
            reading(session).await
        };
        // The standby applies this limit itself, unless it hangs.
        match in_time(primary.options().statement_timeout, read).await {
            Ok(found) => {
                standby.record_success();
                return Ok(found);
            }
            // The list itself takes too long, there as here.
            Err(failure) if failure.state() == Some(&SqlState::QUERY_CANCELED) => {
                return Err(failure.of_list());
            }
            Err(failure) => standby.record_failure(&failure),
        }
    }
    let _share = take_share(free, primary.options().wait, "other lists").await?;
    reading(primary.begin(&begin).await?).await.map_err(Failure::of_list)
}

impl Standby {
    pub(crate) fn new(pool: Pool, url: &PostgresUrl) -> Self {
        let circuit_breaker = CircuitBreaker::new(pool.options().standby_rest);
        Self { pool, place: url.place(), circuit_breaker, lag: Lag::default() }
    }

    /// A connection to the standby, if that has replayed everything that the primary has
    /// acknowledged. Fails only if the primary fails.
    pub(crate) async fn caught_up(
        &self,
        primary: &Pool,
        now: Instant,
    ) -> Result<Option<Session>, Failure> {
        if !self.circuit_breaker.allows_request(now) {
            return Ok(None);
        }
        let rows = primary.read(WRITTEN, &[]).await?;
        let row = rows.first().ok_or_else(|| Failure::internal("the primary returned no row"))?;
        let Some(written) = row.try_get("written")? else {
            return Ok(None);
        };
        let own = Identity::of(row)?;
        match in_time(self.pool.options().wait, self.replayed_to(written, &own, now)).await {
            Ok(session) => {
                self.circuit_breaker.answered();
                Ok(session)
            }
            Err(failure) => {
                self.record_failure(&failure);
                Ok(None)
            }
        }
    }

    /// A connection on which that position has been replayed. The caller reads on this very
    /// connection, because another may lead to another host of the URL. The position is read before
    /// the transaction: a snapshot is older than what a function in the same statement sees.
    async fn replayed_to(
        &self,
        written: PgLsn,
        primary: &Identity,
        now: Instant,
    ) -> Result<Option<Session>, Failure> {
        let (session, rows) = self.pool.read_with_session(REPLAYED, &[]).await?;
        let row = rows.first().ok_or_else(|| Failure::internal("the standby returned no row"))?;
        if !row.try_get::<_, bool>("follows")? {
            return Err(Failure::unavailable("it follows no primary, or was promoted"));
        }
        Identity::of(row)?.check_follows(primary)?;
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

    fn record_success(&self) {
        if self.circuit_breaker.used() {
            tracing::info!(standby = self.place, "lists are read on the standby again");
        }
    }

    fn record_failure(&self, cause: &Failure) {
        if self.circuit_breaker.failed(Instant::now()) {
            tracing::warn!(
                standby = self.place,
                %cause,
                "lists are read on the primary: the standby is of no use"
            );
        }
    }
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
