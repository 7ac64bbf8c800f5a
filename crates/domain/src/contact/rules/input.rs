//! What the functions of the rules get, and where they report.

use crate::contact::document::ContactDocument;
use crate::context::Context;
use crate::path::{At, Path};
use crate::rule::Rule;
use crate::violation::{Fix, Violation, Violations};

/// The contact that a rule looks at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RuleInput<'a> {
    /// The request.
    pub(crate) context: &'a Context,
    /// The item, as sent.
    pub(crate) sent: &'a ContactDocument,
    /// The contact as it would be stored.
    pub(crate) document: &'a ContactDocument,
    /// The contact as it is stored, if it is.
    pub(crate) stored: Option<&'a ContactDocument>,
}

/// What the store holds of other contacts.
#[derive(Clone, Copy)]
pub(crate) struct Lookups<'a> {
    /// Whether a living contact has that id.
    pub(crate) exists: &'a dyn Fn(i64) -> bool,
    /// What messages call another contact with the same e-mail address.
    pub(crate) same_email: Option<&'a str>,
}

/// Takes the violations of one rule.
pub(crate) struct Reporter<'v> {
    pub(crate) rule: Rule,
    pub(crate) violations: &'v mut Violations,
}

impl Reporter<'_> {
    pub(super) fn report(
        &mut self,
        at: &At<'_>,
        value: impl Into<String>,
        message: impl Into<String>,
    ) {
        self.report_path(at.path(), value, message);
    }

    pub(super) fn report_path(
        &mut self,
        path: Path,
        value: impl Into<String>,
        message: impl Into<String>,
    ) {
        self.violations.extend([Violation::new(self.rule, path, value, message)]);
    }

    pub(super) fn report_with(
        &mut self,
        fix: Fix,
        path: Path,
        value: impl Into<String>,
        message: impl Into<String>,
    ) {
        let violation = Violation::new(self.rule, path, value, message);
        self.violations.extend([violation.with_fix(fix)]);
    }
}
