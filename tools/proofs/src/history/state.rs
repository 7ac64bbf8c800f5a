//! The members of a contact that items write.

use std::fmt;

use anyhow::{Result, anyhow};
use serde_json::Value;

use super::item::{Change, Item, Key, Kind, Marker, Target};

/// The members of a contact that items write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct State {
    /// The key of the external id.
    pub external_id: Option<Key>,
    /// The key of the link id.
    pub link_id: Option<Key>,
    /// The item that wrote the last name.
    pub last_name: Option<Marker>,
    /// The item that wrote the first name.
    pub first_name: Option<Marker>,
    /// The item that wrote the payment terms.
    pub terms: Option<Marker>,
    /// The item that wrote the city.
    pub city: Option<Marker>,
    /// The id of the address.
    pub address: Option<i64>,
}

impl State {
    /// Reads the document of an answer or of the database. Fails on values that no item writes.
    pub(super) fn read(document: &Value) -> Result<Self> {
        let text = |pointer: &str| document.pointer(pointer).and_then(Value::as_str);
        let strange = || anyhow!("a value that no item writes: {document}");
        let marker = |pointer: &str| text(pointer).map(str::parse).transpose();
        let read = || -> Result<Self, ()> {
            Ok(Self {
                external_id: text("/externalId")
                    .map(|t| Key::of_external_id(t).ok_or(()))
                    .transpose()?,
                link_id: text("/linkId").map(|t| Key::of_link_id(t).ok_or(())).transpose()?,
                last_name: marker("/lastName")?,
                first_name: marker("/firstName")?,
                terms: marker("/client/paymentTerms")?,
                city: marker("/addresses/0/city")?,
                address: document.pointer("/addresses/0/id").and_then(Value::as_i64),
            })
        };
        match document.pointer("/addresses/1") {
            None => read().map_err(|()| strange()),
            Some(_) => Err(strange()),
        }
    }

    /// The state after that item. The id of a new address is unknown.
    fn after(&self, item: &Item) -> Self {
        let marker = item.marker;
        let taken = match (item.target, item.keys) {
            (Target::ExternalId(key), _) => (Change::Set(key), Change::Keep),
            (Target::LinkId(key), _) => (Change::Keep, Change::Set(key)),
            (Target::Both(key), _) => (Change::Set(key), Change::Set(key)),
            (Target::Id(_), keys) => (keys, keys),
        };
        Self {
            external_id: taken.0.after(self.external_id),
            link_id: taken.1.after(self.link_id),
            last_name: if item.kind == Kind::Read { self.last_name } else { Some(marker) },
            first_name: item.first_name.after(self.first_name),
            terms: if item.sets_terms { Some(marker) } else { self.terms },
            city: if item.sets_city { Some(marker) } else { self.city },
            address: self.address,
        }
    }

    /// Whether `next` is this state after the item.
    pub fn becomes(&self, next: &Self, item: &Item) -> bool {
        let after = self.after(item);
        if after.address.is_some() || after.city.is_none() {
            return after == *next;
        }
        next.address.is_some() && after == Self { address: None, ..*next }
    }

    /// Whether the item finds nothing to change.
    pub(super) fn has(&self, item: &Item) -> bool {
        self.after(item) == *self
    }

    /// Whether the item finds this contact by its key.
    pub(super) fn is_found_by(&self, item: &Item) -> bool {
        match item.target {
            Target::ExternalId(key) | Target::Both(key) => self.external_id == Some(key),
            Target::LinkId(key) => self.link_id == Some(key),
            Target::Id(_) => true,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |value: Option<String>| value.unwrap_or_else(|| "none".to_owned());
        let marker = |value: Option<Marker>| shown(value.map(|marker| marker.to_string()));
        let key = |value: Option<Key>| shown(value.map(|key| key.to_string()));
        write!(
            f,
            "external id {}, link id of {}, last name {}, first name {}, terms {}, city {} (id {})",
            key(self.external_id),
            key(self.link_id),
            marker(self.last_name),
            marker(self.first_name),
            marker(self.terms),
            marker(self.city),
            shown(self.address.map(|id| id.to_string())),
        )
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ONE: Marker = Marker { writer: 1, number: 1 };
    const TWO: Marker = Marker { writer: 2, number: 1 };

    #[test]
    fn document_is_read_member_by_member() {
        let item = Item {
            first_name: Change::Set(ONE),
            sets_terms: true,
            sets_city: true,
            ..Item::plain(Target::Both(Key(7)), ONE)
        };
        let mut document = item.wire();
        document["addresses"][0]["id"] = json!(12);
        let state = State::read(&document).unwrap();
        let expected = State {
            external_id: Some(Key(7)),
            link_id: Some(Key(7)),
            last_name: Some(ONE),
            first_name: Some(ONE),
            terms: Some(ONE),
            city: Some(ONE),
            address: Some(12),
        };
        assert_eq!(state, expected);
        assert!(State::default().becomes(&state, &item) && state.has(&item));

        document["lastName"] = json!("Rochat");
        assert!(State::read(&document).is_err());
    }

    #[test]
    fn unmentioned_members_stay() {
        let before = State {
            external_id: Some(Key(7)),
            first_name: Some(ONE),
            last_name: Some(ONE),
            ..State::default()
        };
        let item = Item::plain(Target::ExternalId(Key(7)), TWO);
        let after = State { last_name: Some(TWO), ..before };
        assert!(before.becomes(&after, &item));
        assert!(!before.becomes(&State { first_name: None, ..after }, &item));
    }

    #[test]
    fn address_of_the_same_name_keeps_its_id() {
        let none = State::default();
        let one = State { city: Some(ONE), address: Some(5), ..none };
        let item = Item { sets_city: true, ..Item::plain(Target::Id(3), TWO) };
        let after = State { city: Some(TWO), last_name: Some(TWO), ..none };
        for (before, address, fits) in [
            (none, None, false),
            (none, Some(6), true),
            (one, None, false),
            (one, Some(5), true),
            (one, Some(6), false),
        ] {
            assert_eq!(before.becomes(&State { address, ..after }, &item), fits, "{address:?}");
        }
    }
}
