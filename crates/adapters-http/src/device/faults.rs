//! What is wrong with a request, part by part.

use std::fmt::Display;

use crate::problem::Problem;

/// So many faults are named; of more, only their number.
const MAX_NAMED: usize = 100;

/// The member that says how many faults are not named.
const AND_MORE: &str = "...";

/// What is wrong with a request, in the order in which it was sent.
#[derive(Debug, Default)]
pub(super) struct Faults {
    named: Vec<(String, String)>,
    more: usize,
}

impl Faults {
    /// A request of which one thing is wrong.
    pub(super) fn one(place: impl Display, reason: impl Display) -> Problem {
        Problem::not_valid(vec![(place.to_string(), reason.to_string())])
    }

    /// Notes what is wrong with one part of the request.
    pub(super) fn note(&mut self, place: impl Display, reason: impl Display) {
        if self.named.len() < MAX_NAMED {
            self.named.push((place.to_string(), reason.to_string()));
        } else {
            self.more += 1;
        }
    }

    /// Goes on if nothing was found.
    ///
    /// # Errors
    ///
    /// When there are faults, all of them.
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
