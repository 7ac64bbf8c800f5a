//! How a store is run.

use std::time::Duration;

/// How a store is run. The defaults suit a service that has the machine mostly to itself.
///
/// ```
/// use contacts_adapters_diesel::{Durability, SqliteOptions};
/// let options = SqliteOptions { durability: Durability::Process, ..SqliteOptions::default() };
/// assert_eq!(options.waiting_requests, 1_024);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqliteOptions {
    /// What an acknowledged write survives.
    pub durability: Durability,
    /// How long to wait for another process that is writing.
    pub busy_timeout: Duration,
    /// How many requests may wait to write. One more is told at once that the store is busy.
    pub waiting_requests: usize,
    /// How many reads may run at a time.
    pub readers: usize,
    /// The page cache of the writer, in KiB.
    pub cache_kib: u32,
    /// How large the database file may grow, in bytes. A write that needs more is told that the
    /// store is unavailable, until something is deleted. `None`: as large as the disk.
    pub max_bytes: Option<u64>,
    /// Whether an old schema is brought up to date, and a missing database made, when the store is
    /// opened; else they are refused.
    pub migrate: bool,
}

/// What an acknowledged write survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// Loss of power: every transaction waits for the disk (`synchronous=FULL`).
    #[default]
    Power,
    /// The end of the process, not loss of power (`synchronous=NORMAL`).
    Process,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            durability: Durability::default(),
            busy_timeout: Duration::from_secs(5),
            waiting_requests: 1_024,
            readers: 4,
            cache_kib: 32 * 1_024,
            max_bytes: None,
            migrate: true,
        }
    }
}
