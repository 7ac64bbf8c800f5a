//! A contact as it stands in a store.

use crate::contact::{Contact, IntercomEntry, Projection, Record};
use crate::ids::{ContactId, Version};
use crate::timestamp::Timestamp;

/// Where a contact stands: its organization and its id, as numbers that may be none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContactKey {
    /// The number of the organization.
    pub organization: i32,
    /// The number of the contact.
    pub id: i64,
}

/// A contact as it stands in a store, whatever has become of it.
///
/// Reading one does not fail on what is in it, so that what is wrong can be told and mended.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredContact {
    /// Where it stands.
    pub place: ContactKey,
    /// What it is searched and matched by.
    pub columns: StoredColumns,
    /// How often it has been written.
    pub version: Version,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was deleted, if it was.
    pub deleted_at: Option<Timestamp>,
    /// The shape that the document is stored in.
    pub document_version: i32,
    /// The document.
    pub document: String,
    /// The contacts that it refers to in its relations, in any order.
    pub relations: Vec<i64>,
    /// Its entry in the directory of intercoms.
    pub entry: Option<StoredEntry>,
}

/// A [`Projection`] as it stands in a store: texts where the projection has values.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of a projection, by their names")]
pub struct StoredColumns {
    pub contact_type: String,
    pub external_id: Option<String>,
    pub link_id: Option<String>,
    pub display_name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub mobile: Option<String>,
    pub vat_number: Option<String>,
    pub archived: bool,
    pub is_customer: bool,
    pub is_vendor: bool,
    pub is_staff: bool,
}

/// An [`IntercomEntry`] as it stands in a store: texts where the entry has values.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of an entry, by their names")]
pub struct StoredEntry {
    /// Empty where the contact has none.
    pub link_id: String,
    pub name: String,
    pub kind: String,
    pub number: String,
    pub is_favorite: bool,
    pub auto_answer: bool,
    pub in_black_list: bool,
    pub is_p2p: bool,
    pub ringtone: String,
}

/// The name of a column, and what is in it.
type Column = (&'static str, Option<String>);

impl StoredContact {
    /// A contact whose columns could be read.
    pub fn new(record: Record, relations: &[ContactId], entry: Option<&IntercomEntry>) -> Self {
        Self {
            place: ContactKey { organization: record.organization.get(), id: record.id.get() },
            columns: StoredColumns::from(&record.projection),
            version: record.version,
            created_at: record.created_at,
            updated_at: record.updated_at,
            deleted_at: record.deleted_at,
            document_version: record.document_version,
            document: record.document,
            relations: relations.iter().map(|id| id.get()).collect(),
            entry: entry.map(StoredEntry::from),
        }
    }
}

impl From<&Contact> for StoredContact {
    /// The contact as a store should hold it.
    fn from(contact: &Contact) -> Self {
        let entry = contact.intercom_entry();
        Self::new(contact.record().clone(), &contact.relations(), entry.as_ref())
    }
}

impl From<&Projection> for StoredColumns {
    fn from(projection: &Projection) -> Self {
        // Taken apart, so that a new field is not forgotten.
        let Projection {
            contact_type,
            external_id,
            link_id,
            display_name,
            email,
            phone,
            mobile,
            vat_number,
            archived,
            is_customer,
            is_vendor,
            is_staff,
        } = projection.clone();
        Self {
            contact_type: contact_type.as_str().to_owned(),
            external_id,
            link_id: link_id.map(|link_id| link_id.to_string()),
            display_name,
            email,
            phone,
            mobile,
            vat_number,
            archived,
            is_customer,
            is_vendor,
            is_staff,
        }
    }
}

impl From<&IntercomEntry> for StoredEntry {
    fn from(entry: &IntercomEntry) -> Self {
        let IntercomEntry {
            link_id,
            name,
            kind,
            number,
            is_favorite,
            auto_answer,
            in_black_list,
            is_p2p,
            ringtone,
        } = entry.clone();
        Self {
            link_id: link_id.map(|link_id| link_id.to_string()).unwrap_or_default(),
            name,
            kind,
            number,
            is_favorite,
            auto_answer,
            in_black_list,
            is_p2p,
            ringtone,
        }
    }
}

impl StoredColumns {
    /// Every column.
    pub(super) fn columns(self) -> [Column; 12] {
        [
            ("contact_type", Some(self.contact_type)),
            ("external_id", self.external_id),
            ("link_id", self.link_id),
            ("display_name", Some(self.display_name)),
            ("email", self.email),
            ("phone", self.phone),
            ("mobile", self.mobile),
            ("vat_number", self.vat_number),
            ("archived", Some(self.archived.to_string())),
            ("is_customer", Some(self.is_customer.to_string())),
            ("is_vendor", Some(self.is_vendor.to_string())),
            ("is_staff", Some(self.is_staff.to_string())),
        ]
    }
}

impl StoredEntry {
    /// Every column.
    pub(super) fn columns(self) -> [Column; 9] {
        [
            ("entry.link_id", Some(self.link_id)),
            ("entry.name", Some(self.name)),
            ("entry.kind", Some(self.kind)),
            ("entry.number", Some(self.number)),
            ("entry.is_favorite", Some(self.is_favorite.to_string())),
            ("entry.auto_answer", Some(self.auto_answer.to_string())),
            ("entry.in_black_list", Some(self.in_black_list.to_string())),
            ("entry.is_p2p", Some(self.is_p2p.to_string())),
            ("entry.ringtone", Some(self.ringtone)),
        ]
    }
}
