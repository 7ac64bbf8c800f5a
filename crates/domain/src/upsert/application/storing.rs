//! Storing what an item changes, in the working set.

use super::Application;
use crate::path::Path;
use crate::rule::Rule;
use crate::upsert::outcome::{Gate, Outcome, Verdict};
use crate::upsert::working_set::Step;
use crate::violation::Violation;

impl Application<'_> {
    /// Stores what the item changes, if it may be. Otherwise the item is stale, and the gate closed.
    ///
    /// After a stale item, others of its contact change nothing either: they could meet their
    /// expectations by what somebody else wrote, and would overwrite that.
    pub(in crate::upsert) fn settle(&mut self, index: usize, outcome: Outcome) -> Outcome {
        let step = self.step.take();
        let first = outcome.same_as.unwrap_or(index);
        if !self.gate.admits(&outcome) || (step.is_some() && self.stale.contains(&first)) {
            self.gate = Gate::Closed;
            self.stale.insert(first);
            return self.overtaken(outcome, step);
        }
        match step {
            None => {}
            Some(Step::Create { now, item }) => self.working_set.create(now, item),
            Some(Step::Update { slot, before, now }) => {
                self.working_set.update(slot, &before, now);
            }
            Some(Step::Delete { slot, before, now }) => {
                self.working_set.delete(slot, &before, now);
            }
        }
        outcome
    }

    /// The outcome of an item that would do something else than was expected, with the contact as it
    /// is stored.
    fn overtaken(&self, outcome: Outcome, step: Option<Step>) -> Outcome {
        let message = format!(
            "what the item depends on has changed since it was planned; it would be {} now",
            outcome.verdict.as_str()
        );
        let Outcome { matched_by, same_as, candidates, mut violations, mut contact, .. } = outcome;
        match step {
            None => {}
            Some(Step::Create { .. }) => contact = None,
            Some(Step::Update { before, .. } | Step::Delete { before, .. }) => {
                contact = Some(self.state(&before));
            }
        }
        violations.extend([Violation::new(Rule::Planned, Path::root(), "", message)]);
        violations.sort();
        let outcome =
            Outcome { matched_by, same_as, candidates, contact, ..Outcome::rejected(violations) };
        Outcome { verdict: Verdict::Stale, ..outcome }
    }
}
