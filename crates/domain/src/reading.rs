//! Reads items leniently and reports all faults of an item together.
//!
//! An item is read straight into the typed tree. If that fails, the item is read as plain JSON and
//! checked against the [`Shape`](crate::tree::Shape) of the document, which finds every member of
//! a wrong type and every unknown member.

mod limits;
mod shape_check;

use shape_check::ShapeCheck;

use crate::contact::document::ContactDocument;
use crate::json::Json;
use crate::path::{At, Path};
use crate::rule::Rule;
use crate::tree::{Presence, Value};
use crate::violation::{Violation, Violations};

/// A document and the members that were left out of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    /// The known members.
    pub document: ContactDocument,
    /// The unknown members.
    pub unknown: Violations,
}

/// Reads one item from JSON.
///
/// ```
/// use contacts_domain::reading::read;
/// let read = read(r#"{"email": "a@b.example", "emial": 1}"#).expect("an object");
/// assert_eq!(read.document.email.get().map(|email| email.as_str()), Some("a@b.example"));
/// assert_eq!(read.unknown[0].message, "unknown member; did you mean email?");
///
/// let faults = read_faults(r#"{"email": 1, "addresses": [{"city": false}]}"#);
/// assert_eq!(faults, ["email", "addresses[0].city"]);
///
/// fn read_faults(json: &str) -> Vec<String> {
///     contacts_domain::reading::read(json)
///         .expect_err("two wrong types")
///         .iter()
///         .map(|fault| fault.path.to_string())
///         .collect()
/// }
/// ```
///
/// # Errors
///
/// The violations of stage 1, one alone, or all of stage 2 (upsert-rules §6): the item is empty, is
/// no object, cannot be read at all, is too long in some part, or has members of wrong JSON types.
pub fn read(json: &str) -> Result<Read, Violations> {
    if let Some(exceeded) = limits::exceeded(json) {
        return Err(exceeded.into());
    }
    match serde_json::from_str::<ContactDocument>(json) {
        Ok(document) if document.presence() == Presence::Value => {
            Ok(Read { document, unknown: Violations::default() })
        }
        _ => read_closely(json),
    }
}

fn read_closely(json: &str) -> Result<Read, Violations> {
    let mut tree =
        Json::read(json).map_err(|error| alone(&format!("the item cannot be read: {error}")))?;
    match &tree {
        Json::Null => return Err(empty()),
        Json::Object(members) if members.is_empty() => return Err(empty()),
        Json::Object(_) => {}
        _ => return Err(alone("an item is an object")),
    }
    let mut check = ShapeCheck::default();
    check.run(&mut tree, &ContactDocument::KIND, &At::root());
    if !check.faults.is_empty() {
        return Err(check.faults);
    }
    // By way of text, because only text keeps the spelling of numbers.
    match serde_json::to_string(&tree).and_then(|text| serde_json::from_str(&text)) {
        Ok(document) => Ok(Read { document, unknown: check.unknown }),
        Err(_) => Err(alone("the item cannot be read")),
    }
}

pub(crate) fn alone(message: &str) -> Violations {
    Violation::new(Rule::Readable, Path::root(), "", message).into()
}

fn empty() -> Violations {
    Violation::new(Rule::Content, Path::root(), "", "the item is empty").into()
}
