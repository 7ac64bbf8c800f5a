//! Why an attempt at a transaction came to nothing, and whether another one may end well.

use contacts_domain::decision::AliasKey;

use super::failure::{Failure, Retry};

/// Why an attempt came to nothing. Nothing of it is stored, unless it is said.
#[derive(Debug)]
pub(super) enum AttemptError {
    /// Another attempt would end no better; or this one may have been stored.
    Final(Failure),
    /// The connection broke before anything was committed.
    Disconnected(Failure),
    /// Others changed what had been found, or were in the way.
    Overtaken(Failure),
    /// Others were the first to take keys.
    Raced {
        failure: Failure,
        /// Keys among which those are that were taken.
        keys: Vec<AliasKey>,
        /// Whether each of them was.
        certain: bool,
    },
}

impl From<Failure> for AttemptError {
    fn from(failure: Failure) -> Self {
        match failure.retry() {
            Some(Retry::Conflict) => Self::Overtaken(failure),
            _ if failure.connection_lost() || failure.statements_lost() => {
                Self::Disconnected(failure)
            }
            Some(Retry::KeyTaken(_)) | None => Self::Final(failure),
        }
    }
}
