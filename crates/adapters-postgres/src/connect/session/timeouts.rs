//! How the connections of a store are used: prepared statements, limits, cancelling.

use std::time::Duration;

use deadpool_postgres::ClientWrapper;
use tokio::runtime::Handle;
use tokio::time::timeout;

use crate::connect::options::PostgresOptions;
use crate::connect::tls::Connector;

/// How the connections of a store are used.
pub(crate) struct StatementTimeouts {
    /// Whether statements are prepared once per connection, or never.
    pub(crate) prepared: bool,
    /// The limit for an answer to a short statement: the lock timeout.
    pub(crate) brief: Duration,
    /// The limit for an answer inside a transaction. The database itself applies a shorter one and
    /// reports the reason, unless it hangs.
    pub(crate) long: Duration,
    connector: Connector,
}

impl StatementTimeouts {
    pub(crate) fn new(options: &PostgresOptions, connector: Connector) -> Self {
        Self {
            prepared: options.prepared_statements,
            brief: options.lock_timeout,
            long: options.statement_timeout.saturating_add(options.lock_timeout),
            connector,
        }
    }

    /// Cancels the statement of a connection in the background, then closes the connection. A backend
    /// that waits for a lock does not notice a closed connection.
    pub(crate) fn cancel(&self, connection: ClientWrapper) {
        if connection.is_closed() {
            return;
        }
        // Without a runtime, the program is about to end.
        if let Ok(runtime) = Handle::try_current() {
            let (connector, limit) = (self.connector.clone(), self.brief);
            runtime.spawn(async move {
                let _ = timeout(limit, connector.cancel(&connection.cancel_token())).await;
                // Only now: the cancel token refers to the open connection.
                drop(connection);
            });
        }
    }
}
