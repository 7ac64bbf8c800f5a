//! The database file and connections to it.

mod database;
mod failure;
mod options;
mod readers;

pub(crate) use self::database::{Database, FileId};
pub(crate) use self::failure::Failure;
pub use self::options::{Durability, SqliteOptions};
pub(crate) use self::readers::Readers;
