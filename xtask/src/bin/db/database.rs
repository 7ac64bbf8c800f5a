//! An empty database for migrations.

use std::collections::BTreeSet;

use anyhow::Result;

/// An empty database for migrations.
pub(crate) trait Database {
    /// Runs the statements of a migration.
    fn run(&mut self, sql: &str) -> Result<()>;

    /// Everything in the database but rows, a line each.
    fn catalogue(&mut self) -> Result<BTreeSet<String>>;
}
