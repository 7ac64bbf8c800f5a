//! Applying one item: create, update, delete, or refuse (upsert-rules §4).

mod explaining;
mod merging;
mod outcomes;
mod storing;

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use super::item::{Intent, ParsedItem};
use super::matching::{Match, Matching, Mismatch};
use super::options::{Context, Key, Ladder, Options};
use super::outcome::{ContactState, Gate, Outcome, Shown, Verdict};
use super::provisional_ids::ProvisionalIds;
use super::recognition::{Fingerprint, Known};
use super::working_set::{Step, WorkingSet};
use crate::contact::document::ContactDocument;
use crate::contact::rules::{Lookups, RuleInput};
use crate::contact::{
    Candidate, ContactType, Record, RowBuilder, Snapshot, resolve_relations, weigh,
};
use crate::digest::Digest;
use crate::ids::{AliasKey, ContactId, IdBlock, OutOfIds};
use crate::path::Path;
use crate::rule::Rule;
use crate::tree::{self, Arrays, Equivalence};
use crate::value::ParseCache;
use crate::violation::{Violation, Violations};

/// One id for each item.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reserved(pub(super) i64);

impl Reserved {
    /// The id of the contact that the item may create.
    fn of(self, index: usize) -> Option<ContactId> {
        ContactId::new(self.0 + i64::try_from(index).ok()?)
    }
}

/// The items being applied, one after the other.
pub(super) struct Application<'a> {
    pub(super) working_set: WorkingSet,
    pub(super) context: &'a Context,
    pub(super) options: &'a Options,
    pub(super) shown: Shown,
    /// Whether an item that names the contact of an earlier one is refused.
    pub(super) refuses_repeats: bool,
    /// The ids of new contacts, if they are known before.
    pub(super) reserved: Option<Reserved>,
    pub(super) ids: &'a mut IdBlock,
    pub(super) provisional_ids: &'a ProvisionalIds,
    /// Whether what the item does is stored.
    pub(super) gate: Gate<'a>,
    /// The contacts with a stale item, each by the first item that named it.
    pub(super) stale: HashSet<usize>,
    /// What the item changes, until it is stored.
    pub(super) step: Option<Step>,
}

impl Application<'_> {
    /// Applies one item to the contacts as the items before it left them.
    pub(super) fn apply(
        &mut self,
        index: usize,
        item: &ParsedItem,
        ladder: &Ladder,
    ) -> Result<Outcome, OutOfIds> {
        let outcome = self.decide(index, item, ladder)?;
        Ok(self.settle(index, outcome))
    }

    /// Decides what becomes of an item, and stores nothing yet.
    fn decide(
        &mut self,
        index: usize,
        item: &ParsedItem,
        ladder: &Ladder,
    ) -> Result<Outcome, OutOfIds> {
        match self.matching().find(item, ladder) {
            Err(Mismatch { violation, slot, by, owner }) => {
                let mut outcome = Outcome { matched_by: by, ..Outcome::rejected(*violation) };
                let owner = owner.and_then(|owner| self.working_set.id(owner));
                outcome.candidates =
                    owner.map(|owner| self.provisional_ids.known(owner)).into_iter().collect();
                if let Some(slot) = slot {
                    outcome.same_as = self.working_set.named_by(slot, index);
                    outcome.contact = self.working_set.read(slot).ok().map(|now| self.state(&now));
                }
                Ok(outcome)
            }
            Ok(Match::Ambiguous { candidates, violation }) => Ok(Outcome {
                verdict: Verdict::Ambiguous,
                candidates: candidates
                    .into_iter()
                    .map(|id| self.provisional_ids.known(id))
                    .collect(),
                ..Outcome::rejected(*violation)
            }),
            Ok(Match::New) => self.create(index, item, ladder),
            Ok(Match::Existing { slot, by }) => {
                let same_as = self.working_set.named_by(slot, index);
                let sent = item.sent.as_ref().filter(|sent| sent.by == by && same_as.is_none());
                let mut outcome = match self.working_set.read(slot) {
                    Err(unreadable) => Outcome::rejected(*unreadable),
                    Ok(stored) if needs_entry(item, by) && stored.intercom_entry().is_none() => {
                        Self::no_entry(item)
                    }
                    Ok(_) if same_as.is_some() && self.refuses_repeats => Outcome::repeated(),
                    Ok(stored) => match item.intent {
                        Intent::Upsert | Intent::UpsertEntry | Intent::Replace => {
                            self.update(slot, item, sent, &stored)?
                        }
                        Intent::Delete => self.delete(slot, item, &stored),
                        Intent::Unlink => self.unlink(slot, item, &stored)?,
                    },
                };
                outcome.matched_by = Some(by);
                outcome.same_as = same_as;
                Ok(outcome)
            }
        }
    }

    fn matching(&self) -> Matching<'_> {
        Matching {
            working_set: &self.working_set,
            context: self.context,
            options: self.options,
            provisional_ids: self.provisional_ids,
        }
    }

    /// The outcome of an item that was recognized, or `None` if its contact was changed or named by
    /// another item since.
    pub(super) fn recognized(&mut self, index: usize, known: &Known) -> Option<Outcome> {
        let slot = self.working_set.by_id(known.contact.get())?;
        if self.working_set.named_by(slot, index).is_some() {
            return None;
        }
        let record = self.working_set.record(slot).filter(|record| known.is_current(record))?;
        let contact = ContactState::of_unread(record, self.shown.documents)?;
        Some(Outcome {
            verdict: Verdict::Unchanged,
            matched_by: Some(known.by),
            contact: Some(contact),
            ..Outcome::rejected(Violations::default())
        })
    }

    /// Lets a contact recognize the item that made it what it is, if nothing is wrong with it.
    fn sign(now: &mut Snapshot, sent: Option<&Fingerprint>, warnings: &Violations) {
        if let Some(sent) = sent.filter(|sent| sent.has_own_keys_of(&now.record))
            && warnings.is_empty()
            && let Some(record) = Arc::get_mut(&mut now.record)
        {
            record.digest = Some(Digest::new(sent.digest, record.version));
        }
    }

    fn create(
        &mut self,
        index: usize,
        item: &ParsedItem,
        ladder: &Ladder,
    ) -> Result<Outcome, OutOfIds> {
        if let Some(stale) = self.stale(item, None) {
            return Ok(stale);
        }
        let mut document = Cow::Borrowed(item.draft.document.as_deref().unwrap_or(&item.document));
        let own = self.reserved.and_then(|reserved| reserved.of(index));
        resolve_relations(&mut document, own, |id| self.working_set.survivor(id));
        let mut document = document.into_owned();
        let mut violations = item.draft.violations.clone();
        violations.add(&item.noted);
        violations.extend(item.keyless(ladder));
        if item.nameless_tags {
            violations.extend(document.find_tag_names(None));
        }
        self.look_up(item, &document, None, &mut violations);
        let candidate = Candidate { document, stored: None, violations, cache: item.cache.clone() };
        let contact = match candidate.decide(self.context.handling, |_| Violations::default()) {
            Ok(contact) => contact,
            Err(refused) => return Ok(self.refusal(*refused, None)),
        };
        let id = own.or_else(|| ContactId::new(self.ids.take()?)).ok_or(OutOfIds)?;
        let (mut now, warnings) = RowBuilder::new(self.context, id).build(contact, self.ids)?;
        Self::sign(&mut now, item.sent.as_ref(), &warnings);
        if let Some(fault) = now.too_large(None).or_else(|| self.lost_race(None, &now.record)) {
            return Ok(self.refused(warnings, Some(fault), None));
        }
        let outcome = self.changed(Verdict::Created, warnings, None, &now);
        self.step = Some(Step::Create { now: Arc::new(now), item: index });
        Ok(outcome)
    }

    fn update(
        &mut self,
        slot: usize,
        item: &ParsedItem,
        sent: Option<&Fingerprint>,
        before: &Arc<Snapshot>,
    ) -> Result<Outcome, OutOfIds> {
        let mut patch = self.patch(item, before);
        let merges = item.intent != Intent::Replace;
        let replaces = self.options.arrays == Arrays::Replace && !item.nameless_tags && merges;
        if replaces && tree::matches(&before.document, &*patch, Equivalence::Unchanged) {
            return Ok(self.unchanged(item, sent, before));
        }

        let mut faults = Vec::new();
        if item.nameless_tags {
            faults = patch.to_mut().find_tag_names(Some(&before.document));
        }
        let mut cache = item.cache.clone();
        let (document, more) = self.merged(item.intent, &before.document, &patch, &mut cache);
        faults.extend(more);
        if document == before.document && faults.is_empty() {
            return Ok(self.unchanged(item, sent, before));
        }
        if let Some(stale) = self.stale(item, Some(before)) {
            return Ok(stale);
        }

        let mut violations = self.rule_input(item, &document, before).check(&mut cache);
        violations.extend(faults);
        violations.add(&item.noted);
        self.look_up(item, &document, Some(&before.document), &mut violations);
        let candidate = Candidate { document, stored: Some(before), violations, cache };
        let known = |cache: &mut ParseCache| {
            self.rule_input(item, &before.document, before).check_stored(cache)
        };
        let contact = match candidate.decide(self.context.handling, known) {
            Ok(contact) => contact,
            Err(refused) => return Ok(self.refusal(*refused, Some(before))),
        };
        let row = RowBuilder::after(self.context, &before.record);
        let (mut now, warnings) = row.build(contact, self.ids)?;
        // The next time, it has to change nothing.
        let is_stable = |_: &&Fingerprint| match self.takes_everything() {
            true => replaces && tree::matches(&now.document, &*patch, Equivalence::Unchanged),
            false => {
                let mut cache = item.cache.clone();
                replaces
                    && self.merged(item.intent, &now.document, &patch, &mut cache).0 == now.document
            }
        };
        let sent = sent.filter(is_stable);
        Self::sign(&mut now, sent, &warnings);
        let too_large = now.too_large(Some(&before.document));
        if let Some(fault) = too_large.or_else(|| self.lost_race(Some(&before.record), &now.record))
        {
            return Ok(self.refused(warnings, Some(fault), Some(before)));
        }
        let outcome = self.changed(Verdict::Updated, warnings, Some(before), &now);
        let (before, now) = (Arc::clone(before), Arc::new(now));
        self.step = Some(Step::Update { slot, before, now });
        Ok(outcome)
    }

    fn rule_input<'i>(
        &'i self,
        item: &'i ParsedItem,
        document: &'i ContactDocument,
        before: &'i Snapshot,
    ) -> RuleInput<'i> {
        let stored = Some(&before.document);
        RuleInput { context: self.context, sent: &item.document, document, stored }
    }

    /// The outcome of an item that changes nothing. Its digest is noted where the contact has none
    /// that could recognize an item: after a change of the rules, the next night.
    fn unchanged(
        &mut self,
        item: &ParsedItem,
        sent: Option<&Fingerprint>,
        before: &Arc<Snapshot>,
    ) -> Outcome {
        let outcome = self.compared(item, before);
        if let Some(sent) = sent.filter(|sent| sent.has_own_keys_of(&before.record))
            && outcome.violations.is_empty()
        {
            self.working_set.note(&before.record, sent.digest);
        }
        outcome
    }

    /// An item that had no violation when it was read, and equals the stored contact, is not checked
    /// again.
    fn compared(&self, item: &ParsedItem, before: &Arc<Snapshot>) -> Outcome {
        if item.draft.violations.is_empty()
            && item.noted.is_empty()
            && tree::matches(&before.document, &item.document, Equivalence::Equal)
        {
            return self.stored(Verdict::Unchanged, Violations::default(), before);
        }
        let input = self.rule_input(item, &before.document, before);
        let mut cache = item.cache.clone();
        let mut violations = input.check(&mut cache);
        violations.add(&item.noted);
        violations.sort();
        weigh(&mut violations, self.context.handling, || input.check_stored(&mut cache));
        if violations.has_errors() {
            return self.refused(violations, None, Some(before));
        }
        self.stored(Verdict::Unchanged, violations, before)
    }

    /// Takes a contact out of the directory of intercoms.
    fn unlink(
        &mut self,
        slot: usize,
        item: &ParsedItem,
        before: &Arc<Snapshot>,
    ) -> Result<Outcome, OutOfIds> {
        if before.record.projection.contact_type == ContactType::Endpoint {
            return Ok(self.delete(slot, item, before));
        }
        self.update(slot, item, None, before)
    }

    fn delete(&mut self, slot: usize, item: &ParsedItem, before: &Arc<Snapshot>) -> Outcome {
        if let Some(stale) = self.stale(item, Some(before)) {
            return stale;
        }
        let now = before.deleted(self.context);
        let outcome = self.changed(Verdict::Deleted, Violations::default(), Some(before), &now);
        let (before, now) = (Arc::clone(before), Arc::new(now));
        self.step = Some(Step::Delete { slot, before, now });
        outcome
    }

    fn look_up(
        &self,
        item: &ParsedItem,
        document: &ContactDocument,
        stored: Option<&ContactDocument>,
        violations: &mut Violations,
    ) {
        let email = item.keys.email.as_deref();
        let same_email = email.and_then(|email| self.working_set.email_owner(email));
        let same_email = same_email.map(|owner| self.provisional_ids.name(owner));
        let lookups = Lookups {
            exists: &|id| self.working_set.exists(id) || item.promised.binary_search(&id).is_ok(),
            same_email: same_email.as_deref(),
        };
        let input = RuleInput { context: self.context, sent: &item.document, document, stored };
        input.look_up(&lookups, violations);
    }

    /// The violation of an item that would take a key which other requests keep taking.
    fn lost_race(&self, before: Option<&Record>, now: &Record) -> Option<Violation> {
        let (key, value) = match self.working_set.contested(before, now)? {
            AliasKey::Id(id) => (Key::Id, id.to_string()),
            AliasKey::ExternalId(external_id) => (Key::ExternalId, external_id),
            AliasKey::LinkId(link_id) => (Key::LinkId, link_id.to_string()),
        };
        let message = "other requests took this key at the same time; send the item again";
        Some(Violation::new(Rule::LostRace, Path::of(key.as_str()), value, message))
    }
}

/// Whether the contact must be an entry of an intercom already.
fn needs_entry(item: &ParsedItem, by: Key) -> bool {
    match item.intent {
        Intent::UpsertEntry => true,
        Intent::Unlink => by == Key::Id,
        Intent::Upsert | Intent::Replace | Intent::Delete => false,
    }
}
