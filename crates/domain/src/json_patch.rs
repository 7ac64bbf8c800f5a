//! JSON Patch (RFC 6902) on a document whose numbers keep every character.
//!
//! The libraries for it work on numbers in binary floating point; an amount would not come back as
//! it was sent.

use crate::contact::rules::MAX_ELEMENTS;
use crate::json::{Json, MAX_NESTING};
use crate::value::Decimal;

/// The most operations of a patch.
pub const MAX_OPERATIONS: usize = 1_000;

/// The most bytes that the operations of a patch copy: each `copy` could double the document.
const MAX_COPIED: usize = 1 << 20;

/// Why a patch was not applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonPatchError {
    /// It is not a JSON Patch.
    #[error("the body is not a JSON Patch: {0}")]
    Malformed(String),
    /// There is nothing at the place that an operation names.
    #[error("operation {operation}: there is nothing at {pointer:?}")]
    NoSuchPlace {
        /// The operation, counted from 0.
        operation: usize,
        /// The JSON Pointer (RFC 6901).
        pointer: String,
    },
    /// A `test` found another value.
    #[error("operation {operation}: there is another value at {pointer:?}")]
    TestFailed {
        /// The operation, counted from 0.
        operation: usize,
        /// The JSON Pointer (RFC 6901).
        pointer: String,
    },
    /// It changes a member that nobody changes.
    #[error("/{member} cannot be changed")]
    Fixed {
        /// The member.
        member: &'static str,
    },
    /// It makes the document larger or deeper than a contact can be.
    #[error("operation {operation}: the document becomes too large or is nested too deep")]
    TooLarge {
        /// The operation, counted from 0.
        operation: usize,
    },
}

/// Applies a patch to a JSON text, whose `fixed` members have to stay.
///
/// ```
/// use contacts_domain::json_patch::apply;
///
/// let patch = r#"[{"op": "replace", "path": "/tags/0", "value": "b"},
///                 {"op": "add", "path": "/tags/-", "value": 1.50}]"#;
/// assert_eq!(apply(r#"{"tags":["a"]}"#, patch, &["id"])?, r#"{"tags":["b",1.50]}"#);
/// # Ok::<(), contacts_domain::json_patch::JsonPatchError>(())
/// ```
///
/// # Errors
///
/// [`JsonPatchError`]; then nothing of it is applied.
pub fn apply(
    document: &str,
    patch: &str,
    fixed: &[&'static str],
) -> Result<String, JsonPatchError> {
    let malformed = |error: &dyn std::fmt::Display| JsonPatchError::Malformed(error.to_string());
    let Ok(Json::Array(operations)) = Json::read(patch) else {
        return Err(malformed(&"it is an array of operations"));
    };
    if operations.len() > MAX_OPERATIONS {
        return Err(malformed(&format!("it has at most {MAX_OPERATIONS} operations")));
    }
    let mut json = Json::read(document).map_err(|error| malformed(&error))?;
    let before: Vec<Option<Json>> = fixed.iter().map(|name| member(&json, name)).collect();
    let mut copied = 0;
    for (operation, sent) in operations.iter().enumerate() {
        let applied = Step::read(sent)
            .map_err(|fault| JsonPatchError::Malformed(format!("operation {operation} {fault}")))?;
        applied.apply(&mut json, &mut copied).map_err(|fault| fault.at(operation))?;
    }
    let mut changed = fixed.iter().zip(before);
    if let Some((member, _)) = changed.find(|(name, before)| member(&json, name) != *before) {
        return Err(JsonPatchError::Fixed { member });
    }
    serde_json::to_string(&json).map_err(|error| malformed(&error))
}

fn member(json: &Json, name: &str) -> Option<Json> {
    let Json::Object(members) = json else { return None };
    members.get(name).cloned()
}

/// One operation.
enum Step<'p> {
    Add(&'p str, &'p Json),
    Remove(&'p str),
    Replace(&'p str, &'p Json),
    Move(&'p str, &'p str),
    Copy(&'p str, &'p str),
    Test(&'p str, &'p Json),
}

/// Why an operation is not applied, with its pointer.
enum Fault<'p> {
    NoSuchPlace(&'p str),
    TestFailed(&'p str),
    TooLarge,
}

impl Fault<'_> {
    fn at(self, operation: usize) -> JsonPatchError {
        match self {
            Self::NoSuchPlace(pointer) => {
                JsonPatchError::NoSuchPlace { operation, pointer: pointer.to_owned() }
            }
            Self::TestFailed(pointer) => {
                JsonPatchError::TestFailed { operation, pointer: pointer.to_owned() }
            }
            Self::TooLarge => JsonPatchError::TooLarge { operation },
        }
    }
}

impl<'p> Step<'p> {
    /// Reads an operation, or says what is wrong with it.
    fn read(sent: &'p Json) -> Result<Self, String> {
        let Json::Object(members) = sent else { return Err("is no object".to_owned()) };
        let pointer = |name: &str| match members.get(name) {
            Some(Json::Text(pointer)) if pointer.is_empty() || pointer.starts_with('/') => {
                Ok(&**pointer)
            }
            _ => Err(format!("has no JSON Pointer {name}")),
        };
        let value = || members.get("value").ok_or_else(|| "has no value".to_owned());
        let path = pointer("path")?;
        match members.get("op") {
            Some(Json::Text(op)) => match &**op {
                "add" => Ok(Self::Add(path, value()?)),
                "remove" => Ok(Self::Remove(path)),
                "replace" => Ok(Self::Replace(path, value()?)),
                "move" => Ok(Self::Move(pointer("from")?, path)),
                "copy" => Ok(Self::Copy(pointer("from")?, path)),
                "test" => Ok(Self::Test(path, value()?)),
                _ => Err("has an unknown op".to_owned()),
            },
            _ => Err("has no op".to_owned()),
        }
    }

    fn apply(self, json: &mut Json, copied: &mut usize) -> Result<(), Fault<'p>> {
        match self {
            Self::Add(path, value) => add(json, path, value.clone()),
            Self::Remove(path) => remove(json, path).map(drop),
            Self::Replace(path, value) => {
                limit_nesting(path, value)?;
                *find(json, path).ok_or(Fault::NoSuchPlace(path))? = value.clone();
                Ok(())
            }
            Self::Move(from, path) if from == path => {
                find(json, from).map(|_| ()).ok_or(Fault::NoSuchPlace(from))
            }
            // A value cannot be moved into itself: what it was in is gone.
            Self::Move(from, path) => {
                let value = remove(json, from)?;
                add(json, path, value)
            }
            Self::Copy(from, path) => {
                let value = find(json, from).ok_or(Fault::NoSuchPlace(from))?;
                *copied += weight(value);
                if *copied > MAX_COPIED {
                    return Err(Fault::TooLarge);
                }
                let value = value.clone();
                add(json, path, value)
            }
            Self::Test(path, value) => {
                let found = find(json, path).ok_or(Fault::NoSuchPlace(path))?;
                if equal(found, value) { Ok(()) } else { Err(Fault::TestFailed(path)) }
            }
        }
    }
}

/// The value at a pointer.
fn find<'j>(json: &'j mut Json, pointer: &str) -> Option<&'j mut Json> {
    tokens(pointer).try_fold(json, |json, token| match json {
        Json::Object(members) => members.get_mut(&token),
        Json::Array(elements) => {
            let index = index(&token)?;
            elements.get_mut(index)
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Text(_) => None,
    })
}

fn add<'p>(json: &mut Json, pointer: &'p str, value: Json) -> Result<(), Fault<'p>> {
    limit_nesting(pointer, &value)?;
    let missing = Fault::NoSuchPlace(pointer);
    let Some((parent, token)) = place(json, pointer) else {
        *json = value;
        return Ok(());
    };
    match parent {
        Some(Json::Object(members)) => members.set(&token, value),
        Some(Json::Array(elements)) if elements.len() >= MAX_ELEMENTS => {
            return Err(Fault::TooLarge);
        }
        Some(Json::Array(elements)) if token == "-" => elements.push(value),
        Some(Json::Array(elements)) => match index(&token) {
            Some(index) if index <= elements.len() => elements.insert(index, value),
            _ => return Err(missing),
        },
        _ => return Err(missing),
    }
    Ok(())
}

fn remove<'p>(json: &mut Json, pointer: &'p str) -> Result<Json, Fault<'p>> {
    let missing = Fault::NoSuchPlace(pointer);
    let Some((parent, token)) = place(json, pointer) else {
        return Ok(std::mem::replace(json, Json::Null));
    };
    match parent {
        Some(Json::Object(members)) => members.remove(&token).ok_or(missing),
        Some(Json::Array(elements)) => match index(&token) {
            Some(index) if index < elements.len() => Ok(elements.remove(index)),
            _ => Err(missing),
        },
        _ => Err(missing),
    }
}

/// Refuses a value that would be nested too deep there.
fn limit_nesting<'p>(pointer: &str, value: &Json) -> Result<(), Fault<'p>> {
    let depth = tokens(pointer).count() + value.nesting();
    if depth > MAX_NESTING { Err(Fault::TooLarge) } else { Ok(()) }
}

/// What holds the value at a pointer, and the value's name there; `None` for the whole document.
fn place<'j>(json: &'j mut Json, pointer: &str) -> Option<(Option<&'j mut Json>, String)> {
    let (parent, last) = pointer.rsplit_once('/')?;
    Some((find(json, parent), unescaped(last)))
}

fn tokens(pointer: &str) -> impl Iterator<Item = String> {
    pointer.split('/').skip(1).map(unescaped)
}

fn unescaped(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}

/// An index as RFC 6901 writes it, without leading zeros.
fn index(token: &str) -> Option<usize> {
    let index: usize = token.parse().ok()?;
    (index.to_string() == token).then_some(index)
}

/// Whether the values are equal; numbers are if their values are (RFC 6902 §4.6).
fn equal(one: &Json, other: &Json) -> bool {
    match (one, other) {
        (Json::Number(one), Json::Number(other)) => {
            let (one, other) = (one.as_str(), other.as_str());
            one == other || one.parse::<Decimal>().is_ok_and(|one| Ok(one) == other.parse())
        }
        (Json::Array(one), Json::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| equal(one, other))
        }
        (Json::Object(one), Json::Object(other)) => {
            let is_in =
                |(name, one): (&str, &Json)| other.get(name).is_some_and(|other| equal(one, other));
            one.len() == other.len() && one.iter().all(is_in)
        }
        (one, other) => one == other,
    }
}

/// About how many bytes a value takes.
fn weight(json: &Json) -> usize {
    32 + match json {
        Json::Null | Json::Bool(_) => 0,
        Json::Number(number) => number.as_str().len(),
        Json::Text(text) => text.len(),
        Json::Array(elements) => elements.iter().map(weight).sum(),
        Json::Object(members) => members.iter().map(|(name, json)| name.len() + weight(json)).sum(),
    }
}

#[cfg(test)]
mod tests;
