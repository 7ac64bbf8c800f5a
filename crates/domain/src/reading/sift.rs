//! Sifts a bare tree by the shape of the document.

use serde_json::{Map, Value};

use crate::contact::rules;
use crate::path::At;
use crate::tree::{Kind, Shape, Whole};
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
    pub(crate) fn sift(&mut self, value: &mut Value, kind: &Kind, at: &At<'_>) {
        if !is_read_from(value, kind) {
            let message = format!("must be {}, not {}", expected(kind), named(value));
            self.faults.push(Violation::new(&rules::JSON_TYPES, at.path(), shown(value), message));
            return;
        }
        match (kind, value) {
            (Kind::Block(shape), Value::Object(members)) => {
                self.take_unknown_out(members, shape, at);
                self.sift_members(members, shape, at);
            }
            (Kind::Received(shape), Value::Object(members)) => {
                self.sift_members(members, shape, at);
            }
            (Kind::Scalars, Value::Object(members)) => {
                for (name, value) in members {
                    if value.is_array() || value.is_object() {
                        let message =
                            format!("must be text, a number, true or false, not {}", named(value));
                        let path = at.member(name).path();
                        let fault = Violation::new(&rules::JSON_TYPES, path, shown(value), message);
                        self.faults.push(fault);
                    }
                }
            }
            (Kind::List(element), Value::Array(elements)) => {
                for (index, value) in elements.iter_mut().enumerate() {
                    self.sift(value, element, &at.element(index));
                }
            }
            _ => {}
        }
    }

    fn sift_members(&mut self, members: &mut Map<String, Value>, shape: &Shape, at: &At<'_>) {
        for (name, value) in members {
            if let Some(member) = shape.member(name)
                && !value.is_null()
            {
                self.sift(value, &member.kind, &at.member(name));
            }
        }
    }

    fn take_unknown_out(
        &mut self,
        members: &mut Map<String, Value>,
        shape: &'static Shape,
        at: &At<'_>,
    ) {
        let unknown: Vec<String> =
            members.keys().filter(|name| shape.member(name).is_none()).cloned().collect();
        for name in unknown {
            let value = members.shift_remove(&name).unwrap_or_default();
            let path = at.member(&name).path();
            let meant = close_name(&name, shape);
            let message = match meant {
                Some(close) => format!("unknown member; did you mean {close}?"),
                None => "unknown member".to_owned(),
            };
            let violation =
                Violation::new(&rules::UNKNOWN_MEMBER, path.clone(), shown(&value), message);
            let free = meant.filter(|close| !members.contains_key(*close));
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
pub(crate) fn fits(value: &Value, kind: &Kind) -> bool {
    is_read_from(value, kind)
        && match (kind, value) {
            (Kind::Block(shape) | Kind::Received(shape), Value::Object(members)) => {
                members.iter().all(|(name, value)| {
                    value.is_null()
                        || shape.member(name).is_none_or(|member| fits(value, &member.kind))
                })
            }
            (Kind::List(element), Value::Array(elements)) => {
                elements.iter().all(|value| fits(value, element))
            }
            _ => true,
        }
}

/// Whether a value has the JSON type of its kind, whatever is inside it.
fn is_read_from(value: &Value, kind: &Kind) -> bool {
    match kind {
        Kind::Flag => value.is_boolean(),
        Kind::Whole | Kind::Own => value.as_i64().and_then(Whole::new).is_some(),
        Kind::Mirror | Kind::ReadOnly => true,
        Kind::Text(_) => value.is_string(),
        Kind::Amount(_) => value.is_string() || value.is_number(),
        Kind::Block(_) | Kind::Received(_) | Kind::Scalars => value.is_object(),
        Kind::List(_) => value.is_array(),
    }
}

fn expected(kind: &Kind) -> &'static str {
    match kind {
        Kind::Flag => "true or false",
        Kind::Whole | Kind::Own => "a whole number within ±(2^53 − 1)",
        Kind::Mirror | Kind::ReadOnly => "anything",
        Kind::Text(_) => "text",
        Kind::Amount(_) => "a decimal number, as text or as a number",
        Kind::Block(_) | Kind::Received(_) | Kind::Scalars => "an object",
        Kind::List(_) => "an array",
    }
}

fn named(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(number) if number.as_i64().is_some() => "a whole number of that size",
        Value::Number(_) => "that number",
        Value::String(_) => "text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// The value as text, unless it is a document.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(_) | Value::Object(_) => String::new(),
        other => other.to_string(),
    }
}

/// The one name of the shape that is close: the same but for case and separators, or two typing
/// errors away (Damerau–Levenshtein).
fn close_name(name: &str, shape: &'static Shape) -> Option<&'static str> {
    if name.len() > 64 {
        return None;
    }
    let plain = |name: &str| name.replace(['_', '-', ' '], "").to_lowercase();
    let wanted = plain(name);
    let distance = |member: &str| strsim::damerau_levenshtein(&plain(member), &wanted);
    let allowed = if wanted.chars().count() > 4 { 2 } else { 1 };
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
