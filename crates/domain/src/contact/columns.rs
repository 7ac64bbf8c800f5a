//! The columns that follow from a document, declared once.
//!
//! Whatever reads, binds, names or compares them is generated from these lists, in this crate and in
//! the stores.

use super::record::ContactType;
use crate::value::{LinkId, sort_key};

/// A column of a contact's row. A store can read it as its simpler type, whatever it holds.
pub trait Column: Sized {
    /// The simpler type: text, optional text or a flag.
    type Stored;

    /// The value as a store holds it.
    fn stored(&self) -> Self::Stored;

    /// The value, or `None` if what is stored is no value of this column.
    fn read(stored: Self::Stored) -> Option<Self>;
}

/// A column of an entry in the directory of intercoms, as [`Column`] is one of a contact's row. It
/// is never `NULL`: an empty text stands for no link id.
pub trait EntryColumn: Sized {
    /// The simpler type: text or a flag.
    type Stored;

    /// The value as a store holds it.
    fn stored(&self) -> Self::Stored;

    /// The value, or `None` if what is stored is no value of this column.
    fn read(stored: Self::Stored) -> Option<Self>;
}

impl Column for ContactType {
    type Stored = String;

    fn stored(&self) -> String {
        self.as_str().to_owned()
    }

    fn read(stored: String) -> Option<Self> {
        Self::parse(&stored)
    }
}

/// The key that sorts contacts by name as people do: the order of the keys' bytes is that of the names.
///
/// ```
/// use contacts_domain::contact::SortKey;
///
/// assert!(SortKey::of("Emil") < SortKey::of("Émile"));
/// assert!(SortKey::of("Émile") < SortKey::of("Emma"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SortKey(String);

impl SortKey {
    /// How much of a name counts, in characters.
    const MAX_CHARS: usize = 100;

    /// The longest key: an index of PostgreSQL takes rows of up to 2,704 bytes.
    const MAX_BYTES: usize = 1_000;

    /// The key of a name. Long names that begin alike may have one key.
    pub fn of(name: &str) -> Self {
        let end = name.char_indices().nth(Self::MAX_CHARS).map_or(name.len(), |(end, _)| end);
        let mut key = sort_key(name.get(..end).unwrap_or_default());
        if key.len() > Self::MAX_BYTES {
            let end = (0..=Self::MAX_BYTES).rfind(|end| key.is_char_boundary(*end));
            key.truncate(end.unwrap_or_default());
        }
        Self(key)
    }

    /// The key that a store holds.
    pub fn stored_as(key: String) -> Self {
        Self(key)
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Column for SortKey {
    type Stored = String;

    fn stored(&self) -> String {
        self.0.clone()
    }

    fn read(stored: String) -> Option<Self> {
        Some(Self(stored))
    }
}

impl Column for Option<LinkId> {
    type Stored = Option<String>;

    fn stored(&self) -> Option<String> {
        self.map(|link_id| link_id.to_string())
    }

    fn read(stored: Option<String>) -> Option<Self> {
        stored.map(|text| LinkId::parse(&text)).transpose().ok()
    }
}

impl EntryColumn for Option<LinkId> {
    type Stored = String;

    fn stored(&self) -> String {
        Column::stored(self).unwrap_or_default()
    }

    fn read(stored: String) -> Option<Self> {
        Column::read(Some(stored).filter(|text| !text.is_empty()))
    }
}

macro_rules! stored_as_they_are {
    ($($column:ident for $type:ty),+) => {$(
        impl $column for $type {
            type Stored = Self;

            fn stored(&self) -> Self {
                self.clone()
            }

            fn read(stored: Self) -> Option<Self> {
                Some(stored)
            }
        }
    )+};
}

stored_as_they_are! {
    Column for String,
    Column for Option<String>,
    Column for bool,
    EntryColumn for String,
    EntryColumn for bool
}

/// Calls a macro with the columns of a contact's row that follow from its document:
/// `$(#[$doc:meta])* $name:ident: $type:ty,` each.
///
/// ```
/// macro_rules! names {
///     ($($(#[$doc:meta])* $name:ident: $type:ty,)+) => {
///         [$(stringify!($name)),+]
///     };
/// }
/// let names = contacts_domain::contact_columns!(names);
/// assert_eq!(names[..2], ["contact_type", "external_id"]);
/// ```
#[macro_export]
macro_rules! contact_columns {
    ($callback:ident) => {
        $callback! {
            /// Person, organization or endpoint.
            contact_type: $crate::contact::ContactType,
            /// The caller's own key, trimmed.
            external_id: Option<String>,
            /// The key that a device or another system bound it to.
            link_id: Option<$crate::value::LinkId>,
            /// The name, or first and last name, or the name that an intercom shows.
            display_name: String,
            /// The normal form of the e-mail address.
            email: Option<String>,
            /// The phone number (E.164).
            phone: Option<String>,
            /// The mobile number (E.164).
            mobile: Option<String>,
            /// The normal form of the VAT number.
            vat_number: Option<String>,
            /// Archived, but not deleted.
            archived: bool,
            /// A customer.
            is_customer: bool,
            /// A supplier.
            is_vendor: bool,
            /// An employee.
            is_staff: bool,
            /// The key of the display name that sorts contacts.
            sort_key: $crate::contact::SortKey,
            /// The countries of its addresses, each between commas.
            countries: String,
            /// The ids of its tags, each between commas.
            tags: String,
        }
    };
}

/// Calls a macro with the columns of an entry in the directory of intercoms, in the form of
/// [`contact_columns!`](crate::contact_columns!).
#[macro_export]
macro_rules! entry_columns {
    ($callback:ident) => {
        $callback! {
            /// The key that a device bound the contact to.
            link_id: Option<$crate::value::LinkId>,
            /// The name that the intercom shows.
            name: String,
            /// The type: `regular`, `individual`, `multi` or `p2p`.
            kind: String,
            /// An internal address of the type, or a SIP URI.
            number: String,
            /// Listed first.
            is_favorite: bool,
            /// Answers calls by itself.
            auto_answer: bool,
            /// Blocked.
            in_black_list: bool,
            /// Called without a server.
            is_p2p: bool,
            /// The file name of the ringtone.
            ringtone: String,
            /// The key that sorts entries by name as people do.
            sort_key: String,
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_of_a_long_name_is_cut() {
        // One character whose key has 18, and one of four bytes.
        for name in ["\u{fdfa}".repeat(500), "𝄞".repeat(500), "a".repeat(500)] {
            let key = SortKey::of(&name);
            assert!((300..=1_000).contains(&key.as_str().len()), "{}", key.as_str().len());
        }
    }
}
