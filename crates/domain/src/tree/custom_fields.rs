//! Members that the caller names: the custom fields.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use super::Free;
use super::{Equivalence, Kind, Leaf, Patch, Presence, TextValue, Tree, Visit};
use crate::json::{Json, Members};
use crate::path::At;

/// An object of strings, numbers and booleans under names of the caller's choice.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(transparent)]
pub struct CustomFields(Members);

impl CustomFields {
    /// The members, in the order sent.
    pub fn members(&self) -> &Members {
        &self.0
    }
}

impl<'de> Deserialize<'de> for CustomFields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Json::Object(members) = Json::deserialize(deserializer)? else {
            return Err(Error::custom("custom fields are an object"));
        };
        if members.values().any(|value| matches!(value, Json::Array(_) | Json::Object(_))) {
            return Err(Error::custom("a custom field is a string, a number or a boolean"));
        }
        Ok(Self(members))
    }
}

impl Tree for CustomFields {
    const KIND: Kind = Kind::CustomFields;

    fn presence(&self) -> Presence {
        if self.0.is_empty() { Presence::Absent } else { Presence::Value }
    }

    fn merge(&mut self, sent: &Self, _merging: &mut Patch, _at: &At<'_>) {
        for (name, value) in sent.0.iter() {
            if *value == Json::Null {
                self.0.retain(|known, _| known != name);
            } else {
                self.0.set(name, value.clone());
            }
        }
    }

    fn settle(&self, merging: &mut Patch, at: &At<'_>) -> Self {
        let mut fresh = Self::default();
        fresh.merge(self, merging, at);
        fresh
    }

    fn fill(&mut self, other: Self) {
        for (name, value) in other.0 {
            if self.0.get(&name).is_none() {
                self.0.set(&name, value);
            }
        }
    }

    fn matches(&self, sent: &Self, equivalence: Equivalence) -> bool {
        let has_all_sent = sent.0.iter().all(|(name, value)| match value {
            Json::Null => equivalence != Equivalence::Unchanged || self.0.get(name).is_none(),
            value => self.0.get(name) == Some(value),
        });
        let values_sent = || sent.0.values().filter(|value| **value != Json::Null).count();
        has_all_sent && (!equivalence.is_whole() || values_sent() == self.0.len())
    }

    fn is_plain(&self) -> bool {
        !self.0.values().any(|value| *value == Json::Null)
    }

    fn walk<'t>(&'t self, at: &At<'_>, visit: &mut Visit<'_, 't>) {
        visit(at, Leaf::CustomFields(self.0.len()));
        for (name, value) in self.0.iter() {
            let at = at.member(name);
            visit(&at, Leaf::Name(name));
            if let Json::Text(text) = value {
                visit(&at, Leaf::Text(&Free::KIND, text));
            }
        }
    }
}
