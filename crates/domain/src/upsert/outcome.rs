//! What became of an item.

use std::sync::Arc;

use super::options::Key;
use crate::contact::Snapshot;
use crate::ids::ContactId;
use crate::violation::Violations;

/// The exact answer to one item.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// What became of it.
    pub verdict: Verdict,
    /// The key that found the contact.
    pub matched_by: Option<Key>,
    /// The first item of the batch that named the same contact, if it is not this one.
    pub same_as: Option<usize>,
    /// The contacts that a shared key matched, at most [`Outcome::MAX_CANDIDATES`].
    pub candidates: Vec<ContactId>,
    /// What is wrong, in the order of the rule table.
    pub violations: Violations,
    /// The contact right after this item, where there is one.
    pub contact: Option<Arc<Snapshot>>,
}

impl Outcome {
    /// How many candidates an ambiguous item lists at most.
    pub const MAX_CANDIDATES: usize = 10;

    pub(crate) fn rejected(violations: impl Into<Violations>) -> Self {
        Self {
            verdict: Verdict::Rejected,
            matched_by: None,
            same_as: None,
            candidates: Vec::new(),
            violations: violations.into(),
            contact: None,
        }
    }
}

/// What became of an item, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// A new contact.
    Created,
    /// An existing contact changed; its version went up by one.
    Updated,
    /// The contact already looked like that; nothing is written.
    Unchanged,
    /// The item asked for deletion and the contact is gone.
    Deleted,
    /// Violations of severity error; nothing is written for this item.
    Rejected,
    /// A shared key matched several contacts.
    Ambiguous,
    /// The item named a version that is no longer current.
    Stale,
}

impl Verdict {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
            Self::Deleted => "deleted",
            Self::Rejected => "rejected",
            Self::Ambiguous => "ambiguous",
            Self::Stale => "stale",
        }
    }

    /// Whether the item was refused.
    pub fn is_refusal(self) -> bool {
        matches!(self, Self::Rejected | Self::Ambiguous | Self::Stale)
    }
}
