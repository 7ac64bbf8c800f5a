//! The outcome of an item.

use std::sync::Arc;

use super::options::Key;
use crate::contact::Snapshot;
use crate::ids::ContactId;
use crate::violation::Violations;

/// The exact answer to one item.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The outcome in one word.
    pub verdict: Verdict,
    /// The key that found the contact.
    pub matched_by: Option<Key>,
    /// The first item of the batch that named the same contact, unless it is this one.
    pub same_as: Option<usize>,
    /// The contacts that a shared key matched, at most [`Outcome::MAX_CANDIDATES`].
    pub candidates: Vec<ContactId>,
    /// The violations, in the order of the rules.
    pub violations: Violations,
    /// The contact right after this item, if there is one.
    pub contact: Option<Arc<Snapshot>>,
}

impl Outcome {
    /// The most candidates that an ambiguous item lists.
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

/// The outcome of an item in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// A contact was created.
    Created,
    /// A contact was changed; its version went up by one.
    Updated,
    /// The contact already equalled the item; nothing is written.
    Unchanged,
    /// A contact was deleted.
    Deleted,
    /// A violation refused the item; nothing is written for it.
    Rejected,
    /// A shared key matched several contacts.
    Ambiguous,
    /// The item named an outdated version.
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
