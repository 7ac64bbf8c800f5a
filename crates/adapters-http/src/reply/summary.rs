//! The counts of verdicts in the head of an answer.

use std::collections::BTreeMap;

use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use contacts_domain::upsert::{Outcome, Verdict};

pub(crate) const CONTACT_HUB_SUMMARY: HeaderName = HeaderName::from_static("contact-hub-summary");

/// The counts of verdicts, without those that do not occur.
#[derive(Debug, Clone)]
pub(crate) struct Summary {
    verdicts: BTreeMap<Verdict, usize>,
}

impl Summary {
    pub(crate) fn of(outcomes: &[Outcome]) -> Self {
        let mut verdicts = BTreeMap::new();
        for outcome in outcomes {
            *verdicts.entry(outcome.verdict).or_default() += 1;
        }
        Self { verdicts }
    }

    /// How many items have a verdict.
    pub(crate) fn count(&self, verdict: Verdict) -> usize {
        self.verdicts.get(&verdict).copied().unwrap_or(0)
    }

    /// A dictionary of RFC 9651: `created=3, unchanged=997`.
    pub(crate) fn text(&self) -> String {
        let counts =
            self.verdicts.iter().map(|(verdict, count)| format!("{}={count}", verdict.as_str()));
        counts.collect::<Vec<_>>().join(", ")
    }

    /// Adds the counts to the head of an answer. An empty dictionary is no header.
    pub(crate) fn add_to<B>(self, mut response: Response<B>) -> Response<B> {
        if self.verdicts.is_empty() {
            return response;
        }
        if let Ok(value) = HeaderValue::from_str(&self.text()) {
            response.headers_mut().insert(CONTACT_HUB_SUMMARY, value);
        }
        response
    }
}
