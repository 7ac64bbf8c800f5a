//! Members that the caller names: the custom fields.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::{Kind, Leaf, Likeness, Merging, Standing, TextValue, Tree, Visit};
use crate::contact::kinds::Free;
use crate::path::At;

/// An object of strings, numbers and booleans under names of the caller's choice.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(transparent)]
pub struct Scalars(Map<String, Value>);

impl Scalars {
    /// The members, in the order sent.
    pub fn members(&self) -> &Map<String, Value> {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Scalars {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let members = Map::deserialize(deserializer)?;
        if members.values().any(|value| value.is_array() || value.is_object()) {
            return Err(Error::custom("a custom field is a string, a number or a boolean"));
        }
        Ok(Self(members))
    }
}

impl Tree for Scalars {
    const KIND: Kind = Kind::Scalars;

    fn standing(&self) -> Standing {
        if self.0.is_empty() { Standing::Absent } else { Standing::Value }
    }

    fn merge(&mut self, sent: Self, _merging: &mut Merging, _at: &At<'_>) {
        for (name, value) in sent.0 {
            if value.is_null() {
                self.0.shift_remove(&name);
            } else {
                self.0.insert(name, value);
            }
        }
    }

    fn settle(self, merging: &mut Merging, at: &At<'_>) -> Self {
        let mut fresh = Self::default();
        fresh.merge(self, merging, at);
        fresh
    }

    fn fill(&mut self, other: Self) {
        for (name, value) in other.0 {
            self.0.entry(name).or_insert(value);
        }
    }

    fn matches(&self, sent: &Self, likeness: Likeness) -> bool {
        let has_all_sent = sent.0.iter().all(|(name, value)| match value {
            Value::Null => likeness != Likeness::Unchanged || !self.0.contains_key(name),
            value => self.0.get(name) == Some(value),
        });
        let values_sent = || sent.0.values().filter(|value| !value.is_null()).count();
        has_all_sent && (!likeness.is_whole() || values_sent() == self.0.len())
    }

    fn is_plain(&self) -> bool {
        !self.0.values().any(Value::is_null)
    }

    fn walk<'t>(&'t self, at: &At<'_>, visit: &mut Visit<'_, 't>) {
        visit(at, Leaf::Scalars(self.0.len()));
        for (name, value) in &self.0 {
            let at = at.member(name);
            visit(&at, Leaf::Name(name));
            if let Value::String(text) = value {
                visit(&at, Leaf::Text(&Free::KIND, text));
            }
        }
    }
}
