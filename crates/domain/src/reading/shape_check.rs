//! Compares an item with the shape of the document.

use crate::json::{Json, Members};
use crate::path::{At, Path};
use crate::rule::Rule;
use crate::tree::{Kind, Shape};
use crate::value::visible;
use crate::violation::{Fix, Violation, Violations};

#[derive(Debug, Default)]
pub(super) struct ShapeCheck {
    /// Values of a wrong JSON type.
    pub(super) faults: Violations,
    /// Unknown members, removed from the item.
    pub(super) unknown: Violations,
}

impl ShapeCheck {
    /// Records every value of a wrong JSON type, and removes and records unknown members.
    pub(super) fn run(&mut self, value: &mut Json, kind: &Kind, at: &At<'_>) {
        if !kind.has_type_of(value) {
            self.faults.note(Rule::JsonTypes, || {
                let message = format!("must be {}, not {}", expected(kind), named(value));
                Violation::new(Rule::JsonTypes, at.path(), shown(value), message)
            });
            return;
        }
        match (kind, value) {
            (Kind::Block(shape), Json::Object(members)) => {
                self.remove_unknown(members, shape, at);
                self.check_members(members, shape, at);
            }
            (Kind::OpaqueObject(shape), Json::Object(members)) => {
                self.check_members(members, shape, at);
            }
            (Kind::CustomFields, Json::Object(members)) => {
                for (name, value) in members.iter() {
                    if matches!(value, Json::Array(_) | Json::Object(_)) {
                        self.faults.note(Rule::JsonTypes, || {
                            let message = format!(
                                "must be text, a number, true or false, not {}",
                                named(value)
                            );
                            let path = at.member(name).path();
                            Violation::new(Rule::JsonTypes, path, shown(value), message)
                        });
                    }
                }
            }
            (Kind::List(element), Json::Array(elements)) => {
                for (index, value) in elements.iter_mut().enumerate() {
                    self.run(value, element, &at.element(index));
                }
            }
            _ => {}
        }
    }

    fn check_members(&mut self, members: &mut Members, shape: &Shape, at: &At<'_>) {
        for (name, value) in members.iter_mut() {
            if let Some(member) = shape.member(name)
                && *value != Json::Null
            {
                self.run(value, &member.kind, &at.member(name));
            }
        }
    }

    fn remove_unknown(&mut self, members: &mut Members, shape: &'static Shape, at: &At<'_>) {
        let mut unknown = Vec::new();
        members.retain(|name, value| match shape.member(name).map(|member| member.kind) {
            None => {
                unknown.push((name.to_owned(), shown(value)));
                false
            }
            // Ignored members go too, whatever their type.
            Some(kind) => !matches!(kind, Kind::ParentId | Kind::ReadOnly),
        });
        for (name, value) in unknown {
            if let Some(key) = nearly_key(&name).filter(|_| at.depth() == 0) {
                let path = at.member(&name).path();
                let message = format!("a key is named {key}; under another name it would be lost");
                let mut violation = Violation::new(Rule::KeyName, path, value, message);
                if members.get(key).is_none() {
                    violation.fix =
                        Some(Fix::Move { from: violation.path.clone(), path: Path::of(key) });
                }
                // An error is listed before any warning. There are at most a thousand.
                self.unknown.extend([violation]);
                continue;
            }
            self.unknown.note(Rule::UnknownMember, || {
                let path = at.member(&name).path();
                let suggestion = close_name(&name, shape);
                let message = match suggestion {
                    Some(close) => format!("unknown member; did you mean {close}?"),
                    None => "unknown member".to_owned(),
                };
                let violation = Violation::new(Rule::UnknownMember, path.clone(), value, message);
                match suggestion.filter(|close| members.get(close).is_none()) {
                    Some(close) => {
                        let fixed = path.with_last_member(close);
                        violation.with_fix(Fix::Move { from: path, path: fixed })
                    }
                    None => violation,
                }
            });
        }
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

/// The value as text; empty for arrays and objects.
fn shown(value: &Json) -> String {
    match value {
        Json::Text(text) => text.to_string(),
        Json::Number(number) => number.as_str().to_owned(),
        Json::Bool(flag) => flag.to_string(),
        Json::Null => "null".to_owned(),
        Json::Array(_) | Json::Object(_) => String::new(),
    }
}

/// The key whose name differs only in case, separators or what nobody sees.
fn nearly_key(name: &str) -> Option<&'static str> {
    if name.len() > 64 {
        return None;
    }
    let is_letter = |c: &char| !matches!(c, '_' | '-') && !c.is_whitespace();
    let name: String = visible(name).chars().filter(is_letter).collect();
    let mut keys = ["id", "contactId", "linkId", "externalId"].into_iter();
    keys.find(|key| key.eq_ignore_ascii_case(&name))
}

/// The member name nearest to `name`: at most two typing errors away (Damerau–Levenshtein, one for
/// names of up to four characters) without regard to case and separators. `None` for a tie.
fn close_name(name: &str, shape: &'static Shape) -> Option<&'static str> {
    if name.len() > 64 {
        return None;
    }
    let sent = name.replace(['_', '-', ' '], "").to_lowercase();
    let length = sent.chars().count();
    let allowed = if length > 4 { 2 } else { 1 };
    // The members' names are ASCII letters and digits. A difference in length is a distance already,
    // and most names end here.
    let mut close = shape
        .members
        .iter()
        .filter(|member| member.name.len().abs_diff(length) <= allowed)
        .map(|member| {
            let name = member.name.to_ascii_lowercase();
            (strsim::damerau_levenshtein(&name, &sent), member.name)
        })
        .filter(|(distance, _)| *distance <= allowed);
    let first = close.next()?;
    let (best, others) = close.fold((first, 0), |(best, ties), next| match next.0.cmp(&best.0) {
        std::cmp::Ordering::Less => (next, 0),
        std::cmp::Ordering::Equal => (best, ties + 1),
        std::cmp::Ordering::Greater => (best, ties),
    });
    (others == 0).then_some(best.1)
}
