//! What is read of the ledger: runs, changes, histories, and the change feed.

use contacts_domain::contact::Record;
use contacts_domain::ledger::{ChangeKind, Run};
use contacts_domain::tree::Difference;
use contacts_domain::{ContactId, RunId, Version};

/// A run with its changes of one contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedChange {
    /// The contact.
    pub contact: ContactId,
    /// The version that the change left.
    pub version: Version,
    /// The run.
    pub run: RunId,
    /// The run that changed the contact before; `None` if the ledger knows none.
    pub previous: Option<RunId>,
    /// What the run did.
    pub kind: ChangeKind,
    /// What turns the document back into the one before, as JSON; `None` if the document stayed as it
    /// was, is new, or was purged.
    pub reverse: Option<String>,
}

/// A contact with its last changes.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    /// The contact as it is, living or deleted.
    pub record: Record,
    /// Its changes with their runs, the last one first, without a gap.
    pub changes: Vec<(Run, RecordedChange)>,
    /// Whether there are earlier ones in the ledger.
    pub has_more: bool,
}

/// A change of a contact with the fields that changed.
#[derive(Debug, Clone, PartialEq)]
pub struct PastChange {
    /// The run.
    pub run: Run,
    /// The change.
    pub change: RecordedChange,
    /// The fields, with what they were and are since then.
    pub differences: Vec<Difference>,
}

/// Where a reader of the change feed stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeedPosition {
    /// The mark of the database.
    pub hub: i64,
    /// The last change that the reader has; `None` if there was none yet.
    pub last: Option<LastChange>,
    /// The contact after which the reader goes on with a list of all contacts. Changes after `last`
    /// follow it; what they changed is not listed.
    pub listed_to: Option<i64>,
}

impl FeedPosition {
    /// The place of the last change in the ledger: run and contact. Places are in order.
    pub fn place(&self) -> (i64, i64) {
        self.last.map_or((0, 0), |last| (last.position, last.contact))
    }
}

/// A change of the ledger by its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastChange {
    /// The position of its run.
    pub position: i64,
    /// The mark of its run.
    pub mark: i64,
    /// The contact. Within a run, changes have the order of their contacts.
    pub contact: i64,
}

/// A page of the change feed.
#[derive(Debug, Clone, PartialEq)]
pub struct FeedPage {
    /// The contacts that changed, each once, as they are now.
    pub changes: Vec<FeedChange>,
    /// Where the next page begins.
    pub next: FeedPosition,
    /// Whether more changes wait.
    pub has_more: bool,
}

/// A contact that changed.
#[derive(Debug, Clone, PartialEq)]
pub struct FeedChange {
    /// What happened to it last.
    pub kind: ChangeKind,
    /// The id.
    pub contact: ContactId,
    /// Its version after the change.
    pub version: Version,
    /// The contact as it is; `None` if it was purged.
    pub record: Option<Record>,
}

/// How much a page holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageSize {
    /// The most contacts or changes.
    pub items: u32,
    /// The most bytes of documents and differences, unless a single one has more.
    pub bytes: usize,
}
