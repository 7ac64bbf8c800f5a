//! A body that is one item.

use serde_json::value::RawValue;

use crate::problem::{Kind, Problem};
use crate::request::json_text;

const EXPECTED: &str = "a JSON object, an item";

/// The text of a body that has to be a JSON object.
pub(super) fn decode(body: Vec<u8>) -> Result<String, Problem> {
    let text = json_text::decode(body)?;
    let json: &RawValue = serde_json::from_str(json_text::trim(&text, EXPECTED)?)
        .map_err(|error| json_text::refusal(&error, EXPECTED))?;
    if !json.get().starts_with('{') {
        return Err(Problem::new(Kind::BodyOfWrongShape, format!("the body has to be {EXPECTED}")));
    }
    Ok(json.get().to_owned())
}
