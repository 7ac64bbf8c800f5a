//! Taking a run back.
//!
//! What becomes of each contact of the run is planned on what the ledger knows of it: fields that nobody
//! has changed since go back, others stay. The decision checks that each contact is still in the version
//! that its plan rests on, and that keys which come back are free.

mod fields;
mod keys;
mod outcome;
mod plan;
mod undone_contact;

use std::collections::HashMap;

use crate::context::Context;
use crate::decision::{AliasKey, AliasWrite, Change, Decision, Loaded, LookupKeys, Writes};
use crate::ids::{ContactId, IdBlock, OrganizationId, OutOfIds, RunId, Version};

use self::plan::Plan;

pub use self::outcome::{UndoOutcome, UndoVerdict};
pub use self::undone_contact::{UndoneChange, UndoneContact};

/// The decision to take a run back.
#[derive(Debug, Clone)]
pub struct Undo {
    context: Context,
    run: RunId,
    plans: Vec<Plan>,
    lookup_keys: LookupKeys,
    dry_run: bool,
}

/// What became of each contact, and the run that took them back, if anything changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Undone {
    /// An outcome for each contact of the run.
    pub outcomes: Vec<UndoOutcome>,
    /// The new run.
    pub run: Option<RunId>,
}

/// What became of each contact, or that it has to be planned anew. Nothing is written then.
pub type UndoReport = Result<Undone, Overtaken>;

/// A contact has changed since the undo was planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a contact has changed since the undo was planned")]
pub struct Overtaken;

impl Undo {
    /// Takes back what a run did to these contacts.
    pub fn new(context: Context, run: RunId, contacts: Vec<UndoneContact>) -> Self {
        let plans: Vec<Plan> =
            contacts.into_iter().map(|contact| Plan::of(contact, &context)).collect();
        let mut lookup_keys = LookupKeys::default();
        for step in plans.iter().filter_map(|plan| plan.step.as_ref()) {
            let record = &step.before.record;
            match record.deleted_at {
                None => lookup_keys.ids.push(record.id),
                Some(_) => lookup_keys.deleted.push(record.id),
            }
            for key in step.keys.taken.clone() {
                match key {
                    AliasKey::Id(_) => {}
                    AliasKey::ExternalId(key) => lookup_keys.external_ids.push(key),
                    AliasKey::LinkId(key) => lookup_keys.link_ids.push(key),
                }
            }
        }
        // Two contacts may have had the same key, one after the other.
        lookup_keys.external_ids.sort_unstable();
        lookup_keys.external_ids.dedup();
        lookup_keys.link_ids.sort_unstable();
        lookup_keys.link_ids.dedup();
        Self { context, run, plans, lookup_keys, dry_run: false }
    }

    /// The same, decided without writing anything.
    #[must_use]
    pub fn without_writing(self) -> Self {
        Self { dry_run: true, ..self }
    }

    /// Whether each contact is in the version that its plan rests on.
    fn holds(&self, loaded: &Loaded) -> bool {
        let versions: HashMap<ContactId, Version> =
            loaded.contacts.iter().map(|record| (record.id, record.version)).collect();
        let mut steps = self.plans.iter().filter_map(|plan| plan.step.as_ref());
        steps.all(|step| versions.get(&step.before.record.id) == Some(&step.before.record.version))
    }
}

impl Decision for Undo {
    type Report = UndoReport;

    fn organization(&self) -> OrganizationId {
        self.context.organization
    }

    fn settings_version(&self) -> i64 {
        self.context.settings.version
    }

    fn is_dry_run(&self) -> bool {
        self.dry_run
    }

    fn lookup_keys(&self) -> &LookupKeys {
        &self.lookup_keys
    }

    fn ids_at_most(&self) -> i64 {
        0
    }

    fn work(&self, loaded: &Loaded) -> usize {
        loaded.contacts.iter().map(|contact| contact.document.len()).sum()
    }

    fn decide(&self, loaded: Loaded, ids: &mut IdBlock) -> Result<(Writes, UndoReport), OutOfIds> {
        if !self.holds(&loaded) {
            return Ok((Writes::default(), Err(Overtaken)));
        }
        let taken = keys::taken(&self.plans, &loaded);
        let (mut writes, mut outcomes) = (Writes::default(), Vec::with_capacity(self.plans.len()));
        for plan in &self.plans {
            let mut outcome = plan.outcome.clone();
            match (taken.get(&outcome.contact), &plan.step) {
                (Some(violation), _) => outcome.stay(violation.clone()),
                (None, Some(step)) => {
                    outcome.version = Some(step.now.record.version);
                    let reverse = step.before.document.reverse(&step.now.document);
                    let change = Change::between(&step.before.row(), step.now.row(), Some(reverse));
                    writes.changes.push(change);
                    writes.aliases.extend(step.aliases().map(AliasWrite::Remove));
                }
                (None, None) => {}
            }
            outcomes.push(outcome);
        }
        if self.dry_run {
            return Ok((Writes::default(), Ok(Undone { outcomes, run: None })));
        }
        let mut writes = writes.recorded(&self.context, &loaded.runs, ids)?;
        let run = writes.runs.first_mut().map(|run| {
            run.undoes = Some(self.run);
            run.id
        });
        Ok((writes, Ok(Undone { outcomes, run })))
    }
}
