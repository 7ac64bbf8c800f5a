//! A connection from the pool. Every statement is sent through it.

mod inflight;
#[cfg(test)]
pub(crate) mod notes;
mod timeouts;

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use deadpool_postgres::Object;
use futures_util::TryStreamExt as _;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Error, Row, RowStream};

use self::inflight::Inflight;
pub(crate) use self::timeouts::StatementTimeouts;
use super::failure::Failure;

/// A value of a statement, and its type.
pub(crate) type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

/// The most bytes of documents that a session may send and return its connection to the pool. The
/// buffers of a connection grow with its longest statement and never shrink.
const MOST_SENT: usize = 8 << 20;

/// One connection from the pool; dropping this returns it. A connection that is unusable, may be
/// inside a transaction, or still waits for an answer is closed instead: the database then rolls
/// back, and is asked to cancel the running statement. One that sent long documents is closed, too.
///
/// A statement may be sent before earlier ones are answered (`try_join!`). A statement that gets no
/// answer within its limit fails, and the connection with it.
pub(crate) struct Session {
    /// `None` once it is being dropped.
    connection: Option<Object>,
    timeouts: Arc<StatementTimeouts>,
    inflight: Inflight,
    /// Whether answers have a time limit.
    has_limits: bool,
    /// Whether a transaction may be open.
    open: AtomicBool,
    /// Whether a transaction is being committed.
    committing: AtomicBool,
    /// Whether a failure has made the connection unusable.
    unusable: AtomicBool,
    /// The bytes of documents that were sent.
    sent: AtomicUsize,
}

impl Session {
    pub(crate) fn new(connection: Object, timeouts: Arc<StatementTimeouts>) -> Self {
        Self {
            connection: Some(connection),
            timeouts,
            inflight: Inflight::new(),
            has_limits: true,
            open: AtomicBool::new(false),
            committing: AtomicBool::new(false),
            unusable: AtomicBool::new(false),
            sent: AtomicUsize::new(0),
        }
    }

    /// The same session, whose statements may take any time.
    pub(crate) fn without_limits(mut self) -> Self {
        self.has_limits = false;
        self
    }

    /// Begins a transaction with these statements; the first is a `BEGIN`.
    pub(crate) async fn begin(&self, sql: &str) -> Result<(), Failure> {
        self.open.store(true, Ordering::Relaxed);
        self.script(self.timeouts.brief, sql).await
    }

    /// Commits the transaction.
    ///
    /// # Errors
    ///
    /// If the connection is lost or the answer is late, the transaction may still be committed.
    pub(crate) async fn commit(&self) -> Result<(), Failure> {
        self.committing.store(true, Ordering::Relaxed);
        self.script(self.timeouts.long, "COMMIT").await?;
        self.committing.store(false, Ordering::Relaxed);
        self.open.store(false, Ordering::Relaxed);
        Ok(())
    }

    /// Rolls the transaction back.
    pub(crate) async fn rollback(&self) -> Result<(), Failure> {
        self.script(self.timeouts.brief, "ROLLBACK").await?;
        self.open.store(false, Ordering::Relaxed);
        Ok(())
    }

    /// Counts documents that are to be sent.
    pub(crate) fn count_sent(&self, bytes: usize) {
        self.sent.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Runs a statement in a transaction that `begin` begins and that writes nothing, in one round
    /// trip.
    pub(crate) async fn query_after(
        &self,
        begin: &str,
        sql: &'static str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, Failure> {
        if self.timeouts.prepared {
            // Now: a statement that has to be prepared first would be sent after the rollback.
            let (_, types) = unzip(parameters);
            let prepared = self.connection()?.prepare_typed_cached(sql, &types);
            self.answer(self.limit(), prepared).await?;
        }
        let (begun, rows, ended) = tokio::join!(
            biased;
            self.begin(begin),
            self.query(sql, parameters),
            self.rollback(),
        );
        begun?;
        let rows = rows?;
        ended.map(|()| rows)
    }

    /// Runs a statement and returns its rows.
    pub(crate) async fn query(
        &self,
        sql: &'static str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, Failure> {
        #[cfg(test)]
        notes::note(sql, parameters);
        let connection = self.connection()?;
        if !self.timeouts.prepared {
            return self.answer(self.limit(), connection.query_typed(sql, parameters)).await;
        }
        let (values, types) = unzip(parameters);
        let prepared = connection.prepare_typed_cached(sql, &types);
        let statement = self.answer(self.limit(), prepared).await?;
        self.answer(self.limit(), connection.query(&statement, &values)).await
    }

    /// Runs a statement and hands over each row as it arrives, until the function fails.
    pub(crate) async fn query_each(
        &self,
        sql: &'static str,
        parameters: &[Parameter<'_>],
        take: impl FnMut(Row) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        #[cfg(test)]
        notes::note(sql, parameters);
        let connection = self.connection()?;
        let (values, types) = unzip(parameters);
        let prepared = if self.timeouts.prepared {
            let prepared = connection.prepare_typed_cached(sql, &types);
            Some(self.answer(self.limit(), prepared).await?)
        } else {
            None
        };
        let rows = async {
            match &prepared {
                Some(statement) => connection.query_raw(statement, values).await,
                None => connection.query_typed_raw(sql, parameters.iter().cloned()).await,
            }
        };
        self.answer(self.limit(), hand_over(rows, take)).await?
    }

    /// The same with a statement that is built for one request. It is not kept prepared.
    pub(crate) async fn query_each_once(
        &self,
        sql: &str,
        parameters: &[Parameter<'_>],
        take: impl FnMut(Row) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        #[cfg(test)]
        notes::note(sql, parameters);
        let rows = self.connection()?.query_typed_raw(sql, parameters.iter().cloned());
        self.answer(self.limit(), hand_over(rows, take)).await?
    }

    /// Runs a statement that is built for one request and returns its rows. It is not kept prepared.
    pub(crate) async fn query_once(
        &self,
        sql: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, Failure> {
        #[cfg(test)]
        notes::note(sql, parameters);
        let rows = self.connection()?.query_typed(sql, parameters);
        self.answer(self.limit(), rows).await
    }

    /// Runs a statement and returns how many rows it wrote.
    pub(crate) async fn execute(
        &self,
        sql: &'static str,
        parameters: &[Parameter<'_>],
    ) -> Result<u64, Failure> {
        #[cfg(test)]
        notes::note(sql, parameters);
        let connection = self.connection()?;
        if !self.timeouts.prepared {
            return self.answer(self.limit(), connection.execute_typed(sql, parameters)).await;
        }
        let (values, types) = unzip(parameters);
        let prepared = connection.prepare_typed_cached(sql, &types);
        let statement = self.answer(self.limit(), prepared).await?;
        self.answer(self.limit(), connection.execute(&statement, &values)).await
    }

    /// Runs statements without values in one round trip, up to the first that fails.
    pub(crate) async fn batch(&self, sql: &str) -> Result<(), Failure> {
        self.script(self.limit(), sql).await
    }

    async fn script(&self, limit: Duration, sql: &str) -> Result<(), Failure> {
        #[cfg(test)]
        notes::note_script(sql);
        self.answer(limit, self.connection()?.batch_execute(sql)).await
    }

    /// The limit for a statement. Outside of a transaction the database itself sets none, and every
    /// statement is short.
    fn limit(&self) -> Duration {
        if self.open.load(Ordering::Relaxed) { self.timeouts.long } else { self.timeouts.brief }
    }

    async fn answer<T>(
        &self,
        limit: Duration,
        sent: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Failure> {
        let limit = self.has_limits.then_some(limit);
        match self.inflight.answer(limit, sent).await {
            Ok(answer) => answer.map_err(|error| self.record(error.into())),
            Err(response_timeout) => Err(Failure::unavailable(response_timeout)),
        }
    }

    /// Records whether the failure makes the connection unusable.
    fn record(&self, failure: Failure) -> Failure {
        if failure.connection_lost() || failure.statements_lost() || failure.server_demoted() {
            self.unusable.store(true, Ordering::Relaxed);
        }
        failure
    }

    fn connection(&self) -> Result<&Object, Failure> {
        if let Some(response_timeout) = self.inflight.response_timeout() {
            return Err(Failure::unavailable(response_timeout));
        }
        self.connection.as_ref().ok_or_else(|| Failure::internal("the connection was given back"))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        let is_awaited = self.inflight.is_awaited();
        let is_usable = !*self.open.get_mut() && !*self.unusable.get_mut();
        if !is_awaited && is_usable && *self.sent.get_mut() <= MOST_SENT {
            return;
        }
        let connection = Object::take(connection);
        // Cancelling a commit that waits for a synchronous standby would make it visible without
        // that standby: others would read what the loss of this server undoes.
        if is_awaited && !*self.committing.get_mut() {
            self.timeouts.cancel(connection);
        }
    }
}

/// Hands over each row as it arrives, until the function fails.
async fn hand_over(
    rows: impl Future<Output = Result<RowStream, Error>>,
    mut take: impl FnMut(Row) -> Result<(), Failure>,
) -> Result<Result<(), Failure>, Error> {
    let mut rows = pin!(rows.await?);
    while let Some(row) = rows.try_next().await? {
        if let Err(failure) = take(row) {
            return Ok(Err(failure));
        }
    }
    Ok(Ok(()))
}

fn unzip<'a>(parameters: &[Parameter<'a>]) -> (Vec<&'a (dyn ToSql + Sync)>, Vec<Type>) {
    parameters.iter().cloned().unzip()
}
