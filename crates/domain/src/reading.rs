//! Reads items leniently and reports all faults of an item together.
//!
//! An item is read straight into the typed tree. If that fails, the item is read as plain JSON and
//! checked against the [`Shape`](crate::tree::Shape) of the document, which finds every member of
//! a wrong type and every unknown member.

mod limits;
mod links;
mod shape_check;

pub(crate) use links::{Link, Target};

use shape_check::ShapeCheck;

use crate::contact::document::ContactDocument;
use crate::context::Handling;
use crate::json::Json;
use crate::path::{At, Path};
use crate::rule::{Rule, Severity};
use crate::tree::{Presence, Value};
use crate::violation::{Violation, Violations};

/// A document, and what was left out of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    /// The known members.
    pub document: ContactDocument,
    /// Warnings: the unknown members, and under `handling=lenient` the values of a wrong type.
    pub noted: Violations,
    /// The relations that name contacts instead of their ids, and have 0 in the document.
    pub(crate) links: Vec<Link>,
}

impl From<ContactDocument> for Read {
    /// A document of which nothing was left out.
    fn from(document: ContactDocument) -> Self {
        Self { document, noted: Violations::default(), links: Vec::new() }
    }
}

/// Reads one item from JSON.
///
/// ```
/// use contacts_domain::reading::read;
/// use contacts_domain::upsert::Handling;
///
/// let read = read(r#"{"email": "a@b.example", "emial": 1}"#, Handling::Standard).expect("an object");
/// assert_eq!(read.document.email.get().map(|email| email.as_str()), Some("a@b.example"));
/// assert_eq!(read.noted[0].message, "unknown member; did you mean email?");
///
/// let faults = read_faults(r#"{"email": 1, "addresses": [{"city": false}]}"#);
/// assert_eq!(faults, ["email", "addresses[0].city"]);
///
/// fn read_faults(json: &str) -> Vec<String> {
///     contacts_domain::reading::read(json, Handling::Standard)
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
/// Under `handling=lenient` these are left out, unless they are identity.
pub fn read(json: &str, handling: Handling) -> Result<Read, Violations> {
    read_by(json, handling, |_| Vec::new())
}

/// Reads one item whose relations may name contacts by `{"ref": …}` or `{"externalId": …}`.
pub(crate) fn read_linked(json: &str, handling: Handling) -> Result<Read, Violations> {
    read_by(json, handling, links::take_links)
}

fn read_by(
    json: &str,
    handling: Handling,
    take_links: fn(&mut Json) -> Vec<Link>,
) -> Result<Read, Violations> {
    if let Some(exceeded) = limits::exceeded(json) {
        return Err(exceeded.into());
    }
    match serde_json::from_str::<ContactDocument>(json) {
        Ok(document) if document.presence() == Presence::Value => Ok(Read::from(document)),
        _ => read_closely(json, handling, take_links),
    }
}

fn read_closely(
    json: &str,
    handling: Handling,
    take_links: fn(&mut Json) -> Vec<Link>,
) -> Result<Read, Violations> {
    let mut tree =
        Json::read(json).map_err(|error| alone(&format!("the item cannot be read: {error}")))?;
    match &tree {
        Json::Null => return Err(empty()),
        Json::Object(members) if members.is_empty() => return Err(empty()),
        Json::Object(_) => {}
        _ => return Err(alone("an item is an object")),
    }
    let links = take_links(&mut tree);
    let mut check = ShapeCheck::new(handling);
    check.run(&mut tree, &ContactDocument::KIND, &At::root(), Severity::Error);
    let ShapeCheck { faults, unknown: mut noted, .. } = check;
    if faults.has_errors() {
        return Err(faults);
    }
    // By way of text, because only text keeps the spelling of numbers.
    match serde_json::to_string(&tree).and_then(|text| serde_json::from_str(&text)) {
        Ok(document) => {
            noted.add(&faults);
            Ok(Read { document, noted, links })
        }
        Err(_) => Err(alone("the item cannot be read")),
    }
}

pub(crate) fn alone(message: &str) -> Violations {
    Violation::new(Rule::Readable, Path::root(), "", message).into()
}

fn empty() -> Violations {
    Violation::new(Rule::Content, Path::root(), "", "the item is empty").into()
}
