//! The ledger: every request that changes contacts is a run, with one entry for each contact that it
//! changed.

use crate::ids::{OrganizationId, RunId};
use crate::timestamp::Timestamp;

/// Who asks for a change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origin {
    /// The API of the request.
    pub api: Api,
    /// The name of the caller's token.
    pub token: String,
    /// Where the data comes from, as the caller calls it.
    pub source: Option<String>,
}

/// An API that changes contacts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Api {
    /// The batches and merges of an ERP.
    Erp,
    /// The directory of intercoms.
    Device,
    /// The native API.
    #[default]
    Native,
}

impl Api {
    /// Every API.
    pub const ALL: [Self; 3] = [Self::Erp, Self::Device, Self::Native];

    /// The name on the wire and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Erp => "erp",
            Self::Device => "device",
            Self::Native => "v1",
        }
    }

    /// The API of that name, or `None`.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|api| api.as_str() == name)
    }
}

/// A request that changed contacts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The id.
    pub id: RunId,
    /// The organization.
    pub organization: OrganizationId,
    /// Who asked.
    pub origin: Origin,
    /// When the request arrived.
    pub at: Timestamp,
    /// How many contacts it changed.
    pub counts: RunCounts,
    /// The run that it takes back, if it is an undo.
    pub undoes: Option<RunId>,
}

macro_rules! change_kinds {
    ($($(#[$doc:meta])* $kind:ident $count:ident $number:literal,)+) => {
        /// What a run did to a contact.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ChangeKind {
            $($(#[$doc])* $kind,)+
        }

        /// How many contacts a run changed, by what it did to them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub struct RunCounts {
            $($(#[$doc])* pub $count: i64,)+
        }

        impl ChangeKind {
            /// Every kind.
            pub const ALL: [Self; 5] = [$(Self::$kind),+];

            /// The word on the wire.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$kind => stringify!($count),)+
                }
            }

            /// The number in the store.
            pub fn number(self) -> i16 {
                match self {
                    $(Self::$kind => $number,)+
                }
            }
        }

        impl RunCounts {
            fn count(&mut self, kind: ChangeKind) {
                match kind {
                    $(ChangeKind::$kind => self.$count += 1,)+
                }
            }
        }
    };
}

change_kinds! {
    /// Created.
    Created created 1,
    /// Changed.
    Updated updated 2,
    /// Deleted.
    Deleted deleted 3,
    /// Merged into another contact, and so deleted.
    Merged merged 4,
    /// Deleted before, and living again.
    Restored restored 5,
}

impl ChangeKind {
    /// The kind with that number in the store, or `None`.
    pub fn of_number(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }
}

impl FromIterator<ChangeKind> for RunCounts {
    fn from_iter<I: IntoIterator<Item = ChangeKind>>(kinds: I) -> Self {
        let mut counts = Self::default();
        kinds.into_iter().for_each(|kind| counts.count(kind));
        counts
    }
}

/// What a run did to one contact. Together with the contact and its version it is one append-only
/// row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LedgerEntry<'a> {
    /// The run.
    pub run: RunId,
    /// The run that changed the contact before; `None` if the ledger knows none.
    pub previous: Option<RunId>,
    /// What it did.
    pub kind: ChangeKind,
    /// What turns the document back into the one before, as JSON; `None` if the document is as it
    /// was, or new.
    pub reverse: Option<&'a str>,
}
