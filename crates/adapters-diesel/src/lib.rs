//! Stores of contacts, made with diesel. SQL and column names live only here.
//!
//! [`sqlite`] is the embedded store. Each backend has its module, its `table!` file and its
//! migrations (`migrations/sqlite`), and shares little but the ports: PostgreSQL finds its place
//! beside it as `src/postgres/` and `migrations/postgres`.
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
