//! What is sent: items that mark what they write, so that everything stored tells who wrote it.

use std::fmt;
use std::str::FromStr;

use serde_json::{Value, json};

/// A contact as a caller knows it: an external id, and a link id that goes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Key(pub(crate) u32);

impl Key {
    fn external_id(self) -> String {
        format!("ERP-{:06}", self.0)
    }

    fn link_id(self) -> String {
        format!("6f9619ff-8b86-4011-8000-{:012x}", self.0)
    }

    /// The key of that external id.
    pub(crate) fn of_external_id(text: &str) -> Option<Self> {
        text.strip_prefix("ERP-")?.parse().ok().map(Self)
    }

    /// The key of that link id.
    pub(crate) fn of_link_id(text: &str) -> Option<Self> {
        u32::from_str_radix(text.strip_prefix("6f9619ff-8b86-4011-8000-")?, 16).ok().map(Self)
    }

    /// The other key of the pair that exchanges its contacts.
    pub(crate) fn partner(self) -> Self {
        Self(self.0 ^ 1)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.external_id())
    }
}

/// Who wrote something: a writer and its count of items. Nobody writes the same twice, unless it
/// sends the same item again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Marker {
    pub(crate) writer: u16,
    pub(crate) number: u32,
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
pub(crate) enum Target {
    /// By the external id.
    ExternalId(Key),
    /// By the link id alone; only of contacts that are known to have it.
    LinkId(Key),
    /// By both, which gives it the link id if it has none.
    Both(Key),
    /// By the id that the hub gave it.
    Id(i64),
}

/// A member that an item may leave alone, clear or set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change<T> {
    Keep,
    Clear,
    Set(T),
}

impl<T: Copy> Change<T> {
    /// What stands there after the change.
    pub(crate) fn after(self, before: Option<T>) -> Option<T> {
        match self {
            Self::Keep => before,
            Self::Clear => None,
            Self::Set(value) => Some(value),
        }
    }
}

/// One item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) target: Target,
    /// Written into the last name by every item that writes, and into the other members that it sets.
    pub(crate) marker: Marker,
    pub(crate) first_name: Change<Marker>,
    /// Whether it sets the terms of payment: a member of a block.
    pub(crate) sets_terms: bool,
    /// Whether it sets the one address: an element of a list, with an id of its own.
    pub(crate) sets_city: bool,
    /// What becomes of external id and link id; moved together, always.
    pub(crate) keys: Change<Key>,
    pub(crate) kind: Kind,
}

/// What is to become of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It writes, and leaves its mark.
    Write,
    /// It says nothing that the contact does not say: it only looks.
    Look,
    /// It breaks a rule, so that nothing of it may be stored.
    Wrong,
}

impl Item {
    /// An item that sets the last name of its contact and nothing else.
    pub(crate) fn plain(target: Target, marker: Marker) -> Self {
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
    pub(crate) fn key(&self) -> Option<Key> {
        match self.target {
            Target::ExternalId(key) | Target::LinkId(key) | Target::Both(key) => Some(key),
            Target::Id(_) => None,
        }
    }

    /// The item as it is sent.
    pub(crate) fn wire(&self) -> Value {
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
            Kind::Look => {}
            Kind::Wrong => set("birthday", json!("2026-02-30")),
        }
        item
    }
}

/// The body of a batch of these items.
pub(crate) fn body(items: &[Item]) -> String {
    Value::Array(items.iter().map(Item::wire).collect()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_markers_are_read_as_they_were_written() {
        let key = Key(271);
        assert_eq!(Key::of_external_id(&key.external_id()), Some(key));
        assert_eq!(Key::of_link_id(&key.link_id()), Some(key));
        let marker = Marker { writer: 3, number: 1_207 };
        assert_eq!(marker.to_string().parse(), Ok(marker));
        assert_eq!("Rochat".parse::<Marker>(), Err(()));
    }

    #[test]
    fn partners_are_each_others() {
        assert_eq!((Key(4).partner(), Key(5).partner()), (Key(5), Key(4)));
    }
}
