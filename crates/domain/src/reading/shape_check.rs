//! Compares an item with the shape of the document.

use crate::contact::IDENTITY;
use crate::context::{Handling, SharedKey};
use crate::json::{Json, Members};
use crate::path::{At, Path};
use crate::rule::{Rule, Severity};
use crate::tree::{Kind, Shape};
use crate::value::visible;
use crate::violation::{Fix, Violation, Violations};

#[derive(Debug)]
pub(super) struct ShapeCheck {
    handling: Handling,
    /// Values of a wrong JSON type. A warning is forgiven, and its member was removed.
    pub(super) faults: Violations,
    /// Unknown members, removed from the item.
    pub(super) unknown: Violations,
}

impl ShapeCheck {
    pub(super) fn new(handling: Handling) -> Self {
        Self { handling, faults: Violations::default(), unknown: Violations::default() }
    }

    /// Records every value of a wrong JSON type, and removes and records unknown members. Returns
    /// whether the value has the right type itself; another one has that severity.
    pub(super) fn run(
        &mut self,
        value: &mut Json,
        kind: &Kind,
        at: &At<'_>,
        severity: Severity,
    ) -> bool {
        if !kind.has_type_of(value) {
            self.report(value, expected(kind), at, severity);
            return false;
        }
        match (kind, value) {
            (Kind::Block(shape), Json::Object(members)) => {
                self.remove_unknown(members, shape, at);
                self.check_members(members, shape, at);
                true
            }
            (Kind::OpaqueObject(shape), Json::Object(members)) => {
                self.check_members(members, shape, at);
                true
            }
            (Kind::CustomFields, Json::Object(members)) => {
                self.check_each(members, |check, name, value| {
                    let fits = !matches!(value, Json::Array(_) | Json::Object(_));
                    if !fits {
                        let (at, severity) = (at.member(name), check.forgiven());
                        check.report(value, "text, a number, true or false", &at, severity);
                    }
                    fits
                });
                true
            }
            (Kind::List(element), Json::Array(elements)) => {
                let mut fit = true;
                for (index, value) in elements.iter_mut().enumerate() {
                    fit &= self.run(value, element, &at.element(index), severity);
                }
                fit
            }
            _ => true,
        }
    }

    fn report(&mut self, value: &Json, expected: &str, at: &At<'_>, severity: Severity) {
        let violation = || {
            let message = format!("must be {expected}, not {}", named(value));
            let violation = Violation::new(Rule::JsonTypes, at.path(), shown(value), message);
            Violation { severity, ..violation }
        };
        // Whether that of a key is forgiven is not known yet, so it is listed in any case.
        if at.depth() <= 2 && SharedKey::at(&at.path()).is_some() {
            self.faults.extend([violation()]);
        } else {
            self.faults.note(severity, violation);
        }
    }

    fn check_members(&mut self, members: &mut Members, shape: &Shape, at: &At<'_>) {
        self.check_each(members, |check, name, value| match shape.member(name) {
            Some(member) if *value != Json::Null => {
                let is_identity = matches!(member.kind, Kind::ElementId)
                    || at.depth() == 0 && IDENTITY.contains(&name);
                let severity = if is_identity { Severity::Error } else { check.forgiven() };
                check.run(value, &member.kind, &at.member(name), severity)
            }
            _ => true,
        });
    }

    /// Under `handling=lenient`, removes the members that do not fit.
    fn check_each(
        &mut self,
        members: &mut Members,
        mut fits: impl FnMut(&mut Self, &str, &mut Json) -> bool,
    ) {
        let fit: Vec<bool> =
            members.iter_mut().map(|(name, value)| fits(self, name, value)).collect();
        if self.handling == Handling::Lenient {
            let mut fit = fit.into_iter();
            members.retain(|_, _| fit.next().unwrap_or(true));
        }
    }

    /// The severity of a wrong type that is forgiven where that is asked for.
    fn forgiven(&self) -> Severity {
        match self.handling {
            Handling::Standard | Handling::Strict => Severity::Error,
            Handling::Lenient => Severity::Warning,
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
            self.unknown.note(Severity::Warning, || {
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
    // and an error changes one letter for another. Most names end here.
    let mut close = shape
        .members
        .iter()
        .filter(|member| member.name.len().abs_diff(length) <= allowed)
        .filter(|member| differing_letters(member.name, &sent) <= 2 * allowed)
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

/// How many letters only one of two names has, in either case; letters may be taken for each other.
fn differing_letters(one: &str, other: &str) -> usize {
    let bits =
        |name: &str| name.chars().fold(0, |bits: u32, c| bits | 1 << (u32::from(c) % u32::BITS));
    (bits(one) ^ bits(other)).count_ones().try_into().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_error_changes_two_letters_at_most(
            one in "[a-fA-F0-3é]{0,8}",
            other in "[a-fA-F0-3é]{0,8}",
        ) {
            let (one, other) = (one.to_lowercase(), other.to_lowercase());
            let distance = strsim::damerau_levenshtein(&one, &other);
            prop_assert!(differing_letters(&one, &other) <= 2 * distance);
        }
    }
}
