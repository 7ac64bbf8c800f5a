//! A body that is an object with one list, and the positions of the list's elements.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::Deserializer as _;
use serde::de::{MapAccess, Visitor};
use serde_json::Deserializer;
use serde_json::value::RawValue;

use crate::device::faults::Faults;
use crate::limits::{allowance, weigh};
use crate::problem::Problem;
use crate::request::array_items::{self, NoItems};
use crate::request::json_text;

/// The list of a body.
#[derive(Debug)]
pub(super) struct ListBody {
    /// The whole body.
    pub(super) text: String,
    /// The bytes of each element, in order.
    pub(super) ranges: Vec<Range<usize>>,
    /// About how much memory they take.
    pub(super) weight: usize,
}

impl ListBody {
    /// Finds the elements of a member, which has to be an array of at most `limit` elements. Other
    /// members are ignored; of a member that is given twice, the last counts.
    pub(super) fn find(body: Vec<u8>, member: &str, limit: usize) -> Result<Self, Problem> {
        let text = json_text::decode(body)?;
        let expected = format!(r#"{{"{member}": […]}}"#);
        let json = json_text::trim(&text, &expected)?;
        let array = last_member(json, member)
            .map_err(|error| json_text::refusal(&error, &expected))?
            .ok_or_else(|| Faults::one(member, "is missing"))?;
        let ranges = array_items::find(&text, array.get(), limit).map_err(|error| match error {
            NoItems::TooMany => Faults::one(member, format!("has more than {limit} elements")),
            NoItems::NoArray(_) => Faults::one(member, "must be an array"),
        })?;
        let weight = weigh(text.as_bytes()) + allowance(text.len(), ranges.len());
        Ok(Self { text, ranges, weight })
    }
}

/// The text of the last member of that name of an object.
fn last_member<'t>(json: &'t str, name: &str) -> serde_json::Result<Option<&'t RawValue>> {
    let mut deserializer = Deserializer::from_str(json);
    let found = deserializer.deserialize_map(LastMember(name))?;
    deserializer.end()?;
    Ok(found)
}

/// Finds a member, and skips the others.
struct LastMember<'n>(&'n str);

impl<'de> Visitor<'de> for LastMember<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some((name, value)) = members.next_entry::<Cow<'de, str>, &RawValue>()? {
            if name == self.0 {
                found = Some(value);
            }
        }
        Ok(found)
    }
}
