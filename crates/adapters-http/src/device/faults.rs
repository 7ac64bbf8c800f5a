//! The faults of a request, each with the part of the request that it is about.

use std::fmt::Display;

use crate::problem::Problem;

/// The most faults that are named. Of the others, the answer has only the number.
const MAX_NAMED: usize = 100;

/// The member for the number of faults that are not named.
const AND_MORE: &str = "...";

/// The id of a contact in the contract.
pub(super) const UID: &str = "uid";

/// What is wrong with an id of no contact, or of one without an entry in the directory.
pub(super) const UNKNOWN_UID: &str = "no contact of the directory has this id";

/// The faults of a request, in the order in which its parts were sent.
#[derive(Debug, Default)]
pub(super) struct Faults {
    named: Vec<(String, String)>,
    more: usize,
}

impl Faults {
    /// The problem of a request with one fault.
    pub(super) fn one(place: impl Display, reason: impl Display) -> Problem {
        Problem::not_valid(vec![(place.to_string(), reason.to_string())])
    }

    /// The problem of an id that names no item.
    pub(super) fn unknown_uid() -> Problem {
        Self::one(UID, UNKNOWN_UID)
    }

    /// Adds a fault.
    pub(super) fn note(&mut self, place: impl Display, reason: impl Display) {
        if self.named.len() < MAX_NAMED {
            self.named.push((place.to_string(), reason.to_string()));
        } else {
            self.more += 1;
        }
    }

    /// Fails with all faults, if there are any.
    pub(super) fn require_none(self) -> Result<(), Problem> {
        let Self { mut named, more } = self;
        if named.is_empty() {
            return Ok(());
        }
        if more > 0 {
            named.push((AND_MORE.to_owned(), format!("{more} more")));
        }
        Err(Problem::not_valid(named))
    }
}
