//! Decimal numbers, kept as sent.

use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

use serde::de::{Error, Unexpected};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::json::Number;
use crate::value::Decimal;

/// A decimal number with every digit as sent, in a JSON string or as a JSON number.
///
/// It is never converted to binary floating point: `42.10` is returned as `42.10`.
///
/// ```
/// use contacts_domain::contact::document::Client;
/// let client: Client = serde_json::from_str(r#"{"creditLimit": "5000.00"}"#)?;
/// assert_eq!(serde_json::to_string(&client)?, r#"{"creditLimit":"5000.00"}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
pub struct Amount<K> {
    sent: Spelling,
    kind: PhantomData<fn() -> K>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Spelling {
    Text(Box<str>),
    Number(Number),
}

/// The name and range of a kind of amount.
#[derive(Debug)]
pub struct AmountKind {
    /// The name in messages.
    pub name: &'static str,
    /// Whether it has to be from 0 to 100.
    pub percentage: bool,
    /// Whether it has to be at least 0.
    pub not_negative: bool,
}

/// A type that names a kind of [`Amount`].
pub trait AmountOf: 'static {
    /// The kind.
    const KIND: AmountKind;
}

/// A decimal number as sent, borrowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AmountValue<'t> {
    /// In a JSON string.
    Text(&'t str),
    /// As a JSON number.
    Number(&'t str),
}

impl<'t> AmountValue<'t> {
    /// The digits as sent.
    pub fn as_str(self) -> &'t str {
        match self {
            Self::Text(text) | Self::Number(text) => text,
        }
    }
}

impl<K> Amount<K> {
    /// An amount in a JSON string.
    pub fn text(text: &str) -> Self {
        Self { sent: Spelling::Text(text.into()), kind: PhantomData }
    }

    /// The number, if it is one.
    pub(crate) fn decimal(&self) -> Option<Decimal> {
        match self.value() {
            AmountValue::Text(text) => Decimal::parse(text.trim()).ok(),
            AmountValue::Number(number) => Decimal::parse_json_number(number).ok(),
        }
    }

    /// The amount as it was sent.
    pub fn value(&self) -> AmountValue<'_> {
        match &self.sent {
            Spelling::Text(text) => AmountValue::Text(text),
            Spelling::Number(number) => AmountValue::Number(number.as_str()),
        }
    }
}

impl<K> Clone for Amount<K> {
    fn clone(&self) -> Self {
        Self { sent: self.sent.clone(), kind: PhantomData }
    }
}

impl<K> PartialEq for Amount<K> {
    fn eq(&self, other: &Self) -> bool {
        self.sent == other.sent
    }
}

impl<K> Eq for Amount<K> {}

impl<K> Hash for Amount<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.sent.hash(state);
    }
}

impl<K> std::fmt::Debug for Amount<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.sent.fmt(f)
    }
}

impl<K> Serialize for Amount<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.sent {
            Spelling::Text(text) => serializer.serialize_str(text),
            Spelling::Number(number) => number.serialize(serializer),
        }
    }
}

impl<'de, K> Deserialize<'de> for Amount<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Raw, because a number type would lose digits and the spelling of the exponent.
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let sent = match raw.get().as_bytes().first() {
            Some(b'"') => Spelling::Text(serde_json::from_str(raw.get()).map_err(Error::custom)?),
            _ => Spelling::Number(Number::from_raw(raw).ok_or_else(|| {
                Error::invalid_type(Unexpected::Other("neither"), &"text or a number")
            })?),
        };
        Ok(Self { sent, kind: PhantomData })
    }
}
