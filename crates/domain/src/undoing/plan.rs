//! What becomes of one contact.

use std::sync::Arc;

use super::fields::Fields;
use super::outcome::{UndoOutcome, UndoVerdict};
use super::undone_contact::{UndoneChange, UndoneContact};
use crate::contact::document::ContactDocument;
use crate::contact::rules::RuleInput;
use crate::contact::{Candidate, Record, RowBuilder, Snapshot};
use crate::context::{Context, Handling};
use crate::decision::{AliasKey, KeyChange};
use crate::ids::{IdBlock, IdentityKeys, OutOfIds};
use crate::ledger::ChangeKind;
use crate::path::Path;
use crate::rule::Rule;
use crate::value::ParseCache;
use crate::violation::Violation;

/// What becomes of one contact.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) outcome: UndoOutcome,
    /// The change; `None` if it stays as it is.
    pub(super) step: Option<Step>,
}

/// From a contact as it is to what it will be.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) before: Snapshot,
    pub(super) now: Snapshot,
    pub(super) keys: KeyChange,
    /// Whether the contact was merged into another one, so that its keys lead to that.
    pub(super) is_merged: bool,
}

impl Plan {
    pub(super) fn of(contact: UndoneContact, context: &Context) -> Self {
        let UndoneContact { id, record, changes } = contact;
        let version = record.as_ref().map(|record| record.version);
        let outcome = UndoOutcome {
            contact: id,
            verdict: UndoVerdict::Gone,
            version,
            changes: Vec::new(),
            kept: Vec::new(),
            violation: None,
        };
        let mut plan = Self { outcome, step: None };
        if let Some(record) = record
            && let Err(message) = plan.follow(record, &changes, context)
        {
            // What is stored of it cannot be read.
            plan.outcome.stay(Violation::new(
                Rule::StoredReadable,
                Path::root(),
                id.to_string(),
                message,
            ));
        }
        plan
    }

    fn follow(
        &mut self,
        record: Record,
        changes: &[UndoneChange],
        context: &Context,
    ) -> Result<(), String> {
        let Some((own, since)) = changes.split_last() else { return Ok(()) };
        let before = Snapshot::read(Arc::new(record)).map_err(|error| error.to_string())?;
        let is_deleted = before.record.deleted_at.is_some();
        match (is_deleted, own.kind) {
            (true, ChangeKind::Deleted | ChangeKind::Merged) if since.is_empty() => {
                // The run may have changed it before it was deleted.
                let earlier = match own.reverse.as_deref() {
                    Some(reverse) => before.document.reverted(reverse),
                    None => Ok(before.document.clone()),
                };
                let earlier = earlier.map_err(|error| error.to_string())?;
                let now = before.with(earlier).restored(context);
                self.take(UndoVerdict::Reverted, before, now, own.kind == ChangeKind::Merged);
            }
            (true, _) => {}
            (false, ChangeKind::Created | ChangeKind::Restored) if since.is_empty() => {
                let now = before.deleted(context);
                self.take(UndoVerdict::Deleted, before, now, false);
            }
            (false, ChangeKind::Created | ChangeKind::Restored) => {
                self.outcome.verdict = UndoVerdict::Kept;
            }
            (false, ChangeKind::Deleted | ChangeKind::Merged) => {
                self.outcome.verdict = UndoVerdict::Unchanged;
            }
            (false, ChangeKind::Updated) => {
                let fields = Fields::of(&before.document, own, since, context.may_write_staff);
                self.take_fields(fields.map_err(|error| error.to_string())?, before, context);
            }
        }
        Ok(())
    }

    fn take(&mut self, verdict: UndoVerdict, before: Snapshot, now: Snapshot, is_merged: bool) {
        let keys = KeyChange::between(before.record.identity_keys(), now.record.identity_keys());
        self.outcome.verdict = verdict;
        self.outcome.changes = before.document.differences(&now.document);
        self.step = Some(Step { before, now, keys, is_merged });
    }

    fn take_fields(&mut self, fields: Fields, before: Snapshot, context: &Context) {
        self.outcome.kept = fields.kept;
        let Some(document) = fields.document else {
            self.outcome.verdict = match self.outcome.kept.is_empty() {
                true => UndoVerdict::Unchanged,
                false => UndoVerdict::Kept,
            };
            return;
        };
        match checked(&before, &document, context) {
            Ok(now) => self.take(UndoVerdict::Reverted, before, now, false),
            Err(violation) => self.outcome.stay(violation),
        }
    }
}

impl Step {
    /// Whether the contact gives a key up.
    pub(super) fn gives_up(&self, key: &AliasKey) -> bool {
        let IdentityKeys { external_id, link_id } = &self.keys.given_up;
        match key {
            AliasKey::Id(_) => false,
            AliasKey::ExternalId(key) => external_id.as_ref() == Some(key),
            AliasKey::LinkId(key) => link_id.as_ref() == Some(key),
        }
    }

    /// The keys that lead to the contact itself from now on.
    pub(super) fn aliases(&self) -> impl Iterator<Item = AliasKey> {
        let own = self.is_merged.then_some(AliasKey::Id(self.before.record.id));
        own.into_iter().chain(self.keys.taken.clone())
    }
}

/// The contact with some of its fields as they were.
fn checked(
    before: &Snapshot,
    document: &ContactDocument,
    context: &Context,
) -> Result<Snapshot, Violation> {
    let mut cache = ParseCache::new(context.settings.region);
    let nothing = ContactDocument::default();
    let stored = Some(&before.document);
    let input = RuleInput { context, sent: &nothing, document, stored };
    let violations = input.check(&mut cache);
    let known = |cache: &mut ParseCache| {
        RuleInput { context, sent: &nothing, document: &before.document, stored }
            .check_stored(cache)
    };
    let candidate =
        Candidate { document: document.clone(), stored: Some(before), violations, cache };
    let refused = |message: &str| Violation::new(Rule::StoredReadable, Path::root(), "", message);
    match candidate.decide(Handling::Standard, known) {
        Ok(contact) => {
            // Elements that come back have ids.
            let (now, _warnings) = RowBuilder::after(context, &before.record)
                .build(contact, &mut IdBlock::new(1, 0))
                .map_err(|OutOfIds| refused("an element of the earlier document has no id"))?;
            now.too_large(stored).map_or(Ok(now), Err)
        }
        Err(violations) => {
            let mut errors = violations.violations.into_iter().filter(Violation::is_error);
            Err(errors.next().unwrap_or_else(|| refused("the earlier document is refused")))
        }
    }
}
