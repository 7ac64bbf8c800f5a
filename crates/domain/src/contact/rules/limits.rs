//! Rules about sizes.

use crate::json::MAX_NESTING;
use crate::path::At;
use crate::tree::{Leaf, RuleError};

/// The most characters of a name.
pub const MAX_NAME: usize = 500;
/// The most characters (Unicode scalar values) of an intercom name.
pub(super) const MAX_INTERCOM_NAME: usize = 30;
/// The most elements of an array.
pub const MAX_ELEMENTS: usize = 1_000;
/// The most custom fields.
pub const MAX_CUSTOM_FIELDS: usize = 100;
/// The largest document as it is stored, in bytes: 256 KiB.
pub const MAX_DOCUMENT_BYTES: usize = 256 * 1024;

pub(super) fn size(_: &At<'_>, leaf: Leaf<'_>) -> Result<(), RuleError> {
    match leaf {
        Leaf::Text(kind, text) => text_of_at_most(kind.max_chars, kind.name, text),
        Leaf::Name(name) => text_of_at_most(MAX_NAME, "member name", name),
        Leaf::List(count) if count > MAX_ELEMENTS => Err(RuleError::new(format!(
            "an array has at most {MAX_ELEMENTS} elements, not {count}"
        ))),
        Leaf::CustomFields(count) if count > MAX_CUSTOM_FIELDS => Err(RuleError::new(format!(
            "there are at most {MAX_CUSTOM_FIELDS} custom fields, not {count}"
        ))),
        Leaf::List(_) | Leaf::CustomFields(_) | Leaf::Amount(..) | Leaf::OpaqueObject(_) => Ok(()),
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

fn text_of_at_most(max: usize, name: &str, text: &str) -> Result<(), RuleError> {
    // A text has at most as many characters as bytes, so the count is rarely needed.
    if text.len() > max && text.chars().nth(max).is_some() {
        return Err(RuleError::new(format!("the {name} must have at most {max} characters")));
    }
    if text.as_bytes().contains(&0) {
        return Err(RuleError::new("a text must not hold NUL (U+0000)"));
    }
    Ok(())
}
