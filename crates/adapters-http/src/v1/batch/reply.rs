//! The answer to a batch.

use std::fmt;

use contacts_domain::RunId;
use contacts_domain::upsert::{Outcome, Verdict};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::result::{Answered, ResultBody, ResultWriter};
use crate::problem::Problem;
use crate::reply::parts::Elements;
use crate::reply::summary::Summary;

/// The answer to a batch.
#[derive(ToSchema)]
#[schema(as = BatchAnswer)]
#[expect(dead_code, reason = "describes what `answer` writes")]
pub(crate) struct BatchAnswer<'a> {
    /// How many items have each verdict.
    summary: SummaryBody,
    /// The run in the ledger; null if nothing was changed.
    run: Option<i64>,
    /// The results, in the order of the items.
    items: Vec<ResultBody<'a>>,
}

/// How many items there are, and how many have each verdict.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[schema(as = BatchSummary)]
pub(crate) struct SummaryBody {
    /// How many items there are.
    items: usize,
    /// How many contacts were created.
    created: usize,
    /// How many items changed a contact.
    updated: usize,
    /// How many items changed nothing.
    unchanged: usize,
    /// How many items a rule refused.
    rejected: usize,
    /// How many contacts were deleted.
    deleted: usize,
    /// How many items a shared key led to several contacts.
    ambiguous: usize,
    /// How many items named a version that is not current.
    stale: usize,
}

impl SummaryBody {
    /// The counts of a whole batch.
    pub(crate) fn of(summary: &Summary) -> Self {
        let mut counts = Self::default();
        counts.add(summary);
        counts
    }

    /// How many items there are.
    pub(super) fn items(&self) -> usize {
        self.items
    }

    /// Counts further items.
    pub(super) fn add(&mut self, summary: &Summary) {
        let count = |verdict| summary.count(verdict);
        for verdict in Verdict::ALL {
            let counted = match verdict {
                Verdict::Created => &mut self.created,
                Verdict::Updated => &mut self.updated,
                Verdict::Unchanged => &mut self.unchanged,
                Verdict::Deleted => &mut self.deleted,
                Verdict::Rejected => &mut self.rejected,
                Verdict::Ambiguous => &mut self.ambiguous,
                Verdict::Stale => &mut self.stale,
            };
            *counted += count(verdict);
            self.items += count(verdict);
        }
    }
}

/// Writes the answer, with the results that are shown.
pub(crate) fn answer(
    summary: &Summary,
    run: Option<RunId>,
    shown: Vec<Answered>,
    writer: ResultWriter,
) -> Result<Elements<ResultWriter>, Problem> {
    let opening = opening(&SummaryBody::of(summary), run.map(RunId::get))?;
    Ok(Elements { writer, opening, all: shown })
}

/// What stands before the results.
pub(crate) fn opening(counts: &SummaryBody, run: Option<i64>) -> Result<String, Problem> {
    let counts = serde_json::to_string(counts).map_err(Problem::internal)?;
    let run = run.map_or_else(|| "null".to_owned(), |run| run.to_string());
    Ok(format!(r#"{{"summary":{counts},"run":{run},"items":["#))
}

/// Whether an outcome is shown where only problems are.
pub(crate) fn is_problem(outcome: &Outcome) -> bool {
    outcome.verdict.is_refusal() || !outcome.violations.is_empty()
}

impl fmt::Display for SummaryBody {
    /// The counts that are not zero.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { items: _, created, updated, unchanged, rejected, deleted, ambiguous, stale } =
            self;
        let counts = [created, updated, unchanged, deleted, rejected, ambiguous, stale];
        let counts = Verdict::ALL.into_iter().zip(counts).filter(|(_, count)| **count > 0);
        for (position, (verdict, count)) in counts.enumerate() {
            let separator = if position == 0 { "" } else { ", " };
            write!(f, "{separator}{}={count}", verdict.as_str())?;
        }
        Ok(())
    }
}
