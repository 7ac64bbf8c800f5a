//! How a store is run.

use std::time::Duration;

/// How a store is run. The defaults suit one of several servers on a database of their own.
///
/// ```
/// use contacts_adapters_postgres::PostgresOptions;
/// let options = PostgresOptions { connections: 4, ..PostgresOptions::default() };
/// assert!(options.migrate && options.prepared_statements);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresOptions {
    /// How many connections the store may have, at least one. All servers together need fewer than
    /// the `max_connections` of the database.
    pub connections: usize,
    /// How long a request may wait for a connection. One that waits longer is told that the store
    /// is unavailable.
    pub wait: Duration,
    /// Whether statements are prepared once per connection. A pooler that hands a connection from
    /// one transaction to the next, and does not know prepared statements, needs `false`.
    pub prepared_statements: bool,
    /// Whether an old schema is brought up to date when the store is opened; else it is refused.
    pub migrate: bool,
    /// How long a statement may wait for rows and keys that others hold. The store waits as long for
    /// an answer to what takes no time, and to what is read outside of a transaction.
    pub lock_timeout: Duration,
    /// How long a statement may run inside a transaction. A database that gives no answer then is
    /// waited for as long again as for a lock, and its connection is given up.
    pub statement_timeout: Duration,
    /// How long a transaction may pause between two statements before the database ends it: so a
    /// server that stands still does not keep the others waiting.
    pub pause_timeout: Duration,
    /// How long a standby that failed is left alone. Then one request tries it again.
    pub standby_rest: Duration,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            connections: 16,
            wait: Duration::from_secs(5),
            prepared_statements: true,
            migrate: true,
            lock_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(30),
            pause_timeout: Duration::from_secs(30),
            standby_rest: Duration::from_secs(10),
        }
    }
}
