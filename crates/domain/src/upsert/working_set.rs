//! The contacts of a batch, as each item left them.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::item::{Keys, ParsedItem};
use super::options::Key;
use crate::contact::document::ContactDocument;
use crate::contact::{ContactType, Projection, Record, Row, Snapshot};
use crate::decision::{AliasWrite, Change, DigestNote, KeyChange, Loaded, Writes};
use crate::digest::{Digest, ItemDigest};
use crate::ids::{AliasKey, ContactId, IdentityKeys};
use crate::path::Path;
use crate::rule::Rule;
use crate::value::LinkId;
use crate::violation::Violation;

/// The loaded contacts, with the items applied so far.
///
/// A look-up answers as a store would after the items before had been sent one by one.
pub(super) struct WorkingSet {
    slots: Vec<Slot>,
    by_id: HashMap<ContactId, usize>,
    by_external_id: HashMap<String, usize>,
    by_link_id: HashMap<LinkId, usize>,
    /// The contacts with a shared key, only for keys that some ladder or rule asks for.
    by_shared_key: HashMap<Key, HashMap<String, BTreeSet<ContactId>>>,
    aliases: HashMap<AliasKey, ContactId>,
    alias_writes: Vec<AliasWrite>,
    digests: Vec<DigestNote>,
    references: HashSet<ContactId>,
    contested: HashSet<AliasKey>,
    /// The contact that was read or written last. The trees of the others are dropped: they take
    /// several times the memory of their texts.
    last: Option<(usize, Arc<Snapshot>)>,
}

/// What an item changes.
pub(super) enum Step {
    Create { now: Arc<Snapshot>, item: usize },
    Update { slot: usize, before: Arc<Snapshot>, now: Arc<Snapshot> },
    Delete { slot: usize, before: Arc<Snapshot>, now: Arc<Snapshot> },
}

/// One contact.
struct Slot {
    /// As the items left it.
    now: Arc<Record>,
    /// What an item has changed.
    changed: Option<Changed>,
    /// The first item that named it.
    first_item: Option<usize>,
}

/// A contact that an item has changed.
struct Changed {
    /// As it is stored. A new contact is not.
    before: Option<Row>,
    now: Row,
    /// What turns the document back into the stored one.
    reverse: Option<String>,
}

impl WorkingSet {
    /// The contacts as loaded; `shared_keys` are those that some ladder names.
    pub(super) fn new(loaded: Loaded, shared_keys: Vec<Key>) -> Self {
        let count = loaded.contacts.len();
        let mut working_set = Self {
            slots: Vec::with_capacity(count),
            by_id: HashMap::with_capacity(count),
            by_external_id: HashMap::with_capacity(count),
            by_link_id: HashMap::new(),
            by_shared_key: shared_keys
                .into_iter()
                .chain([Key::Email])
                .map(|key| (key, HashMap::new()))
                .collect(),
            aliases: loaded.aliases.into_iter().map(|alias| (alias.key, alias.contact)).collect(),
            alias_writes: Vec::new(),
            digests: Vec::new(),
            references: loaded.references,
            contested: loaded.contested,
            last: None,
        };
        let by_email = working_set.by_shared_key.entry(Key::Email).or_default();
        for (email, owner) in loaded.email_owners {
            by_email.entry(email).or_default().insert(owner);
        }
        for record in loaded.contacts {
            let slot = working_set.slots.len();
            working_set.index(slot, record.id, &record.projection);
            let now = Arc::new(record);
            working_set.slots.push(Slot { now, changed: None, first_item: None });
        }
        working_set
    }

    pub(super) fn by_id(&self, id: i64) -> Option<usize> {
        self.by_id.get(&ContactId::new(id)?).copied()
    }

    pub(super) fn by_external_id(&self, external_id: &str) -> Option<usize> {
        self.by_external_id.get(external_id).copied()
    }

    pub(super) fn by_link_id(&self, link_id: LinkId) -> Option<usize> {
        self.by_link_id.get(&link_id).copied()
    }

    /// The contact that a key of the item leads to as an alias.
    pub(super) fn by_alias(&self, item: &ParsedItem, key: Key) -> Option<usize> {
        if self.aliases.is_empty() {
            return None;
        }
        self.by_id.get(self.aliases.get(&item.identity(key)?)?).copied()
    }

    /// The contact that a merged one leads to, living or not.
    pub(super) fn survivor(&self, merged: ContactId) -> Option<ContactId> {
        self.aliases.get(&AliasKey::Id(merged)).copied()
    }

    /// The contacts that have one of these values of a shared key, lowest ids first.
    pub(super) fn by_shared_key(&self, key: Key, keys: &Keys) -> Vec<(ContactId, usize)> {
        let values: Vec<&String> = match key {
            Key::Email => keys.email.iter().collect(),
            Key::Phone => keys.phones.iter().collect(),
            Key::VatNumber => keys.vat_number.iter().collect(),
            Key::Id | Key::LinkId | Key::ExternalId => Vec::new(),
        };
        let ids: BTreeSet<ContactId> = values
            .into_iter()
            .filter_map(|value| self.by_shared_key.get(&key)?.get(value))
            .flatten()
            .copied()
            .collect();
        ids.into_iter().filter_map(|id| Some((id, *self.by_id.get(&id)?))).collect()
    }

    pub(super) fn id(&self, slot: usize) -> Option<ContactId> {
        Some(self.slots.get(slot)?.now.id)
    }

    pub(super) fn contact_type(&self, slot: usize) -> Option<ContactType> {
        Some(self.slots.get(slot)?.now.projection.contact_type)
    }

    /// The first item that named this contact before. If there is none, notes this item.
    pub(super) fn named_by(&mut self, slot: usize, item: usize) -> Option<usize> {
        let slot = self.slots.get_mut(slot)?;
        match slot.first_item {
            Some(first) => Some(first),
            None => {
                slot.first_item = Some(item);
                None
            }
        }
    }

    /// The contact's record as it is now.
    pub(super) fn record(&self, slot: usize) -> Option<&Arc<Record>> {
        Some(&self.slots.get(slot)?.now)
    }

    /// Notes the digest of an item that leaves a stored contact as it is, unless that has one which is
    /// of use.
    pub(super) fn note(&mut self, stored: &Record, item: ItemDigest) {
        if !stored.digest.is_some_and(|digest| digest.is_current(stored.version)) {
            let digest = Digest::new(item, stored.version);
            self.digests.push(DigestNote { contact: stored.id, digest });
        }
    }

    /// The contact that was read or written last.
    pub(super) fn last(&self) -> Option<Arc<Snapshot>> {
        self.last.as_ref().map(|(_, last)| Arc::clone(last))
    }

    /// The contact as it is now.
    pub(super) fn read(&mut self, slot: usize) -> Result<Arc<Snapshot>, Box<Violation>> {
        if let Some((last, snapshot)) = &self.last
            && *last == slot
        {
            return Ok(Arc::clone(snapshot));
        }
        let record = self.slots.get(slot).map(|slot| Arc::clone(&slot.now));
        let record = record.ok_or_else(|| unreadable(None, "the contact is gone"))?;
        let id = record.id;
        let snapshot =
            Snapshot::read(record).map_err(|error| unreadable(Some(id), error.to_string()))?;
        let snapshot = Arc::new(snapshot);
        self.last = Some((slot, Arc::clone(&snapshot)));
        Ok(snapshot)
    }

    /// Adds a contact that was created.
    pub(super) fn create(&mut self, now: Arc<Snapshot>, item: usize) {
        let slot = self.slots.len();
        self.index(slot, now.record.id, &now.record.projection);
        self.release_aliases(None, &now.record);
        self.slots.push(Slot {
            now: Arc::clone(&now.record),
            changed: Some(Changed { before: None, now: now.row(), reverse: None }),
            first_item: Some(item),
        });
        self.last = Some((slot, now));
    }

    /// Replaces a contact that an item changed.
    pub(super) fn update(&mut self, slot: usize, before: &Snapshot, now: Arc<Snapshot>) {
        self.forget(&before.record);
        self.index(slot, now.record.id, &now.record.projection);
        self.release_aliases(Some(&before.record), &now.record);
        self.replace(slot, before, now);
    }

    /// Removes a contact that was deleted and frees its keys.
    pub(super) fn delete(&mut self, slot: usize, before: &Snapshot, now: Arc<Snapshot>) {
        self.forget(&before.record);
        self.by_id.remove(&now.record.id);
        self.references.remove(&now.record.id);
        self.replace(slot, before, now);
    }

    fn replace(&mut self, slot: usize, before: &Snapshot, now: Arc<Snapshot>) {
        if let Some(slot) = self.slots.get_mut(slot) {
            slot.now = Arc::clone(&now.record);
            let reverse = |stored: &ContactDocument| stored.reverse(&now.document);
            let (before, reverse) = match slot.changed.take() {
                None => (Some(before.row()), Some(reverse(&before.document))),
                Some(Changed { before: None, .. }) => (None, None),
                // It was read before.
                Some(Changed { before: Some(stored), .. }) => {
                    let reverse = stored.record.read().ok().map(|stored| reverse(&stored));
                    (Some(stored), reverse)
                }
            };
            slot.changed = Some(Changed { before, now: now.row(), reverse });
        }
        self.last = Some((slot, now));
    }

    /// A key that the contact would take and that other requests keep taking, if there is one.
    pub(super) fn contested(&self, before: Option<&Record>, now: &Record) -> Option<AliasKey> {
        if self.contested.is_empty() {
            return None;
        }
        keys_taken(before, now).into_iter().find(|key| self.contested.contains(key))
    }

    /// Whether a living contact has that id.
    pub(super) fn exists(&self, id: i64) -> bool {
        ContactId::new(id)
            .is_some_and(|id| self.by_id.contains_key(&id) || self.references.contains(&id))
    }

    /// The oldest living contact with that e-mail address.
    pub(super) fn email_owner(&self, email: &str) -> Option<ContactId> {
        self.by_shared_key.get(&Key::Email)?.get(email)?.first().copied()
    }

    /// The writes: each changed contact once, as it is now.
    pub(super) fn into_writes(self) -> Writes {
        let change = |slot: Slot| {
            let Changed { before, now, reverse } = slot.changed?;
            Some(match before {
                Some(before) => Change::between(&before, now, reverse),
                None => Change::create(now),
            })
        };
        let changes = self.slots.into_iter().filter_map(change).collect();
        Writes { changes, aliases: self.alias_writes, digests: self.digests, ..Writes::default() }
    }

    fn index(&mut self, slot: usize, id: ContactId, projection: &Projection) {
        self.by_id.insert(id, slot);
        if let Some(external_id) = &projection.external_id {
            self.by_external_id.insert(external_id.clone(), slot);
        }
        if let Some(link_id) = projection.link_id {
            self.by_link_id.insert(link_id, slot);
        }
        for (key, value) in shared(projection) {
            if let Some(owners) = self.by_shared_key.get_mut(&key) {
                owners.entry(value.clone()).or_default().insert(id);
            }
        }
    }

    /// Takes the keys of a contact out of the index.
    fn forget(&mut self, record: &Record) {
        if let Some(external_id) = &record.projection.external_id {
            self.by_external_id.remove(external_id);
        }
        if let Some(link_id) = record.projection.link_id {
            self.by_link_id.remove(&link_id);
        }
        for (key, value) in shared(&record.projection) {
            let owners = self.by_shared_key.get_mut(&key);
            if let Some(owners) = owners.and_then(|owners| owners.get_mut(value)) {
                owners.remove(&record.id);
            }
        }
    }

    /// Removes the aliases with keys that a contact takes.
    fn release_aliases(&mut self, before: Option<&Record>, now: &Record) {
        if self.aliases.is_empty() {
            return;
        }
        for key in keys_taken(before, now) {
            if self.aliases.remove(&key).is_some() {
                self.alias_writes.push(AliasWrite::Remove(key));
            }
        }
    }
}

/// The identity keys that a contact has now and did not have before.
fn keys_taken(before: Option<&Record>, now: &Record) -> IdentityKeys {
    let had = before.map(Record::identity_keys).unwrap_or_default();
    KeyChange::between(had, now.identity_keys()).taken
}

fn shared(projection: &Projection) -> impl Iterator<Item = (Key, &String)> {
    [
        (Key::Email, &projection.email),
        (Key::Phone, &projection.phone),
        (Key::Phone, &projection.mobile),
        (Key::VatNumber, &projection.vat_number),
    ]
    .into_iter()
    .filter_map(|(key, value)| Some((key, value.as_ref()?)))
}

fn unreadable(id: Option<ContactId>, message: impl Into<String>) -> Box<Violation> {
    let id = id.map(|id| id.to_string()).unwrap_or_default();
    Box::new(Violation::new(Rule::StoredReadable, Path::root(), id, message))
}
