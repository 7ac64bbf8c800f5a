//! A contact at one point in time.

use std::sync::Arc;

use super::IntercomEntry;
use super::document::ContactDocument;
use super::record::{Projection, Record, UnreadableDocument};
use crate::context::{Context, Settings};
use crate::ids::ContactId;
use crate::json::{Json, JsonText};
use crate::timestamp::Timestamp;
use crate::tree::{self, Difference, NotReversible};
use crate::value::ParseCache;

/// A contact at one point in time: its record, and the document in it.
///
/// One is read from a [`Record`], or built from a checked [`Contact`](super::Contact).
#[derive(Debug, Clone)]
pub(crate) struct Snapshot {
    /// The record.
    pub(crate) record: Arc<Record>,
    /// The document in it, read.
    pub(crate) document: ContactDocument,
}

/// What a store holds of a contact. It has no tree, which takes several times the memory of the
/// text.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) record: Arc<Record>,
    pub(crate) relations: Vec<ContactId>,
    pub(crate) entry: Option<IntercomEntry>,
}

impl Snapshot {
    /// Reads the document of a record.
    pub(crate) fn read(record: Arc<Record>) -> Result<Self, UnreadableDocument> {
        let document = record.read()?;
        Ok(Self { record, document })
    }

    /// The same contact with another document, of which nothing else follows yet.
    pub(crate) fn with(&self, document: ContactDocument) -> Self {
        let text = JsonText::of(&document).as_str().to_owned();
        Self { record: Arc::new(Record { document: text, ..(*self.record).clone() }), document }
    }

    /// The same contact, deleted. Its keys follow the present settings of the organization.
    pub(crate) fn deleted(&self, context: &Context) -> Self {
        let updated_at = context.now.max(self.record.updated_at);
        self.moved_on(context, updated_at, Some(updated_at))
    }

    /// The same contact, living again. Its keys follow the present settings of the organization.
    pub(crate) fn restored(&self, context: &Context) -> Self {
        self.moved_on(context, context.now.max(self.record.updated_at), None)
    }

    fn moved_on(
        &self,
        context: &Context,
        updated_at: Timestamp,
        deleted_at: Option<Timestamp>,
    ) -> Self {
        let Settings { region, match_by, .. } = context.settings;
        let contact_type = self.record.projection.contact_type;
        let cache = &mut ParseCache::new(region);
        let record = Record {
            projection: Projection::of(&self.document, contact_type, match_by, cache),
            version: self.record.version.next(),
            updated_at,
            deleted_at,
            digest: None,
            ..(*self.record).clone()
        };
        Self { record: Arc::new(record), document: self.document.clone() }
    }

    /// The entry of a living contact, or `None` without an `intercom` block.
    pub(crate) fn intercom_entry(&self) -> Option<IntercomEntry> {
        match self.record.deleted_at {
            None => IntercomEntry::of(&self.document),
            Some(_) => None,
        }
    }

    /// What a store holds of it.
    pub(crate) fn row(&self) -> Row {
        Row {
            record: Arc::clone(&self.record),
            relations: self.document.relations(),
            entry: self.intercom_entry(),
        }
    }
}

impl ContactDocument {
    /// What differs in a later version of this document, in document order.
    pub fn differences(&self, later: &Self) -> Vec<Difference> {
        tree::differences(self, later)
    }

    /// What turns a later version back into this document: a JSON object that names each place where
    /// they differ as JSON Pointer (RFC 6901), with what stood there before, or null.
    ///
    /// ```
    /// use contacts_domain::contact::document::ContactDocument;
    ///
    /// let read = |json| serde_json::from_str::<ContactDocument>(json);
    /// let before = read(r#"{"lastName": "Abt", "client": {"paymentTerms": "30 days"}}"#)?;
    /// let after = read(r#"{"lastName": "Rochat", "client": {}, "fax": "12"}"#)?;
    ///
    /// let reverse = before.reverse(&after);
    /// assert_eq!(reverse, r#"{"/lastName":"Abt","/fax":null,"/client/paymentTerms":"30 days"}"#);
    /// assert_eq!(after.reverted(&reverse)?, before);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn reverse(&self, later: &Self) -> String {
        tree::reverse(self, later)
    }

    /// The earlier version that a [reverse difference](Self::reverse) of this document leads to.
    ///
    /// # Errors
    ///
    /// [`NotReversible`], if it is not one of this document.
    pub fn reverted(&self, reverse: &str) -> Result<Self, NotReversible> {
        let mut document = Json::read(JsonText::of(self).as_str())?;
        tree::revert(&mut document, reverse)?;
        Ok(serde_json::from_str(JsonText::of(&document).as_str())?)
    }
}
