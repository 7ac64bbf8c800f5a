//! A body that is an object with one list, and the positions of the list's elements.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::value::RawValue;

use crate::device::faults::Faults;
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
}

impl ListBody {
    /// Finds the elements of a member, which has to be an array of at most `limit` elements. Other
    /// members are ignored; of a member that is given twice, the last counts.
    pub(super) fn find(body: Vec<u8>, member: &str, limit: usize) -> Result<Self, Problem> {
        let text = json_text::decode(body)?;
        let expected = format!(r#"{{"{member}": […]}}"#);
        let json = json_text::trim(&text, &expected)?;
        let members: BTreeMap<String, &RawValue> =
            serde_json::from_str(json).map_err(|error| json_text::refusal(&error, &expected))?;
        let array = members.get(member).ok_or_else(|| Faults::one(member, "is missing"))?;
        let ranges = array_items::find(&text, array.get(), limit).map_err(|error| match error {
            NoItems::TooMany => Faults::one(member, format!("has more than {limit} elements")),
            NoItems::NoArray(_) => Faults::one(member, "must be an array"),
        })?;
        Ok(Self { text, ranges })
    }
}
