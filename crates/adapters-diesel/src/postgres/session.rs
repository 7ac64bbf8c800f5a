//! A connection from the pool, and the only way that statements are sent.

use std::sync::atomic::{AtomicBool, Ordering};

use deadpool_postgres::Object;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Row, Statement};

use super::failure::Failure;

/// A value of a statement, and its type.
pub(super) type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

/// One connection from the pool, which goes back when this is dropped. One that may be inside a
/// transaction then is closed instead: whoever was served was abandoned, and the database undoes
/// what it began. So is one that is of no more use.
///
/// Statements can be sent before the answers to earlier ones are there (`try_join!`).
pub(super) struct Session {
    /// `None` once it is being dropped.
    connection: Option<Object>,
    prepared: bool,
    /// Whether a transaction may be open.
    open: AtomicBool,
    /// Whether a failure has shown that the connection is of no more use.
    spent: AtomicBool,
}

impl Session {
    /// On that connection, whose statements are prepared once, or never.
    pub(super) fn new(connection: Object, prepared: bool) -> Self {
        let (open, spent) = (AtomicBool::new(false), AtomicBool::new(false));
        Self { connection: Some(connection), prepared, open, spent }
    }

    /// Begins a transaction with these statements, of which the first is a `BEGIN`.
    ///
    /// # Errors
    ///
    /// When the database fails; nothing was done then.
    pub(super) async fn begin(&self, sql: &str) -> Result<(), Failure> {
        self.open.store(true, Ordering::Relaxed);
        self.batch(sql).await
    }

    /// Makes what the transaction wrote durable.
    ///
    /// # Errors
    ///
    /// When the database fails. Where the connection was lost, the transaction may have been
    /// committed or not.
    pub(super) async fn commit(&self) -> Result<(), Failure> {
        self.batch("COMMIT").await?;
        self.open.store(false, Ordering::Relaxed);
        Ok(())
    }

    /// Undoes what the transaction wrote.
    ///
    /// # Errors
    ///
    /// When the database fails; it will undo it then when the connection ends.
    pub(super) async fn rollback(&self) -> Result<(), Failure> {
        self.batch("ROLLBACK").await?;
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
        let rows = if self.prepared {
            let (values, types) = apart(parameters);
            match connection.prepare_typed_cached(sql, &types).await {
                Ok(statement) => connection.query(&statement, &values).await,
                Err(error) => Err(error),
            }
        } else {
            connection.query_typed(sql, parameters).await
        };
        rows.map_err(|error| self.heed(error.into()))
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
        let rows = self.connection()?.query_typed(sql, parameters).await;
        rows.map_err(|error| self.heed(error.into()))
    }

    /// Prepares a statement that is not kept with the others, and ends with what is returned.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub(super) async fn prepare(&self, sql: &str) -> Result<Statement, Failure> {
        let statement = self.connection()?.prepare(sql).await;
        statement.map_err(|error| self.heed(error.into()))
    }

    /// Runs a statement that was prepared here and takes no values, and reads its rows.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub(super) async fn run(&self, statement: &Statement) -> Result<Vec<Row>, Failure> {
        let rows = self.connection()?.query(statement, &[]).await;
        rows.map_err(|error| self.heed(error.into()))
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
        let count = if self.prepared {
            let (values, types) = apart(parameters);
            match connection.prepare_typed_cached(sql, &types).await {
                Ok(statement) => connection.execute(&statement, &values).await,
                Err(error) => Err(error),
            }
        } else {
            connection.execute_typed(sql, parameters).await
        };
        count.map_err(|error| self.heed(error.into()))
    }

    /// Runs statements without values, all in one round trip.
    ///
    /// # Errors
    ///
    /// When the database fails; what comes after the statement that failed is not run.
    pub(super) async fn batch(&self, sql: &str) -> Result<(), Failure> {
        #[cfg(test)]
        notes::note_script(sql);
        let done = self.connection()?.batch_execute(sql).await;
        done.map_err(|error| self.heed(error.into()))
    }

    /// Notes whether the connection is of use to others after that failure.
    fn heed(&self, failure: Failure) -> Failure {
        if failure.connection_lost() || failure.statements_lost() || failure.server_demoted() {
            self.spent.store(true, Ordering::Relaxed);
        }
        failure
    }

    fn connection(&self) -> Result<&Object, Failure> {
        self.connection.as_ref().ok_or_else(|| Failure::internal("the connection was given back"))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take()
            && (*self.open.get_mut() || *self.spent.get_mut())
        {
            drop(Object::take(connection));
        }
    }
}

fn apart<'a>(parameters: &[Parameter<'a>]) -> (Vec<&'a (dyn ToSql + Sync)>, Vec<Type>) {
    parameters.iter().cloned().unzip()
}

/// What a task sends, for tests.
#[cfg(test)]
pub(super) mod notes {
    use std::cell::RefCell;

    use tokio_postgres::types::Type;

    use super::Parameter;
    use crate::postgres::tests::plans::assert_expected;

    /// A statement, and the types of its values.
    #[derive(Debug, Clone, PartialEq)]
    pub(in crate::postgres) struct Sent {
        pub(in crate::postgres) sql: String,
        pub(in crate::postgres) types: Vec<Type>,
    }

    tokio::task_local! {
        static NOTES: RefCell<Vec<Sent>>;
    }

    /// What the work sends.
    pub(in crate::postgres) async fn statements_of(work: impl Future<Output = ()>) -> Vec<Sent> {
        let noted = async {
            work.await;
            NOTES.with(RefCell::take)
        };
        NOTES.scope(RefCell::default(), noted).await
    }

    /// Notes a statement; it has to be one whose plan is known.
    pub(super) fn note(sql: &str, parameters: &[Parameter<'_>]) {
        assert_expected(sql);
        add(sql, parameters);
    }

    /// Notes statements that are sent as a script, and not planned with values.
    pub(super) fn note_script(sql: &str) {
        add(sql, &[]);
    }

    fn add(sql: &str, parameters: &[Parameter<'_>]) {
        let types = parameters.iter().map(|(_, of_type)| of_type.clone()).collect();
        let sent = Sent { sql: sql.to_owned(), types };
        // Nobody takes notes of most tasks.
        let _ = NOTES.try_with(|notes| notes.borrow_mut().push(sent));
    }
}
