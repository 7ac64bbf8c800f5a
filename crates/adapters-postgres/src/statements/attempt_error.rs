//! Why an attempt at a transaction failed, and whether another attempt may succeed.

use contacts_domain::decision::AliasKey;

use crate::connect::{Failure, Retry};

/// Why an attempt failed. Nothing of it is stored, except as noted.
#[derive(Debug)]
pub(crate) enum AttemptError {
    /// Another attempt would fail too, or this one may be stored.
    Final(Failure),
    /// The connection broke before the commit.
    Disconnected(Failure),
    /// Another transaction changed the contacts meanwhile, or there was a deadlock.
    Overtaken(Failure),
    /// Other transactions took keys first.
    Raced {
        failure: Failure,
        /// Keys that include the taken ones.
        keys: Vec<AliasKey>,
        /// Whether all of them are taken.
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
