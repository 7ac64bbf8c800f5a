//! JSON as it was written: for objects that belong to somebody else.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Error, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::contact::rules::MAX_NESTING;
use crate::tree::MemberName;

/// A JSON value (RFC 8259) whose numbers keep every character.
///
/// Unlike `serde_json::Value` it writes `1e3` and `-0` as they came, takes no name for anything but
/// a name, and is never nested deeper than [`MAX_NESTING`].
///
/// ```
/// use contacts_domain::json::Json;
/// let json: Json = serde_json::from_str(r#"{"a": 1e3, "b": [-0, 1.50], "a": 1E3}"#)?;
/// assert_eq!(serde_json::to_string(&json)?, r#"{"a":1E3,"b":[-0,1.50]}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as it was written.
    Number(Number),
    /// A string.
    Text(Box<str>),
    /// An array.
    Array(Vec<Json>),
    /// An object.
    Object(Members),
}

/// A number, as it was written.
#[derive(Debug, Clone)]
pub struct Number(Box<RawValue>);

/// The members of an object, in the order in which they were written; equal in any order.
#[derive(Debug, Clone, Default)]
pub struct Members(Vec<(Box<str>, Json)>);

/// Why a text cannot be read as JSON.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// It is not JSON, or holds a lone surrogate.
    #[error("it is not valid JSON")]
    Malformed(#[from] serde_json::Error),
    /// It is nested deeper than [`MAX_NESTING`].
    #[error("it is nested more than {MAX_NESTING} deep")]
    TooDeep,
}

impl Json {
    /// Reads a text; a member given twice counts as given last.
    ///
    /// # Errors
    ///
    /// When the text is not JSON, or nested too deep.
    pub fn read(text: &str) -> Result<Self, Unreadable> {
        read(serde_json::from_str(text)?, 1)
    }

    /// How many arrays and objects stand one inside another, counting this one.
    pub fn nesting(&self) -> usize {
        match self {
            Self::Array(elements) => 1 + elements.iter().map(Self::nesting).max().unwrap_or(0),
            Self::Object(members) => 1 + members.values().map(Self::nesting).max().unwrap_or(0),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) => 0,
        }
    }
}

fn read(raw: &RawValue, level: usize) -> Result<Json, Unreadable> {
    let text = raw.get();
    Ok(match text.as_bytes().first() {
        Some(b'{' | b'[') if level > MAX_NESTING => return Err(Unreadable::TooDeep),
        Some(b'{') => {
            let RawMembers(raw) = serde_json::from_str(text)?;
            let mut members = Members::default();
            for (name, value) in raw {
                members.set(&name, read(value, level + 1)?);
            }
            Json::Object(members)
        }
        Some(b'[') => {
            let raw: Vec<&RawValue> = serde_json::from_str(text)?;
            let elements = raw.into_iter().map(|element| read(element, level + 1));
            Json::Array(elements.collect::<Result<_, _>>()?)
        }
        Some(b'"') => Json::Text(serde_json::from_str(text)?),
        Some(b't') => Json::Bool(true),
        Some(b'f') => Json::Bool(false),
        Some(b'n') => Json::Null,
        _ => Json::Number(Number(raw.to_owned())),
    })
}

impl Number {
    /// The number as it was written.
    pub fn as_str(&self) -> &str {
        self.0.get()
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Members {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The member of that name.
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// The members, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Json)> {
        self.0.iter().map(|(name, value)| (&**name, value))
    }

    /// The members, in order, to be changed.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut Json)> {
        self.0.iter_mut().map(|(name, value)| (&**name, value))
    }

    /// The values, in order.
    pub fn values(&self) -> impl Iterator<Item = &Json> {
        self.0.iter().map(|(_, value)| value)
    }

    /// Sets a member, in its place if there is one of that name.
    pub(crate) fn set(&mut self, name: &str, value: Json) {
        match self.0.iter_mut().find(|(known, _)| **known == *name) {
            Some((_, known)) => *known = value,
            None => self.0.push((name.into(), value)),
        }
    }

    /// The member of that name, to be changed.
    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut Json> {
        self.0.iter_mut().find(|(known, _)| **known == *name).map(|(_, value)| value)
    }

    /// Takes the members out that are not to be kept.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&str, &Json) -> bool) {
        self.0.retain(|(name, value)| keep(name, value));
    }
}

impl PartialEq for Members {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().all(|(name, value)| other.get(name) == Some(value))
    }
}

impl IntoIterator for Members {
    type Item = (Box<str>, Json);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(&Box::<RawValue>::deserialize(deserializer)?, 1).map_err(Error::custom)
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(flag) => serializer.serialize_bool(*flag),
            Self::Number(number) => number.0.serialize(serializer),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Array(elements) => elements.serialize(serializer),
            Self::Object(members) => members.serialize(serializer),
        }
    }
}

impl Serialize for Members {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.len()))?;
        for (name, value) in self.iter() {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// The members of an object whose values are not read yet.
struct RawMembers<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for RawMembers<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Named;

        impl<'de> Visitor<'de> for Named {
            type Value = RawMembers<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(name) = map.next_key_seed(MemberName)? {
                    members.push((name, map.next_value()?));
                }
                Ok(RawMembers(members))
            }
        }

        deserializer.deserialize_map(Named)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_nothing_but_a_name() {
        for name in ["$serde_json::private::Number", "$serde_json::private::RawValue"] {
            let text = format!(r#"{{"{name}":"12"}}"#);
            let json: Json = serde_json::from_str(&text).unwrap();
            assert!(matches!(&json, Json::Object(members) if members.len() == 1));
            assert_eq!(serde_json::to_string(&json).unwrap(), text);
        }
    }

    #[test]
    fn nesting_is_bounded_and_counted() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert_eq!(Json::read(&nested(16)).unwrap().nesting(), 16);
        assert!(matches!(Json::read(&nested(17)), Err(Unreadable::TooDeep)));
        assert!(Json::read(&nested(100_000)).is_err());
    }

    #[test]
    fn a_lone_surrogate_is_not_read() {
        assert!(Json::read(r#"{"a": ["\ud800"]}"#).is_err());
        assert!(Json::read(r#"{"\ud800": 1}"#).is_err());
    }
}
