//! What is wrong with an item, where, and how badly.

use std::error::Error;
use std::fmt;
use std::ops::Deref;

use crate::path::Path;
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
    /// The offending value as text, at most [`MAX_VALUE_CHARS`] characters, never a whole document.
    pub value: String,
    /// A sentence for a person.
    pub message: String,
    /// The correction, where it is certain.
    pub fix: Option<Fix>,
}

/// How much of an offending value is quoted, in characters.
pub const MAX_VALUE_CHARS: usize = 200;

impl Violation {
    /// A violation of `rule` at its own severity.
    pub fn new(
        rule: Rule,
        path: Path,
        value: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        let mut value = value.into();
        if let Some((end, _)) = value.char_indices().nth(MAX_VALUE_CHARS) {
            value.truncate(end);
        }
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

/// One operation of a JSON Patch (RFC 6902) that mends a violation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fix {
    /// `move`: a member under a wrong name.
    Move {
        /// Where it stands.
        from: Path,
        /// Where it belongs.
        path: Path,
    },
    /// `replace`: a text in a wrong spelling.
    Replace {
        /// Where it stands.
        path: Path,
        /// What it should read.
        value: String,
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
pub struct Violations(Vec<Violation>);

impl Violations {
    /// Whether one of them refuses the item.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(Violation::is_error)
    }

    /// Brings them into the order of the rules; within a rule, document order stays.
    pub(crate) fn sort(&mut self) {
        self.0.sort_by_key(|violation| violation.rule);
    }

    /// Each of them, to be changed.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Violation> {
        self.0.iter_mut()
    }
}

impl Extend<Violation> for Violations {
    fn extend<I: IntoIterator<Item = Violation>>(&mut self, violations: I) {
        self.0.extend(violations);
    }
}

impl Deref for Violations {
    type Target = [Violation];

    fn deref(&self) -> &[Violation] {
        &self.0
    }
}

impl From<Violation> for Violations {
    fn from(violation: Violation) -> Self {
        Self(vec![violation])
    }
}

impl From<Vec<Violation>> for Violations {
    fn from(violations: Vec<Violation>) -> Self {
        Self(violations)
    }
}

impl From<Violations> for Vec<Violation> {
    fn from(violations: Violations) -> Self {
        violations.0
    }
}

impl IntoIterator for Violations {
    type Item = Violation;
    type IntoIter = std::vec::IntoIter<Violation>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Violations {
    type Item = &'a Violation;
    type IntoIter = std::slice::Iter<'a, Violation>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, violation) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{violation}")?;
        }
        Ok(())
    }
}

impl Error for Violations {}
