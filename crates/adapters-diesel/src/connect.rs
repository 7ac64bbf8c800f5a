//! The database file and connections to it.

mod database;
mod deadline;
mod failure;
mod options;
mod readers;

#[cfg(test)]
pub(crate) use self::database::MAX_LOG_PAGES;
pub(crate) use self::database::{CHECKPOINT_PAGES, Database, Files};
#[cfg(test)]
pub(crate) use self::deadline::register_in_time;
pub(crate) use self::deadline::{in_time, limit_time};
pub(crate) use self::failure::Failure;
pub use self::options::{Durability, SqliteOptions};
pub(crate) use self::readers::Readers;
