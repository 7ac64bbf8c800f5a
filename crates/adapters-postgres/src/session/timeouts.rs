//! On what terms connections are used.

use std::time::Duration;

use deadpool_postgres::ClientWrapper;
use tokio::runtime::Handle;
use tokio::time::timeout;

use crate::options::PostgresOptions;
use crate::tls::Connector;

/// How the connections of a store are used.
pub(crate) struct StatementTimeouts {
    /// Whether statements are prepared once, or never.
    pub(super) prepared: bool,
    /// The limit for an answer to what takes no time, or finds a row at once: as long as locks are
    /// waited for.
    pub(super) brief: Duration,
    /// The limit for an answer inside a transaction. The database keeps to a shorter one, unless it
    /// stands still, and says then what it was about.
    pub(super) long: Duration,
    connector: Connector,
}

impl StatementTimeouts {
    /// For connections that are made in that way.
    pub(crate) fn new(options: &PostgresOptions, connector: Connector) -> Self {
        Self {
            prepared: options.prepared_statements,
            brief: options.lock_timeout,
            long: options.statement_timeout.saturating_add(options.lock_timeout),
            connector,
        }
    }

    /// Asks the database, in the background, to stop what it does for that connection, and closes
    /// it. The end of a connection alone is not noticed by whoever waits for a lock.
    pub(super) fn cancel(&self, connection: ClientWrapper) {
        if connection.is_closed() {
            return;
        }
        // Without a runtime, the program is about to end.
        if let Ok(runtime) = Handle::try_current() {
            let (connector, limit) = (self.connector.clone(), self.brief);
            runtime.spawn(async move {
                let _ = timeout(limit, connector.cancel(&connection.cancel_token())).await;
                // Not before: until then, what is to be stopped is known by the connection.
                drop(connection);
            });
        }
    }
}
