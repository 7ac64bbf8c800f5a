//! A contact as stored, whether valid or not.

use super::contact_key::ContactKey;
use super::finding::Difference;
use crate::contact::{Column, EntryColumn, IntercomEntry, Projection, Record};
use crate::context::{MatchBy, SharedKey};
use crate::decision::{Change, Parts};
use crate::ids::{ContactId, Version};
use crate::timestamp::Timestamp;

/// A contact as stored, whatever its columns hold.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredContact {
    /// Its organization and id.
    pub key: ContactKey,
    /// The columns that should follow from the document.
    pub columns: StoredColumns,
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
    /// The document.
    pub document: String,
    /// The related contacts, in any order.
    pub relations: Vec<i64>,
    /// Its entry in the directory of intercoms.
    pub entry: Option<StoredEntry>,
}

/// A stored value as a difference shows it.
trait Shown {
    fn shown(&self) -> Option<String>;
}

impl Shown for Option<String> {
    fn shown(&self) -> Option<String> {
        self.clone()
    }
}

impl Shown for String {
    fn shown(&self) -> Option<String> {
        Some(self.clone())
    }
}

impl Shown for bool {
    fn shown(&self) -> Option<String> {
        Some(self.to_string())
    }
}

macro_rules! stored_columns {
    ($($(#[$doc:meta])* $name:ident: $type:ty,)+) => {
        /// A [`Projection`] as stored: texts instead of values.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct StoredColumns {
            $($(#[$doc])* pub $name: <$type as Column>::Stored,)+
        }

        impl From<&Projection> for StoredColumns {
            fn from(projection: &Projection) -> Self {
                Self { $($name: Column::stored(&projection.$name),)+ }
            }
        }

        impl StoredColumns {
            /// The columns as a projection.
            ///
            /// # Errors
            ///
            /// The name of the first column that holds no value of its kind.
            pub fn read(self) -> Result<Projection, &'static str> {
                Ok(Projection { $($name: Column::read(self.$name).ok_or(stringify!($name))?,)+ })
            }

            /// The columns that differ from those computed.
            pub(super) fn differences(&self, computed: &Self) -> (Parts, Vec<Difference>) {
                let mut differences = Vec::new();
                $(if self.$name != computed.$name {
                    differences.push(Difference {
                        what: stringify!($name),
                        stored: self.$name.shown(),
                        computed: computed.$name.shown(),
                    });
                })+
                let parts = Parts { $($name: self.$name != computed.$name,)+ ..Parts::default() };
                (parts, differences)
            }
        }
    };
}

crate::contact_columns!(stored_columns);

impl StoredColumns {
    /// The columns as computed, but for these keys, which are as they are stored.
    pub(super) fn but_for(&self, keys: MatchBy, computed: &Self) -> Self {
        let mut columns = computed.clone();
        if keys.includes(SharedKey::Email) {
            columns.email.clone_from(&self.email);
        }
        if keys.includes(SharedKey::Phone) {
            columns.phone.clone_from(&self.phone);
            columns.mobile.clone_from(&self.mobile);
        }
        if keys.includes(SharedKey::VatNumber) {
            columns.vat_number.clone_from(&self.vat_number);
        }
        columns
    }
}

macro_rules! stored_entry {
    ($($(#[$doc:meta])* $name:ident: $type:ty,)+) => {
        /// An [`IntercomEntry`] as stored: texts instead of values, and an empty text without a link
        /// id.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct StoredEntry {
            $($(#[$doc])* pub $name: <$type as EntryColumn>::Stored,)+
        }

        impl From<&IntercomEntry> for StoredEntry {
            fn from(entry: &IntercomEntry) -> Self {
                Self { $($name: EntryColumn::stored(&entry.$name),)+ }
            }
        }

        impl StoredEntry {
            /// The columns as an entry.
            ///
            /// # Errors
            ///
            /// The name of the first column that holds no value of its kind.
            pub fn read(self) -> Result<IntercomEntry, &'static str> {
                let read = IntercomEntry {
                    $($name: EntryColumn::read(self.$name).ok_or(stringify!($name))?,)+
                };
                Ok(read)
            }

            /// The columns that differ from those computed.
            pub(super) fn differences(&self, computed: &Self) -> Vec<Difference> {
                let mut differences = Vec::new();
                $(if self.$name != computed.$name {
                    differences.push(Difference {
                        what: concat!("entry.", stringify!($name)),
                        stored: self.$name.shown(),
                        computed: computed.$name.shown(),
                    });
                })+
                differences
            }
        }
    };
}

crate::entry_columns!(stored_entry);

impl StoredContact {
    /// A contact with valid columns.
    pub fn new(record: Record, relations: &[ContactId], entry: Option<&IntercomEntry>) -> Self {
        Self {
            key: ContactKey { organization: record.organization.get(), id: record.id.get() },
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

impl From<&Change> for StoredContact {
    /// The contact as a store holds it after the change.
    fn from(change: &Change) -> Self {
        let entry = change.intercom_entry();
        Self::new(change.record().clone(), change.relations(), entry)
    }
}
