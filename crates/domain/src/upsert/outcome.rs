//! The outcome of an item.

mod expectation;

use std::sync::Arc;

use super::explanation::Explanation;
use super::listed_members::{FirstAddress, ListedMembers};
use super::options::{Documents, Key};
use super::provisional_ids::ProvisionalIds;
use crate::contact::{ContactType, Record, Snapshot};
use crate::ids::{ContactId, RunId, Version};
use crate::path::Path;
use crate::rule::Rule;
use crate::tree::{Difference, Member, Text};
use crate::value::LinkId;
use crate::violation::{Violation, Violations};

pub use self::expectation::Expectation;
pub(super) use self::expectation::Gate;

/// The exact answer to one item.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The outcome in one word.
    pub verdict: Verdict,
    /// The key that found the contact.
    pub matched_by: Option<Key>,
    /// The first item of the batch that named the same contact, unless it is this one.
    pub same_as: Option<usize>,
    /// The contacts that a shared key matched, at most [`Outcome::MAX_CANDIDATES`], or the one that has
    /// an identity key which the item cannot have; `None` for one
    /// that is new in a dry run.
    pub candidates: Vec<Option<ContactId>>,
    /// The violations, in the order of the rules.
    pub violations: Violations,
    /// The contact right after this item, if there is one.
    pub contact: Option<ContactState>,
    /// What the item changes, in document order, if the request asks for it. Of a new or deleted
    /// contact, each member is a difference. Ids that are new in a dry run are null.
    pub changes: Vec<Difference>,
    /// Why it ended like this, if the request asks for it. An item that cannot be read, or that
    /// another one of the batch leaves out, has none.
    pub explanation: Option<Box<Explanation>>,
}

/// What the outcomes show.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shown {
    pub(super) documents: Documents,
    pub(super) changes: bool,
    pub(super) explain: bool,
    /// The most bytes of it.
    pub(super) at_most: usize,
}

impl Shown {
    /// Nothing of the contacts.
    pub(super) const NOTHING: Self =
        Self { documents: Documents::LeftOut, changes: false, explain: false, at_most: usize::MAX };
}

/// A contact right after an item: what every answer can show, and all of it where documents are
/// not left out.
#[derive(Debug, Clone, PartialEq)]
pub struct ContactState {
    /// The id; `None` if the contact is new in a dry run.
    pub id: Option<ContactId>,
    /// The link id.
    pub link_id: Option<LinkId>,
    /// The external id.
    pub external_id: Option<Box<str>>,
    /// Person, organization or endpoint.
    pub contact_type: ContactType,
    /// The version.
    pub version: Version,
    /// Whether it is archived.
    pub archived: bool,
    /// Whether it is deleted.
    pub deleted: bool,
    /// The run, if the item changed it.
    pub run: Option<RunId>,
    /// All of it; `None` under [`Documents::LeftOut`].
    pub whole: Option<WholeContact>,
}

/// The record of a contact, and members of its document that a list shows, as they were sent.
#[derive(Debug, Clone, PartialEq)]
pub struct WholeContact {
    /// The record, with the document.
    pub record: Arc<Record>,
    /// The e-mail address.
    pub email: Option<Box<str>>,
    /// The phone number.
    pub phone: Option<Box<str>>,
    /// The city of the first address.
    pub city: Option<Box<str>>,
    /// The country of the first address.
    pub country_code2: Option<Box<str>>,
}

/// The documents of the answer have more bytes than the request allows. Nothing is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the documents in the answer have more than {limit} bytes, which is the limit, at item {item}; \
     send fewer items or ask for minimal answers"
)]
pub struct DocumentsTooLarge {
    /// The item whose document passed the limit, counted from 0.
    pub item: usize,
    /// The limit, in bytes.
    pub limit: usize,
}

/// Why nothing of a batch is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotApplied {
    /// Its documents are too large.
    #[error(transparent)]
    DocumentsTooLarge(#[from] DocumentsTooLarge),
    /// A contact of an item that was recognized has changed since. With all of its items read, the
    /// batch can be applied.
    #[error("a contact of the batch has changed since its item was recognized")]
    Overtaken,
}

/// One outcome for each item in order, or the reason why nothing is written.
pub type BatchReport = Result<Vec<Outcome>, NotApplied>;

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
            changes: Vec::new(),
            explanation: None,
        }
    }

    /// That of an item that names the contact of another one, where the request refuses that.
    pub(super) fn repeated() -> Self {
        let message = "another item of the batch names the same contact";
        Self::rejected(Violation::new(Rule::Repeats, Path::root(), "", message))
    }

    /// That of a key whose contact is in another version than it names.
    pub(crate) fn stale(current: &Record, named: Version) -> Self {
        let message = format!("the current version is {}", current.version);
        let violation =
            Violation::new(Rule::Current, Path::of("version"), named.to_string(), message);
        let contact = Some(ContactState::new(current, None));
        Self { verdict: Verdict::Stale, contact, ..Self::rejected(violation) }
    }

    /// That of a contact that is purged. It shows no key but the id.
    pub(crate) fn purged(record: &Record) -> Self {
        let contact = ContactState::new(record, None);
        let contact = Some(ContactState { external_id: None, link_id: None, ..contact });
        Self { verdict: Verdict::Deleted, contact, ..Self::rejected(Violations::default()) }
    }

    /// About how many bytes the answer shows of the contact: its document, what has changed, and why.
    pub fn bytes(&self) -> usize {
        let record = self.contact.as_ref().and_then(ContactState::record);
        record.map_or(0, |record| record.document.len())
            + self.changes.iter().map(Difference::bytes).sum::<usize>()
            + self.explanation.as_ref().map_or(0, |explanation| 64 * explanation.fields.len())
    }

    /// Notes the run of the batch, if the item changed a contact.
    pub(crate) fn note_run(&mut self, run: RunId) {
        if let (Verdict::Created | Verdict::Updated | Verdict::Deleted, Some(contact)) =
            (self.verdict, &mut self.contact)
        {
            contact.run = Some(run);
        }
    }
}

impl ContactState {
    /// Without provisional ids.
    pub(super) fn of(
        contact: &Snapshot,
        documents: Documents,
        provisional_ids: &ProvisionalIds,
    ) -> Self {
        let Snapshot { record, document } = contact;
        let text = |member: Option<&str>| member.map(Box::from);
        let whole = || {
            let address = document.addresses.get().and_then(|addresses| addresses.first());
            WholeContact {
                record: contact.without_ids(&provisional_ids.0),
                email: text(sent(&document.email)),
                phone: text(sent(&document.phone)),
                city: text(address.and_then(|address| sent(&address.city))),
                country_code2: text(address.and_then(|address| sent(&address.country_code2))),
            }
        };
        let id = provisional_ids.known(record.id);
        let whole = matches!(documents, Documents::AtMost(_)).then(whole);
        Self { id, ..Self::new(record, whole) }
    }

    /// The same, with only those members of the document read that are shown. `None` if it cannot be
    /// read.
    pub(super) fn of_unread(record: &Arc<Record>, documents: Documents) -> Option<Self> {
        let whole = match documents {
            Documents::LeftOut => None,
            Documents::AtMost(_) => {
                let ListedMembers { email, phone, addresses } = ListedMembers::read(record)?;
                let FirstAddress { city, country_code2 } = addresses;
                let record = Arc::clone(record);
                Some(WholeContact { record, email, phone, city, country_code2 })
            }
        };
        Some(Self::new(record, whole))
    }

    fn new(record: &Record, whole: Option<WholeContact>) -> Self {
        Self {
            id: Some(record.id),
            link_id: record.projection.link_id,
            external_id: record.projection.external_id.as_deref().map(Box::from),
            contact_type: record.projection.contact_type,
            version: record.version,
            archived: record.projection.archived,
            deleted: record.deleted_at.is_some(),
            run: None,
            whole,
        }
    }

    /// The record, unless documents are left out.
    pub fn record(&self) -> Option<&Record> {
        self.whole.as_ref().map(|whole| &*whole.record)
    }
}

fn sent<T>(member: &Member<Text<T>>) -> Option<&str> {
    member.get().map(Text::as_str)
}

/// The outcome of an item in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    /// Every verdict.
    pub const ALL: [Self; 7] = [
        Self::Created,
        Self::Updated,
        Self::Unchanged,
        Self::Deleted,
        Self::Rejected,
        Self::Ambiguous,
        Self::Stale,
    ];

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
