//! The counts of verdicts in the head of an answer.

use std::collections::BTreeMap;

use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use contacts_domain::upsert::{Outcome, Verdict};

use crate::telemetry;

const CONTACT_HUB_SUMMARY: HeaderName = HeaderName::from_static("contact-hub-summary");

/// The counts of verdicts, without those that do not occur.
#[derive(Debug, Clone)]
pub(crate) struct Summary(BTreeMap<Verdict, usize>);

impl Summary {
    pub(crate) fn of(outcomes: &[Outcome]) -> Self {
        let mut counts = BTreeMap::new();
        for outcome in outcomes {
            *counts.entry(outcome.verdict).or_default() += 1;
        }
        Self(counts)
    }

    /// How many items have a verdict.
    pub(crate) fn count(&self, verdict: Verdict) -> usize {
        self.0.get(&verdict).copied().unwrap_or(0)
    }

    /// Adds the header, a dictionary of RFC 9651: `created=3, unchanged=997`. An empty dictionary is
    /// no header.
    pub(crate) fn add_to(&self, mut response: Response) -> Response {
        let counts = self.0.iter().map(|(verdict, count)| format!("{}={count}", verdict.as_str()));
        let counts: Vec<String> = counts.collect();
        if counts.is_empty() {
            return response;
        }
        let counts = counts.join(", ");
        telemetry::note_items(self.0.values().sum(), &counts);
        if let Ok(value) = HeaderValue::from_str(&counts) {
            response.headers_mut().insert(CONTACT_HUB_SUMMARY, value);
        }
        response
    }
}
