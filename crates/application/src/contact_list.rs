//! Queries of the list of contacts.

use std::fmt;
use std::time::Duration;

use contacts_domain::contact::{ContactType, Projection, Record, SortKey};
use contacts_domain::searching::SearchQuery;
use contacts_domain::upsert::Key;
use contacts_domain::value::{CountryCode, LinkId};
use contacts_domain::{ContactId, Timestamp};

use tokio::sync::mpsc::Receiver;

use crate::ledger::{FeedPosition, PageSize};
use crate::ports::{Lifecycle, StoreError};

/// A query: a filter, an order, and the page of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactQuery {
    /// The filter.
    pub filter: ContactFilter,
    /// The order. Contacts that are equal in it come by their ids, descending ones too.
    pub order: ContactOrder,
    /// The place after which the page begins; `None` for the first page.
    pub after: Option<ListPosition>,
    /// How much the page holds.
    pub size: PageSize,
    /// Whether the contacts that the filter selects are counted.
    pub is_counted: bool,
}

/// A page of contacts.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ContactPage {
    /// The contacts, in the order of the query.
    pub contacts: Vec<Record>,
    /// Where the next page begins, if there are more.
    pub next: Option<ListPosition>,
    /// The number of contacts that the filter selects, if it was asked for.
    pub total: Option<u64>,
    /// The bytes of the documents that were added.
    bytes: usize,
}

/// All contacts that a filter selects, as of one moment.
#[derive(Debug)]
pub struct ContactExport {
    /// The position in the change feed from which on all later changes come.
    pub position: FeedPosition,
    /// The contacts by id, some at a time. The export is complete with the page that no other follows;
    /// without it, it broke off.
    pub pages: Receiver<Result<ContactPage, StoreError>>,
}

impl ContactExport {
    /// How long an export may take, at the pace of its reader.
    pub const MAX_TIME: Duration = Duration::from_secs(15 * 60);

    /// How long its reader may take nothing.
    pub const MAX_PAUSE: Duration = Duration::from_secs(30);

    /// How many pages are read ahead.
    pub const AHEAD: usize = 2;

    /// The query of the first page.
    pub fn first(filter: ContactFilter) -> ContactQuery {
        let order = ContactOrder { by: ContactOrderKey::Id, descending: false };
        let size = PageSize { items: 1_000, bytes: 1 << 20 };
        ContactQuery { filter, order, after: None, size, is_counted: false }
    }
}

/// Which contacts are selected: those for which everything holds that is named.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ContactFilter {
    /// Living or deleted.
    pub lifecycle: Lifecycle,
    /// Of that type.
    pub contact_type: Option<ContactType>,
    /// Flags that have these values.
    pub flags: Vec<(ContactFlag, bool)>,
    /// With an address in that country.
    pub country: Option<CountryCode>,
    /// With the tag of that id; see [`TagName::id`](contacts_domain::value::TagName::id).
    pub tag: Option<i64>,
    /// Changed at that time or later.
    pub updated_since: Option<Timestamp>,
    /// With all of these keys.
    pub keys: Vec<ListKey>,
    /// Found by that query, in a [`SearchIndex`](crate::ports::SearchIndex).
    pub query: Option<SearchQuery>,
}

impl Default for ContactFilter {
    /// All living contacts.
    fn default() -> Self {
        Self {
            lifecycle: Lifecycle::Living,
            contact_type: None,
            flags: Vec::new(),
            country: None,
            tag: None,
            updated_since: None,
            keys: Vec::new(),
            query: None,
        }
    }
}

/// A flag of a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ContactFlag {
    /// Archived.
    Archived,
    /// A customer.
    IsCustomer,
    /// A supplier.
    IsVendor,
    /// An employee.
    IsStaff,
}

/// A key by which contacts are selected, in its normal form.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ListKey {
    /// The external id.
    ExternalId(String),
    /// The link id.
    LinkId(LinkId),
    /// The e-mail address.
    Email(String),
    /// The phone or the mobile number.
    Phone(String),
    /// The VAT number.
    VatNumber(String),
}

/// An order of contacts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ContactOrder {
    /// What is compared.
    pub by: ContactOrderKey,
    /// Highest first.
    pub descending: bool,
}

/// What contacts can be ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ContactOrderKey {
    /// The display name, as people sort names.
    DisplayName,
    /// The time of creation.
    CreatedAt,
    /// The time of the last change.
    UpdatedAt,
    /// The id.
    Id,
}

/// The place of a contact in an order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListPosition {
    /// What the order compares first.
    pub key: PositionKey,
    /// The id.
    pub id: ContactId,
}

/// What an order compares first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum PositionKey {
    /// The key of the display name.
    Name(SortKey),
    /// The time of creation or of the last change.
    Time(Timestamp),
    /// Nothing but the id.
    Id,
}

impl ContactFilter {
    /// Whether it selects that contact, if its query finds it.
    pub fn selects(&self, record: &Record) -> bool {
        let Self { lifecycle, contact_type, flags, country, tag, updated_since, keys, query: _ } =
            self;
        let Record { projection, .. } = record;
        let is_deleted = record.deleted_at.is_some();
        is_deleted == (*lifecycle == Lifecycle::Deleted)
            && contact_type.is_none_or(|wanted| wanted == projection.contact_type)
            && flags.iter().all(|(flag, wanted)| flag.of(projection) == *wanted)
            && country.is_none_or(|country| projection.countries.contains(&listed(country)))
            && tag.is_none_or(|tag| projection.tags.contains(&listed(tag)))
            && updated_since.is_none_or(|since| record.updated_at >= since)
            && keys.iter().all(|key| key.is_of(projection))
    }
}

/// How the columns of a contact list a country or a tag.
pub fn listed(value: impl fmt::Display) -> String {
    format!(",{value},")
}

impl ContactFlag {
    /// The flag of that contact.
    pub fn of(self, projection: &Projection) -> bool {
        match self {
            Self::Archived => projection.archived,
            Self::IsCustomer => projection.is_customer,
            Self::IsVendor => projection.is_vendor,
            Self::IsStaff => projection.is_staff,
        }
    }
}

impl ListKey {
    /// The key by its name.
    pub fn key(&self) -> Key {
        match self {
            Self::ExternalId(_) => Key::ExternalId,
            Self::LinkId(_) => Key::LinkId,
            Self::Email(_) => Key::Email,
            Self::Phone(_) => Key::Phone,
            Self::VatNumber(_) => Key::VatNumber,
        }
    }

    fn is_of(&self, projection: &Projection) -> bool {
        match self {
            Self::ExternalId(key) => projection.external_id.as_ref() == Some(key),
            Self::LinkId(key) => projection.link_id == Some(*key),
            Self::Email(key) => projection.email.as_ref() == Some(key),
            Self::Phone(key) => {
                projection.phone.as_ref() == Some(key) || projection.mobile.as_ref() == Some(key)
            }
            Self::VatNumber(key) => projection.vat_number.as_ref() == Some(key),
        }
    }
}

impl ContactOrder {
    /// The place of a contact.
    pub fn position(self, record: &Record) -> ListPosition {
        let key = match self.by {
            ContactOrderKey::DisplayName => PositionKey::Name(record.projection.sort_key.clone()),
            ContactOrderKey::CreatedAt => PositionKey::Time(record.created_at),
            ContactOrderKey::UpdatedAt => PositionKey::Time(record.updated_at),
            ContactOrderKey::Id => PositionKey::Id,
        };
        ListPosition { key, id: record.id }
    }
}

impl ContactPage {
    /// Adds the next contact. Returns false where the page is full without it.
    pub fn add(&mut self, query: &ContactQuery, record: Record) -> bool {
        let PageSize { items, bytes } = query.size;
        let is_full = u32::try_from(self.contacts.len()).is_ok_and(|count| count >= items);
        self.bytes += record.document.len();
        if is_full || (self.bytes > bytes && !self.contacts.is_empty()) {
            self.next = self.contacts.last().map(|last| query.order.position(last));
            return false;
        }
        self.contacts.push(record);
        true
    }
}
