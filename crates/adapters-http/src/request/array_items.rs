//! The positions of the elements of a JSON array in its text.
//!
//! Each element is read later, from its own text, so that a fault inside one does not affect the
//! others. `serde_json` skips a value without recursion and without decoding its strings, so an
//! element may hold a hundred thousand brackets or half of a surrogate pair.

use std::cell::Cell;
use std::fmt;
use std::ops::Range;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error as _, SeqAccess, Visitor};
use serde_json::Error;
use serde_json::value::RawValue;

/// Why a text has no elements to find.
#[derive(Debug)]
pub(crate) enum NoItems {
    /// The array is longer than allowed.
    TooMany,
    /// The text is not JSON, or not an array.
    NoArray(Error),
}

/// The byte range in `text` of each element of `array`, a part of `text` that has to be a JSON array
/// of at most `limit` elements.
pub(crate) fn find(text: &str, array: &str, limit: usize) -> Result<Vec<Range<usize>>, NoItems> {
    let is_too_long = Cell::new(false);
    let mut deserializer = serde_json::Deserializer::from_str(array);
    let found = Elements::of(text, limit, &is_too_long).deserialize(&mut deserializer);
    found
        .and_then(|ranges| deserializer.end().map(|()| ranges))
        .map_err(|error| if is_too_long.get() { NoItems::TooMany } else { NoItems::NoArray(error) })
}

/// Collects the ranges of at most `limit` elements.
pub(crate) struct Elements<'l> {
    /// The address of the text's first byte, the origin of the ranges.
    start: usize,
    limit: usize,
    is_too_long: &'l Cell<bool>,
}

impl<'l> Elements<'l> {
    /// For an array that is a part of `text`. `is_too_long` becomes true if it has more elements.
    pub(crate) fn of(text: &str, limit: usize, is_too_long: &'l Cell<bool>) -> Self {
        Self { start: text.as_ptr().addr(), limit, is_too_long }
    }
}

impl<'de> DeserializeSeed<'de> for Elements<'_> {
    type Value = Vec<Range<usize>>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Elements<'_> {
    type Value = Vec<Range<usize>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
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

    fn items(text: &str) -> Vec<&str> {
        find(text, text, 3).unwrap().into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn items_keep_their_text_as_sent() {
        assert_eq!(items("[]"), [""; 0]);
        assert_eq!(
            items(" [ {\"é\": [1 ,2]} ,null,\n\"x\" ]\n"),
            ["{\"é\": [1 ,2]}", "null", "\"x\""]
        );
        assert_eq!(items("[1e400]"), ["1e400"]);
        assert_eq!(items(r#"["\ud800", {"a": "\udfff"}]"#), [r#""\ud800""#, r#"{"a": "\udfff"}"#]);
    }

    #[test]
    fn ranges_are_positions_in_the_whole_text() {
        let text = r#"{"é": [1, "x"]}"#;
        let ranges = find(text, &text[7..15], 3).unwrap();
        assert_eq!(
            ranges.into_iter().map(|range| &text[range]).collect::<Vec<_>>(),
            ["1", "\"x\""]
        );
    }

    #[test]
    fn hundred_thousand_brackets_are_skipped_without_recursion() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let objects = format!("{}1{}", "{\"a\":".repeat(100_000), "}".repeat(100_000));
        assert_eq!(items(&format!("[1,{deep},{objects}]")), ["1", &deep, &objects]);
    }

    #[test]
    fn array_above_the_limit_is_not_read_further() {
        for text in ["[1,2,3,4]", "[1,2,3,4"] {
            assert!(matches!(find(text, text, 3), Err(NoItems::TooMany)), "{text}");
        }
        for text in ["[1,2,3,", "{}", "[1,]", "[1] [2]"] {
            assert!(matches!(find(text, text, 3), Err(NoItems::NoArray(_))), "{text}");
        }
    }
}
