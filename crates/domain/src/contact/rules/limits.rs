//! Rules about sizes.

use crate::json::MAX_NESTING;
use crate::path::At;
use crate::tree::{Leaf, RuleError};
use crate::value::has_at_most;

/// The most characters of a name.
pub const MAX_NAME: usize = 500;
/// The most characters (Unicode scalar values of the NFC form) of an intercom name.
pub(super) const MAX_INTERCOM_NAME: usize = 30;
/// The most elements of an array.
pub const MAX_ELEMENTS: usize = 1_000;
/// The most members of an object that is stored as received, and the most unknown members of an
/// item.
pub const MAX_MEMBERS: usize = 1_000;
/// The longest item as it is sent, in bytes: 1 MiB.
pub const MAX_ITEM_BYTES: usize = 1 << 20;
/// The most significant digits of a number.
const MAX_DIGITS: usize = 28;
/// The most characters of a number: zeros before the first significant digit have a limit, too.
const MAX_NUMBER_CHARS: usize = 100;

pub(crate) const TOO_MANY_ELEMENTS: &str = "an array has at most 1000 elements";
pub(crate) const TOO_MANY_MEMBERS: &str =
    "an object that is stored as received has at most 1000 members";

/// The most custom fields.
pub const MAX_CUSTOM_FIELDS: usize = 100;
/// The largest document as it is stored, in bytes: 256 KiB.
pub const MAX_DOCUMENT_BYTES: usize = 256 * 1024;

pub(super) fn size(_: &At<'_>, leaf: Leaf<'_>) -> Result<(), RuleError> {
    match leaf {
        Leaf::Text(kind, text) => text_of_at_most(kind.max_chars, kind.name, text),
        Leaf::Name(name) => text_of_at_most(MAX_NAME, "member name", name),
        Leaf::List(count) if count > MAX_ELEMENTS => Err(RuleError::new(TOO_MANY_ELEMENTS)),
        Leaf::CustomFields(count) if count > MAX_CUSTOM_FIELDS => Err(RuleError::new(format!(
            "there are at most {MAX_CUSTOM_FIELDS} custom fields, not {count}"
        ))),
        Leaf::Members(count) if count > MAX_MEMBERS => Err(RuleError::new(TOO_MANY_MEMBERS)),
        Leaf::Number(number) if !can_be_a_double(number) => Err(RuleError::new(format!(
            "a number has at most {MAX_DIGITS} significant digits and lies in the range of a double"
        ))),
        Leaf::List(_)
        | Leaf::CustomFields(_)
        | Leaf::Members(_)
        | Leaf::Number(_)
        | Leaf::Amount(..)
        | Leaf::OpaqueObject(_) => Ok(()),
    }
}

pub(super) fn nesting(at: &At<'_>, leaf: Leaf<'_>) -> Result<(), RuleError> {
    match leaf {
        Leaf::OpaqueObject(levels) if at.depth() + levels > MAX_NESTING => {
            Err(RuleError::new(format!("an item is nested at most {MAX_NESTING} deep")))
        }
        _ => Ok(()),
    }
}

/// Whether every client can read the number: Python and JavaScript make a double of it.
fn can_be_a_double(number: &str) -> bool {
    let mantissa = number.split(['e', 'E']).next().unwrap_or(number);
    let significant =
        mantissa.bytes().filter(u8::is_ascii_digit).skip_while(|digit| *digit == b'0').count();
    number.len() <= MAX_NUMBER_CHARS
        && significant <= MAX_DIGITS
        && number.parse::<f64>().is_ok_and(f64::is_finite)
}

fn text_of_at_most(max: usize, name: &str, text: &str) -> Result<(), RuleError> {
    if !has_at_most(max, text) {
        return Err(RuleError::new(format!("the {name} must have at most {max} characters")));
    }
    if text.as_bytes().contains(&0) {
        return Err(RuleError::new("a text must not hold NUL (U+0000)"));
    }
    Ok(())
}
