//! A batch of items and what is decided about it.

use std::collections::HashSet;
use std::sync::Arc;

use super::item::{Item, Sent};
use super::matching::{Match, Matching, Mismatch};
use super::options::{Atomicity, Context, Handling, Key, Mode, OnRepeat, Options};
use super::outcome::{Outcome, Verdict};
use super::world::World;
use crate::contact::document::ContactDocument;
use crate::contact::rules::{self, Lookups, Subject};
use crate::contact::{Findings, Sealing, Snapshot, check_stored, weigh};
use crate::decision::{AliasKey, Decision, Found, OutOfIds, Wanted, Writes};
use crate::ids::{ContactId, IdBlock, OrganizationId, Version};
use crate::path::{At, Path};
use crate::tree::{Arrays, Likeness, Member, Merging, Tree};
use crate::violation::Violation;

/// A batch of items: what to look up, and the decision about what was found.
#[derive(Debug, Clone)]
pub struct Batch {
    context: Context,
    options: Options,
    items: Vec<Item>,
    wanted: Wanted,
    ids_at_most: i64,
}

impl Batch {
    /// A batch of items that were made for that context.
    pub fn new(context: Context, options: Options, items: Vec<Item>) -> Self {
        let wanted = wanted(&options, &items);
        let sent = items.iter().filter_map(|item| item.read.as_ref().ok());
        let ids_at_most = sent.map(|sent| 1 + sent.document.ids_at_most()).sum();
        Self { context, options, items, wanted, ids_at_most }
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are no items.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Who asks, for which tenant, and when.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Applies the items in order, but for those that are left out.
    fn apply_all(
        &self,
        found: Found,
        ids: &mut IdBlock,
        left_out: &HashSet<usize>,
    ) -> Result<(World, Vec<Outcome>), OutOfIds> {
        let mut application = Application {
            world: World::new(found, shared_keys(&self.options, &self.items)),
            context: &self.context,
            options: &self.options,
            ids,
        };
        let mut outcomes = Vec::with_capacity(self.items.len());
        for (index, item) in self.items.iter().enumerate() {
            outcomes.push(match &item.read {
                Err(faults) => Outcome::rejected(faults.clone()),
                Ok(_) if left_out.contains(&index) => Outcome::rejected(vec![repeated()]),
                Ok(sent) => application.apply(
                    index,
                    sent,
                    item.ladder.as_ref().unwrap_or(&self.options.ladder),
                )?,
            });
        }
        Ok((application.world, outcomes))
    }

    /// The items that the policy on repeats leaves out, told from how all of them would end.
    fn left_out(&self, outcomes: &[Outcome]) -> HashSet<usize> {
        let repeats = outcomes
            .iter()
            .enumerate()
            .filter_map(|(index, outcome)| Some((index, outcome.same_as?)));
        match self.options.on_repeat {
            OnRepeat::Merge => HashSet::new(),
            OnRepeat::First => repeats.map(|(index, _)| index).collect(),
            OnRepeat::Reject => repeats.flat_map(|(index, first)| [index, first]).collect(),
            OnRepeat::Last => {
                let last: std::collections::HashMap<usize, usize> =
                    repeats.clone().map(|(index, first)| (first, index)).collect();
                repeats
                    .flat_map(|(index, first)| [index, first])
                    .filter(|index| !last.values().any(|last| last == index))
                    .collect()
            }
        }
    }
}

impl Decision for Batch {
    type Report = Vec<Outcome>;

    fn organization(&self) -> OrganizationId {
        self.context.organization
    }

    fn wanted(&self) -> &Wanted {
        &self.wanted
    }

    fn ids_at_most(&self) -> i64 {
        self.ids_at_most
    }

    fn decide(&self, found: Found, ids: &mut IdBlock) -> Result<(Writes, Vec<Outcome>), OutOfIds> {
        let nothing = HashSet::new();
        let (world, mut outcomes) = if self.options.on_repeat == OnRepeat::Merge {
            self.apply_all(found, ids, &nothing)?
        } else {
            let mut rehearsal = *ids;
            let (_, outcomes) = self.apply_all(found.clone(), &mut rehearsal, &nothing)?;
            self.apply_all(found, ids, &self.left_out(&outcomes))?
        };
        if self.options.atomicity == Atomicity::Batch
            && let Some(refused) = outcomes.iter().position(|outcome| outcome.verdict.is_refusal())
        {
            for outcome in outcomes.iter_mut().filter(|outcome| !outcome.verdict.is_refusal()) {
                let message = format!("not stored, because item {refused} was refused");
                let violation = Violation::new(&rules::TOGETHER, Path::root(), "", message);
                *outcome = Outcome::rejected(vec![violation]);
            }
            return Ok((Writes::default(), outcomes));
        }
        Ok((world.into_writes(), outcomes))
    }
}

fn repeated() -> Violation {
    let message = "another item of the batch names the same contact";
    Violation::new(&rules::REPEATS, Path::root(), "", message)
}

fn shared_keys(options: &Options, items: &[Item]) -> Vec<Key> {
    let own = items.iter().filter_map(|item| item.ladder.as_ref());
    let mut keys: Vec<Key> = own
        .chain([&options.ladder])
        .flat_map(|ladder| ladder.keys())
        .filter(|key| matches!(key, Key::Email | Key::Phone | Key::VatNumber))
        .copied()
        .collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

fn wanted(options: &Options, items: &[Item]) -> Wanted {
    let shared = shared_keys(options, items);
    let mut wanted = Wanted {
        per_shared_key: i64::try_from(items.len() + Outcome::MAX_CANDIDATES + 1)
            .unwrap_or(i64::MAX),
        ..Wanted::default()
    };
    for sent in items.iter().filter_map(|item| item.read.as_ref().ok()) {
        let keys = &sent.keys;
        wanted.ids.extend(sent.named_id().and_then(ContactId::new));
        wanted.external_ids.extend(keys.external_id.clone());
        wanted.link_ids.extend(keys.link_id);
        if shared.contains(&Key::Email) {
            wanted.emails.extend(keys.email.clone());
        }
        if shared.contains(&Key::Phone) {
            wanted.phones.extend(keys.phones.iter().cloned());
        }
        if shared.contains(&Key::VatNumber) {
            wanted.vat_numbers.extend(keys.vat_number.clone());
        }
        if options.mode != Mode::Update && !sent.delete {
            wanted.email_owners.extend(keys.email.clone());
        }
        wanted.references.extend(sent.document.relations());
    }
    once_each(&mut wanted.ids);
    once_each(&mut wanted.external_ids);
    once_each(&mut wanted.link_ids);
    once_each(&mut wanted.emails);
    once_each(&mut wanted.phones);
    once_each(&mut wanted.vat_numbers);
    once_each(&mut wanted.email_owners);
    once_each(&mut wanted.references);
    wanted
}

fn once_each<T: Ord>(values: &mut Vec<T>) {
    values.sort_unstable();
    values.dedup();
}

/// The items being applied, one after the other.
struct Application<'a> {
    world: World,
    context: &'a Context,
    options: &'a Options,
    ids: &'a mut IdBlock,
}

impl Application<'_> {
    fn apply(
        &mut self,
        index: usize,
        sent: &Sent,
        ladder: &super::Ladder,
    ) -> Result<Outcome, OutOfIds> {
        let matching =
            Matching { world: &self.world, context: self.context, options: self.options };
        match matching.find(sent, ladder) {
            Err(Mismatch { violation, slot }) => {
                let mut outcome = Outcome::rejected(vec![violation]);
                if let Some(slot) = slot {
                    outcome.same_as = self.world.named_by(slot, index);
                    outcome.contact = self.world.read(slot).ok();
                }
                Ok(outcome)
            }
            Ok(Match::Ambiguous { candidates, violation }) => Ok(Outcome {
                verdict: Verdict::Ambiguous,
                candidates: candidates.into_iter().take(Outcome::MAX_CANDIDATES).collect(),
                ..Outcome::rejected(vec![violation])
            }),
            Ok(Match::New) => self.create(index, sent),
            Ok(Match::Found { slot, by }) => {
                let same_as = self.world.named_by(slot, index);
                let mut outcome = match self.world.read(slot) {
                    Err(unreadable) => Outcome::rejected(vec![*unreadable]),
                    Ok(stored) if sent.delete => self.delete(slot, &stored),
                    Ok(stored) => self.update(slot, sent, &stored)?,
                };
                outcome.matched_by = Some(by);
                outcome.same_as = same_as;
                Ok(outcome)
            }
        }
    }

    fn create(&mut self, index: usize, sent: &Sent) -> Result<Outcome, OutOfIds> {
        if let Some(version) = sent.if_version {
            return Ok(stale(version, None));
        }
        let mut document = match &sent.draft.document {
            Some(draft) => (**draft).clone(),
            None => sent.document.clone(),
        };
        let mut findings = sent.draft.findings.clone();
        findings.extend(sent.unknown.iter().cloned());
        if sent.nameless_tags {
            findings.extend(document.find_tag_names(None));
        }
        self.look_up(sent, &document, None, &mut findings);
        let mut violations = findings.into_sorted();
        weigh(&mut violations, self.is_strict(), Vec::new);
        if violations.iter().any(Violation::is_error) {
            return Ok(Outcome::rejected(violations));
        }
        let id = self.ids.take().and_then(ContactId::new).ok_or(OutOfIds)?;
        let sealing = Sealing::new(self.context, id);
        match sealing.seal(document, &mut sent.values.clone(), self.ids)? {
            Err(too_large) => Ok(refused(violations, too_large, None)),
            Ok(snapshot) => {
                let snapshot = Arc::new(snapshot);
                self.world.create(Arc::clone(&snapshot), index);
                Ok(stored(Verdict::Created, violations, snapshot))
            }
        }
    }

    fn update(
        &mut self,
        slot: usize,
        sent: &Sent,
        before: &Arc<Snapshot>,
    ) -> Result<Outcome, OutOfIds> {
        let patch = self.patch(sent, before);
        let patch = patch.as_deref().unwrap_or(&sent.document);
        let replaces = self.options.arrays == Arrays::Replace && !sent.nameless_tags;
        if replaces && before.document.matches(patch, Likeness::Unchanged) {
            return Ok(self.unchanged(sent, before));
        }

        let mut merging = Merging::new(self.options.arrays);
        let mut document = before.document.clone();
        let mut patch = patch.clone();
        if sent.nameless_tags {
            merging.faults.extend(patch.find_tag_names(Some(&before.document)));
        }
        document.merge(patch, &mut merging, &At::root());
        if document == before.document && merging.faults.is_empty() {
            return Ok(self.unchanged(sent, before));
        }
        if let Some(version) = sent.if_version
            && version != before.record.version.get()
        {
            return Ok(stale(version, Some(Arc::clone(before))));
        }

        let mut values = sent.values.clone();
        let subject = Subject {
            context: self.context,
            sent: &sent.document,
            document: &document,
            stored: Some(&before.document),
        };
        let mut findings = subject.check(&mut values);
        findings.extend(merging.faults);
        findings.extend(sent.unknown.iter().cloned());
        self.look_up(sent, &document, Some(&before.document), &mut findings);
        let mut violations = findings.into_sorted();
        weigh(&mut violations, self.is_strict(), || check_stored(&subject, &mut values));
        if violations.iter().any(Violation::is_error) {
            let mut outcome = Outcome::rejected(violations);
            outcome.contact = Some(Arc::clone(before));
            return Ok(outcome);
        }
        let sealing = Sealing::after(self.context, &before.record);
        match sealing.seal(document, &mut values, self.ids)? {
            Err(too_large) => Ok(refused(violations, too_large, Some(before))),
            Ok(snapshot) => {
                let snapshot = Arc::new(snapshot);
                self.world.update(slot, Arc::clone(&snapshot));
                Ok(stored(Verdict::Updated, violations, snapshot))
            }
        }
    }

    /// What is merged, where that is not just what was sent: a key that leads to this contact as an
    /// alias names it, and does not become its own.
    fn patch(&self, sent: &Sent, before: &Snapshot) -> Option<Box<ContactDocument>> {
        let own = &before.record.projection;
        let leads_here = |key: AliasKey| {
            self.world.by_alias(&key).and_then(|slot| self.world.id(slot)) == Some(before.record.id)
        };
        let external_id = sent.keys.external_id.clone().map(AliasKey::ExternalId);
        let keeps_external_id = own.external_id.is_some() && external_id.is_some_and(leads_here);
        let link_id = sent.keys.link_id.map(AliasKey::LinkId);
        let keeps_link_id = own.link_id.is_some() && link_id.is_some_and(leads_here);
        if !keeps_external_id && !keeps_link_id {
            return None;
        }
        let mut patch = Box::new(sent.document.clone());
        if keeps_external_id {
            patch.external_id = Member::Absent;
        }
        if keeps_link_id {
            patch.link_id = Member::Absent;
        }
        Some(patch)
    }

    /// The contact looks like that already: every error is one that it had before.
    fn unchanged(&self, sent: &Sent, before: &Arc<Snapshot>) -> Outcome {
        let subject = Subject {
            context: self.context,
            sent: &sent.document,
            document: &before.document,
            stored: Some(&before.document),
        };
        let mut values = sent.values.clone();
        let mut findings = subject.check(&mut values);
        findings.extend(sent.unknown.iter().cloned());
        let mut violations = findings.into_sorted();
        weigh(&mut violations, self.is_strict(), || check_stored(&subject, &mut values));
        if violations.iter().any(Violation::is_error) {
            let mut outcome = Outcome::rejected(violations);
            outcome.contact = Some(Arc::clone(before));
            return outcome;
        }
        stored(Verdict::Unchanged, violations, Arc::clone(before))
    }

    fn delete(&mut self, slot: usize, before: &Arc<Snapshot>) -> Outcome {
        let snapshot = Arc::new(before.deleted(self.context.now));
        self.world.delete(slot, Arc::clone(&snapshot));
        stored(Verdict::Deleted, Vec::new(), snapshot)
    }

    fn look_up(
        &self,
        sent: &Sent,
        document: &ContactDocument,
        stored: Option<&ContactDocument>,
        findings: &mut Findings,
    ) {
        let email = sent.keys.email.as_deref();
        let lookups = Lookups {
            exists: &|id| self.world.exists(id),
            same_email: email.and_then(|email| self.world.email_owner(email)),
        };
        let subject = Subject { context: self.context, sent: &sent.document, document, stored };
        subject.look_up(&lookups, findings);
    }

    fn is_strict(&self) -> bool {
        self.context.handling == Handling::Strict
    }
}

fn stored(verdict: Verdict, violations: Vec<Violation>, contact: Arc<Snapshot>) -> Outcome {
    Outcome { verdict, contact: Some(contact), ..Outcome::rejected(violations) }
}

fn refused(
    mut violations: Vec<Violation>,
    violation: Violation,
    before: Option<&Arc<Snapshot>>,
) -> Outcome {
    violations.insert(0, violation);
    Outcome { contact: before.cloned(), ..Outcome::rejected(violations) }
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
