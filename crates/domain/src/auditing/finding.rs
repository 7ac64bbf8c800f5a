//! Findings of an audit.

use std::fmt;

use super::contact_key::ContactKey;
use crate::contact::UnreadableDocument;
use crate::ids::{AliasKey, ContactId};

/// A contact with findings, and what was done about them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discrepancy {
    /// The contact.
    pub key: ContactKey,
    /// The findings.
    pub findings: Vec<Finding>,
    /// What was done about them.
    pub remedy: Remedy,
}

/// Something wrong with a stored contact.
///
/// `Display` prints no content of the contact, which may be personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// A stored value does not follow from the document.
    Differs(Difference),
    /// The document cannot be read.
    Unreadable(String),
    /// The organization does not exist, so the region of phone numbers is unknown.
    NoOrganization,
}

/// A stored value that differs from the computed one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// A column of the contact (`email`), `relations`, a column of the entry (`entry.name`), or
    /// `entry` if it is missing or should not exist.
    pub what: &'static str,
    /// The stored value.
    pub stored: Option<String>,
    /// The value that follows from the document.
    pub computed: Option<String>,
}

/// What was done about a contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remedy {
    /// Nothing.
    Untouched,
    /// All findings were corrected.
    Mended,
    /// Nothing: its document names a key that another contact has.
    KeyTaken {
        /// The key.
        key: AliasKey,
        /// The contact that has it.
        owner: ContactId,
    },
}

impl From<UnreadableDocument> for Finding {
    fn from(error: UnreadableDocument) -> Self {
        Self::Unreadable(error.to_string())
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Differs(difference) => {
                write!(f, "{} does not follow from the document", difference.what)
            }
            Self::Unreadable(fault) => f.write_str(fault),
            Self::NoOrganization => f.write_str("the organization does not exist"),
        }
    }
}
