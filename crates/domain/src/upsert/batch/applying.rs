//! Applying the items of a batch in order.

use std::collections::HashSet;

use super::plan::{Admission, Plan};
use super::{Batch, shared_keys};
use crate::decision::Loaded;
use crate::ids::{IdBlock, OutOfIds};
use crate::upsert::application::Application;
use crate::upsert::item::Content;
use crate::upsert::options::OnRepeat;
use crate::upsert::outcome::{DocumentsTooLarge, Gate, NotApplied, Outcome, Shown};
use crate::upsert::provisional_ids::ProvisionalIds;
use crate::upsert::working_set::WorkingSet;

/// The items, applied.
pub(super) struct Applied {
    pub(super) working_set: WorkingSet,
    pub(super) outcomes: Vec<Outcome>,
    /// The items that were not stored, because they would not do what is expected of them.
    pub(super) overtaken: HashSet<usize>,
}

impl Batch {
    /// Applies the items in order, except those that the plan leaves out. Stops where the documents of
    /// the outcomes are too large.
    pub(super) fn apply_all(
        &self,
        loaded: Loaded,
        ids: &mut IdBlock,
        plan: &Plan<'_>,
        shown: Shown,
    ) -> Result<Result<Applied, NotApplied>, OutOfIds> {
        let is_provisional = match plan.admission {
            _ if plan.is_rehearsal => false,
            Admission::Expected => true,
            Admission::All | Admission::AllBut(_) => self.options.dry_run,
        };
        let mut application = Application {
            working_set: WorkingSet::new(loaded, shared_keys(&self.options, &self.items)),
            context: &self.context,
            options: &self.options,
            shown,
            refuses_repeats: match self.options.on_repeat {
                OnRepeat::Merge => false,
                OnRepeat::First => true,
                OnRepeat::Last | OnRepeat::Reject => !plan.is_rehearsal,
            },
            reserved: plan.reserved,
            ids,
            provisional_ids: match is_provisional {
                true => &self.provisional_ids,
                false => &ProvisionalIds::NONE,
            },
            gate: Gate::Open,
            step: None,
        };
        let (mut bytes, details) = (0, Self::details_at_most(self.items.len()));
        let mut outcomes = Vec::with_capacity(self.items.len());
        let mut overtaken = HashSet::new();
        for (index, item) in self.items.iter().enumerate() {
            application.gate = self.gate(index, plan);
            let mut outcome = match &item.content {
                Content::Faulty(faults) => application.settle(Outcome::rejected(faults.clone())),
                _ if plan.left_out.contains(&index) => application.settle(Outcome::repeated()),
                Content::Parsed(parsed) => {
                    let parsed = plan.links.follow(parsed);
                    let ladder = item.ladder.as_ref().unwrap_or(&self.options.ladder);
                    match shown.explain {
                        true => application.apply_explained(index, &parsed, ladder)?,
                        false => application.apply(index, &parsed, ladder)?,
                    }
                }
                Content::Known(known) => match application.recognized(index, known) {
                    Some(outcome) => application.settle(outcome),
                    None => return Ok(Err(NotApplied::Overtaken)),
                },
            };
            if matches!(application.gate, Gate::Closed) {
                overtaken.insert(index);
            }
            outcome.violations = std::mem::take(&mut outcome.violations).reported(details);
            bytes += outcome.bytes();
            if bytes > shown.at_most {
                let limit = shown.at_most;
                return Ok(Err(DocumentsTooLarge { item: index, limit }.into()));
            }
            outcomes.push(outcome);
        }
        Ok(Ok(Applied { working_set: application.working_set, outcomes, overtaken }))
    }

    /// Whether what the item does is stored.
    fn gate(&self, index: usize, plan: &Plan<'_>) -> Gate<'_> {
        match plan.admission {
            _ if plan.is_rehearsal => Gate::Open,
            Admission::AllBut(overtaken) if overtaken.contains(&index) => Gate::Closed,
            Admission::All | Admission::AllBut(_) => Gate::Open,
            Admission::Expected => match self.expected.get(index) {
                Some(Some(expected)) => Gate::Expecting(expected),
                Some(None) | None => Gate::Open,
            },
        }
    }
}
