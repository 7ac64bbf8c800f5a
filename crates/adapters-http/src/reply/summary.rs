//! The counts of verdicts in the head of an answer.

use std::collections::BTreeMap;

use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use contacts_domain::Rule;
use contacts_domain::upsert::{Outcome, Verdict};

pub(crate) const CONTACT_HUB_SUMMARY: HeaderName = HeaderName::from_static("contact-hub-summary");

/// The counts of verdicts, and of violations for the metrics, without those that do not occur.
#[derive(Debug, Clone)]
pub(crate) struct Summary {
    verdicts: BTreeMap<Verdict, usize>,
    violations: BTreeMap<(Rule, bool), usize>,
}

impl Summary {
    pub(crate) fn of(outcomes: &[Outcome]) -> Self {
        let (mut verdicts, mut violations) = (BTreeMap::new(), BTreeMap::new());
        for outcome in outcomes {
            *verdicts.entry(outcome.verdict).or_default() += 1;
            for violation in &outcome.violations {
                *violations.entry((violation.rule, violation.is_error())).or_default() += 1;
            }
        }
        Self { verdicts, violations }
    }

    /// The counts of verdicts.
    pub(crate) fn verdicts(&self) -> impl Iterator<Item = (Verdict, usize)> {
        self.verdicts.iter().map(|(verdict, count)| (*verdict, *count))
    }

    /// The name of each rule that is broken, whether that is an error or a warning, and how often.
    pub(crate) fn violations(&self) -> impl Iterator<Item = (&'static str, &'static str, usize)> {
        self.violations.iter().map(|((rule, is_error), count)| {
            (rule.name(), if *is_error { "error" } else { "warning" }, *count)
        })
    }

    /// How many items have a verdict.
    pub(crate) fn count(&self, verdict: Verdict) -> usize {
        self.verdicts.get(&verdict).copied().unwrap_or(0)
    }

    /// How many items there are.
    pub(crate) fn items(&self) -> usize {
        self.verdicts.values().sum()
    }

    /// A dictionary of RFC 9651: `created=3, unchanged=997`.
    pub(crate) fn text(&self) -> String {
        let counts =
            self.verdicts.iter().map(|(verdict, count)| format!("{}={count}", verdict.as_str()));
        counts.collect::<Vec<_>>().join(", ")
    }

    /// Adds the counts to the head of an answer, and for telemetry. An empty dictionary is no header.
    pub(crate) fn add_to<B>(self, mut response: Response<B>) -> Response<B> {
        if self.verdicts.is_empty() {
            return response;
        }
        if let Ok(value) = HeaderValue::from_str(&self.text()) {
            response.headers_mut().insert(CONTACT_HUB_SUMMARY, value);
        }
        response.extensions_mut().insert(self);
        response
    }
}
