//! The embedded store: one SQLite file.
//!
//! ```
//! use contacts_adapters_diesel::{SqliteOptions, SqliteStore};
//!
//! let directory = tempfile::tempdir()?;
//! let path = directory.path().join("contact-hub.db");
//! let opened = SqliteStore::open(&path, SqliteOptions::default())?;
//! assert!(opened.created);
//!
//! // Another process may open the same file; the database is no longer new.
//! assert!(!SqliteStore::open(&path, SqliteOptions::default())?.created);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! One writer owns its connection and commits the requests that wait together. Readers have
//! connections of their own and see the last commit (write-ahead log). Any number of processes may
//! work on one file: each sees what the others committed from its next statement on.
//!
//! Imports go one way: `store`, `backup`, `rows` → `startup`, `statements` → `connect`.

mod backup;
#[cfg(test)]
mod catalogue;
mod connect;
mod rows;
mod schema;
mod startup;
mod statements;
mod store;
#[cfg(test)]
mod testing;

pub use backup::{Backup, BackupError, back_up};
pub use connect::{Durability, SqliteOptions};
pub use rows::SqliteRows;
pub use store::{Opened, SqliteStore};
