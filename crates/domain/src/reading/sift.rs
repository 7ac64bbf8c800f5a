//! Sifts a bare tree by the shape of the document.

use crate::json::{Json, Members};
use crate::path::At;
use crate::rule::Rule;
use crate::tree::{Kind, SafeInteger, Shape};
use crate::violation::{Fix, Violation};

/// What a sieve holds back.
#[derive(Debug, Default)]
pub(crate) struct Sieve {
    /// Values of a wrong JSON type.
    pub(crate) faults: Vec<Violation>,
    /// Members that are not known; taken out.
    pub(crate) unknown: Vec<Violation>,
}

impl Sieve {
    /// Notes every value that cannot be read as its kind, and takes unknown members out.
    pub(crate) fn sift(&mut self, value: &mut Json, kind: &Kind, at: &At<'_>) {
        if !is_read_from(value, kind) {
            let message = format!("must be {}, not {}", expected(kind), named(value));
            self.faults.push(Violation::new(Rule::JsonTypes, at.path(), shown(value), message));
            return;
        }
        match (kind, value) {
            (Kind::Block(shape), Json::Object(members)) => {
                self.take_unknown_out(members, shape, at);
                self.sift_members(members, shape, at);
            }
            (Kind::OpaqueObject(shape), Json::Object(members)) => {
                self.sift_members(members, shape, at);
            }
            (Kind::CustomFields, Json::Object(members)) => {
                for (name, value) in members.iter() {
                    if matches!(value, Json::Array(_) | Json::Object(_)) {
                        let message =
                            format!("must be text, a number, true or false, not {}", named(value));
                        let path = at.member(name).path();
                        let fault = Violation::new(Rule::JsonTypes, path, shown(value), message);
                        self.faults.push(fault);
                    }
                }
            }
            (Kind::List(element), Json::Array(elements)) => {
                for (index, value) in elements.iter_mut().enumerate() {
                    self.sift(value, element, &at.element(index));
                }
            }
            _ => {}
        }
    }

    fn sift_members(&mut self, members: &mut Members, shape: &Shape, at: &At<'_>) {
        for (name, value) in members.iter_mut() {
            if let Some(member) = shape.member(name)
                && *value != Json::Null
            {
                self.sift(value, &member.kind, &at.member(name));
            }
        }
    }

    fn take_unknown_out(&mut self, members: &mut Members, shape: &'static Shape, at: &At<'_>) {
        let mut unknown = Vec::new();
        members.retain(|name, value| match shape.member(name).map(|member| member.kind) {
            None => {
                unknown.push((name.to_owned(), shown(value)));
                false
            }
            // What does not count is left out here, whatever it holds.
            Some(kind) => !matches!(kind, Kind::ParentId | Kind::ReadOnly),
        });
        for (name, value) in unknown {
            let path = at.member(&name).path();
            let meant = close_name(&name, shape);
            let message = match meant {
                Some(close) => format!("unknown member; did you mean {close}?"),
                None => "unknown member".to_owned(),
            };
            let violation = Violation::new(Rule::UnknownMember, path.clone(), value, message);
            let free = meant.filter(|close| members.get(close).is_none());
            self.unknown.push(match free {
                Some(close) => {
                    let fixed = path.with_last_member(close);
                    violation.with_fix(Fix::Move { from: path, path: fixed })
                }
                None => violation,
            });
        }
    }
}

/// Whether a whole value, with what is inside it, can be read as its kind.
pub(crate) fn fits(value: &Json, kind: &Kind) -> bool {
    is_read_from(value, kind)
        && match (kind, value) {
            (Kind::Block(shape) | Kind::OpaqueObject(shape), Json::Object(members)) => {
                members.iter().all(|(name, value)| {
                    *value == Json::Null
                        || shape.member(name).is_none_or(|member| fits(value, &member.kind))
                })
            }
            (Kind::List(element), Json::Array(elements)) => {
                elements.iter().all(|value| fits(value, element))
            }
            _ => true,
        }
}

/// Whether a value has the JSON type of its kind, whatever is inside it.
fn is_read_from(value: &Json, kind: &Kind) -> bool {
    match kind {
        Kind::Flag => matches!(value, Json::Bool(_)),
        Kind::SafeInteger | Kind::ElementId => match value {
            Json::Number(number) => {
                number.as_str().parse().ok().and_then(SafeInteger::new).is_some()
            }
            _ => false,
        },
        Kind::ParentId | Kind::ReadOnly => true,
        Kind::Text(_) => matches!(value, Json::Text(_)),
        Kind::Amount(_) => matches!(value, Json::Text(_) | Json::Number(_)),
        Kind::Block(_) | Kind::OpaqueObject(_) | Kind::CustomFields => {
            matches!(value, Json::Object(_))
        }
        Kind::List(_) => matches!(value, Json::Array(_)),
    }
}

fn expected(kind: &Kind) -> &'static str {
    match kind {
        Kind::Flag => "true or false",
        Kind::SafeInteger | Kind::ElementId => "a whole number within ±(2^53 − 1)",
        Kind::ParentId | Kind::ReadOnly => "anything",
        Kind::Text(_) => "text",
        Kind::Amount(_) => "a decimal number, as text or as a number",
        Kind::Block(_) | Kind::OpaqueObject(_) | Kind::CustomFields => "an object",
        Kind::List(_) => "an array",
    }
}

fn named(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "true or false",
        Json::Number(_) => "this number",
        Json::Text(_) => "text",
        Json::Array(_) => "an array",
        Json::Object(_) => "an object",
    }
}

/// The value as text, unless it is a document.
fn shown(value: &Json) -> String {
    match value {
        Json::Text(text) => text.to_string(),
        Json::Number(number) => number.as_str().to_owned(),
        Json::Bool(flag) => flag.to_string(),
        Json::Null => "null".to_owned(),
        Json::Array(_) | Json::Object(_) => String::new(),
    }
}

/// The one name of the shape that is close: the same but for case and separators, or two typing
/// errors away (Damerau–Levenshtein).
fn close_name(name: &str, shape: &'static Shape) -> Option<&'static str> {
    if name.len() > 64 {
        return None;
    }
    let plain = |name: &str| name.replace(['_', '-', ' '], "").to_lowercase();
    let lookup_keys = plain(name);
    let distance = |member: &str| strsim::damerau_levenshtein(&plain(member), &lookup_keys);
    let allowed = if lookup_keys.chars().count() > 4 { 2 } else { 1 };
    let mut close = shape
        .members
        .iter()
        .map(|member| (distance(member.name), member.name))
        .filter(|(distance, _)| *distance <= allowed);
    let first = close.next()?;
    let (best, others) = close.fold((first, 0), |(best, ties), next| match next.0.cmp(&best.0) {
        std::cmp::Ordering::Less => (next, 0),
        std::cmp::Ordering::Equal => (best, ties + 1),
        std::cmp::Ordering::Greater => (best, ties),
    });
    (others == 0).then_some(best.1)
}
