//! A body that is one item.

use serde_json::value::RawValue;

use crate::json_text;
use crate::problem::{Kind, Problem};

const EXPECTED: &str = "a JSON object, an item";

/// The text of a body that is a JSON object, to be read as an item.
///
/// # Errors
///
/// When it is not UTF-8, not JSON, or not an object.
pub(super) fn decode(body: Vec<u8>) -> Result<String, Problem> {
    let text = json_text::decode(body)?;
    let json: &RawValue = serde_json::from_str(json_text::trim(&text, EXPECTED)?)
        .map_err(|error| json_text::refusal(&error, EXPECTED))?;
    if !json.get().starts_with('{') {
        return Err(Problem::new(Kind::BodyOfWrongShape, format!("the body has to be {EXPECTED}")));
    }
    Ok(json.get().to_owned())
}
