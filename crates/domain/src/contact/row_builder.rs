//! From a checked contact to a row: ids, projection, JSON.

use std::ops::Range;
use std::sync::Arc;

use super::Snapshot;
use super::check::Contact;
use super::document::ContactDocument;
use super::record::{DOCUMENT_VERSION, Projection, Record};
use super::rules::MAX_DOCUMENT_BYTES;
use crate::context::{Context, MatchBy};
use crate::ids::{ContactId, IdBlock, OrganizationId, OutOfIds, Version};
use crate::json::JsonText;
use crate::path::Path;
use crate::rule::Rule;
use crate::timestamp::Timestamp;
use crate::tree::{self, Member, SafeInteger};
use crate::violation::{Violation, Violations};

/// The parts of a row that do not follow from the contact.
pub(crate) struct RowBuilder {
    id: ContactId,
    organization: OrganizationId,
    match_by: MatchBy,
    version: Version,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl RowBuilder {
    /// A new contact.
    pub(crate) fn new(context: &Context, id: ContactId) -> Self {
        Self {
            id,
            organization: context.organization,
            match_by: context.settings.match_by,
            version: Version::FIRST,
            created_at: context.now,
            updated_at: context.now,
        }
    }

    /// A changed contact. Its time of change never goes back, even if the clock does.
    pub(crate) fn after(context: &Context, before: &Record) -> Self {
        Self {
            id: before.id,
            organization: before.organization,
            match_by: context.settings.match_by,
            version: before.version.next(),
            created_at: before.created_at,
            updated_at: context.now.max(before.updated_at),
        }
    }

    /// Assigns the ids, computes the projection and writes the JSON. Returns the warnings as well.
    pub(crate) fn build(
        &self,
        contact: Contact,
        ids: &mut IdBlock,
    ) -> Result<(Snapshot, Violations), OutOfIds> {
        let (mut document, contact_type, warnings, mut cache) = contact.into_parts();
        document.id = SafeInteger::new(self.id.get()).into();
        document.contact_id = document.id;
        document.organization_id = SafeInteger::new(i64::from(self.organization.get())).into();
        if tree::assign_ids(&mut document, self.id.get(), ids).ran_short {
            return Err(OutOfIds);
        }
        let record = Record {
            id: self.id,
            organization: self.organization,
            projection: Projection::of(&document, contact_type, self.match_by, &mut cache),
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
            deleted_at: None,
            document_version: DOCUMENT_VERSION,
            document: to_json(&document),
            digest: None,
        };
        Ok((Snapshot { record: Arc::new(record), document }, warnings))
    }
}

impl Snapshot {
    /// The record, with null in place of these ids in its document.
    pub(crate) fn without_ids(&self, ids: &Range<i64>) -> Arc<Record> {
        if ids.is_empty() {
            return Arc::clone(&self.record);
        }
        let document = JsonText::of(&self.document).without_numbers(ids).as_str().to_owned();
        match document == self.record.document {
            true => Arc::clone(&self.record),
            false => Arc::new(Record { document, ..(*self.record).clone() }),
        }
    }

    /// As [`too_large`], but free for a small document.
    pub(crate) fn too_large(&self, stored: Option<&ContactDocument>) -> Option<Violation> {
        let over = self.record.document.len() > MAX_DOCUMENT_BYTES;
        over.then(|| too_large(&self.document, stored)).flatten()
    }
}

/// The violation of a document that is too large. Missing ids do not count.
///
/// The members of the device contract have limits of their own and do not count. A document that
/// did not grow is accepted: no device is refused for members that another client wrote.
pub(crate) fn too_large(
    document: &ContactDocument,
    stored: Option<&ContactDocument>,
) -> Option<Violation> {
    let bytes = counted_bytes(document);
    let grew = || stored.is_none_or(|stored| bytes > counted_bytes(stored));
    (bytes > MAX_DOCUMENT_BYTES && grew()).then(|| {
        let message = format!(
            "a contact has at most {MAX_DOCUMENT_BYTES} bytes as JSON, without linkId and intercom"
        );
        Violation::new(Rule::Limits, Path::root(), "", message)
    })
}

fn counted_bytes(document: &ContactDocument) -> usize {
    let counted =
        ContactDocument { link_id: Member::Absent, intercom: Member::Absent, ..document.clone() };
    to_json(&counted).len()
}

/// Writes a document as JSON. All keys are strings and no member fails to serialize.
#[expect(clippy::expect_used, reason = "see the comment")]
fn to_json(document: &ContactDocument) -> String {
    serde_json::to_string(document).expect("a document is always valid JSON")
}
