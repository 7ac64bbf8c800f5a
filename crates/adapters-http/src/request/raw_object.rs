//! JSON objects as text.

use std::borrow::Cow;
use std::fmt;

use serde::Deserializer as _;
use serde::de::{MapAccess, Visitor};
use serde_json::Deserializer;
use serde_json::value::RawValue;

/// The object without a member, the other members as their text. Fails if the text is not a JSON
/// object.
pub(crate) fn without(object: &str, member: &str) -> serde_json::Result<String> {
    with(object, |name| name != member)
}

/// The object with the members of these names alone. Fails if the text is not a JSON object.
pub(crate) fn with(object: &str, keeps: impl Fn(&str) -> bool) -> serde_json::Result<String> {
    Deserializer::from_str(object).deserialize_map(With(keeps))
}

struct With<F>(F);

impl<'de, F: Fn(&str) -> bool> Visitor<'de> for With<F> {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<String, A::Error> {
        let mut kept = String::from("{");
        while let Some((name, value)) = members.next_entry::<Cow<'de, str>, &RawValue>()? {
            if (self.0)(&name) {
                if kept.len() > 1 {
                    kept.push(',');
                }
                kept.push_str(&serde_json::Value::from(name).to_string());
                kept.push(':');
                kept.push_str(value.get());
            }
        }
        kept.push('}');
        Ok(kept)
    }
}
