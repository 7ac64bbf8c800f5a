//! The options of a store.

use std::time::Duration;

/// The options of a store. The defaults suit a service that has the machine mostly to itself.
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
    /// How long a request waits to be written: for those before it, and for locks that other
    /// processes hold. A read waits that long for such a lock.
    pub busy_timeout: Duration,
    /// How many requests may wait to write, half of them for one organization. Further ones fail at
    /// once: the store is busy.
    pub waiting_requests: usize,
    /// How many reads may run at once.
    pub readers: usize,
    /// The page cache of the writer, in KiB.
    pub cache_kib: u32,
    /// The maximum size of the database file, in bytes. A write that needs more fails, as on a full
    /// disk, until something is deleted. `None`: no limit.
    pub max_bytes: Option<u64>,
    /// Whether opening the store migrates an old schema and creates a missing database. Otherwise
    /// it refuses both.
    pub migrate: bool,
}

/// What an acknowledged write survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// A power failure: every commit waits for the disk (`synchronous=FULL`).
    #[default]
    Power,
    /// A crash of the process, but not a power failure (`synchronous=NORMAL`).
    Process,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            durability: Durability::default(),
            busy_timeout: Duration::from_secs(5),
            waiting_requests: 1_024,
            readers: 4,
            cache_kib: 8 * 1_024,
            max_bytes: None,
            migrate: true,
        }
    }
}
