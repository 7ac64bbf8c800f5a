//! Items. Each writes its marker, so that stored contacts show which item wrote them.

use std::fmt;
use std::str::FromStr;

use serde_json::{Value, json};

/// The key of a contact: the number of its external id and of its link id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(pub u32);

impl Key {
    fn external_id(self) -> String {
        format!("ERP-{:06}", self.0)
    }

    fn link_id(self) -> String {
        format!("6f9619ff-8b86-4011-8000-{:012x}", self.0)
    }

    /// The key of that external id.
    pub(super) fn of_external_id(text: &str) -> Option<Self> {
        text.strip_prefix("ERP-")?.parse().ok().map(Self)
    }

    /// The key of that link id.
    pub(super) fn of_link_id(text: &str) -> Option<Self> {
        u32::from_str_radix(text.strip_prefix("6f9619ff-8b86-4011-8000-")?, 16).ok().map(Self)
    }

    /// The other key of the pair that exchanges its contacts.
    pub fn partner(self) -> Self {
        Self(self.0 ^ 1)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.external_id())
    }
}

/// The identity of an item: its writer, and a number of that writer. Only the same item sent again has
/// the same marker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Marker {
    /// The number of the writer.
    pub writer: u16,
    /// The number of the item.
    pub number: u32,
}

impl fmt::Display for Marker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "writer {} item {}", self.writer, self.number)
    }
}

impl FromStr for Marker {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let rest = text.strip_prefix("writer ").ok_or(())?;
        let (writer, number) = rest.split_once(" item ").ok_or(())?;
        let writer = writer.parse().map_err(drop)?;
        Ok(Self { writer, number: number.parse().map_err(drop)? })
    }
}

/// How an item names its contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// By the external id.
    ExternalId(Key),
    /// By the link id alone; only if the contact is known to have it.
    LinkId(Key),
    /// By both, which sets the link id if there is none.
    Both(Key),
    /// By the id that the server gave it.
    Id(i64),
}

/// What an item does with a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change<T> {
    /// It does not mention the member.
    Keep,
    /// It sets the member to null.
    Clear,
    /// It sets the member to a value.
    Set(T),
}

impl<T: Copy> Change<T> {
    /// The value after the change.
    pub(super) fn after(self, before: Option<T>) -> Option<T> {
        match self {
            Self::Keep => before,
            Self::Clear => None,
            Self::Set(value) => Some(value),
        }
    }
}

/// One item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item {
    /// How it names its contact.
    pub target: Target,
    /// Written into the last name by every writing item, and into the other members that it sets.
    pub marker: Marker,
    /// What it does with the first name.
    pub first_name: Change<Marker>,
    /// Whether it sets the payment terms: a member of a block.
    pub sets_terms: bool,
    /// Whether it sets the address: an element of a list, with an id of its own.
    pub sets_city: bool,
    /// What it does with the external id and the link id, which always move together.
    pub keys: Change<Key>,
    /// What it is for.
    pub kind: Kind,
}

/// What an item is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It writes, and leaves its marker.
    Write,
    /// It changes nothing: it only reads.
    Read,
    /// It breaks a rule, so that nothing of it may be stored.
    Wrong,
}

impl Item {
    /// An item that sets the last name of its contact and nothing else.
    pub fn plain(target: Target, marker: Marker) -> Self {
        Self {
            target,
            marker,
            first_name: Change::Keep,
            sets_terms: false,
            sets_city: false,
            keys: Change::Keep,
            kind: Kind::Write,
        }
    }

    /// The key that it names its contact by.
    pub fn key(&self) -> Option<Key> {
        match self.target {
            Target::ExternalId(key) | Target::LinkId(key) | Target::Both(key) => Some(key),
            Target::Id(_) => None,
        }
    }

    /// The item as JSON.
    pub fn wire(&self) -> Value {
        let marker = self.marker.to_string();
        let mut item = json!({ "contactType": "PERSON", "isCustomer": true });
        let mut set = |name: &str, value: Value| {
            if let Value::Object(members) = &mut item {
                members.insert(name.to_owned(), value);
            }
        };
        match self.target {
            Target::ExternalId(key) => set("externalId", json!(key.external_id())),
            Target::LinkId(key) => set("linkId", json!(key.link_id())),
            Target::Both(key) => {
                set("externalId", json!(key.external_id()));
                set("linkId", json!(key.link_id()));
            }
            Target::Id(id) => set("id", json!(id)),
        }
        match self.keys {
            Change::Keep => {}
            Change::Clear => {
                set("externalId", Value::Null);
                set("linkId", Value::Null);
            }
            Change::Set(key) => {
                set("externalId", json!(key.external_id()));
                set("linkId", json!(key.link_id()));
            }
        }
        match self.first_name {
            Change::Keep => {}
            Change::Clear => set("firstName", Value::Null),
            Change::Set(marker) => set("firstName", json!(marker.to_string())),
        }
        if self.sets_terms {
            set("client", json!({ "paymentTerms": marker }));
        }
        if self.sets_city {
            set("addresses", json!([{ "name": "Home", "city": marker }]));
        }
        match self.kind {
            Kind::Write => set("lastName", json!(marker)),
            Kind::Read => {}
            Kind::Wrong => set("birthday", json!("2026-02-30")),
        }
        item
    }
}

/// The body of a batch of these items.
pub fn body(items: &[Item]) -> String {
    Value::Array(items.iter().map(Item::wire).collect()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_markers_round_trip() {
        let key = Key(271);
        assert_eq!(Key::of_external_id(&key.external_id()), Some(key));
        assert_eq!(Key::of_link_id(&key.link_id()), Some(key));
        let marker = Marker { writer: 3, number: 1_207 };
        assert_eq!(marker.to_string().parse(), Ok(marker));
        assert_eq!("Rochat".parse::<Marker>(), Err(()));
    }

    #[test]
    fn partners_are_mutual() {
        assert_eq!((Key(4).partner(), Key(5).partner()), (Key(5), Key(4)));
    }
}
