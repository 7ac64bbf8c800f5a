//! The connections of a store.

use std::time::Duration;

use deadpool_postgres::{
    Manager, ManagerConfig, Pool as Connections, PoolError, RecyclingMethod, Runtime, TimeoutType,
    Timeouts,
};
use tokio_postgres::Row;

use super::failure::Failure;
use super::open::{Obstacle, OpenError};
use super::options::PostgresOptions;
use super::session::{Parameter, Session};
use super::tls::Connector;
use super::url::PostgresUrl;

/// The connections of a store: made when they are needed, kept, and replaced when they break.
#[derive(Clone)]
pub(super) struct Pool {
    connections: Connections,
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
        // A connection is not asked whether it is alive before it is used: that would cost every
        // request a round trip. One that turns out to be dead is replaced instead.
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
            .build()
            .map_err(|error| OpenError::new(Obstacle::Other, error))?;
        Ok(Self { connections, options })
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
        Ok(Session::new(connection, self.options.prepared_statements))
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
        let mut broken = 0;
        loop {
            match self.session().await?.query(sql, parameters).await {
                Err(failure)
                    if (failure.connection_lost() || failure.statements_lost())
                        && broken < self.options.connections =>
                {
                    broken += 1;
                }
                done => return done,
            }
        }
    }
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}
