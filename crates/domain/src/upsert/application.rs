//! Applying one item: create, update, delete, or refuse (upsert-rules §4).

use std::borrow::Cow;
use std::sync::Arc;

use super::item::{Intent, ParsedItem};
use super::matching::{Match, Matching, Mismatch};
use super::options::{Context, Handling, Key, Ladder, Options};
use super::outcome::{Outcome, Verdict};
use super::working_set::WorkingSet;
use crate::contact::document::ContactDocument;
use crate::contact::rules::{self, Lookups, RuleInput};
use crate::contact::{
    ContactType, Record, RowBuilder, Snapshot, Violations, check_stored, too_large, weigh,
};
use crate::identity::AliasKey;
use crate::ids::{ContactId, IdBlock, OutOfIds, Version};
use crate::path::{At, Path};
use crate::tree::{Arrays, Equivalence, Member, Patch, Tree};
use crate::violation::Violation;

/// The items being applied, one after the other.
pub(super) struct Application<'a> {
    pub(super) working_set: WorkingSet,
    pub(super) context: &'a Context,
    pub(super) options: &'a Options,
    pub(super) ids: &'a mut IdBlock,
}

impl Application<'_> {
    /// Applies the item of that index to what the items before have made of the world.
    pub(super) fn apply(
        &mut self,
        index: usize,
        sent: &ParsedItem,
        ladder: &Ladder,
    ) -> Result<Outcome, OutOfIds> {
        let matching = Matching {
            working_set: &self.working_set,
            context: self.context,
            options: self.options,
        };
        match matching.find(sent, ladder) {
            Err(Mismatch { violation, slot }) => {
                let mut outcome = Outcome::rejected(vec![*violation]);
                if let Some(slot) = slot {
                    outcome.same_as = self.working_set.named_by(slot, index);
                    outcome.contact = self.working_set.read(slot).ok();
                }
                Ok(outcome)
            }
            Ok(Match::Ambiguous { candidates, violation }) => Ok(Outcome {
                verdict: Verdict::Ambiguous,
                candidates: candidates.into_iter().take(Outcome::MAX_CANDIDATES).collect(),
                ..Outcome::rejected(vec![*violation])
            }),
            Ok(Match::New) => self.create(index, sent),
            Ok(Match::Existing { slot, by }) => {
                let same_as = self.working_set.named_by(slot, index);
                let mut outcome = match self.working_set.read(slot) {
                    Err(unreadable) => Outcome::rejected(vec![*unreadable]),
                    Ok(stored) if needs_entry(sent, by) && stored.intercom_entry().is_none() => {
                        no_entry(sent)
                    }
                    Ok(stored) => match sent.intent {
                        Intent::Upsert | Intent::UpsertEntry => self.update(slot, sent, &stored)?,
                        Intent::Delete => self.delete(slot, &stored),
                        Intent::Unlink => self.unlink(slot, sent, &stored)?,
                    },
                };
                outcome.matched_by = Some(by);
                outcome.same_as = same_as;
                Ok(outcome)
            }
        }
    }

    fn create(&mut self, index: usize, sent: &ParsedItem) -> Result<Outcome, OutOfIds> {
        if let Some(version) = sent.if_version {
            return Ok(stale(version, None));
        }
        let mut document = match &sent.draft.document {
            Some(draft) => (**draft).clone(),
            None => sent.document.clone(),
        };
        let mut findings = sent.draft.findings.clone();
        findings.extend(sent.noted.iter().cloned());
        if sent.nameless_tags {
            findings.extend(document.find_tag_names(None));
        }
        self.look_up(sent, &document, None, &mut findings);
        let mut violations = findings.into_sorted();
        weigh(&mut violations, self.is_strict(), Vec::new);
        if violations.iter().any(Violation::is_error) {
            return Ok(refused(violations, too_large(&document, None), None));
        }
        let id = self.ids.take().and_then(ContactId::new).ok_or(OutOfIds)?;
        let sealing = RowBuilder::new(self.context, id);
        let snapshot = sealing.seal(document, &mut sent.values.clone(), self.ids)?;
        if let Some(fault) =
            snapshot.too_large(None).or_else(|| self.lost_race(None, &snapshot.record))
        {
            return Ok(refused(violations, Some(fault), None));
        }
        let snapshot = Arc::new(snapshot);
        self.working_set.create(Arc::clone(&snapshot), index);
        Ok(stored(Verdict::Created, violations, snapshot))
    }

    fn update(
        &mut self,
        slot: usize,
        sent: &ParsedItem,
        before: &Arc<Snapshot>,
    ) -> Result<Outcome, OutOfIds> {
        let mut patch = self.patch(sent, before);
        let replaces = self.options.arrays == Arrays::Replace && !sent.nameless_tags;
        if replaces && before.document.matches(&patch, Equivalence::Unchanged) {
            return Ok(self.unchanged(sent, before));
        }

        let mut merging = Patch::new(self.options.arrays);
        let mut document = before.document.clone();
        if sent.nameless_tags {
            merging.faults.extend(patch.to_mut().find_tag_names(Some(&before.document)));
        }
        document.merge(&patch, &mut merging, &At::root());
        if document == before.document && merging.faults.is_empty() {
            return Ok(self.unchanged(sent, before));
        }
        if let Some(version) = sent.if_version
            && version != before.record.version.get()
        {
            return Ok(stale(version, Some(Arc::clone(before))));
        }

        let mut values = sent.values.clone();
        let input = RuleInput {
            context: self.context,
            sent: &sent.document,
            document: &document,
            stored: Some(&before.document),
        };
        let mut findings = input.check(&mut values);
        findings.extend(merging.faults);
        findings.extend(sent.noted.iter().cloned());
        self.look_up(sent, &document, Some(&before.document), &mut findings);
        let mut violations = findings.into_sorted();
        weigh(&mut violations, self.is_strict(), || check_stored(&input, &mut values));
        if violations.iter().any(Violation::is_error) {
            let too_large = too_large(&document, Some(&before.document));
            return Ok(refused(violations, too_large, Some(before)));
        }
        let sealing = RowBuilder::after(self.context, &before.record);
        let snapshot = sealing.seal(document, &mut values, self.ids)?;
        let too_large = snapshot.too_large(Some(&before.document));
        if let Some(fault) =
            too_large.or_else(|| self.lost_race(Some(&before.record), &snapshot.record))
        {
            return Ok(refused(violations, Some(fault), Some(before)));
        }
        let snapshot = Arc::new(snapshot);
        self.working_set.update(slot, before, Arc::clone(&snapshot));
        Ok(stored(Verdict::Updated, violations, snapshot))
    }

    /// What is merged, where that is not just what was sent: a key that leads to this contact as an
    /// alias names it, and does not become its own. Given together with the `id`, it does. And a
    /// link id in another case may be the one that the contact has.
    fn patch<'s>(&self, sent: &'s ParsedItem, before: &Snapshot) -> Cow<'s, ContactDocument> {
        let mut patch = Cow::Borrowed(&sent.document);
        if sent.intent == Intent::Unlink {
            return patch;
        }
        let own = &before.record.projection;
        let same_link_id = sent.keeps_spelling
            && own.link_id.is_some()
            && own.link_id == sent.keys.link_id
            && before.document.link_id != sent.document.link_id;
        let is_named = sent.named_id().is_some();
        let leads_here = |key: AliasKey| {
            !is_named
                && self.working_set.by_alias(&key).and_then(|slot| self.working_set.id(slot))
                    == Some(before.record.id)
        };
        let external_id = sent.keys.external_id.clone().map(AliasKey::ExternalId);
        let keeps_external_id = own.external_id.is_some() && external_id.is_some_and(leads_here);
        let link_id = sent.keys.link_id.map(AliasKey::LinkId);
        let keeps_link_id =
            same_link_id || (own.link_id.is_some() && link_id.is_some_and(leads_here));
        if keeps_external_id {
            patch.to_mut().external_id = Member::Absent;
        }
        if keeps_link_id {
            patch.to_mut().link_id = Member::Absent;
        }
        patch
    }

    /// The contact looks like that already: every error is one that it had before.
    ///
    /// An item that says everything about its contact, and against which no rule spoke when it was
    /// read, need not be checked again: most of a nightly batch is like that.
    fn unchanged(&self, sent: &ParsedItem, before: &Arc<Snapshot>) -> Outcome {
        if sent.draft.findings.is_empty()
            && sent.noted.is_empty()
            && before.document.matches(&sent.document, Equivalence::Equal)
        {
            return stored(Verdict::Unchanged, Vec::new(), Arc::clone(before));
        }
        let input = RuleInput {
            context: self.context,
            sent: &sent.document,
            document: &before.document,
            stored: Some(&before.document),
        };
        let mut values = sent.values.clone();
        let mut findings = input.check(&mut values);
        findings.extend(sent.noted.iter().cloned());
        let mut violations = findings.into_sorted();
        weigh(&mut violations, self.is_strict(), || check_stored(&input, &mut values));
        if violations.iter().any(Violation::is_error) {
            return refused(violations, None, Some(before));
        }
        stored(Verdict::Unchanged, violations, Arc::clone(before))
    }

    /// Takes a contact out of the directory of intercoms: the item says no more than that.
    fn unlink(
        &mut self,
        slot: usize,
        sent: &ParsedItem,
        before: &Arc<Snapshot>,
    ) -> Result<Outcome, OutOfIds> {
        if before.record.projection.contact_type == ContactType::Endpoint {
            return Ok(self.delete(slot, before));
        }
        let outcome = self.update(slot, sent, before)?;
        if let (false, Some(link_id)) = (outcome.verdict.is_refusal(), sent.keys.link_id) {
            self.working_set.drop_alias(AliasKey::LinkId(link_id), slot);
        }
        Ok(outcome)
    }

    fn delete(&mut self, slot: usize, before: &Arc<Snapshot>) -> Outcome {
        let snapshot = Arc::new(before.deleted(self.context.now));
        self.working_set.delete(slot, before, Arc::clone(&snapshot));
        stored(Verdict::Deleted, Vec::new(), snapshot)
    }

    fn look_up(
        &self,
        sent: &ParsedItem,
        document: &ContactDocument,
        stored: Option<&ContactDocument>,
        findings: &mut Violations,
    ) {
        let email = sent.keys.email.as_deref();
        let lookups = Lookups {
            exists: &|id| self.working_set.exists(id),
            same_email: email.and_then(|email| self.working_set.email_owner(email)),
        };
        let input = RuleInput { context: self.context, sent: &sent.document, document, stored };
        input.look_up(&lookups, findings);
    }

    /// The refusal of an item that would take a key which others keep taking.
    fn lost_race(&self, before: Option<&Record>, now: &Record) -> Option<Violation> {
        let (key, value) = match self.working_set.contested(before, now)? {
            AliasKey::ExternalId(external_id) => (Key::ExternalId, external_id),
            AliasKey::LinkId(link_id) => (Key::LinkId, link_id.to_string()),
        };
        let message = "other requests took this key at the same time; send the item again";
        Some(Violation::new(&rules::LOST_RACE, Path::of(key.as_str()), value, message))
    }

    fn is_strict(&self) -> bool {
        self.context.handling == Handling::Strict
    }
}

fn stored(verdict: Verdict, violations: Vec<Violation>, contact: Arc<Snapshot>) -> Outcome {
    Outcome { verdict, contact: Some(contact), ..Outcome::rejected(violations) }
}

/// Refused, for one more reason where there is one, which takes its place in the order.
fn refused(
    mut violations: Vec<Violation>,
    further: Option<Violation>,
    before: Option<&Arc<Snapshot>>,
) -> Outcome {
    violations.extend(further);
    violations.sort_by_cached_key(|violation| violation.rule.row());
    Outcome { contact: before.cloned(), ..Outcome::rejected(violations) }
}

/// Whether the contact has to be an entry of an intercom already.
fn needs_entry(sent: &ParsedItem, by: Key) -> bool {
    match sent.intent {
        Intent::UpsertEntry => true,
        Intent::Unlink => by == Key::Id,
        Intent::Upsert | Intent::Delete => false,
    }
}

fn no_entry(sent: &ParsedItem) -> Outcome {
    let (path, id) = match sent.named_id() {
        Some(id) => (Path::of("id"), id.to_string()),
        None => (Path::root(), String::new()),
    };
    let message = "the contact is no entry of an intercom";
    Outcome::rejected(vec![Violation::new(&rules::FOUND, path, id, message)])
}

fn stale(version: i64, before: Option<Arc<Snapshot>>) -> Outcome {
    let current = before.as_ref().map(|before| before.record.version);
    let message = match current.map(Version::get) {
        Some(current) => format!("the current version is {current}"),
        None => "there is no such contact yet".to_owned(),
    };
    let violation =
        Violation::new(&rules::CURRENT, Path::of("version"), version.to_string(), message);
    Outcome { verdict: Verdict::Stale, contact: before, ..Outcome::rejected(vec![violation]) }
}
