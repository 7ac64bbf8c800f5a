//! Stores of contacts. SQL and column names live only here.
//!
//! [`sqlite`] is the embedded store, [`postgres`] the one for many servers on one database. Each has
//! its module and its migrations (`migrations/sqlite`, `migrations/postgres`), and they share little
//! but the ports.
//!
//! ```
//! use contacts_adapters_diesel::sqlite::{SqliteOptions, SqliteStore};
//!
//! let directory = tempfile::tempdir()?;
//! let path = directory.path().join("contact-hub.db");
//! let opened = SqliteStore::open(&path, SqliteOptions::default())?;
//! assert!(opened.created);
//!
//! // Another process may open the same file; it made nothing new.
//! assert!(!SqliteStore::open(&path, SqliteOptions::default())?.created);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod condition;
pub mod postgres;
pub mod sqlite;
