//! The contacts of a batch, as they are after each item.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::item::Keys;
use super::options::Key;
use crate::contact::rules::STORED_READABLE;
use crate::contact::{Contact, ContactType, Projection, Record, Snapshot};
use crate::decision::{AliasKey, AliasWrite, Loaded, Write, Writes};
use crate::ids::ContactId;
use crate::path::Path;
use crate::value::LinkId;
use crate::violation::Violation;

/// What the store holds, with the items applied so far.
///
/// Looking a key up here answers what it would answer if the items before had been sent one by one.
pub(super) struct WorkingSet {
    slots: Vec<Slot>,
    by_id: HashMap<ContactId, usize>,
    by_external_id: HashMap<String, usize>,
    by_link_id: HashMap<LinkId, usize>,
    /// Who has a shared key; only those keys that are of interest.
    by_shared_key: HashMap<Key, HashMap<String, BTreeSet<ContactId>>>,
    aliases: HashMap<AliasKey, ContactId>,
    alias_writes: Vec<AliasWrite>,
    references: HashSet<ContactId>,
    contested: HashSet<AliasKey>,
}

/// One contact.
struct Slot {
    /// As it is stored, if it is.
    stored: Option<Stored>,
    /// As it is now, once an item has changed it.
    current: Option<Arc<Snapshot>>,
    /// The first item that named it.
    first_item: Option<usize>,
}

#[expect(clippy::large_enum_variant, reason = "a box would cost an allocation a contact")]
enum Stored {
    /// As it was found.
    Unread(Record),
    /// With its document, because somebody asked for it.
    Read(Arc<Snapshot>),
}

impl Stored {
    fn record(&self) -> &Record {
        match self {
            Self::Unread(record) => record,
            Self::Read(snapshot) => &snapshot.record,
        }
    }
}

impl Slot {
    fn record(&self) -> Option<&Record> {
        match &self.current {
            Some(snapshot) => Some(&snapshot.record),
            None => self.stored.as_ref().map(Stored::record),
        }
    }
}

impl WorkingSet {
    /// The world as found; `shared_keys` are those that some ladder names.
    pub(super) fn new(found: Loaded, shared_keys: Vec<Key>) -> Self {
        let count = found.contacts.len();
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
            aliases: found.aliases.into_iter().map(|alias| (alias.key, alias.contact)).collect(),
            alias_writes: Vec::new(),
            references: found.references,
            contested: found.contested,
        };
        let by_email = working_set.by_shared_key.entry(Key::Email).or_default();
        for (email, owner) in found.email_owners {
            by_email.entry(email).or_default().insert(owner);
        }
        for record in found.contacts {
            let slot = working_set.slots.len();
            working_set.index(slot, record.id, &record.projection);
            let stored = Some(Stored::Unread(record));
            working_set.slots.push(Slot { stored, current: None, first_item: None });
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

    /// Where a key leads that a merged contact left behind.
    pub(super) fn by_alias(&self, key: &AliasKey) -> Option<usize> {
        if self.aliases.is_empty() {
            return None;
        }
        self.by_id.get(self.aliases.get(key)?).copied()
    }

    /// The contacts that have one of those values of a shared key, lowest ids first.
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
        self.slots.get(slot)?.record().map(|record| record.id)
    }

    pub(super) fn contact_type(&self, slot: usize) -> Option<ContactType> {
        self.slots.get(slot)?.record().map(|record| record.projection.contact_type)
    }

    /// The first item that named this contact; from now on, if none has, this one.
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

    /// The contact as it is now.
    pub(super) fn read(&mut self, slot: usize) -> Result<Arc<Snapshot>, Box<Violation>> {
        let slot = self.slots.get_mut(slot);
        let slot = slot.ok_or_else(|| unreadable(None, "the contact is gone"))?;
        if let Some(current) = &slot.current {
            return Ok(Arc::clone(current));
        }
        let snapshot = match slot.stored.take() {
            None => return Err(unreadable(None, "the contact is gone")),
            Some(Stored::Read(snapshot)) => snapshot,
            Some(Stored::Unread(record)) => match record.read() {
                Ok(document) => Arc::new(Snapshot { record, document }),
                Err(error) => {
                    let fault = unreadable(Some(record.id), error.to_string());
                    slot.stored = Some(Stored::Unread(record));
                    return Err(fault);
                }
            },
        };
        slot.stored = Some(Stored::Read(Arc::clone(&snapshot)));
        Ok(snapshot)
    }

    /// A contact that was created.
    pub(super) fn create(&mut self, snapshot: Arc<Snapshot>, item: usize) {
        let slot = self.slots.len();
        self.index(slot, snapshot.record.id, &snapshot.record.projection);
        self.take_over_aliases(None, &snapshot.record.projection);
        self.slots.push(Slot { stored: None, current: Some(snapshot), first_item: Some(item) });
    }

    /// A contact that was changed.
    pub(super) fn update(&mut self, slot: usize, snapshot: Arc<Snapshot>) {
        let before = self.forget(slot);
        self.index(slot, snapshot.record.id, &snapshot.record.projection);
        self.take_over_aliases(before.as_ref(), &snapshot.record.projection);
        if let Some(slot) = self.slots.get_mut(slot) {
            slot.current = Some(snapshot);
        }
    }

    /// A contact that was deleted: it is no longer found, and its keys are free.
    pub(super) fn delete(&mut self, slot: usize, snapshot: Arc<Snapshot>) {
        self.forget(slot);
        self.by_id.remove(&snapshot.record.id);
        self.references.remove(&snapshot.record.id);
        if let Some(slot) = self.slots.get_mut(slot) {
            slot.current = Some(snapshot);
        }
    }

    /// An alias that leads to that contact leads nowhere any more.
    pub(super) fn drop_alias(&mut self, key: AliasKey, slot: usize) {
        if self.by_alias(&key) == Some(slot) {
            self.aliases.remove(&key);
            self.alias_writes.push(AliasWrite::Remove(key));
        }
    }

    /// A key that a contact would take and that others keep taking, if there is one.
    pub(super) fn contested(
        &self,
        before: Option<&Projection>,
        now: &Projection,
    ) -> Option<AliasKey> {
        if self.contested.is_empty() {
            return None;
        }
        keys_taken(before, now).find(|key| self.contested.contains(key))
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

    /// What has to be written: every contact that changed, once, as it is now.
    pub(super) fn into_writes(self) -> Writes {
        let contacts = self
            .slots
            .into_iter()
            .filter_map(|slot| {
                let current = slot.current?;
                Some(match slot.stored {
                    None => Write::Insert(Contact::proven(current)),
                    Some(stored) => update(&stored, current),
                })
            })
            .collect();
        Writes { contacts, aliases: self.alias_writes }
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

    /// Takes a contact's keys out of the index; what it was like.
    fn forget(&mut self, slot: usize) -> Option<Projection> {
        let record = self.slots.get(slot)?.record()?;
        let (id, projection) = (record.id, record.projection.clone());
        if let Some(external_id) = &projection.external_id {
            self.by_external_id.remove(external_id);
        }
        if let Some(link_id) = projection.link_id {
            self.by_link_id.remove(&link_id);
        }
        for (key, value) in shared(&projection) {
            let owners = self.by_shared_key.get_mut(&key);
            if let Some(owners) = owners.and_then(|owners| owners.get_mut(value)) {
                owners.remove(&id);
            }
        }
        Some(projection)
    }

    /// A key that is given to a living contact leads nowhere else any more.
    fn take_over_aliases(&mut self, before: Option<&Projection>, now: &Projection) {
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

/// The identity keys that a contact has now and had not before.
fn keys_taken(before: Option<&Projection>, now: &Projection) -> impl Iterator<Item = AliasKey> {
    let keys = |projection: &Projection| {
        let external_id = projection.external_id.clone().map(AliasKey::ExternalId);
        [external_id, projection.link_id.map(AliasKey::LinkId)]
    };
    let had = before.map(keys).unwrap_or_default();
    keys(now).into_iter().flatten().filter(move |key| !had.iter().flatten().any(|had| had == key))
}

fn update(stored: &Stored, current: Arc<Snapshot>) -> Write {
    let (before, now) = (&stored.record().projection, &current.record.projection);
    let gives_up_keys = current.record.deleted_at.is_some()
        || (before.external_id.is_some() && before.external_id != now.external_id)
        || (before.link_id.is_some() && before.link_id != now.link_id);
    let (moves_relations, moves_entry) = match stored {
        Stored::Read(read) => (
            read.document.relations() != current.document.relations(),
            read.intercom_entry() != current.intercom_entry(),
        ),
        Stored::Unread(_) => (true, true),
    };
    Write::Update { contact: Contact::proven(current), gives_up_keys, moves_relations, moves_entry }
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
    Box::new(Violation::new(&STORED_READABLE, Path::root(), id, message))
}
