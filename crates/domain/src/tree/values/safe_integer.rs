//! Whole numbers.

use serde::de::{Error, Unexpected};
use serde::{Deserialize, Deserializer, Serialize};

use crate::ids::MAX_SAFE_INTEGER;

/// A whole number within ±(2^53 − 1), the range that every JSON parser reads exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct SafeInteger(i64);

impl SafeInteger {
    /// The number, or `None` outside ±(2^53 − 1).
    pub fn new(number: i64) -> Option<Self> {
        (-MAX_SAFE_INTEGER..=MAX_SAFE_INTEGER).contains(&number).then_some(Self(number))
    }

    /// The number.
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
