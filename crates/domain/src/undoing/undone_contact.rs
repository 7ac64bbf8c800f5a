//! What the ledger knows of a contact that a run changed.

use crate::contact::Record;
use crate::ids::ContactId;
use crate::ledger::ChangeKind;

/// A contact that the run changed, and what happened to it since.
#[derive(Debug, Clone, PartialEq)]
pub struct UndoneContact {
    /// The contact.
    pub id: ContactId,
    /// As it is, living or deleted; `None` if it was purged.
    pub record: Option<Record>,
    /// What runs did to it, the last one first; what the run to take back did comes last.
    pub changes: Vec<UndoneChange>,
}

/// What a run did to a contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndoneChange {
    /// What it did.
    pub kind: ChangeKind,
    /// What turns the document back into the one before; `None` if the document stayed as it was, or is
    /// new.
    pub reverse: Option<String>,
}
