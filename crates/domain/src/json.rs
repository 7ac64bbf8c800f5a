//! JSON values that are written exactly as they were read.

use std::borrow::Cow;

use serde::de::Error;
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// The deepest nesting of an item; the item itself is 1.
pub(crate) const MAX_NESTING: usize = 16;

/// A JSON value (RFC 8259) whose numbers keep every character.
///
/// Unlike `serde_json::Value` it keeps the order of members whatever features `serde_json` has,
/// writes `1e3` and `-0` as they were sent, gives no member name a special meaning, and is never
/// nested deeper than [`MAX_NESTING`].
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string.
    Text(Box<str>),
    /// An array.
    Array(Vec<Json>),
    /// An object.
    Object(Members),
}

/// The text of a JSON number.
#[derive(Debug, Clone)]
pub(crate) struct Number(Box<RawValue>);

/// The members of an object, in the order sent; equal in any order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Members(Vec<(Box<str>, Json)>);

/// The text is not JSON, or is nested too deep.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    /// Not JSON, or with a lone surrogate.
    #[error("it is not valid JSON")]
    Malformed(#[from] serde_json::Error),
    /// Nested deeper than [`MAX_NESTING`].
    #[error("it is nested more than {MAX_NESTING} deep")]
    TooDeep,
}

impl Json {
    /// Reads a text. The last of several members with the same name counts.
    ///
    /// # Errors
    ///
    /// [`Unreadable`] if the text is not JSON, or nested too deep.
    pub(crate) fn read(text: &str) -> Result<Self, Unreadable> {
        Self::read_raw(serde_json::from_str(text)?)
    }

    fn read_raw(raw: &RawValue) -> Result<Self, Unreadable> {
        Reader { rest: raw.get() }.value(1)
    }

    /// The number of arrays and objects inside one another, this one included.
    pub(crate) fn nesting(&self) -> usize {
        match self {
            Self::Array(elements) => 1 + elements.iter().map(Self::nesting).max().unwrap_or(0),
            Self::Object(members) => 1 + members.values().map(Self::nesting).max().unwrap_or(0),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) => 0,
        }
    }
}

/// Reads text that `serde_json` has found to be valid, so that only lone surrogates and depth are
/// left to check. One pass, because numbers keep their text and serde's data model has no such type.
struct Reader<'t> {
    rest: &'t str,
}

impl<'t> Reader<'t> {
    fn value(&mut self, level: usize) -> Result<Json, Unreadable> {
        Ok(match self.peek() {
            Some(b'{' | b'[') if level > MAX_NESTING => return Err(Unreadable::TooDeep),
            Some(b'{') => {
                self.take(1);
                let mut members = Members::default();
                while self.peek() == Some(b'"') {
                    let name = self.string()?;
                    members.set(&name, self.value(level + 1)?);
                }
                self.take(1);
                Json::Object(members)
            }
            Some(b'[') => {
                self.take(1);
                let mut elements = Vec::new();
                while self.peek().is_some_and(|byte| byte != b']') {
                    elements.push(self.value(level + 1)?);
                }
                self.take(1);
                Json::Array(elements)
            }
            Some(b'"') => Json::Text(self.string()?.into()),
            Some(b't') => {
                self.take("true".len());
                Json::Bool(true)
            }
            Some(b'f') => {
                self.take("false".len());
                Json::Bool(false)
            }
            Some(b'n') => {
                self.take("null".len());
                Json::Null
            }
            _ => {
                let end = self.rest.find([',', ']', '}', ' ', '\t', '\r', '\n']);
                let digits = self.take(end.unwrap_or(self.rest.len()));
                Json::Number(Number(serde_json::from_str::<&RawValue>(digits)?.to_owned()))
            }
        })
    }

    /// Skips white space and separators, and returns the first byte after them.
    fn peek(&mut self) -> Option<u8> {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\r', '\n', ',', ':']);
        self.rest.bytes().next()
    }

    fn string(&mut self) -> Result<Cow<'t, str>, serde_json::Error> {
        let mut bytes = self.rest.bytes().enumerate().skip(1);
        let mut escaped = false;
        let end = loop {
            match bytes.next() {
                Some((at, b'"')) => break at + 1,
                Some((_, b'\\')) => {
                    escaped = true;
                    bytes.next();
                }
                Some(_) => {}
                None => break self.rest.len(),
            }
        };
        let quoted = self.take(end);
        if escaped {
            serde_json::from_str(quoted).map(Cow::Owned)
        } else {
            Ok(Cow::Borrowed(quoted.trim_matches('"')))
        }
    }

    fn take(&mut self, length: usize) -> &'t str {
        let (taken, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }
}

impl Number {
    /// The number of a raw value that is one.
    pub(crate) fn from_raw(raw: Box<RawValue>) -> Option<Self> {
        raw.get()
            .starts_with(|first: char| first == '-' || first.is_ascii_digit())
            .then_some(Self(raw))
    }

    /// The number as sent.
    pub(crate) fn as_str(&self) -> &str {
        self.0.get()
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Number {}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl Members {
    /// Whether there are no members.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The number of members.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The member of that name.
    pub(crate) fn get(&self, name: &str) -> Option<&Json> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// The members, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Json)> {
        self.0.iter().map(|(name, value)| (&**name, value))
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut Json)> {
        self.0.iter_mut().map(|(name, value)| (&**name, value))
    }

    /// The values, in order.
    pub(crate) fn values(&self) -> impl Iterator<Item = &Json> {
        self.0.iter().map(|(_, value)| value)
    }

    /// Sets a member. One of the same name keeps its place.
    pub(crate) fn set(&mut self, name: &str, value: Json) {
        match self.0.iter_mut().find(|(known, _)| **known == *name) {
            Some((_, known)) => *known = value,
            None => self.0.push((name.into(), value)),
        }
    }

    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut Json> {
        self.0.iter_mut().find(|(known, _)| **known == *name).map(|(_, value)| value)
    }

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
        Self::read_raw(&Box::<RawValue>::deserialize(deserializer)?).map_err(Error::custom)
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(flag) => serializer.serialize_bool(*flag),
            Self::Number(number) => number.serialize(serializer),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_order_stay_as_sent() {
        let json: Json = serde_json::from_str(r#"{"a": 1e3, "b": [-0, 1.50], "a": 1E3}"#).unwrap();
        assert_eq!(serde_json::to_string(&json).unwrap(), r#"{"a":1E3,"b":[-0,1.50]}"#);
    }

    #[test]
    fn private_names_of_serde_json_are_ordinary() {
        for name in ["$serde_json::private::Number", "$serde_json::private::RawValue"] {
            let text = format!(r#"{{"{name}":"12"}}"#);
            let json: Json = serde_json::from_str(&text).unwrap();
            assert!(matches!(&json, Json::Object(members) if members.len() == 1));
            assert_eq!(serde_json::to_string(&json).unwrap(), text);
        }
    }

    #[test]
    fn nesting_is_limited_and_counted() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert_eq!(Json::read(&nested(16)).unwrap().nesting(), 16);
        assert!(matches!(Json::read(&nested(17)), Err(Unreadable::TooDeep)));
        assert!(Json::read(&nested(100_000)).is_err());
    }

    #[test]
    fn white_space_and_escapes_are_read() {
        let text =
            " { \"a\\n\" : [ 1 , \"\\\"\\\\\" ,\t-0.5e+3\r\n, [ ] ] , \"\" : { } ,\"b\":true }\n";
        let json = Json::read(text).unwrap();
        let written = r#"{"a\n":[1,"\"\\",-0.5e+3,[]],"":{},"b":true}"#;
        assert_eq!(serde_json::to_string(&json).unwrap(), written);
        assert_eq!(Json::read(written).unwrap(), json);
    }

    #[test]
    fn lone_surrogate_is_refused() {
        assert!(Json::read(r#"{"a": ["\ud800"]}"#).is_err());
        assert!(Json::read(r#"{"\ud800": 1}"#).is_err());
    }
}
