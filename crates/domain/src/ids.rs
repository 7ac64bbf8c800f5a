//! Identifiers: strict newtypes for ids, and the identity keys of contacts.

use std::borrow::Cow;
use std::fmt;

use crate::value::LinkId;

/// The largest integer that every JSON reader keeps exactly: 2^53 − 1 (RFC 8259 §6).
pub const MAX_SAFE_INTEGER: i64 = (1 << 53) - 1;

/// The organization that a contact belongs to. No request reads or writes beyond its own.
///
/// ```
/// use contacts_domain::OrganizationId;
/// assert_eq!(OrganizationId::new(7).map(OrganizationId::get), Some(7));
/// assert_eq!(OrganizationId::new(0), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrganizationId(i32);

impl OrganizationId {
    /// A positive 32-bit integer, or `None`.
    pub fn new(id: i32) -> Option<Self> {
        (id > 0).then_some(Self(id))
    }

    /// The bare number.
    pub fn get(self) -> i32 {
        self.0
    }
}

impl fmt::Display for OrganizationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The id of a contact: positive, below 2^53, assigned by the store and never reused.
///
/// Contacts and their parts (addresses, banks, …) share one id space in a database.
///
/// ```
/// use contacts_domain::ContactId;
/// assert_eq!(ContactId::new(42).map(ContactId::get), Some(42));
/// assert_eq!(ContactId::new(-1), None);
/// assert_eq!(ContactId::new(1 << 53), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContactId(i64);

impl ContactId {
    /// A positive integer below 2^53, or `None`.
    pub fn new(id: i64) -> Option<Self> {
        (1..=MAX_SAFE_INTEGER).contains(&id).then_some(Self(id))
    }

    /// The bare number.
    pub fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for ContactId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The id of a run: a request that changed contacts. It is never reused for another run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(i64);

impl RunId {
    /// A positive integer below 2^53, or `None`.
    pub fn new(id: i64) -> Option<Self> {
        (1..=MAX_SAFE_INTEGER).contains(&id).then_some(Self(id))
    }

    /// The bare number.
    pub fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The version of a contact: 1 when created, one more with every change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(i64);

impl Version {
    /// The version of a contact just created.
    pub const FIRST: Self = Self(1);

    /// A version read from a store or a request.
    pub fn new(version: i64) -> Self {
        Self(version)
    }

    /// The version after one more change.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The bare number.
    pub fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Consecutive ids that a store reserved for one decision.
///
/// ```
/// use contacts_domain::IdBlock;
/// let mut ids = IdBlock::new(10, 2);
/// assert_eq!((ids.take(), ids.take(), ids.take()), (Some(10), Some(11), None));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdBlock {
    next: i64,
    end: i64,
    /// The next id of a run.
    next_run: i64,
}

impl IdBlock {
    /// The block of `count` ids that starts at `first`.
    pub fn new(first: i64, count: i64) -> Self {
        Self { next: first, end: first.saturating_add(count), next_run: first }
    }

    /// The same block, with ids for [runs](crate::decision::Decision::runs_at_most) from that one on.
    #[must_use]
    pub fn with_runs(self, first: i64) -> Self {
        Self { next_run: first, ..self }
    }

    /// The id of the next run.
    pub fn next_run(&self) -> i64 {
        self.next_run
    }

    /// Takes the id of a run.
    pub(crate) fn take_run(&mut self) -> Option<RunId> {
        let id = RunId::new(self.next_run);
        self.next_run += 1;
        id
    }

    /// The next id, or `None` when the block is used up.
    pub fn take(&mut self) -> Option<i64> {
        (self.next < self.end).then(|| {
            let id = self.next;
            self.next += 1;
            id
        })
    }

    /// The id that [`take`](Self::take) returns next.
    pub fn next(&self) -> i64 {
        self.next
    }

    /// How many ids are left.
    pub fn left(&self) -> i64 {
        self.end - self.next
    }
}

/// The block held fewer ids than the decision asked for: a fault of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the store handed out fewer ids than were asked for")]
pub struct OutOfIds;

/// The value of an identity key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AliasKey {
    /// An id.
    Id(ContactId),
    /// An external id, trimmed.
    ExternalId(String),
    /// A link id.
    LinkId(LinkId),
}

impl AliasKey {
    /// The kind of the key, as stores name it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Id(_) => "ID",
            Self::ExternalId(_) => "EXTERNAL_ID",
            Self::LinkId(_) => "LINK_ID",
        }
    }

    /// The value of the key as text.
    pub fn value(&self) -> Cow<'_, str> {
        match self {
            Self::Id(id) => id.to_string().into(),
            Self::ExternalId(external_id) => external_id.into(),
            Self::LinkId(link_id) => link_id.to_string().into(),
        }
    }

    /// The key of that kind and value, or `None` if they are no key's.
    ///
    /// ```
    /// use contacts_domain::AliasKey;
    /// let key = AliasKey::ExternalId("ERP-1".to_owned());
    /// assert_eq!(AliasKey::parse(key.kind(), &key.value()), Some(key));
    /// ```
    pub fn parse(kind: &str, value: &str) -> Option<Self> {
        match kind {
            "ID" => value.parse().ok().and_then(ContactId::new).map(Self::Id),
            "EXTERNAL_ID" => Some(Self::ExternalId(value.to_owned())),
            "LINK_ID" => LinkId::parse(value).ok().map(Self::LinkId),
            _ => None,
        }
    }
}

/// The identity keys of one contact, beside its id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IdentityKeys {
    /// The external id, trimmed.
    pub external_id: Option<String>,
    /// The link id.
    pub link_id: Option<LinkId>,
}

impl IdentityKeys {
    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.external_id.is_none() && self.link_id.is_none()
    }
}

impl IntoIterator for IdentityKeys {
    type Item = AliasKey;
    type IntoIter = std::iter::Flatten<std::array::IntoIter<Option<AliasKey>, 2>>;

    fn into_iter(self) -> Self::IntoIter {
        [self.external_id.map(AliasKey::ExternalId), self.link_id.map(AliasKey::LinkId)]
            .into_iter()
            .flatten()
    }
}
