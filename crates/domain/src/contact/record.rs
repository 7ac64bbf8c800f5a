//! A contact as a row of a store.

use std::fmt;

use super::document::ContactDocument;
use crate::digest::Digest;
use crate::ids::{ContactId, IdentityKeys, OrganizationId, Version};
use crate::timestamp::Timestamp;

/// The version of the stored shape of documents; see [`Record::read`].
pub const DOCUMENT_VERSION: i32 = 1;

/// A row: the columns that a contact is searched and matched by, and its document as JSON.
///
/// Everyone may read one. Only a [`Change`](crate::Change) brings one into a store.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The id.
    pub id: ContactId,
    /// The organization.
    pub organization: OrganizationId,
    /// The columns that follow from the document.
    pub projection: Projection,
    /// The version.
    pub version: Version,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was deleted, if it was.
    pub deleted_at: Option<Timestamp>,
    /// The version of the stored shape.
    pub document_version: i32,
    /// The whole document as JSON, with all ids.
    pub document: String,
    /// What was sent last, if sending it again changes nothing.
    pub digest: Option<Digest>,
}

macro_rules! projection {
    ($($(#[$doc:meta])* $name:ident: $type:ty,)+) => {
        /// The columns that a contact is searched and matched by. `Projection::of` computes them
        /// from the document.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct Projection {
            $($(#[$doc])* pub $name: $type,)+
        }
    };
}

crate::contact_columns!(projection);

/// The type of a contact, which never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ContactType {
    /// A company, an association, an authority.
    Organization,
    /// A human being.
    Person,
    /// A door panel or a phone. The ERP contract does not know this type.
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

/// A stored document cannot be read. Other contacts are not affected.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableDocument {
    /// Its stored shape is newer than this release.
    #[error("the document is stored in shape {0}, and this release reads up to {DOCUMENT_VERSION}")]
    Newer(i32),
    /// It does not fit its stored shape.
    #[error("the stored document does not fit its shape")]
    Malformed(#[from] serde_json::Error),
    /// It has no known `contactType`.
    #[error("the stored document names no known type of contact")]
    NoType,
}

impl Record {
    /// The identity keys. A deleted contact has none.
    pub fn identity_keys(&self) -> IdentityKeys {
        if self.deleted_at.is_some() {
            return IdentityKeys::default();
        }
        let Projection { external_id, link_id, .. } = &self.projection;
        IdentityKeys { external_id: external_id.clone(), link_id: *link_id }
    }

    /// Reads the document.
    ///
    /// # Errors
    ///
    /// [`UnreadableDocument`], if the document does not fit its stored shape or the shape is newer than
    /// this release.
    pub fn read(&self) -> Result<ContactDocument, UnreadableDocument> {
        read_document(self.document_version, &self.document)
    }
}

/// Reads a document of that stored shape.
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
