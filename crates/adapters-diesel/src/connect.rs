//! The database file and connections to it.

mod database;
mod deadline;
mod failure;
mod options;
mod readers;

pub(crate) use self::database::{Database, Files};
pub(crate) use self::deadline::{in_time, limit_time};
pub(crate) use self::failure::Failure;
pub use self::options::{Durability, SqliteOptions};
pub(crate) use self::readers::Readers;
