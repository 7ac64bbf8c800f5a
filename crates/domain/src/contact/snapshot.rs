//! A contact at one point in time.

use super::document::ContactDocument;
use super::record::{Record, UnreadableDocument};
use crate::timestamp::Timestamp;

/// A contact at one point in time: its row, and the document in it.
///
/// One is read from a [`Record`], or built from a checked [`Contact`](super::Contact).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Snapshot {
    /// The row.
    pub record: Record,
    /// The document in it, read.
    pub document: ContactDocument,
}

impl Snapshot {
    /// Reads the document of a stored contact. On failure, the record comes back with the error.
    pub(crate) fn read(record: Record) -> Result<Self, Box<(Record, UnreadableDocument)>> {
        match record.read() {
            Ok(document) => Ok(Self { record, document }),
            Err(error) => Err(Box::new((record, error))),
        }
    }

    /// The same contact, deleted.
    pub(crate) fn deleted(&self, now: Timestamp) -> Self {
        let updated_at = now.max(self.record.updated_at);
        let record = Record {
            version: self.record.version.next(),
            updated_at,
            deleted_at: Some(updated_at),
            ..self.record.clone()
        };
        Self { record, document: self.document.clone() }
    }
}
