//! The items of a batch, found in its body and left there.
//!
//! An item is read only when its turn comes, from its own text: what is wrong inside of it is its
//! own violation. Here only the array around the items is looked at, and where each item begins and
//! ends. `serde_json` skips over a value without recursion and without decoding its strings, so
//! neither a hundred thousand brackets nor half a surrogate pair in one item harms the others.

use std::cell::Cell;
use std::fmt;
use std::ops::Range;

use serde::Deserializer as _;
use serde::de::{Error as _, SeqAccess, Visitor};
use serde_json::Deserializer;
use serde_json::value::RawValue;

use crate::json_text;
use crate::problem::{Kind, Problem};

const EXPECTED: &str = "a JSON array of contacts";

/// The text of a batch and where its items stand in it.
#[derive(Debug)]
pub(super) struct BatchItems {
    /// The whole body.
    pub(super) text: String,
    /// The bytes of each item, in order.
    pub(super) ranges: Vec<Range<usize>>,
}

impl BatchItems {
    /// Finds the items of a body that is a JSON array of at most `limit` of them.
    ///
    /// # Errors
    ///
    /// When the body is not UTF-8, not JSON, not an array, empty, or the array too long; the
    /// problem says where.
    pub(super) fn find(body: Vec<u8>, limit: usize) -> Result<Self, Problem> {
        let text = json_text::decode(body)?;
        let ranges = ranges(&text, limit)?;
        Ok(Self { text, ranges })
    }
}

fn ranges(text: &str, limit: usize) -> Result<Vec<Range<usize>>, Problem> {
    let is_too_long = Cell::new(false);
    let visitor = Ranges { start: text.as_ptr().addr(), limit, is_too_long: &is_too_long };
    let mut deserializer = Deserializer::from_str(json_text::trim(text, EXPECTED)?);
    let found = deserializer.deserialize_seq(visitor);
    found.and_then(|ranges| deserializer.end().map(|()| ranges)).map_err(|error| {
        if is_too_long.get() {
            let detail = format!("a batch may have at most {limit} items");
            Problem::new(Kind::TooManyItems, detail)
        } else {
            json_text::refusal(&error, EXPECTED)
        }
    })
}

/// Collects where the elements of an array stand, up to a limit.
struct Ranges<'l> {
    /// The address of the text's first byte, which places are counted from.
    start: usize,
    limit: usize,
    is_too_long: &'l Cell<bool>,
}

impl<'de> Visitor<'de> for Ranges<'_> {
    type Value = Vec<Range<usize>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(EXPECTED)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut ranges = Vec::new();
        while let Some(item) = items.next_element::<&RawValue>()? {
            if ranges.len() == self.limit {
                self.is_too_long.set(true);
                return Err(A::Error::custom("too many items"));
            }
            let start = item.get().as_ptr().addr() - self.start;
            ranges.push(start..start + item.get().len());
        }
        Ok(ranges)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(body: &str) -> Vec<String> {
        let found = BatchItems::find(body.as_bytes().to_vec(), 3).unwrap();
        found.ranges.into_iter().map(|range| found.text[range].to_owned()).collect()
    }

    fn refusal(body: &[u8]) -> String {
        format!("{:?}", BatchItems::find(body.to_vec(), 3).unwrap_err())
    }

    #[test]
    fn items_are_found_as_they_were_sent() {
        assert_eq!(items("[]"), [""; 0]);
        assert_eq!(
            items(" [ {\"é\": [1 ,2]} ,null,\n\"x\" ]\n"),
            ["{\"é\": [1 ,2]}", "null", "\"x\""]
        );
        assert_eq!(items("\u{feff}[1e400]"), ["1e400"]);
        assert_eq!(items(r#"["\ud800", {"a": "\udfff"}]"#), [r#""\ud800""#, r#"{"a": "\udfff"}"#]);
    }

    #[test]
    fn a_hundred_thousand_brackets_are_skipped_without_recursion() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let objects = format!("{}1{}", "{\"a\":".repeat(100_000), "}".repeat(100_000));
        assert_eq!(items(&format!("[1,{deep},{objects}]")), ["1", &deep, &objects]);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (body, kind, place) in [
            (&b""[..], "BodyEmpty", ""),
            (b" \n", "BodyEmpty", ""),
            (b"[{\"a\": 1},\n {", "BodyNotJson", "line 2 column 2"),
            (b"[1,]", "BodyNotJson", "line 1 column 4"),
            (b"[1] [2]", "BodyNotJson", "line 1 column 5"),
            (b"contact", "BodyNotJson", "line 1 column 1"),
            (b"[\"a\x01\"]", "BodyNotJson", "line 1 column 3"),
            (b"{\"items\": []}", "BodyOfWrongShape", "line 1 column 1"),
            (b"\"[]\"", "BodyOfWrongShape", "line 1 column 4"),
            (b"[1,\n\"\xff\"]", "BodyNotUtf8", "line 2 column 2"),
            (b"[1,2,3,4", "TooManyItems", "at most 3 items"),
        ] {
            let refusal = refusal(body);
            assert!(refusal.contains(kind) && refusal.contains(place), "{refusal}");
        }
    }
}
