//! The positions of the items in the body of a batch.

use std::ops::Range;

use crate::limits::{allowance, weigh};
use crate::problem::{Kind, Problem};
use crate::request::array_items::{self, NoItems};
use crate::request::json_text;

const EXPECTED: &str = "a JSON array of contacts";

/// The text of a batch and the positions of its items.
#[derive(Debug)]
pub(super) struct BatchItems {
    /// The whole body.
    pub(super) text: String,
    /// The bytes of each item, in order.
    pub(super) ranges: Vec<Range<usize>>,
    /// About how much memory they take.
    pub(super) weight: usize,
}

impl BatchItems {
    /// Finds the items of a body that is a JSON array of at most `limit` items. The problem of another
    /// body says where.
    pub(super) fn find(body: Vec<u8>, limit: usize) -> Result<Self, Problem> {
        let text = json_text::decode(body)?;
        let array = json_text::trim(&text, EXPECTED)?;
        let ranges = array_items::find(&text, array, limit).map_err(|error| match error {
            NoItems::TooMany => {
                let detail = format!("a batch may have at most {limit} items");
                Problem::new(Kind::TooManyItems, detail)
            }
            NoItems::NoArray(error) => json_text::refusal(&error, EXPECTED),
        })?;
        let weight = weigh(text.as_bytes()) + allowance(text.len(), ranges.len());
        Ok(Self { text, ranges, weight })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(body: &[u8]) -> String {
        format!("{:?}", BatchItems::find(body.to_vec(), 3).unwrap_err())
    }

    #[test]
    fn byte_order_mark_moves_no_item() {
        let BatchItems { text, ranges, .. } =
            BatchItems::find("\u{feff}[1, {}]".into(), 3).unwrap();
        assert_eq!(ranges.into_iter().map(|range| &text[range]).collect::<Vec<_>>(), ["1", "{}"]);
    }

    #[test]
    fn fault_is_reported_with_its_position() {
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
