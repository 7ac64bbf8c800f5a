//! A contact as a store holds it.

use std::fmt;

use super::document::ContactDocument;
use crate::ids::{ContactId, OrganizationId, Version};
use crate::timestamp::Timestamp;
use crate::value::LinkId;

/// The shape that documents are stored in today; see [`Record::read`].
pub const DOCUMENT_VERSION: i32 = 1;

/// One row: what a contact is searched and matched by, beside its document as JSON.
///
/// Anyone may read one; only a [`Contact`](super::Contact) brings one into a store.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The id.
    pub id: ContactId,
    /// The tenant.
    pub organization: OrganizationId,
    /// What it is searched and matched by.
    pub projection: Projection,
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
    /// The document as JSON: whole, ids filled in.
    pub document: String,
}

/// What a contact is searched and matched by, computed from its document by one function
/// ([`Projection::of`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Projection {
    /// Person, organization or endpoint.
    pub contact_type: ContactType,
    /// The caller's own key, trimmed.
    pub external_id: Option<String>,
    /// The key that a device or another system bound it to.
    pub link_id: Option<LinkId>,
    /// What it is called: a name, or first and last name.
    pub display_name: String,
    /// The normal form of the e-mail address.
    pub email: Option<String>,
    /// The phone number as E.164.
    pub phone: Option<String>,
    /// The mobile number as E.164.
    pub mobile: Option<String>,
    /// The normal form of the VAT number.
    pub vat_number: Option<String>,
    /// Put away, but still there.
    pub archived: bool,
    /// A customer.
    pub is_customer: bool,
    /// A supplier.
    pub is_vendor: bool,
    /// An employee.
    pub is_staff: bool,
}

/// Person, organization or endpoint: set once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ContactType {
    /// A company, an association, an authority.
    Organization,
    /// A human being.
    Person,
    /// A door panel or a phone; unknown to the ERP contract.
    Endpoint,
}

impl ContactType {
    /// The name on the wire and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Organization => "ORGANIZATION",
            Self::Person => "PERSON",
            Self::Endpoint => "ENDPOINT",
        }
    }

    /// The type of that name, or `None`.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Organization, Self::Person, Self::Endpoint]
            .into_iter()
            .find(|contact_type| contact_type.as_str() == name)
    }
}

/// A stored document that cannot be read: that contact's problem, nobody else's.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableDocument {
    /// It is stored in a shape that this release does not know.
    #[error("the document is stored in shape {0}, and this release reads up to {DOCUMENT_VERSION}")]
    Newer(i32),
    /// It is not what its shape says.
    #[error("the stored document does not fit its shape")]
    Malformed(#[from] serde_json::Error),
    /// It does not say what kind of contact it is of, as every document does.
    #[error("the stored document names no known type of contact")]
    NoType,
}

impl Record {
    /// The document as a tree, brought up to today's shape.
    ///
    /// # Errors
    ///
    /// When the document does not fit the shape it is stored in, or the shape is newer than ours.
    pub fn read(&self) -> Result<ContactDocument, UnreadableDocument> {
        read_document(self.document_version, &self.document)
    }
}

/// A stored document as a tree, brought up to today's shape.
pub(crate) fn read_document(
    version: i32,
    document: &str,
) -> Result<ContactDocument, UnreadableDocument> {
    match version {
        DOCUMENT_VERSION => Ok(serde_json::from_str(document)?),
        other => Err(UnreadableDocument::Newer(other)),
    }
}

impl fmt::Display for ContactType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
