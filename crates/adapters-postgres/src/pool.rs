//! The connections of a store.

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{
    Manager, ManagerConfig, Pool as Connections, PoolError, RecyclingMethod, Runtime, TimeoutType,
    Timeouts,
};
use tokio_postgres::Row;

use super::failure::Failure;
use super::open::{OpenError, OpenErrorKind};
use super::options::PostgresOptions;
use super::session::{Parameter, Session, StatementTimeouts};
use super::tls::Connector;
use super::url::PostgresUrl;

/// The connections of a store: made when they are needed, kept, and replaced when they break.
#[derive(Clone)]
pub(super) struct Pool {
    connections: Connections,
    timeouts: Arc<StatementTimeouts>,
    options: PostgresOptions,
}

impl Pool {
    /// No connection is made before one is needed.
    ///
    /// # Errors
    ///
    /// When the certificates that the URL trusts cannot be read.
    pub(super) fn new(url: &PostgresUrl, options: PostgresOptions) -> Result<Self, OpenError> {
        let connector = Connector::of(url)?;
        let statement_timeouts = Arc::new(StatementTimeouts::new(&options, connector.clone()));
        // A connection is not asked whether it is alive before it is used: that would cost every
        // request a round trip. One that turns out to be dead is replaced instead.
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_connect(url.config().clone(), connector, recycling);
        let timeouts = Timeouts {
            wait: Some(options.wait),
            create: Some(url.connect_timeout()),
            // That asks nobody.
            recycle: None,
        };
        let connections = Connections::builder(manager)
            .max_size(options.connections.max(1))
            .timeouts(timeouts)
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| OpenError::new(OpenErrorKind::Other, error))?;
        Ok(Self { connections, timeouts: statement_timeouts, options })
    }

    /// How the store is run.
    pub(super) fn options(&self) -> &PostgresOptions {
        &self.options
    }

    /// A connection; a new one if none is idle.
    ///
    /// # Errors
    ///
    /// When all are in use for too long, or none can be made.
    pub(super) async fn session(&self) -> Result<Session, Failure> {
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

    /// The same, with the error as it is.
    ///
    /// # Errors
    ///
    /// When all are in use for too long, or none can be made.
    pub(super) async fn connect(&self) -> Result<Session, PoolError> {
        let connection = self.connections.get().await?;
        Ok(Session::new(connection, Arc::clone(&self.timeouts)))
    }

    /// A connection on which a transaction has begun with these statements, of which the first is a
    /// `BEGIN`. Connections that broke while they were idle are replaced on the way.
    ///
    /// # Errors
    ///
    /// When no connection is to be had, or the database fails.
    pub(super) async fn begin(&self, sql: &str) -> Result<Session, Failure> {
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

    /// Reads rows outside of a transaction, on another connection should one turn out to be broken.
    /// Only for statements that write nothing: they may run more than once.
    ///
    /// # Errors
    ///
    /// When no connection is to be had, or the database fails.
    pub(super) async fn read(
        &self,
        sql: &'static str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, Failure> {
        self.ask(sql, parameters).await.map(|(_, rows)| rows)
    }

    /// The same, with the connection that the rows came by.
    ///
    /// # Errors
    ///
    /// When no connection is to be had, or the database fails.
    pub(super) async fn ask(
        &self,
        sql: &'static str,
        parameters: &[Parameter<'_>],
    ) -> Result<(Session, Vec<Row>), Failure> {
        let mut broken = 0;
        loop {
            let session = self.session().await?;
            match session.query(sql, parameters).await {
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

    use super::super::failure::Kind;
    use super::super::testing::TestDatabase;
    use super::*;

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
    async fn who_finds_every_connection_in_use_is_told_so_in_time() {
        let database = TestDatabase::empty();
        let options = PostgresOptions {
            connections: 2,
            wait: Duration::from_millis(50),
            ..PostgresOptions::default()
        };
        let pool = pool(&database, options);
        let taken = [pool.session().await.unwrap(), pool.session().await.unwrap()];
        let failure = pool.session().await.err().unwrap();
        assert_eq!(failure.kind(), Kind::Unavailable);
        assert_eq!(failure.to_string(), "all 2 connections to the database were in use for 0.05 s");
        drop(taken);
        assert!(pool.session().await.is_ok());
    }

    #[tokio::test]
    async fn a_connection_is_used_again() {
        let database = TestDatabase::empty();
        let pool = pool(&database, PostgresOptions::default());
        let first = number(&pool.session().await.unwrap(), BACKEND).await;
        assert_eq!(number(&pool.session().await.unwrap(), BACKEND).await, first);
    }

    #[tokio::test]
    async fn connections_that_broke_while_idle_are_replaced_unnoticed() {
        let database = TestDatabase::empty();
        let pool = pool(&database, PostgresOptions::default());
        let idle = [pool.session().await.unwrap(), pool.session().await.unwrap()];
        let broken = [number(&idle[0], BACKEND).await, number(&idle[1], BACKEND).await];
        drop(idle);

        // Nothing of this runtime runs meanwhile, so nobody notices.
        database.end_connections();
        let session = pool.begin("BEGIN").await.unwrap();
        let backend = number(&session, BACKEND).await;
        assert!(!broken.contains(&backend));
        session.rollback().await.unwrap();
        drop(session);

        database.end_connections();
        let rows = pool.read(BACKEND, &[]).await.unwrap();
        assert_ne!(rows[0].get::<_, i64>(0), backend);
    }

    #[tokio::test]
    async fn a_connection_that_breaks_at_work_is_a_failure_and_not_used_again() {
        let database = TestDatabase::empty();
        let pool = single(&database);
        let session = pool.begin("BEGIN").await.unwrap();
        database.end_connections();
        let failure = session.query(BACKEND, &[]).await.err().unwrap();
        assert_eq!((failure.kind(), failure.connection_lost()), (Kind::Unavailable, true));
        drop(session);
        assert!(pool.begin("BEGIN").await.is_ok());
    }

    #[tokio::test]
    async fn a_transaction_that_is_abandoned_is_undone() {
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
    async fn a_transaction_that_ended_gives_its_connection_back() {
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
    async fn a_statement_is_prepared_once_per_connection_or_never() {
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
    async fn a_connection_whose_statements_are_out_of_date_is_replaced() {
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
    async fn a_server_that_can_only_be_read_by_now_is_not_used_again() {
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
