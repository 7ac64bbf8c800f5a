//! JSON values that are written exactly as they were read.

mod reader;

use std::hash::{Hash, Hasher};
use std::ops::Range;

use indexmap::IndexMap;
use serde::de::Error;
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

pub(crate) use reader::Reader;

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

/// A JSON value as text.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct JsonText(Box<RawValue>);

/// The members of an object, in the order sent; equal in any order.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Members(IndexMap<Box<str>, Json>);

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
        Self::build(&mut Reader::new(raw), 1)
    }

    /// One pass, because numbers keep their text and serde's data model has no such type.
    fn build(reader: &mut Reader<'_>, level: usize) -> Result<Self, Unreadable> {
        Ok(match reader.peek() {
            Some(b'{' | b'[') if level > MAX_NESTING => return Err(Unreadable::TooDeep),
            Some(b'{') => {
                let mut members = Members::default();
                reader.enter();
                while let Some(name) = reader.name()? {
                    members.set(&name, Self::build(reader, level + 1)?);
                }
                Self::Object(members)
            }
            Some(b'[') => {
                let mut elements = Vec::new();
                reader.enter();
                while reader.element() {
                    elements.push(Self::build(reader, level + 1)?);
                }
                Self::Array(elements)
            }
            Some(b'"') => Self::Text(reader.string()?.into()),
            _ => match reader.scalar() {
                "true" => Self::Bool(true),
                "false" => Self::Bool(false),
                "null" => Self::Null,
                number => {
                    Self::Number(Number(serde_json::from_str::<&RawValue>(number)?.to_owned()))
                }
            },
        })
    }

    /// The number 0.
    pub(crate) fn zero() -> Self {
        RawValue::from_string("0".to_owned()).map_or(Self::Null, |zero| Self::Number(Number(zero)))
    }

    /// Puts null in place of the numbers in that range.
    pub(crate) fn clear_numbers(&mut self, range: &Range<i64>) {
        match self {
            Self::Number(number) if number.as_str().parse().is_ok_and(|n| range.contains(&n)) => {
                *self = Self::Null;
            }
            Self::Array(elements) => elements.iter_mut().for_each(|json| json.clear_numbers(range)),
            Self::Object(members) => {
                members.iter_mut().for_each(|(_, json)| json.clear_numbers(range));
            }
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) => {}
        }
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

impl JsonText {
    /// The text of a value. All keys are strings, and no value fails to serialize.
    pub(crate) fn of(value: &impl Serialize) -> Self {
        Self(serde_json::value::to_raw_value(value).unwrap_or_else(|_| RawValue::NULL.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.get()
    }

    /// The same value with null in place of the numbers in that range.
    pub(crate) fn without_numbers(self, range: &Range<i64>) -> Self {
        match Json::read(self.as_str()) {
            Ok(mut json) if !range.is_empty() => {
                json.clear_numbers(range);
                Self::of(&json)
            }
            _ => self,
        }
    }
}

impl PartialEq for JsonText {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for JsonText {}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Number {}

impl Hash for Number {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

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
        self.0.get(name)
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
        self.0.values()
    }

    /// Sets a member. One of the same name keeps its place.
    pub(crate) fn set(&mut self, name: &str, value: Json) {
        match self.0.get_mut(name) {
            Some(known) => *known = value,
            None => drop(self.0.insert(name.into(), value)),
        }
    }

    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut Json> {
        self.0.get_mut(name)
    }

    /// Takes a member out; the others keep their order.
    pub(crate) fn remove(&mut self, name: &str) -> Option<Json> {
        self.0.shift_remove(name)
    }

    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&str, &Json) -> bool) {
        self.0.retain(|name, value| keep(name, value));
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
    use std::time::Instant;

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
    fn object_of_many_members_is_read_in_linear_time() {
        let time = |count: usize| {
            let members: Vec<_> = (0..count).map(|number| format!("\"{number}\":1")).collect();
            let text = format!("{{{}}}", members.join(","));
            let start = Instant::now();
            Json::read(&text).unwrap();
            start.elapsed()
        };
        // Quadratic time is 64 times as long. The shortest times bear a busy machine.
        let mut few = (0..5).map(|_| time(500)).min().unwrap();
        assert!((0..20).any(|_| {
            few = few.min(time(500));
            time(4_000) < few * 24
        }));
    }

    #[test]
    fn lone_surrogate_is_refused() {
        assert!(Json::read(r#"{"a": ["\ud800"]}"#).is_err());
        assert!(Json::read(r#"{"\ud800": 1}"#).is_err());
    }
}
