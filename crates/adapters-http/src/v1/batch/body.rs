//! The body of a batch: an array of items, or an object with `items` and `options`.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use std::ops::Range;

use contacts_application::access::Scopes;
use serde::Deserializer as _;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Deserializer, Map, Value};
use utoipa::ToSchema;

use super::item_options::ItemOptions;
use super::options::BatchOptionsDescription;
use crate::limits::{allowance, weigh};
use crate::openapi::ContactDocumentSchema;
use crate::problem::{Kind, Problem, cut};
use crate::request::array_items::Elements;
use crate::request::json_text;
use crate::v1::word::did_you_mean;

const EXPECTED: &str = "a JSON array of contacts, or an object with the members items and options";

const EXPECTED_LINES: &str = "one JSON object a line";

const ITEMS: &str = "items";
const OPTIONS: &str = "options";

/// The longest text of `options`, in bytes.
const MAX_OPTIONS: usize = 16 << 10;

/// A batch: its items, and options that may stand in the query instead. The array of the items alone
/// is a batch, too.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `BatchBody::find` finds")]
pub(crate) struct BatchRequest {
    /// The items.
    items: Vec<ContactDocumentSchema>,
    /// The options.
    #[schema(value_type = BatchOptionsDescription, required = false)]
    options: Option<()>,
}

/// The items of a body and its options.
#[derive(Debug)]
pub(crate) struct BatchBody {
    /// The whole body.
    pub(crate) text: String,
    pub(crate) items: Vec<SentItem>,
    pub(crate) options: Map<String, Value>,
    /// About how much memory the items take.
    pub(crate) weight: usize,
}

/// One item of a body.
#[derive(Debug)]
pub(crate) struct SentItem {
    /// Its text in the body.
    pub(super) range: Range<usize>,
    /// What its member `$` says.
    pub(super) options: Option<Box<ItemOptions>>,
    /// The number of its line, if it is one.
    pub(crate) line: Option<u64>,
}

impl BatchBody {
    /// Finds the items, of which there may be so many, without reading them. The problem of a body of
    /// another shape says where.
    pub(super) fn find(body: Vec<u8>, limit: usize, scopes: Scopes) -> Result<Self, Problem> {
        let text = json_text::decode(body)?;
        let json = json_text::trim(&text, EXPECTED)?;
        let (is_too_long, refusal) = (Cell::new(false), Cell::new(None));
        let members =
            Members { elements: || Elements::of(&text, limit, &is_too_long), refusal: &refusal };
        let mut deserializer = Deserializer::from_str(json);
        let found = deserializer.deserialize_any(members);
        let found = found.and_then(|found| deserializer.end().map(|()| found));
        let (ranges, options) = found.map_err(|error| match refusal.take() {
            Some(refusal) => refusal,
            None if is_too_long.get() => {
                let detail = format!("a batch may have at most {limit} items");
                Problem::new(Kind::TooManyItems, detail)
            }
            None => json_text::refusal(&error, EXPECTED),
        })?;
        let weight = weigh(text.as_bytes()) + allowance(text.len(), ranges.len());
        let items = ranges.into_iter().map(|range| {
            let item = text.get(range.clone()).unwrap_or_default();
            SentItem { options: ItemOptions::find(item, scopes), range, line: None }
        });
        Ok(Self { items: items.collect(), text, options, weight })
    }

    /// Finds the items of a body that has one in each line that is not empty.
    pub(super) fn lines(body: Vec<u8>, limit: usize, scopes: Scopes) -> Result<Self, Problem> {
        let text = json_text::decode(body)?;
        let mut start = text.len() - json_text::trim(&text, EXPECTED_LINES)?.len();
        let mut items = Vec::new();
        for (line, number) in text.get(start..).unwrap_or_default().split('\n').zip(1..) {
            let item = line.trim_ascii();
            let begins = start + line.len() - line.trim_ascii_start().len();
            start += line.len() + 1;
            if item.is_empty() {
                continue;
            }
            if items.len() == limit {
                let detail = format!("a plan may have at most {limit} items");
                return Err(Problem::new(Kind::TooManyItems, detail));
            }
            let (options, range) = (ItemOptions::find(item, scopes), begins..begins + item.len());
            items.push(SentItem { range, options, line: Some(number) });
        }
        let weight = weigh(text.as_bytes()) + allowance(text.len(), items.len());
        Ok(Self { text, items, options: Map::new(), weight })
    }
}

/// Collects the items and the options of a body.
struct Members<'c, E> {
    elements: E,
    /// Why the body is refused, where its JSON is not the reason.
    refusal: &'c Cell<Option<Problem>>,
}

type ItemsAndOptions = (Vec<Range<usize>>, Map<String, Value>);

impl<'c, 'de, E: Fn() -> Elements<'c>> Visitor<'de> for Members<'c, E> {
    type Value = ItemsAndOptions;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(EXPECTED)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<ItemsAndOptions, A::Error> {
        Ok(((self.elements)().visit_seq(items)?, Map::new()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<ItemsAndOptions, A::Error> {
        let (mut items, mut options) = (None, Map::new());
        while let Some(name) = members.next_key::<Cow<'de, str>>()? {
            match name.as_ref() {
                ITEMS => items = Some(members.next_value_seed((self.elements)())?),
                OPTIONS => options = self.options(members.next_value()?)?,
                name => return self.refuse(unknown(name)),
            }
        }
        match items {
            Some(items) => Ok((items, options)),
            None => self.refuse(Problem::new(Kind::MemberMissing, "the body has no member items")),
        }
    }
}

impl<E> Members<'_, E> {
    fn options<F: serde::de::Error>(&self, json: &RawValue) -> Result<Map<String, Value>, F> {
        if json.get().len() > MAX_OPTIONS {
            let detail = format!("options may have at most {MAX_OPTIONS} bytes");
            return self.refuse(Problem::new(Kind::BadParameter, detail));
        }
        match serde_json::from_str(json.get()) {
            Ok(Some(options)) => Ok(options),
            Ok(None) => Ok(Map::new()),
            Err(_) => self.refuse(Problem::new(Kind::BadParameter, "options has to be an object")),
        }
    }

    fn refuse<T, F: serde::de::Error>(&self, problem: Problem) -> Result<T, F> {
        self.refusal.set(Some(problem));
        Err(F::custom("refused"))
    }
}

fn unknown(name: &str) -> Problem {
    let proposal = match did_you_mean(name, &[ITEMS, OPTIONS]) {
        Some(member) => format!("; did you mean {member}?"),
        None => String::new(),
    };
    let detail = format!("the body has the members items and options, not {}", cut(name, 100));
    Problem::new(Kind::BodyOfWrongShape, detail + &proposal)
}

#[cfg(test)]
mod tests {
    use contacts_application::access::Scopes;

    use super::*;

    fn refusal(body: &[u8]) -> String {
        format!("{:?}", BatchBody::find(body.to_vec(), 3, Scopes::default()).unwrap_err())
    }

    #[test]
    fn items_are_found_in_both_shapes() {
        for body in [
            "\u{feff}[1, {}]",
            "{\"items\": [1, {}], \"options\": {\"mode\": \"create\"}}",
            " {\"options\": null, \"items\": [1, {}]} ",
        ] {
            let BatchBody { text, items, .. } =
                BatchBody::find(body.into(), 3, Scopes::default()).unwrap();
            let found: Vec<&str> = items.iter().map(|item| &text[item.range.clone()]).collect();
            assert_eq!(found, ["1", "{}"], "{body}");
        }
    }

    #[test]
    fn fault_is_reported_with_its_position() {
        for (body, kind, place) in [
            (&b""[..], "BodyEmpty", ""),
            (b"[{\"a\": 1},\n {", "BodyNotJson", "line 2 column 2"),
            (b"{\"items\": [1,]}", "BodyNotJson", "line 1 column 14"),
            (b"[1] [2]", "BodyNotJson", "line 1 column 5"),
            (b"7", "BodyOfWrongShape", "line 1 column 1"),
            (b"{\"items\": 7}", "BodyOfWrongShape", "line 1 column 11"),
            (b"{\"items\": [1], \"option\": {}}", "BodyOfWrongShape", "did you mean options?"),
            (b"{\"contacts\": [1]}", "BodyOfWrongShape", "not contacts\""),
            (b"{\"options\": {}}", "MemberMissing", "no member items"),
            (b"{\"options\": [], \"items\": []}", "BadParameter", "has to be an object"),
            (b"[1,\n\"\xff\"]", "BodyNotUtf8", "line 2 column 2"),
            (b"{\"items\": [1,2,3,4", "TooManyItems", "at most 3 items"),
        ] {
            let refusal = refusal(body);
            assert!(refusal.contains(kind) && refusal.contains(place), "{refusal}");
        }
        let long = format!("{{\"options\": {{\"source\": \"{}\"}}}}", "x".repeat(MAX_OPTIONS));
        assert!(refusal(long.as_bytes()).contains("at most 16384 bytes"));
    }
}
