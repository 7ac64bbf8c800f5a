//! The options of a connection to PostgreSQL.

use std::time::Duration;

use contacts_adapters_postgres::PostgresOptions;

use super::flags::{GlobalFlags, Switch, seconds};

pub(super) fn options(flags: &GlobalFlags) -> PostgresOptions {
    let defaults = PostgresOptions::default();
    let statement_timeout = seconds(flags.database_timeout);
    PostgresOptions {
        connections: flags.database_connections.get(),
        wait: Duration::from_secs(flags.database_wait),
        prepared_statements: flags.prepared_statements == Switch::On,
        statement_timeout,
        // A statement that waits for a lock ends at its own timeout anyway.
        lock_timeout: defaults.lock_timeout.min(statement_timeout),
        standby_rest: Duration::from_secs(flags.read_database_rest),
        ..defaults
    }
}
