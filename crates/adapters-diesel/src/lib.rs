//! Stores of contacts. SQL and column names live only here.
//!
//! [`sqlite`] is the embedded store, made with diesel; [`postgres`] is the one for production, made
//! with tokio-postgres. Each has its module and its migrations, and shares little but the ports with
//! the other.
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
