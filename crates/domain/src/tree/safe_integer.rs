//! Numbers and flags of the document.

use serde::de::{Error, Unexpected};
use serde::{Deserialize, Deserializer, Serialize};

use super::{Equivalence, Kind, Patch, Tree, Visit};
use crate::ids::MAX_SAFE_INTEGER;
use crate::path::At;

/// A whole number within ±(2^53 − 1), stored as received: a number, a position, somebody else's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct SafeInteger(i64);

impl SafeInteger {
    /// The number, or `None` outside ±(2^53 − 1).
    pub fn new(number: i64) -> Option<Self> {
        (-MAX_SAFE_INTEGER..=MAX_SAFE_INTEGER).contains(&number).then_some(Self(number))
    }

    /// The bare number.
    pub fn get(self) -> i64 {
        self.0
    }
}

impl<'de> Deserialize<'de> for SafeInteger {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = i64::deserialize(deserializer)?;
        Self::new(number)
            .ok_or_else(|| Error::invalid_value(Unexpected::Signed(number), &"within ±(2^53 − 1)"))
    }
}

impl Tree for SafeInteger {
    const KIND: Kind = Kind::SafeInteger;

    fn merge(&mut self, sent: &Self, _merging: &mut Patch, _at: &At<'_>) {
        *self = *sent;
    }

    fn matches(&self, sent: &Self, _likeness: Equivalence) -> bool {
        self == sent
    }

    fn walk<'t>(&'t self, _at: &At<'_>, _visit: &mut Visit<'_, 't>) {}
}

impl Tree for bool {
    const KIND: Kind = Kind::Flag;

    fn merge(&mut self, sent: &Self, _merging: &mut Patch, _at: &At<'_>) {
        *self = *sent;
    }

    fn matches(&self, sent: &Self, _likeness: Equivalence) -> bool {
        self == sent
    }

    fn walk<'t>(&'t self, _at: &At<'_>, _visit: &mut Visit<'_, 't>) {}
}
