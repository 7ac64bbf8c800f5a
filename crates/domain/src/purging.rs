//! Purging contacts: nothing of them is left but their ids.

use std::collections::{BTreeSet, HashMap};

use crate::contact::Record;
use crate::context::Context;
use crate::decision::{AliasKey, Change, Decision, Loaded, LookupKeys, Writes};
use crate::ids::{ContactId, IdBlock, OrganizationId, OutOfIds, Version};
use crate::path::Path;
use crate::rule::Rule;
use crate::upsert::{BatchReport, Key, Outcome};
use crate::value::trimmed;
use crate::violation::Violation;

/// The purge of contacts, living or deleted. To the ledger, it is their deletion.
#[derive(Debug, Clone)]
pub struct Purge {
    context: Context,
    targets: Vec<PurgeTarget>,
    lookup_keys: LookupKeys,
    dry_run: bool,
}

/// A contact to be purged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PurgeTarget {
    /// A key of the contact. A deleted contact is found by its id alone.
    pub key: AliasKey,
    /// The version that it has to be in, if that matters.
    pub version: Option<Version>,
}

impl Purge {
    /// The purge of these contacts, each on its own: a key without a contact is refused.
    pub fn new(context: Context, mut targets: Vec<PurgeTarget>) -> Self {
        let mut lookup_keys = LookupKeys::default();
        for PurgeTarget { key, .. } in &mut targets {
            match key {
                AliasKey::Id(id) => lookup_keys.ids.push(*id),
                AliasKey::ExternalId(text) => {
                    *text = trimmed(text).to_owned();
                    lookup_keys.external_ids.push(text.clone());
                }
                AliasKey::LinkId(link_id) => lookup_keys.link_ids.push(*link_id),
            }
        }
        let LookupKeys { ids, external_ids, link_ids, .. } = &mut lookup_keys;
        ids.sort_unstable();
        ids.dedup();
        external_ids.sort_unstable();
        external_ids.dedup();
        link_ids.sort_unstable();
        link_ids.dedup();
        lookup_keys.deleted.clone_from(&lookup_keys.ids);
        Self { context, targets, lookup_keys, dry_run: false }
    }

    /// The same, decided without writing anything.
    #[must_use]
    pub fn without_writing(self) -> Self {
        Self { dry_run: true, ..self }
    }
}

impl Decision for Purge {
    type Report = BatchReport;

    fn organization(&self) -> OrganizationId {
        self.context.organization
    }

    fn settings_version(&self) -> i64 {
        self.context.settings.version
    }

    fn is_dry_run(&self) -> bool {
        self.dry_run
    }

    /// An answer that shows the contact may be about to be kept.
    fn is_alone(&self) -> bool {
        !self.dry_run
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

    fn decide(&self, loaded: Loaded, ids: &mut IdBlock) -> Result<(Writes, BatchReport), OutOfIds> {
        let found = ByKey::of(&loaded);
        let (mut purged, mut changes) = (BTreeSet::new(), Vec::new());
        let mut purge = |target: &PurgeTarget| {
            let by = key_of(&target.key);
            let record = found.contact(&target.key).filter(|found| !purged.contains(&found.id));
            let outcome = match record {
                None => missing(&target.key, found.survivors.get(&target.key)),
                Some(record) => match target.version.filter(|named| *named != record.version) {
                    Some(named) => Outcome::stale(record, named),
                    None => {
                        let change = Change::purge(record, &self.context);
                        let outcome = Outcome::purged(change.record());
                        purged.insert(record.id);
                        changes.push(change);
                        outcome
                    }
                },
            };
            Outcome { matched_by: record.map(|_| by), ..outcome }
        };
        let mut outcomes: Vec<Outcome> = self.targets.iter().map(&mut purge).collect();
        if self.dry_run {
            return Ok((Writes::default(), Ok(outcomes)));
        }
        let writes = Writes { changes, purged: purged.into_iter().collect(), ..Writes::default() };
        let writes = writes.recorded(&self.context, &loaded.runs, ids)?;
        if let Some(run) = writes.runs.first() {
            outcomes.iter_mut().for_each(|outcome| outcome.note_run(run.id));
        }
        Ok((writes, Ok(outcomes)))
    }
}

/// The loaded contacts by their keys.
struct ByKey<'l> {
    contacts: HashMap<AliasKey, &'l Record>,
    /// The contacts that others were merged into.
    survivors: HashMap<AliasKey, ContactId>,
}

impl<'l> ByKey<'l> {
    fn of(loaded: &'l Loaded) -> Self {
        let keys = |record: &'l Record| {
            let id = std::iter::once(AliasKey::Id(record.id));
            id.chain(record.identity_keys()).map(move |key| (key, record))
        };
        let survivors = loaded.aliases.iter().map(|alias| (alias.key.clone(), alias.contact));
        Self {
            contacts: loaded.contacts.iter().flat_map(keys).collect(),
            survivors: survivors.collect(),
        }
    }

    fn contact(&self, key: &AliasKey) -> Option<&'l Record> {
        self.contacts.get(key).copied()
    }
}

fn key_of(key: &AliasKey) -> Key {
    match key {
        AliasKey::Id(_) => Key::Id,
        AliasKey::ExternalId(_) => Key::ExternalId,
        AliasKey::LinkId(_) => Key::LinkId,
    }
}

fn missing(key: &AliasKey, survivor: Option<&ContactId>) -> Outcome {
    let message = match survivor {
        None => "no such contact".to_owned(),
        Some(survivor) => format!("was merged into contact {survivor}"),
    };
    let path = Path::of(key_of(key).as_str());
    Outcome::rejected(Violation::new(Rule::Exists, path, key.value(), message))
}
