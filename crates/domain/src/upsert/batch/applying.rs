//! Applying the items of a batch in order.

use std::collections::HashSet;

use super::plan::{Applied, Plan};
use super::{Batch, shared_keys};
use crate::decision::Loaded;
use crate::ids::{IdBlock, OutOfIds};
use crate::upsert::application::Application;
use crate::upsert::item::Content;
use crate::upsert::options::OnRepeat;
use crate::upsert::outcome::{DocumentsTooLarge, Gate, NotApplied, Outcome, Shown};
use crate::upsert::provisional_ids::ProvisionalIds;
use crate::upsert::working_set::WorkingSet;

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
            provisional_ids: match plan.is_dry && !plan.is_rehearsal {
                true => &self.provisional_ids,
                false => &ProvisionalIds::NONE,
            },
            gate: Gate::Open,
            stale: HashSet::new(),
            step: None,
        };
        let (mut bytes, details) = (0, Self::details_at_most(self.items.len()));
        let mut outcomes = Vec::with_capacity(self.items.len());
        let mut gates = Vec::new();
        for (index, item) in self.items.iter().enumerate() {
            let gate = plan.gates.get(index).filter(|_| !plan.is_rehearsal);
            application.gate = gate.copied().unwrap_or(Gate::Open);
            let mut outcome = match &item.content {
                Content::Faulty(faults) => {
                    application.settle(index, Outcome::rejected(faults.clone()))
                }
                _ if plan.left_out.contains(&index) => {
                    application.settle(index, Outcome::repeated())
                }
                Content::Parsed(parsed) => {
                    let parsed = plan.links.follow(parsed);
                    let ladder = item.ladder.as_ref().unwrap_or(&self.options.ladder);
                    match shown.explain {
                        true => application.apply_explained(index, &parsed, ladder)?,
                        false => application.apply(index, &parsed, ladder)?,
                    }
                }
                Content::Known(known) => match application.recognized(index, known) {
                    Some(outcome) => application.settle(index, outcome),
                    None => return Ok(Err(NotApplied::Overtaken)),
                },
            };
            if gate.is_some() {
                gates.push(application.gate.after(&outcome));
            }
            outcome.violations = std::mem::take(&mut outcome.violations).reported(details);
            bytes += outcome.bytes();
            if bytes > shown.at_most {
                let limit = shown.at_most;
                return Ok(Err(DocumentsTooLarge { item: index, limit }.into()));
            }
            outcomes.push(outcome);
        }
        Ok(Ok(Applied { working_set: application.working_set, outcomes, gates }))
    }
}
