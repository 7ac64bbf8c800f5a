//! What can go wrong with a store.

use std::error::Error;

/// A store could not do what it was asked for. Never a verdict on an item.
///
/// The cause travels in [`source`](Error::source) and is logged once, at the edge; it never
/// reaches a caller.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database is away, full or read-only. Asking again later is safe.
    #[error("the store is unavailable")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// Others were in the way for too long. Asking again is safe.
    #[error("the store is busy")]
    Contention(#[source] Box<dyn Error + Send + Sync>),
    /// What is stored is not what was written.
    #[error("the store is corrupt")]
    Corrupt(#[source] Box<dyn Error + Send + Sync>),
    /// A fault of ours.
    #[error("the store failed")]
    Internal(#[source] Box<dyn Error + Send + Sync>),
}
