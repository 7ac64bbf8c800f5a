//! What became of a contact.

use crate::ids::{ContactId, Version};
use crate::tree::Difference;
use crate::violation::Violation;

/// What became of a contact.
#[derive(Debug, Clone, PartialEq)]
pub struct UndoOutcome {
    /// The contact.
    pub contact: ContactId,
    /// The outcome in one word.
    pub verdict: UndoVerdict,
    /// The version of the contact from now on; `None` if it was purged.
    pub version: Option<Version>,
    /// What goes back.
    pub changes: Vec<Difference>,
    /// The fields that stay, because somebody changed them since, with what they were before the run and
    /// what they are.
    pub kept: Vec<Difference>,
    /// Why the whole contact stays as it is, if not because somebody changed it.
    pub violation: Option<Violation>,
}

impl UndoOutcome {
    /// About how many bytes the answer shows of what goes back and what stays.
    pub fn bytes(&self) -> usize {
        self.changes.iter().chain(&self.kept).map(Difference::bytes).sum()
    }

    /// The whole contact stays as it is.
    pub(super) fn stay(&mut self, violation: Violation) {
        self.verdict = UndoVerdict::Kept;
        self.changes.clear();
        self.violation = Some(violation);
    }
}

/// The outcome of one contact in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UndoVerdict {
    /// What the run changed is as it was before, but for the fields that stay.
    Reverted,
    /// The run created it, nobody touched it since, and it is deleted.
    Deleted,
    /// It stays as it is.
    Kept,
    /// It was deleted since.
    Gone,
    /// It is as it was before the run already.
    Unchanged,
}

impl UndoVerdict {
    /// Every outcome.
    pub const ALL: [Self; 5] =
        [Self::Reverted, Self::Deleted, Self::Kept, Self::Gone, Self::Unchanged];

    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reverted => "reverted",
            Self::Deleted => "deleted",
            Self::Kept => "kept",
            Self::Gone => "gone",
            Self::Unchanged => "unchanged",
        }
    }
}
