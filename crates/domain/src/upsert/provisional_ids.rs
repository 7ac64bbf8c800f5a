//! Ids that a dry run takes in place of those of a store.

use std::ops::Range;

use crate::ids::{ContactId, IdBlock};
use crate::timestamp::Timestamp;

/// From here on, no store hands out ids.
const FIRST: i64 = 1 << 52;

/// The ids that a dry run takes; none in a run. No answer shows them.
#[derive(Debug, Clone)]
pub(super) struct ProvisionalIds(pub(super) Range<i64>);

impl ProvisionalIds {
    /// None.
    pub(super) const NONE: Self = Self(0..0);

    /// So many ids. They depend on the time, so that no caller can name one.
    pub(super) fn new(count: i64, now: Timestamp) -> Self {
        let first = FIRST + now.micros().rem_euclid(FIRST >> 1);
        Self(first..first + count)
    }

    pub(super) fn block(&self) -> IdBlock {
        IdBlock::new(self.0.start, self.0.end - self.0.start)
    }

    /// Whether the contact is new in a dry run.
    pub(super) fn include(&self, contact: ContactId) -> bool {
        self.0.contains(&contact.get())
    }

    /// The id, unless no store has handed it out.
    pub(super) fn known(&self, contact: ContactId) -> Option<ContactId> {
        Some(contact).filter(|id| !self.include(*id))
    }

    /// What messages call a contact.
    pub(super) fn name(&self, contact: ContactId) -> String {
        match self.include(contact) {
            true => "a new contact".to_owned(),
            false => format!("contact {contact}"),
        }
    }
}
