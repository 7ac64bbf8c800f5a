//! Errors of a store.

use std::error::Error;
use std::sync::Arc;

/// What kind of failure a [`StoreError`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StoreErrorKind {
    /// The database cannot be reached or is read-only. Retrying later is safe.
    #[error("the store is unavailable")]
    Unavailable,
    /// The disk of the database is full. Retrying later is safe.
    #[error("the store is full")]
    Full,
    /// Other requests held a lock or a queue for too long. Retrying is safe.
    #[error("the store is busy")]
    Contention,
    /// The request names contacts whose documents are too large together. Fewer items succeed.
    #[error("the contacts that the request names are too large together; send fewer items")]
    TooLarge,
    /// The request reads more contacts than it has time for. A narrower one succeeds.
    #[error("the request reads too many contacts to be answered in time")]
    OutOfTime,
    /// The stored data is not what was written.
    #[error("the store is corrupt")]
    Corrupt,
    /// A bug in the program.
    #[error("the store failed")]
    Internal,
}

/// A store could not do its work. It is never the verdict on an item.
///
/// Its text names the kind alone. [`source`](Error::source) is the cause: log it, and keep it out
/// of every answer.
///
/// ```
/// use contacts_application::ports::{StoreError, StoreErrorKind};
///
/// let error = StoreError::contention("the queue is full");
/// assert_eq!(error.kind(), StoreErrorKind::Contention);
/// assert_eq!(error.to_string(), "the store is busy");
/// ```
#[derive(Debug, Clone, thiserror::Error)]
#[error("{kind}")]
pub struct StoreError {
    kind: StoreErrorKind,
    source: Arc<dyn Error + Send + Sync>,
}

impl StoreError {
    /// A failure of that kind.
    pub fn new(kind: StoreErrorKind, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { kind, source: cause.into().into() }
    }

    /// A failure of the kind [`Unavailable`](StoreErrorKind::Unavailable).
    pub fn unavailable(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(StoreErrorKind::Unavailable, cause)
    }

    /// A failure of the kind [`Contention`](StoreErrorKind::Contention).
    pub fn contention(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(StoreErrorKind::Contention, cause)
    }

    /// A failure of the kind [`TooLarge`](StoreErrorKind::TooLarge): the documents have more bytes
    /// than [`documents_at_most`](contacts_domain::decision::LookupKeys::documents_at_most).
    pub fn too_large(documents_at_most: usize) -> Self {
        let cause = format!("the documents have more than {documents_at_most} bytes");
        Self::new(StoreErrorKind::TooLarge, cause)
    }

    /// A failure of the kind [`Corrupt`](StoreErrorKind::Corrupt).
    pub fn corrupt(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(StoreErrorKind::Corrupt, cause)
    }

    /// A failure of the kind [`Internal`](StoreErrorKind::Internal).
    pub fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(StoreErrorKind::Internal, cause)
    }

    /// Its kind.
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }
}
