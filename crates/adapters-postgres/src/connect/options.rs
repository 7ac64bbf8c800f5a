//! Options of a store.

use std::time::Duration;

/// The connections for organizations and tokens. A token is looked up while all others are in use.
const ACCESS_CONNECTIONS: usize = 2;

/// Options of a store. The defaults suit one of several servers that share a database.
///
/// ```
/// use contacts_adapters_postgres::PostgresOptions;
/// let options = PostgresOptions { connections: 4, ..PostgresOptions::default() };
/// assert!(options.migrate && options.prepared_statements);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresOptions {
    /// The most connections of the store, at least one. From three on, two are for organizations and
    /// tokens alone. All servers together need fewer than the
    /// `max_connections` of the database.
    pub connections: usize,
    /// How long a request may wait for a connection. After that, the store is unavailable.
    pub wait: Duration,
    /// Whether statements are prepared once per connection. A pooler in transaction mode that does
    /// not support prepared statements (`PgBouncer` before 1.21) needs `false`.
    pub prepared_statements: bool,
    /// Whether opening the store runs missing migrations; if not, an old schema is refused.
    pub migrate: bool,
    /// Over how many partitions the tables of a new database are spread, by hash of the organization.
    /// A database that has tables without just as many partitions is refused.
    pub partitions: Option<u16>,
    /// How long a statement may wait for a lock. It is also the limit for answers to short
    /// statements and to reads outside of a transaction.
    pub lock_timeout: Duration,
    /// How long a statement may run inside a transaction. If the database then gives no answer for
    /// another `lock_timeout`, the connection is closed.
    pub statement_timeout: Duration,
    /// How long a list may run. Its two statements, the count and the page, have half of it each.
    pub list_timeout: Duration,
    /// How long a transaction may pause between two statements before the database ends it, so that
    /// a server that hangs does not block the others.
    pub pause_timeout: Duration,
    /// How long a standby that failed is not used. Then one request tries it again.
    pub standby_rest: Duration,
}

impl PostgresOptions {
    /// Half of the connections, at least one.
    pub(crate) fn half(&self) -> usize {
        (self.connections / 2).max(1)
    }

    /// The same with other numbers of connections: for contacts, and for organizations and tokens.
    /// `None` if those are too few to be divided.
    pub(crate) fn divided(&self) -> Option<(Self, Self)> {
        let contacts = self.connections.checked_sub(ACCESS_CONNECTIONS).filter(|rest| *rest > 0)?;
        let with = |connections| Self { connections, ..self.clone() };
        Some((with(contacts), with(ACCESS_CONNECTIONS)))
    }

    /// The statements that set the limits of a list.
    pub(crate) fn set_list_limits(&self) -> String {
        let timeout = self.list_timeout / 2;
        let limits =
            Self { statement_timeout: self.statement_timeout.min(timeout), ..self.clone() }
                .set_limits();
        // Compiling a statement takes longer than a page.
        format!("{limits};\nSET LOCAL jit = off")
    }

    /// The statements that set the limits of a transaction.
    pub(crate) fn set_limits(&self) -> String {
        format!(
            "SET LOCAL lock_timeout = {};
            SET LOCAL statement_timeout = {};
            SET LOCAL idle_in_transaction_session_timeout = {}",
            self.lock_timeout.as_millis(),
            self.statement_timeout.as_millis(),
            self.pause_timeout.as_millis(),
        )
    }
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            connections: 16,
            wait: Duration::from_secs(5),
            prepared_statements: true,
            migrate: true,
            partitions: None,
            lock_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(30),
            list_timeout: Duration::from_secs(5),
            pause_timeout: Duration::from_secs(30),
            standby_rest: Duration::from_secs(10),
        }
    }
}
