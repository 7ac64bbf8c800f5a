//! The contact: its document, its rules, and the proof that they ran.

mod check;
pub mod document;
mod intercom_entry;
pub mod kinds;
mod projection;
mod record;
mod row_builder;
pub mod rules;
mod tags;

use std::sync::Arc;

pub use check::{ParseCache, Violations};
pub(crate) use check::{check_stored, weigh};
pub use intercom_entry::IntercomEntry;
pub use record::{ContactType, DOCUMENT_VERSION, Projection, Record, UnreadableDocument};

pub(crate) use record::read_document;
pub(crate) use row_builder::{RowBuilder, too_large};

use self::document::ContactDocument;
use crate::ids::ContactId;

/// A contact at one point in time: its row and its document.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// The row.
    pub record: Record,
    /// The document in it, read.
    pub document: ContactDocument,
}

/// The proof that the rules ran: the only thing that a store writes.
///
/// It has no public constructor. [`Batch`](crate::upsert::Batch) and
/// [`Merge`](crate::merging::Merge) make one when a whole contact has been checked and no error
/// was found. An [audit](crate::auditing) makes one of a contact that is stored, whose document
/// stays as it is.
#[derive(Debug, Clone)]
pub struct Contact {
    snapshot: Arc<Snapshot>,
}

impl Contact {
    pub(crate) fn proven(snapshot: Arc<Snapshot>) -> Self {
        Self { snapshot }
    }

    /// The row to write.
    pub fn record(&self) -> &Record {
        &self.snapshot.record
    }

    /// The contacts that it refers to in its relations, each once.
    pub fn relations(&self) -> Vec<ContactId> {
        self.snapshot.document.relations()
    }
}
