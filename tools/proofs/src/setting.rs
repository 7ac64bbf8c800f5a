//! What a proof works with, and its outcome.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context as _, Result};
use clap::ValueEnum;
use throwaway_postgres::Postgres;

/// The kinds of databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Store {
    /// A file of the bundled SQLite
    Sqlite,
    /// A database of a throwaway PostgreSQL
    Postgres,
}

/// What a proof works with.
#[derive(Debug)]
pub(crate) struct Setting<'a> {
    pub(crate) program: PathBuf,
    pub(crate) store: Store,
    pub(crate) seed: u64,
    pub(crate) is_short: bool,
    /// In how many partitions the databases of a PostgreSQL are.
    pub(crate) partitions: Option<u16>,
    /// The server for all proofs that need one; each has a database of its own.
    pub(crate) postgres: Option<&'a Mutex<Postgres>>,
}

impl Setting<'_> {
    /// The PostgreSQL, locked.
    pub(crate) fn postgres(&self) -> Result<MutexGuard<'_, Postgres>> {
        let server = self.postgres.context("there is no PostgreSQL")?;
        Ok(server.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The outcome of a proof without a counter-example.
pub(crate) enum Outcome {
    /// The claim held; the observations, a line each.
    Proved(Vec<String>),
    /// The proof cannot run on this machine, for that reason.
    Skipped(String),
}
