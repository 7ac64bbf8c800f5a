//! A batch of items and the decision about it.

mod applying;
mod plan;
mod planning;

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use self::plan::Applied;
use super::item::{Content, Intent, Item, ParsedItem};
use super::options::{Atomicity, Context, Documents, Handling, Key, Mode, Options};
use super::outcome::{BatchReport, Expectation, NotApplied, Outcome, Shown};
use super::provisional_ids::ProvisionalIds;
use super::recognition::Known;
use crate::decision::{Decision, EmailOwners, Loaded, LookupKeys, Writes};
use crate::ids::{ContactId, IdBlock, OrganizationId, OutOfIds};
use crate::path::{Path, cut};
use crate::rule::Rule;
use crate::tree;
use crate::violation::{MAX_DETAILS, Violation};

/// The most details of a batch, but for the least of each item.
const MAX_DETAILS_OF_BATCH: usize = 100_000;

/// How many details each item lists, however many items there are.
const MIN_DETAILS: usize = 10;

/// A batch of items: the keys to look up, and the decision.
#[derive(Debug, Clone)]
pub struct Batch {
    context: Context,
    options: Options,
    items: Vec<Item>,
    lookup_keys: LookupKeys,
    ids_at_most: i64,
    provisional_ids: ProvisionalIds,
    /// What is expected of each item; empty if nothing is.
    expected: Vec<Option<Expectation>>,
    /// The work on the items alone.
    work: usize,
    /// Whether the items that were not read might name more contacts than [`MAX_REFERENCES`] allows.
    may_name_too_many: bool,
    /// Whether relations name contacts by what other items may make.
    has_links: bool,
}

/// The most contacts that the items of a batch may name in their relations, each counted once. A
/// store looks all of them up in its transaction.
pub const MAX_REFERENCES: usize = 100_000;

/// The work on an item without content, as bytes of JSON.
const WORK_PER_ITEM: usize = 500;

impl Batch {
    /// A batch of items that were read for that context. An item that has a ladder of its own with a
    /// key which the organization cannot match by is refused.
    pub fn new(context: Context, options: Options, mut items: Vec<Item>) -> Self {
        refuse_repeated_names(&mut items);
        for item in &mut items {
            item.refuse_unmatchable(&context.settings);
            if context.handling == Handling::Lenient {
                item.forgive_keys_off(&options.ladder);
            }
        }
        let references = references(&mut items);
        let unread: usize = known(&items).map(|known| known.relations).sum();
        let may_name_too_many = unread > 0 && references.len() + unread > MAX_REFERENCES;
        let lookup_keys = lookup_keys(&options, &items, references);
        let parsed = items.iter().filter_map(Item::parsed);
        let has_links = parsed.clone().any(|item| !item.links.is_empty());
        let of_parts: i64 = parsed.clone().map(|item| tree::ids_at_most(&item.document)).sum();
        let of_contacts = if has_links { items.len() } else { parsed.clone().count() };
        let ids_at_most = of_parts + i64::try_from(of_contacts).unwrap_or(i64::MAX - of_parts);
        let work = parsed.map(|item| WORK_PER_ITEM + item.bytes).sum();
        let provisional_ids = ProvisionalIds::new(ids_at_most, context.now);
        Self {
            context,
            options,
            items,
            lookup_keys,
            ids_at_most,
            provisional_ids,
            expected: Vec::new(),
            work,
            may_name_too_many,
            has_links,
        }
    }

    /// The same batch, of which each item is stored only if it does what is expected of it, and is stale
    /// otherwise. Items count on what those before them do.
    #[must_use]
    pub fn expecting(self, expected: Vec<Option<Expectation>>) -> Self {
        Self { expected, ..self }
    }

    /// The same batch with a limit, in bytes, for the documents that it loads and for those of its
    /// answer. It replaces an earlier one.
    #[must_use]
    pub fn holding_at_most(mut self, bytes: usize) -> Self {
        self.lookup_keys.documents_at_most = bytes;
        self
    }

    /// What the answer shows, within both limits.
    fn shown(&self) -> Shown {
        let Options { documents, changes, explain, .. } = self.options;
        let at_most = self.lookup_keys.documents_at_most;
        let at_most = match documents {
            Documents::AtMost(bytes) => bytes.min(at_most),
            Documents::LeftOut => at_most,
        };
        Shown { documents, changes, explain, at_most }
    }

    /// How many details each item of a batch of so many lists before it counts the others: 100, in
    /// a batch of more than 1,000 items fewer, down to 10. Details take memory.
    pub fn details_at_most(items: usize) -> usize {
        (MAX_DETAILS_OF_BATCH / items.max(1)).clamp(MIN_DETAILS, MAX_DETAILS)
    }

    /// The number of items.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are no items.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The context of the request.
    pub fn context(&self) -> &Context {
        &self.context
    }
}

impl Decision for Batch {
    type Report = BatchReport;

    fn organization(&self) -> OrganizationId {
        self.context.organization
    }

    fn settings_version(&self) -> i64 {
        self.context.settings.version
    }

    fn lookup_keys(&self) -> &LookupKeys {
        &self.lookup_keys
    }

    fn is_dry_run(&self) -> bool {
        self.options.dry_run
    }

    fn ids_at_most(&self) -> i64 {
        if self.options.dry_run { 0 } else { self.ids_at_most }
    }

    fn work(&self, loaded: &Loaded) -> usize {
        // Any number of items may name the largest contact.
        let largest = loaded.contacts.iter().map(|contact| contact.document.len()).max();
        self.work + self.items.len() * largest.unwrap_or(0)
    }

    fn decide(
        &self,
        mut loaded: Loaded,
        ids: &mut IdBlock,
    ) -> Result<(Writes, BatchReport), OutOfIds> {
        if self.may_name_too_many {
            return Ok((Writes::default(), Err(NotApplied::Overtaken)));
        }
        let mut provisional_ids = self.provisional_ids.block();
        let ids = if self.options.dry_run { &mut provisional_ids } else { ids };
        let runs = std::mem::take(&mut loaded.runs);
        let gates = match self.gates(&loaded)? {
            Ok(gates) => gates,
            Err(not_applied) => return Ok((Writes::default(), Err(not_applied))),
        };
        let mut taken = *ids;
        let (is_dry, shown) = (self.options.dry_run, self.shown());
        let applied = self.apply_planned(loaded, &mut taken, &gates, is_dry, shown)?;
        let Applied { working_set, mut outcomes, .. } = match applied {
            Ok(applied) => applied,
            Err(not_applied) => return Ok((Writes::default(), Err(not_applied))),
        };
        if self.options.atomicity == Atomicity::Batch
            && let Some(refused) = outcomes.iter().position(|outcome| outcome.verdict.is_refusal())
        {
            for outcome in outcomes.iter_mut().filter(|outcome| !outcome.verdict.is_refusal()) {
                let message = format!("not stored, because item {refused} was refused");
                let violation = Violation::new(Rule::Together, Path::root(), "", message);
                *outcome = Outcome::rejected(violation);
            }
            return Ok((Writes::default(), Ok(outcomes)));
        }
        let writes = match self.options.dry_run {
            true => Writes::default(),
            false => working_set.into_writes().recorded(&self.context, &runs, &mut taken)?,
        };
        if let Some(run) = writes.runs.first() {
            outcomes.iter_mut().for_each(|outcome| outcome.note_run(run.id));
        }
        *ids = taken;
        Ok((writes, Ok(outcomes)))
    }
}

/// Refuses each item with a name that an earlier item has.
fn refuse_repeated_names(items: &mut [Item]) {
    let mut names: HashMap<Box<str>, usize> = HashMap::new();
    for (index, item) in items.iter_mut().enumerate() {
        let Some(name) = item.reference.clone() else { continue };
        match names.entry(name) {
            Entry::Vacant(entry) => drop(entry.insert(index)),
            Entry::Occupied(first) => {
                let message = format!("item {} has the same ref", first.get());
                let path = Path::of("$").join("ref");
                let name = cut(first.key()).to_owned();
                item.content =
                    Content::Faulty(Violation::new(Rule::Repeats, path, name, message).into());
                item.reference = None;
            }
        }
    }
}

fn shared_keys(options: &Options, items: &[Item]) -> Vec<Key> {
    let own = items.iter().filter_map(|item| item.ladder.as_ref());
    let mut keys: Vec<Key> = own
        .chain([&options.ladder])
        .flat_map(super::Ladder::keys)
        .filter(|key| matches!(key, Key::Email | Key::Phone | Key::VatNumber))
        .copied()
        .collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// The contacts that the items name in their relations. An item that would bring them above
/// [`MAX_REFERENCES`] is refused.
fn references(items: &mut [Item]) -> Vec<ContactId> {
    let (mut references, mut links) = (HashSet::new(), 0);
    for item in items {
        let Content::Parsed(parsed) = &item.content else { continue };
        if parsed.deletes() {
            continue;
        }
        let relations = parsed.document.relations();
        let added = relations.iter().filter(|id| !references.contains(*id)).count();
        if references.len() + links + added + parsed.links.len() <= MAX_REFERENCES {
            links += parsed.links.len();
            references.extend(relations);
        } else {
            let list = match parsed.document.related_contact_ids.get() {
                Some(ids) if !ids.is_empty() => "relatedContactIds",
                _ => "relatedOrganizationContactIds",
            };
            let message = format!(
                "the items of a batch name at most {MAX_REFERENCES} related contacts together; \
                 send this item in another batch"
            );
            let violation = Violation::new(Rule::Limits, Path::of(list), "", message);
            item.content = Content::Faulty(violation.into());
        }
    }
    references.into_iter().collect()
}

fn lookup_keys(options: &Options, items: &[Item], references: Vec<ContactId>) -> LookupKeys {
    let shared = shared_keys(options, items);
    let mut lookup_keys = LookupKeys {
        adds_relations: items.iter().filter_map(Item::parsed).any(|item| !item.links.is_empty()),
        per_shared_key: i64::try_from(items.len() + Outcome::MAX_CANDIDATES + 1)
            .unwrap_or(i64::MAX),
        references,
        ..LookupKeys::default()
    };
    // If they do, an item that an identity key finds creates nothing, whatever the others do.
    let keep_keys =
        shared.is_empty() && items.iter().filter_map(Item::parsed).all(ParsedItem::keeps_keys);
    for item in items.iter().filter_map(Item::parsed) {
        let keys = &item.keys;
        lookup_keys.ids.extend(item.named_id().and_then(ContactId::new));
        lookup_keys.external_ids.extend(keys.external_id.clone());
        let linked = item.links.iter().filter_map(|link| link.target.external_id());
        lookup_keys.external_ids.extend(linked.map(str::to_owned));
        lookup_keys.link_ids.extend(keys.link_id);
        if shared.contains(&Key::Email) {
            lookup_keys.emails.extend(keys.email.clone());
        }
        if shared.contains(&Key::Phone) {
            lookup_keys.phones.extend(keys.phones.iter().cloned());
        }
        if shared.contains(&Key::VatNumber) {
            lookup_keys.vat_numbers.extend(keys.vat_number.clone());
        }
        if options.mode != Mode::Update
            && item.intent == Intent::Upsert
            && let Some(email) = keys.email.clone()
        {
            let unless = item.identities().next().filter(|_| keep_keys);
            lookup_keys.email_owners.push(EmailOwners { email, unless });
        }
    }
    lookup_keys.ids.extend(known(items).map(|known| known.contact));
    once_each(&mut lookup_keys.ids);
    once_each(&mut lookup_keys.external_ids);
    once_each(&mut lookup_keys.link_ids);
    once_each(&mut lookup_keys.emails);
    once_each(&mut lookup_keys.phones);
    once_each(&mut lookup_keys.vat_numbers);
    EmailOwners::once_each(&mut lookup_keys.email_owners);
    once_each(&mut lookup_keys.references);
    lookup_keys
}

fn known(items: &[Item]) -> impl Iterator<Item = &Known> {
    items.iter().filter_map(|item| match &item.content {
        Content::Known(known) => Some(known),
        Content::Parsed(_) | Content::Faulty(_) => None,
    })
}

fn once_each<T: Ord>(values: &mut Vec<T>) {
    values.sort_unstable();
    values.dedup();
}
