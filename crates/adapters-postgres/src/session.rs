//! A connection from the pool, and the only way that statements are sent.

mod inflight;
#[cfg(test)]
pub(super) mod notes;
mod timeouts;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use deadpool_postgres::Object;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Error, Row, Statement};

use self::inflight::Inflight;
pub(super) use self::timeouts::StatementTimeouts;
use super::failure::Failure;

/// A value of a statement, and its type.
pub(super) type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

/// One connection from the pool, which goes back when this is dropped. One that may be inside a
/// transaction then is closed instead: whoever was served was abandoned, and the database undoes
/// what it began. So is one that is of no more use, and one that the database is still at work for:
/// that is asked to stop.
///
/// Statements can be sent before the answers to earlier ones are there (`try_join!`). Each is
/// answered within a limit, or fails, and the connection with it.
pub(super) struct Session {
    /// `None` once it is being dropped.
    connection: Option<Object>,
    timeouts: Arc<StatementTimeouts>,
    inflight: Inflight,
    /// Whether statements take as long as they take.
    is_unhurried: bool,
    /// Whether a transaction may be open.
    open: AtomicBool,
    /// Whether a transaction is being committed.
    committing: AtomicBool,
    /// Whether a failure has shown that the connection is of no more use.
    spent: AtomicBool,
}

impl Session {
    /// On that connection, which is used on those terms.
    pub(super) fn new(connection: Object, timeouts: Arc<StatementTimeouts>) -> Self {
        Self {
            connection: Some(connection),
            timeouts,
            inflight: Inflight::new(),
            is_unhurried: false,
            open: AtomicBool::new(false),
            committing: AtomicBool::new(false),
            spent: AtomicBool::new(false),
        }
    }

    /// The same, which waits for answers however long they take.
    pub(super) fn unhurried(mut self) -> Self {
        self.is_unhurried = true;
        self
    }

    /// Begins a transaction with these statements, of which the first is a `BEGIN`.
    ///
    /// # Errors
    ///
    /// When the database fails; nothing was done then.
    pub(super) async fn begin(&self, sql: &str) -> Result<(), Failure> {
        self.open.store(true, Ordering::Relaxed);
        self.script(self.timeouts.brief, sql).await
    }

    /// Makes what the transaction wrote durable.
    ///
    /// # Errors
    ///
    /// When the database fails. Where the connection was lost, or the answer did not come in time,
    /// the transaction may have been committed or not.
    pub(super) async fn commit(&self) -> Result<(), Failure> {
        self.committing.store(true, Ordering::Relaxed);
        self.script(self.timeouts.long, "COMMIT").await?;
        self.committing.store(false, Ordering::Relaxed);
        self.open.store(false, Ordering::Relaxed);
        Ok(())
    }

    /// Undoes what the transaction wrote.
    ///
    /// # Errors
    ///
    /// When the database fails; it will undo it then when the connection ends.
    pub(super) async fn rollback(&self) -> Result<(), Failure> {
        self.script(self.timeouts.brief, "ROLLBACK").await?;
        self.open.store(false, Ordering::Relaxed);
        Ok(())
    }

    /// Runs a statement and reads its rows.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub(super) async fn query(
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
        let (values, types) = apart(parameters);
        let prepared = connection.prepare_typed_cached(sql, &types);
        let statement = self.answer(self.limit(), prepared).await?;
        self.answer(self.limit(), connection.query(&statement, &values)).await
    }

    /// Runs a statement that is made for one request, and reads its rows. It is not kept prepared.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub(super) async fn query_once(
        &self,
        sql: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, Failure> {
        #[cfg(test)]
        notes::note(sql, parameters);
        let rows = self.connection()?.query_typed(sql, parameters);
        self.answer(self.limit(), rows).await
    }

    /// Prepares a statement that is not kept with the others, and ends with what is returned.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub(super) async fn prepare(&self, sql: &str) -> Result<Statement, Failure> {
        let statement = self.connection()?.prepare(sql);
        self.answer(self.limit(), statement).await
    }

    /// Runs a statement that was prepared here and takes no values, and reads its rows.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub(super) async fn run(&self, statement: &Statement) -> Result<Vec<Row>, Failure> {
        let rows = self.connection()?.query(statement, &[]);
        self.answer(self.limit(), rows).await
    }

    /// Runs a statement, and tells how many rows it wrote.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub(super) async fn execute(
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
        let (values, types) = apart(parameters);
        let prepared = connection.prepare_typed_cached(sql, &types);
        let statement = self.answer(self.limit(), prepared).await?;
        self.answer(self.limit(), connection.execute(&statement, &values)).await
    }

    /// Runs statements without values, all in one round trip.
    ///
    /// # Errors
    ///
    /// When the database fails; what comes after the statement that failed is not run.
    pub(super) async fn batch(&self, sql: &str) -> Result<(), Failure> {
        self.script(self.limit(), sql).await
    }

    async fn script(&self, limit: Duration, sql: &str) -> Result<(), Failure> {
        #[cfg(test)]
        notes::note_script(sql);
        self.answer(limit, self.connection()?.batch_execute(sql)).await
    }

    /// How long a statement may take that does some work. Outside of a transaction, none does much,
    /// and the database sets it no limit.
    fn limit(&self) -> Duration {
        if self.open.load(Ordering::Relaxed) { self.timeouts.long } else { self.timeouts.brief }
    }

    /// Sends something, and waits for its answer.
    async fn answer<T>(
        &self,
        limit: Duration,
        sent: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Failure> {
        let limit = (!self.is_unhurried).then_some(limit);
        match self.inflight.answer(limit, sent).await {
            Ok(answer) => answer.map_err(|error| self.heed(error.into())),
            Err(response_timeout) => Err(Failure::unavailable(response_timeout)),
        }
    }

    /// Notes whether the connection is of use to others after that failure.
    fn heed(&self, failure: Failure) -> Failure {
        if failure.connection_lost() || failure.statements_lost() || failure.server_demoted() {
            self.spent.store(true, Ordering::Relaxed);
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
        if !is_awaited && !*self.open.get_mut() && !*self.spent.get_mut() {
            return;
        }
        let connection = Object::take(connection);
        // A commit that waits for a synchronous standby would go on without it: others would see
        // what the loss of this server undoes.
        if is_awaited && !*self.committing.get_mut() {
            self.timeouts.cancel(connection);
        }
    }
}

fn apart<'a>(parameters: &[Parameter<'a>]) -> (Vec<&'a (dyn ToSql + Sync)>, Vec<Type>) {
    parameters.iter().cloned().unzip()
}
