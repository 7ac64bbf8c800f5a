//! The check: every rule of the table on one contact.

use super::document::ContactDocument;
use super::rules::{self, Check, Lookups, RULES, Rule, RuleError, RuleInput};
use crate::path::At;
use crate::tree::{AmountValue, Leaf, Tree};
use crate::value::{CountryCode, Email, InvalidEmail, InvalidPhone, Phone};
use crate::violation::{Fix, Severity, Violation};

/// Violations under collection.
#[derive(Debug, Clone, Default)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// Notes a violation.
    pub(crate) fn report(
        &mut self,
        rule: &'static Rule,
        at: &At<'_>,
        value: impl Into<String>,
        message: impl Into<String>,
    ) {
        self.0.push(Violation::new(rule, at.path(), value, message));
    }

    fn error(&mut self, rule: &'static Rule, at: &At<'_>, value: &str, error: RuleError) {
        let violation = Violation::new(rule, at.path(), value, error.message);
        self.0.push(match error.fix {
            Some(value) => {
                let path = violation.path.clone();
                violation.with_fix(Fix::Replace { path, value })
            }
            None => violation,
        });
    }

    /// Whether nothing was found.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first violation of that rule.
    pub(crate) fn of(&self, rule: &'static Rule) -> Option<Violation> {
        self.0.iter().find(|violation| violation.rule == rule).cloned()
    }

    /// Adds what was found elsewhere.
    pub(crate) fn extend(&mut self, violations: impl IntoIterator<Item = Violation>) {
        self.0.extend(violations);
    }

    /// The violations, in the order of the table; within a rule, in document order.
    pub(crate) fn into_sorted(self) -> Vec<Violation> {
        let mut violations = self.0;
        if violations.len() > 1 {
            violations.sort_by_cached_key(|violation| violation.rule.row());
        }
        violations
    }
}

/// Values parsed while a contact is checked, to be used again for its projection.
///
/// A phone number costs a microsecond to parse, as much as a tenth of everything else that is done
/// for a contact.
#[derive(Debug, Clone)]
pub struct ParseCache {
    region: CountryCode,
    emails: Vec<(Box<str>, Result<Email, InvalidEmail>)>,
    phones: Vec<(Box<str>, Result<Phone, InvalidPhone>)>,
}

impl ParseCache {
    /// Nothing parsed yet; phone numbers without a country code belong to `region`.
    pub fn new(region: CountryCode) -> Self {
        Self { region, emails: Vec::new(), phones: Vec::new() }
    }

    /// That text as an e-mail address.
    ///
    /// # Errors
    ///
    /// When it is none.
    pub fn email(&mut self, text: &str) -> Result<Email, InvalidEmail> {
        remember(&mut self.emails, text, Email::parse)
    }

    /// That text as a phone number.
    ///
    /// # Errors
    ///
    /// When it is none.
    pub fn phone(&mut self, text: &str) -> Result<Phone, InvalidPhone> {
        let region = self.region;
        remember(&mut self.phones, text, |text| Phone::parse(text, region))
    }
}

fn remember<T: Clone, E: Clone>(
    known: &mut Vec<(Box<str>, Result<T, E>)>,
    text: &str,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, E> {
    if let Some((_, result)) = known.iter().find(|(known, _)| **known == *text) {
        return result.clone();
    }
    let result = parse(text);
    known.push((text.into(), result.clone()));
    result
}

impl RuleInput<'_> {
    /// Every rule that needs no look-up.
    pub(crate) fn check(&self, values: &mut ParseCache) -> Violations {
        let mut findings = Violations::default();
        self.document
            .walk(&At::root(), &mut |at, leaf| check_leaf(at, leaf, values, &mut findings));
        for rule in RULES {
            if let Check::Contact(check) = rule.check {
                check(self, &mut findings);
            }
        }
        findings
    }

    /// Every rule that needs a look-up.
    pub(crate) fn look_up(&self, lookups: &Lookups<'_>, findings: &mut Violations) {
        for rule in RULES {
            if let Check::Lookup(check) = rule.check {
                check(self, lookups, findings);
            }
        }
    }
}

fn check_leaf(at: &At<'_>, leaf: Leaf<'_>, values: &mut ParseCache, findings: &mut Violations) {
    for rule in [&rules::READABLE, &rules::LIMITS] {
        if let Check::Leaf(check) = rule.check
            && let Err(error) = check(at, leaf)
        {
            let value = match leaf {
                Leaf::Text(_, text) | Leaf::Name(text) => text,
                _ => "",
            };
            findings.error(rule, at, value, error);
        }
    }
    match leaf {
        Leaf::Text(kind, text) => {
            if let Some(rule) = kind.rule
                && let Check::Text(check) = rule.check
                && let Err(error) = check(kind, text, values)
            {
                findings.error(rule, at, text, error);
            }
        }
        Leaf::Amount(kind, amount @ (AmountValue::Text(text) | AmountValue::Number(text))) => {
            for rule in [&rules::AMOUNT, &rules::RANGE] {
                if let Check::Amount(check) = rule.check
                    && let Err(error) = check(kind, amount)
                {
                    findings.error(rule, at, text, error);
                }
            }
        }
        Leaf::List(_) | Leaf::CustomFields(_) | Leaf::Name(_) | Leaf::OpaqueObject(_) => {}
    }
}

/// Weighs violations: what the stored contact had already is a warning, and under
/// `handling=strict` warnings are errors.
///
/// `stored` is asked for only where it can matter.
pub(crate) fn weigh(
    violations: &mut [Violation],
    strict: bool,
    stored: impl FnOnce() -> Vec<Violation>,
) {
    if strict {
        for violation in violations.iter_mut().filter(|found| !found.rule.lenient_always) {
            violation.severity = Severity::Error;
        }
    }
    if violations.iter().any(Violation::is_error) {
        let stored = stored();
        for violation in violations {
            let same = |old: &Violation| {
                old.rule == violation.rule
                    && old.path == violation.path
                    && old.value == violation.value
            };
            if stored.iter().any(same) {
                violation.severity = Severity::Warning;
            }
        }
    }
}

/// Every rule that needs no look-up, on a contact that is stored.
pub(crate) fn check_stored(input: &RuleInput<'_>, values: &mut ParseCache) -> Vec<Violation> {
    let nothing = ContactDocument::default();
    let document = input.stored.unwrap_or(&nothing);
    RuleInput { sent: &nothing, document, stored: Some(document), ..*input }
        .check(values)
        .into_sorted()
}
