//! The port of those who operate a store.

use async_trait::async_trait;

use super::StoreError;

/// Whether a store can write, and what can be counted of it.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait StoreState: Send + Sync {
    /// Goes the way of a write, to the disk, and changes nothing; and checks that the schema is still
    /// the one that the store was opened with.
    ///
    /// # Errors
    ///
    /// The [`StoreError`] that a write would end with: the database is away, read-only, full, …; or
    /// `Unavailable`, if another release has changed the schema.
    async fn check_writable(&self) -> Result<(), StoreError>;

    /// What can be counted now, without asking the database.
    fn measurements(&self) -> Vec<Measurement>;
}

/// A number of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measurement {
    /// Its name in `snake_case`, without the unit `total`.
    pub name: &'static str,
    /// What is counted, in a sentence without a full stop.
    pub about: &'static str,
    /// The number.
    pub value: Reading,
}

/// What kind of number it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// The number since the store was opened, which only grows.
    Total(u64),
    /// The present number.
    Level(u64),
}
