//! The options of a connection to PostgreSQL.

use std::num::NonZeroUsize;
use std::time::Duration;

use contacts_adapters_postgres::PostgresOptions;

use super::file::SettingsFile;
use super::flags::{GlobalFlags, Switch};

pub(super) fn options(flags: &GlobalFlags, file: &SettingsFile) -> PostgresOptions {
    let defaults = PostgresOptions::default();
    let connections = flags.database_connections.or(file.database_connections);
    let wait = flags.database_wait.or(file.database_wait);
    let timeout = flags.database_timeout.or(file.database_timeout);
    let statement_timeout =
        timeout.map_or(defaults.statement_timeout, |seconds| Duration::from_secs(seconds.get()));
    let rest = flags.read_database_rest.or(file.read_database_rest);
    let prepared = flags.prepared_statements.or(file.prepared_statements);
    PostgresOptions {
        connections: connections.map_or(defaults.connections, NonZeroUsize::get),
        wait: wait.map_or(defaults.wait, Duration::from_secs),
        prepared_statements: prepared
            .map_or(defaults.prepared_statements, |switch| switch == Switch::On),
        statement_timeout,
        // A statement that waits for a lock ends at its own timeout anyway.
        lock_timeout: defaults.lock_timeout.min(statement_timeout),
        standby_rest: rest.map_or(defaults.standby_rest, Duration::from_secs),
        ..defaults
    }
}
