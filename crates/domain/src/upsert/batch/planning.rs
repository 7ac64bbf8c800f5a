//! Rehearsing a batch, where an item depends on what becomes of later ones.

use std::collections::{HashMap, HashSet};

use super::Batch;
use super::plan::{Applied, Plan};
use crate::decision::Loaded;
use crate::ids::{IdBlock, OutOfIds};
use crate::upsert::application::Reserved;
use crate::upsert::links::{Links, MAX_ROUNDS};
use crate::upsert::options::OnRepeat;
use crate::upsert::outcome::{Gate, NotApplied, Outcome, Shown};

impl Batch {
    /// The plan of the batch, after a rehearsal if it takes one.
    fn plan(&self, loaded: &Loaded, ids: &mut IdBlock) -> Result<Plan<'_>, OutOfIds> {
        let mut plan = Plan::default();
        let looks_ahead = matches!(self.options.on_repeat, OnRepeat::Last | OnRepeat::Reject);
        if !looks_ahead && !self.has_links {
            return Ok(plan);
        }
        plan.is_rehearsal = true;
        if self.has_links {
            plan.reserved = Some(Reserved(ids.next()));
            for _ in &self.items {
                ids.take().ok_or(OutOfIds)?;
            }
            plan.links = Links::unresolved(&self.items, loaded);
        }
        let rehearsal = self.apply_all(loaded.clone(), &mut ids.clone(), &plan, Shown::NOTHING)?;
        plan.is_rehearsal = false;
        if let Ok(Applied { outcomes, .. }) = rehearsal {
            plan.left_out = self.left_out(&outcomes);
            plan.links.resolve(&outcomes, &plan.left_out);
        }
        Ok(plan)
    }

    /// Whether what each item does is stored, if something is expected of them. It is decided as the dry
    /// run was, so that the same is compared.
    pub(super) fn gates(
        &self,
        loaded: &Loaded,
    ) -> Result<Result<Vec<Gate<'static>>, NotApplied>, OutOfIds> {
        if self.expected.is_empty() {
            return Ok(Ok(Vec::new()));
        }
        let expecting = self.expected.iter().map(Option::as_ref);
        let expecting: Vec<_> =
            expecting.map(|expected| expected.map_or(Gate::Open, Gate::Expecting)).collect();
        let shown = Shown { changes: true, at_most: self.shown().at_most, ..Shown::NOTHING };
        let mut ids = self.provisional_ids.block();
        let applied = self.apply_planned(loaded.clone(), &mut ids, &expecting, true, shown)?;
        Ok(applied.map(|applied| applied.gates))
    }

    /// Applies the items that may be stored. A link to a contact that is not there in the end leads
    /// nowhere the next time.
    pub(super) fn apply_planned<'b>(
        &'b self,
        mut loaded: Loaded,
        ids: &mut IdBlock,
        gates: &'b [Gate<'b>],
        is_dry: bool,
        shown: Shown,
    ) -> Result<Result<Applied, NotApplied>, OutOfIds> {
        let mut taken = *ids;
        // What is expected is compared when the links lead where they did in the dry run.
        let mut compares = gates.is_empty() || !self.has_links;
        let mut plan = Plan { is_dry, ..self.plan(&loaded, &mut taken)? };
        let mut rounds = if self.has_links { MAX_ROUNDS } else { 0 };
        loop {
            let loaded = match rounds {
                0 if compares => std::mem::take(&mut loaded),
                _ => loaded.clone(),
            };
            plan.gates = if compares { gates } else { &[] };
            *ids = taken;
            let applied = self.apply_all(loaded, ids, &plan, shown)?;
            match &applied {
                Ok(Applied { working_set, outcomes, .. })
                    if rounds > 0 && !plan.links.hold(working_set, outcomes) =>
                {
                    rounds -= 1;
                    if rounds == 0 {
                        plan.links.give_up();
                    }
                }
                Ok(_) if !compares => compares = true,
                _ => return Ok(applied),
            }
        }
    }

    /// The items that the policy on repeats leaves out beforehand, given the outcomes of all of them.
    /// Without them, others may come to name one contact: of these, the first is applied.
    fn left_out(&self, outcomes: &[Outcome]) -> HashSet<usize> {
        let repeats = outcomes
            .iter()
            .enumerate()
            .filter_map(|(index, outcome)| Some((index, outcome.same_as?)));
        match self.options.on_repeat {
            OnRepeat::Merge | OnRepeat::First => HashSet::new(),
            OnRepeat::Reject => repeats.flat_map(|(index, first)| [index, first]).collect(),
            OnRepeat::Last => {
                let last: HashMap<usize, usize> =
                    repeats.clone().map(|(index, first)| (first, index)).collect();
                let last: HashSet<usize> = last.into_values().collect();
                repeats
                    .flat_map(|(index, first)| [index, first])
                    .filter(|index| !last.contains(index))
                    .collect()
            }
        }
    }
}
