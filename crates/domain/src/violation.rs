//! What is wrong with an item, where, and how badly.

use std::error::Error;
use std::fmt;
use std::ops::Deref;

use serde::Serialize;

use crate::path::{Path, cut};
use crate::rule::{Code, Rule, Severity};

/// One broken rule on one item.
#[derive(Debug, Clone, PartialEq)]
pub struct Violation {
    /// The rule that is broken; it has the code.
    pub rule: Rule,
    /// Where.
    pub path: Path,
    /// Whether it refuses the item.
    pub severity: Severity,
    /// The offending value as text, at most [`MAX_VALUE_CHARS`](crate::MAX_VALUE_CHARS)
    /// characters, never a whole document.
    pub value: String,
    /// A sentence for a person.
    pub message: String,
    /// The correction, where it is certain.
    pub fix: Option<Fix>,
}

/// The most violations of an item that are listed. Of the others, there is the number.
pub const MAX_DETAILS: usize = 100;

impl Violation {
    /// A violation of `rule` at its own severity.
    pub fn new(
        rule: Rule,
        path: Path,
        value: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        let mut value = value.into();
        value.truncate(cut(&value).len());
        Self { rule, path, severity: rule.severity(), value, message: message.into(), fix: None }
    }

    /// The same with a fix.
    #[must_use]
    pub fn with_fix(mut self, fix: Fix) -> Self {
        self.fix = Some(fix);
        self
    }

    /// The code that APIs report.
    pub fn code(&self) -> Code {
        self.rule.code()
    }

    /// Whether it refuses the item.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.path, self.code(), self.message)
    }
}

/// One operation of a JSON Patch (RFC 6902) that mends a violation; it serializes as that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "op", rename_all = "lowercase")]
pub enum Fix {
    /// `add`: a text that is missing.
    Add {
        /// Where it belongs.
        #[serde(serialize_with = "Path::serialize_pointer")]
        path: Path,
        /// What it should read.
        value: String,
    },
    /// `move`: a member under a wrong name.
    Move {
        /// Where it stands.
        #[serde(serialize_with = "Path::serialize_pointer")]
        from: Path,
        /// Where it belongs.
        #[serde(serialize_with = "Path::serialize_pointer")]
        path: Path,
    },
    /// `replace`: a text in a wrong spelling.
    Replace {
        /// Where it stands.
        #[serde(serialize_with = "Path::serialize_pointer")]
        path: Path,
        /// What it should read; `None` is null.
        value: Option<String>,
    },
}

/// Violations; as an error, at least one.
///
/// ```
/// use contacts_domain::path::Path;
/// use contacts_domain::{Rule, Violation, Violations};
///
/// let missing = Violation::new(Rule::ContactType, Path::of("contactType"), "", "is missing");
/// let violations = Violations::from(vec![missing]);
/// assert_eq!(violations.to_string(), "contactType: FIELD_REQUIRED: is missing");
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Violations {
    list: Vec<Violation>,
    /// How many more there are.
    left_out: usize,
    /// Whether one of those refuses the item.
    left_out_errors: bool,
}

impl Violations {
    /// Whether one of them refuses the item.
    pub fn has_errors(&self) -> bool {
        self.left_out_errors || self.list.iter().any(Violation::is_error)
    }

    /// Adds a violation of that severity, or counts it if there are [`MAX_DETAILS`] already.
    pub(crate) fn note(&mut self, severity: Severity, violation: impl FnOnce() -> Violation) {
        if self.list.len() < MAX_DETAILS {
            self.list.push(violation());
        } else {
            self.left_out += 1;
            self.left_out_errors |= severity == Severity::Error;
        }
    }

    /// Adds those of another list, and how many it has left out.
    pub(crate) fn add(&mut self, others: &Self) {
        self.list.extend_from_slice(&others.list);
        self.left_out += others.left_out;
        self.left_out_errors |= others.left_out_errors;
    }

    /// Makes errors of warnings, except of rules that always warn.
    pub(crate) fn harden(&mut self) {
        for violation in self.list.iter_mut().filter(|found| !found.rule.is_always_warning()) {
            violation.severity = Severity::Error;
        }
        self.left_out_errors |= self.left_out > 0;
    }

    /// Keeps that many, errors rather than warnings, and counts the others.
    pub(crate) fn cut(&mut self, most: usize) {
        if self.list.len() <= most {
            return;
        }
        self.sort();
        let errors = self.list.iter().filter(|found| found.is_error()).count();
        let mut room_of_errors = errors.min(most);
        let mut room_of_warnings = most - room_of_errors;
        let (left_out, left_out_errors) = (&mut self.left_out, &mut self.left_out_errors);
        self.list.retain(|found| {
            let is_error = found.is_error();
            let room = if is_error { &mut room_of_errors } else { &mut room_of_warnings };
            let fits = *room > 0;
            if fits {
                *room -= 1;
            } else {
                *left_out += 1;
                *left_out_errors |= is_error;
            }
            fits
        });
        self.list.shrink_to_fit();
    }

    /// The violations as they are reported: at most that many, and the number of the others in one
    /// more, without a path.
    pub(crate) fn reported(mut self, most: usize) -> Self {
        self.cut(most);
        if self.left_out > 0 {
            let message = format!("{} more violations are not listed", self.left_out);
            let count = self.left_out.to_string();
            let mut rest = Violation::new(Rule::Limits, Path::root(), count, message);
            rest.severity = if self.left_out_errors { Severity::Error } else { Severity::Warning };
            self.list.push(rest);
        }
        Self { list: self.list, ..Self::default() }
    }

    /// Gives that severity to the listed ones that are chosen.
    pub(crate) fn set_severity(&mut self, severity: Severity, chosen: impl Fn(&Violation) -> bool) {
        let chosen = self.list.iter_mut().filter(|found| chosen(found));
        chosen.for_each(|found| found.severity = severity);
    }

    /// Brings them into the order of the rules; within a rule, document order stays.
    pub(crate) fn sort(&mut self) {
        self.list.sort_by_key(|violation| violation.rule);
    }

    /// Each of them, to be changed.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Violation> {
        self.list.iter_mut()
    }
}

impl Extend<Violation> for Violations {
    fn extend<I: IntoIterator<Item = Violation>>(&mut self, violations: I) {
        self.list.extend(violations);
    }
}

impl Deref for Violations {
    type Target = [Violation];

    fn deref(&self) -> &[Violation] {
        &self.list
    }
}

impl From<Violation> for Violations {
    fn from(violation: Violation) -> Self {
        Self::from(vec![violation])
    }
}

impl From<Vec<Violation>> for Violations {
    fn from(list: Vec<Violation>) -> Self {
        Self { list, ..Self::default() }
    }
}

impl From<Violations> for Vec<Violation> {
    fn from(violations: Violations) -> Self {
        violations.list
    }
}

impl IntoIterator for Violations {
    type Item = Violation;
    type IntoIter = std::vec::IntoIter<Violation>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

impl<'a> IntoIterator for &'a Violations {
    type Item = &'a Violation;
    type IntoIter = std::slice::Iter<'a, Violation>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, violation) in self.list.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{violation}")?;
        }
        Ok(())
    }
}

impl Error for Violations {}
