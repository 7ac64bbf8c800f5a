//! The connections of a store.

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{
    BuildError, Manager, ManagerConfig, Pool as Connections, PoolError, RecyclingMethod, Runtime,
    TimeoutType, Timeouts,
};
use tokio_postgres::Row;

use super::failure::Failure;
use super::options::PostgresOptions;
use super::session::{Parameter, Session, StatementTimeouts};
use super::tls::{Connector, TlsSetupError};
use super::url::PostgresUrl;

/// A pool that cannot be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PoolSetupError {
    #[error(transparent)]
    Tls(#[from] TlsSetupError),
    #[error(transparent)]
    Build(#[from] BuildError),
}

/// The connections of a store: made when they are needed, kept, and replaced when they break.
#[derive(Clone)]
pub(crate) struct Pool {
    connections: Connections,
    timeouts: Arc<StatementTimeouts>,
    options: PostgresOptions,
}

/// How many connections of a pool there are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Usage {
    pub(crate) open: u64,
    /// Of the open ones, those that nobody uses.
    pub(crate) idle: u64,
    /// Requests that wait for one.
    pub(crate) waiting: u64,
}

impl Pool {
    /// Makes no connection yet.
    pub(crate) fn new(url: &PostgresUrl, options: PostgresOptions) -> Result<Self, PoolSetupError> {
        let connector = Connector::new(url)?;
        let statement_timeouts = Arc::new(StatementTimeouts::new(&options, connector.clone()));
        // `Fast` does not test a connection before it is used: a test would cost every request a
        // round trip. A dead connection is replaced when a statement fails.
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_connect(url.config().clone(), connector, recycling);
        let timeouts = Timeouts {
            wait: Some(options.wait),
            create: Some(url.connect_timeout()),
            recycle: None,
        };
        let connections = Connections::builder(manager)
            .max_size(options.connections.max(1))
            .timeouts(timeouts)
            .runtime(Runtime::Tokio1)
            .build()?;
        Ok(Self { connections, timeouts: statement_timeouts, options })
    }

    pub(crate) fn options(&self) -> &PostgresOptions {
        &self.options
    }

    pub(crate) fn usage(&self) -> Usage {
        let status = self.connections.status();
        let number = |count| u64::try_from(count).unwrap_or(u64::MAX);
        Usage {
            open: number(status.size),
            idle: number(status.available),
            waiting: number(status.waiting),
        }
    }

    /// A connection: an idle one, or a new one.
    pub(crate) async fn session(&self) -> Result<Session, Failure> {
        self.connect().await.map_err(|error| match error {
            PoolError::Timeout(TimeoutType::Wait) => Failure::unavailable(format_args!(
                "all {} connections to the database were in use for {}",
                self.options.connections,
                seconds(self.options.wait)
            )),
            PoolError::Timeout(TimeoutType::Create) => {
                Failure::unavailable("the database did not answer in time")
            }
            PoolError::Backend(error) => error.into(),
            other => Failure::internal(other),
        })
    }

    /// Like [`session`](Self::session), with the error of the pool.
    pub(crate) async fn connect(&self) -> Result<Session, PoolError> {
        let connection = self.connections.get().await?;
        Ok(Session::new(connection, Arc::clone(&self.timeouts)))
    }

    /// Begins a transaction with these statements; the first is a `BEGIN`. Connections that broke
    /// while they were idle are replaced.
    pub(crate) async fn begin(&self, sql: &str) -> Result<Session, Failure> {
        let mut broken = 0;
        loop {
            let session = self.session().await?;
            match session.begin(sql).await {
                Ok(()) => return Ok(session),
                Err(failure) if failure.connection_lost() && broken < self.options.connections => {
                    broken += 1;
                }
                Err(failure) => return Err(failure),
            }
        }
    }

    /// Reads rows outside of a transaction. If the connection is broken, the statement runs again on
    /// another one, so it must not write.
    pub(crate) async fn read(
        &self,
        sql: &'static str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, Failure> {
        self.read_with_session(sql, parameters).await.map(|(_, rows)| rows)
    }

    /// Like [`read`](Self::read); also returns the connection that was used.
    pub(crate) async fn read_with_session(
        &self,
        sql: &'static str,
        parameters: &[Parameter<'_>],
    ) -> Result<(Session, Vec<Row>), Failure> {
        self.read_by(None, sql, parameters).await
    }

    /// Like [`read`](Self::read), in a transaction that `begin` begins.
    pub(crate) async fn read_after(
        &self,
        begin: &str,
        sql: &'static str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, Failure> {
        self.read_by(Some(begin), sql, parameters).await.map(|(_, rows)| rows)
    }

    async fn read_by(
        &self,
        begin: Option<&str>,
        sql: &'static str,
        parameters: &[Parameter<'_>],
    ) -> Result<(Session, Vec<Row>), Failure> {
        let mut broken = 0;
        loop {
            let session = self.session().await?;
            let read = match begin {
                Some(begin) => session.query_after(begin, sql, parameters).await,
                None => session.query(sql, parameters).await,
            };
            match read {
                Ok(rows) => return Ok((session, rows)),
                Err(failure)
                    if (failure.connection_lost() || failure.statements_lost())
                        && broken < self.options.connections =>
                {
                    broken += 1;
                }
                Err(failure) => return Err(failure),
            }
        }
    }
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use tokio_postgres::types::Type;

    use super::*;
    use crate::testing::TestDatabase;
    use contacts_application::ports::StoreErrorKind;

    fn pool(database: &TestDatabase, options: PostgresOptions) -> Pool {
        Pool::new(&database.url().parse().unwrap(), options).unwrap()
    }

    /// A pool of one connection.
    fn single(database: &TestDatabase) -> Pool {
        pool(database, PostgresOptions { connections: 1, ..PostgresOptions::default() })
    }

    async fn number(session: &Session, sql: &'static str) -> i64 {
        session.query(sql, &[]).await.unwrap()[0].get(0)
    }

    const BACKEND: &str = "SELECT pg_backend_pid()::int8";

    #[tokio::test]
    async fn exhausted_pool_fails_after_the_wait() {
        let database = TestDatabase::empty();
        let options = PostgresOptions {
            connections: 2,
            wait: Duration::from_millis(50),
            ..PostgresOptions::default()
        };
        let pool = pool(&database, options);
        let usage = || {
            let Usage { open, idle, waiting } = pool.usage();
            [open, idle, waiting]
        };
        let taken = [pool.session().await.unwrap(), pool.session().await.unwrap()];
        let (refused, during) = tokio::join!(biased; pool.session(), async { usage() });
        assert_eq!(during, [2, 0, 1]);
        let failure = refused.err().unwrap();
        assert_eq!(failure.kind(), StoreErrorKind::Unavailable);
        assert_eq!(failure.to_string(), "all 2 connections to the database were in use for 0.05 s");
        assert_eq!(usage(), [2, 0, 0]);
        drop(taken);
        assert_eq!(usage(), [2, 2, 0]);
        assert!(pool.session().await.is_ok());
    }

    #[tokio::test]
    async fn idle_connection_is_used_again() {
        let database = TestDatabase::empty();
        let pool = pool(&database, PostgresOptions::default());
        let first = number(&pool.session().await.unwrap(), BACKEND).await;
        assert_eq!(number(&pool.session().await.unwrap(), BACKEND).await, first);
    }

    #[tokio::test]
    async fn connections_broken_while_idle_are_replaced() {
        let database = TestDatabase::empty();
        let pool = pool(&database, PostgresOptions::default());
        let idle = [pool.session().await.unwrap(), pool.session().await.unwrap()];
        let broken = [number(&idle[0], BACKEND).await, number(&idle[1], BACKEND).await];
        drop(idle);

        // The runtime does not run meanwhile, so the pool does not notice.
        database.end_connections();
        let session = pool.begin("BEGIN").await.unwrap();
        let backend = number(&session, BACKEND).await;
        assert!(!broken.contains(&backend));
        session.rollback().await.unwrap();
        drop(session);

        database.end_connections();
        let rows = pool.read(BACKEND, &[]).await.unwrap();
        assert_ne!(rows[0].get::<_, i64>(0), backend);
        database.end_connections();
        assert!(pool.read_after("BEGIN", BACKEND, &[]).await.is_ok());
    }

    #[tokio::test]
    async fn first_read_of_a_connection_has_settings() {
        const SETTING: &str = "SELECT current_setting('enable_seqscan')";
        let begin = "BEGIN; SET LOCAL enable_seqscan = off";
        let database = TestDatabase::empty();
        for prepared_statements in [true, false] {
            let options = PostgresOptions { prepared_statements, ..PostgresOptions::default() };
            let pool = pool(&database, options);
            let inside = pool.read_after(begin, SETTING, &[]).await.unwrap();
            assert_eq!(inside[0].get::<_, &str>(0), "off");
            let after = pool.read(SETTING, &[]).await.unwrap();
            assert_eq!(after[0].get::<_, &str>(0), "on");
        }
    }

    #[tokio::test]
    async fn connection_broken_in_use_fails_and_is_dropped() {
        let database = TestDatabase::empty();
        let pool = single(&database);
        let session = pool.begin("BEGIN").await.unwrap();
        database.end_connections();
        let failure = session.query(BACKEND, &[]).await.err().unwrap();
        assert_eq!(
            (failure.kind(), failure.connection_lost()),
            (StoreErrorKind::Unavailable, true)
        );
        drop(session);
        assert!(pool.begin("BEGIN").await.is_ok());
    }

    #[tokio::test]
    async fn abandoned_transaction_is_rolled_back() {
        let database = TestDatabase::empty();
        let pool = single(&database);
        pool.session().await.unwrap().batch("CREATE TABLE t (a int)").await.unwrap();

        let session = pool.begin("BEGIN").await.unwrap();
        session.batch("INSERT INTO t VALUES (1)").await.unwrap();
        let abandoned = number(&session, BACKEND).await;
        drop(session);

        let session = pool.session().await.unwrap();
        assert_ne!(number(&session, BACKEND).await, abandoned);
        assert_eq!(number(&session, "SELECT count(*) FROM t").await, 0);
    }

    #[tokio::test]
    async fn ended_transaction_returns_its_connection() {
        let database = TestDatabase::empty();
        let pool = single(&database);
        let session = pool.begin("BEGIN").await.unwrap();
        let backend = number(&session, BACKEND).await;
        session.commit().await.unwrap();
        drop(session);
        let session = pool.begin("BEGIN").await.unwrap();
        assert!(session.batch("SELECT 1 / 0").await.is_err());
        session.rollback().await.unwrap();
        drop(session);
        assert_eq!(number(&pool.session().await.unwrap(), BACKEND).await, backend);
    }

    #[tokio::test]
    async fn statements_are_prepared_once_per_connection_or_never() {
        const PREPARED: &str =
            "SELECT count(*) FROM pg_prepared_statements WHERE $1 AND statement LIKE '%LIKE%'";
        let database = TestDatabase::empty();
        for (prepared_statements, count) in [(true, 1), (false, 0)] {
            let options = PostgresOptions { prepared_statements, ..PostgresOptions::default() };
            let pool = pool(&database, options);
            for _ in 0..3 {
                let session = pool.session().await.unwrap();
                let rows = session.query(PREPARED, &[(&true, Type::BOOL)]).await.unwrap();
                assert_eq!(rows[0].get::<_, i64>(0), count);
                assert_eq!(session.execute(PREPARED, &[(&true, Type::BOOL)]).await.unwrap(), 1);
            }
        }
    }

    #[tokio::test]
    async fn connection_with_outdated_statements_is_replaced() {
        let database = TestDatabase::empty();
        let pool = single(&database);
        let session = pool.session().await.unwrap();
        session.batch("CREATE TABLE t (a int)").await.unwrap();
        session.query("SELECT * FROM t", &[]).await.unwrap();
        session.batch("ALTER TABLE t ADD b int").await.unwrap();
        drop(session);
        let rows = pool.read("SELECT * FROM t", &[]).await;
        assert!(rows.is_ok(), "{rows:?}");
    }

    #[tokio::test]
    async fn connection_to_read_only_server_is_dropped() {
        let database = TestDatabase::empty();
        let pool = single(&database);
        let session = pool.begin("BEGIN READ ONLY").await.unwrap();
        let backend = number(&session, BACKEND).await;
        assert!(session.batch("CREATE TABLE t ()").await.is_err());
        session.rollback().await.unwrap();
        drop(session);
        assert_ne!(number(&pool.session().await.unwrap(), BACKEND).await, backend);
    }
}
