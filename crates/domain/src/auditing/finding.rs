//! What is wrong with a contact, and what was done about it.

use std::fmt;

use super::contact_key::ContactKey;
use crate::contact::UnreadableDocument;
use crate::identity::AliasKey;
use crate::ids::ContactId;

/// A contact that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discrepancy {
    /// Which contact.
    pub key: ContactKey,
    /// What is wrong with it.
    pub findings: Vec<Finding>,
    /// What was done about it.
    pub remedy: Remedy,
}

/// Something wrong with a contact.
///
/// Printed without what is in the contact, which may be personal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// What stands beside the document is not what follows from it.
    Differs(Difference),
    /// The document cannot be read, so nothing follows from it.
    Unreadable(String),
    /// The organization is not there, and so not the region of its phone numbers.
    NoOrganization,
}

/// Two values that should be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// A column of the contact (`email`), `relations`, `entry` where one is there and should not
    /// be or the other way round, or a column of the entry (`entry.name`).
    pub what: &'static str,
    /// What stands there; `None` where nothing does.
    pub stored: Option<String>,
    /// What follows from the document; `None` where nothing does.
    pub computed: Option<String>,
}

/// What was done about a contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remedy {
    /// Nothing.
    Untouched,
    /// All of it was mended.
    Mended,
    /// Nothing: its document claims a key that another contact has.
    KeyTaken {
        /// The key.
        key: AliasKey,
        /// Who has it.
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
