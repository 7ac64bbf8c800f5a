//! A body that is an object with one list, and where the elements of the list stand in it.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::value::RawValue;

use super::faults::Faults;
use crate::array_items::{self, NoItems};
use crate::json_text;
use crate::problem::Problem;

/// The list of a body.
#[derive(Debug)]
pub(super) struct ListBody {
    /// The whole body.
    pub(super) text: String,
    /// The bytes of each element, in order.
    pub(super) ranges: Vec<Range<usize>>,
}

impl ListBody {
    /// Finds the elements of that member, which has to be an array of at most `limit` of them.
    /// Other members are ignored; of a member that is given twice, the last counts.
    ///
    /// # Errors
    ///
    /// When the body is not UTF-8, not JSON or not an object, or the member is missing, not an
    /// array, or too long.
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
