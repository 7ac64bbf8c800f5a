//! A contact as a store holds it.

use std::fmt;

use super::document::ContactDocument;
use crate::identity::IdentityKeys;
use crate::ids::{ContactId, OrganizationId, Version};
use crate::timestamp::Timestamp;

/// The shape that documents are stored in today; see [`Record::read`].
pub const DOCUMENT_VERSION: i32 = 1;

/// One row: what a contact is searched and matched by, beside its document as JSON.
///
/// Anyone may read one; only a [`Change`](crate::Change) brings one into a store.
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

macro_rules! projection {
    ($($(#[$doc:meta])* $name:ident: $type:ty,)+) => {
        /// What a contact is searched and matched by, computed from its document by one function
        /// ([`Projection::of`]).
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct Projection {
            $($(#[$doc])* pub $name: $type,)+
        }
    };
}

crate::contact_columns!(projection);

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
    /// The keys that no other living contact of the organization has; a deleted contact has none.
    pub fn identity_keys(&self) -> IdentityKeys {
        if self.deleted_at.is_some() {
            return IdentityKeys::default();
        }
        let Projection { external_id, link_id, .. } = &self.projection;
        IdentityKeys { external_id: external_id.clone(), link_id: *link_id }
    }

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
