//! The writes of a decision, set against what was stored.

use std::collections::{HashMap, HashSet};

use contacts_domain::contact::{Contact, Record};
use contacts_domain::decision::{AliasKey, Write, Writes};
use contacts_domain::value::LinkId;
use contacts_domain::{ContactId, Version};

use super::entries::Entries;
use crate::failure::Failure;

/// What a write has to know of the contacts that were found.
#[derive(Debug, Default)]
pub(crate) struct Stored(HashMap<ContactId, Before>);

/// A contact as it was found.
#[derive(Debug)]
struct Before {
    version: Version,
    external_id: Option<String>,
    link_id: Option<LinkId>,
}

impl Stored {
    /// Of these contacts.
    pub(crate) fn of(contacts: &[Record]) -> Self {
        let before = |record: &Record| Before {
            version: record.version,
            external_id: record.projection.external_id.clone(),
            link_id: record.projection.link_id,
        };
        Self(contacts.iter().map(|record| (record.id, before(record))).collect())
    }
}

/// An identity key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum KeyRef<'a> {
    ExternalId(&'a str),
    LinkId(LinkId),
}

/// The contacts to be written, in the order in which they are written.
pub(super) struct Changes<'a> {
    /// By id: so two transactions that update the same contacts meet at the same one first.
    pub(super) updates: Vec<&'a Contact>,
    /// By key: so two transactions that insert the same contacts meet at the same one first.
    pub(super) inserts: Vec<&'a Contact>,
    /// Contacts that have to let go of their keys before another one can take them, by id.
    pub(super) giving_way: Vec<i64>,
    /// Contacts whose relations are written anew.
    pub(super) relinked: Vec<&'a Contact>,
    /// The entries of new contacts, and those that came, changed or went.
    pub(super) entries: Entries,
    stored: &'a Stored,
}

impl<'a> Changes<'a> {
    pub(super) fn of(writes: &'a Writes, stored: &'a Stored) -> Self {
        let mut changes = Self {
            updates: Vec::new(),
            inserts: Vec::new(),
            giving_way: Vec::new(),
            relinked: Vec::new(),
            entries: Entries::default(),
            stored,
        };
        let mut gives_up = Vec::new();
        for write in &writes.contacts {
            match write {
                Write::Insert(contact) => {
                    changes.entries.add(contact);
                    changes.inserts.push(contact);
                }
                Write::Update { contact, gives_up_keys, moves_relations, moves_entry } => {
                    changes.updates.push(contact);
                    if *gives_up_keys {
                        gives_up.push(contact);
                    }
                    if *moves_relations {
                        changes.relinked.push(contact);
                    }
                    if *moves_entry {
                        changes.entries.renew(contact);
                    }
                }
            }
        }
        changes.updates.sort_unstable_by_key(|contact| contact.record().id);
        changes.inserts.sort_unstable_by_key(|contact| {
            let projection = &contact.record().projection;
            (projection.external_id.as_deref(), projection.link_id)
        });
        changes.giving_way = changes.giving_way(&gives_up);
        changes
    }

    /// The contacts that are new, and those whose relations are written anew.
    pub(super) fn related(&self) -> Vec<&'a Contact> {
        [self.inserts.as_slice(), &self.relinked].concat()
    }

    /// The keys that an inserted contact brings.
    pub(super) fn keys(contact: &Contact) -> impl Iterator<Item = AliasKey> {
        carried(contact).map(owned)
    }

    /// The keys that updates give to contacts which did not have them.
    pub(super) fn keys_taken_by_updates(&self) -> impl Iterator<Item = AliasKey> {
        self.updates.iter().flat_map(|contact| self.taken(contact)).map(owned)
    }

    /// Those of them whose stored keys another contact takes: the unique indexes hold after each
    /// row, so a key has to be free before it is taken.
    fn giving_way(&self, gives_up: &[&'a Contact]) -> Vec<i64> {
        if gives_up.is_empty() {
            return Vec::new();
        }
        let written = self.updates.iter().chain(&self.inserts);
        let taken: HashSet<KeyRef<'_>> = written.flat_map(|contact| self.taken(contact)).collect();
        let mut ids: Vec<i64> = gives_up
            .iter()
            .filter(|contact| self.had(contact).any(|key| taken.contains(&key)))
            .map(|contact| contact.record().id.get())
            .collect();
        ids.sort_unstable();
        ids
    }

    /// The keys of a contact that it did not have before.
    fn taken(&self, contact: &'a Contact) -> impl Iterator<Item = KeyRef<'a>> {
        carried(contact).filter(|key| !self.had(contact).any(|had| had == *key))
    }

    /// The keys that a contact had.
    fn had(&self, contact: &Contact) -> impl Iterator<Item = KeyRef<'a>> {
        let before = self.stored.0.get(&contact.record().id);
        let external_id = before.and_then(|before| before.external_id.as_deref());
        keys(external_id, before.and_then(|before| before.link_id))
    }

    /// The version that the update of a contact goes out from.
    ///
    /// # Errors
    ///
    /// When the contact was not found.
    pub(super) fn stored_version(&self, contact: &Contact) -> Result<i64, Failure> {
        let id = contact.record().id;
        self.stored.0.get(&id).map(|before| before.version.get()).ok_or_else(|| {
            Failure::internal(format_args!("contact {id} is to be updated and was not found"))
        })
    }
}

/// The keys that a contact has, as it shall be. A deleted one has none.
fn carried(contact: &Contact) -> impl Iterator<Item = KeyRef<'_>> {
    let record = contact.record();
    let external_id = record.projection.external_id.as_deref();
    keys(external_id, record.projection.link_id).filter(|_| record.deleted_at.is_none())
}

fn keys(external_id: Option<&str>, link_id: Option<LinkId>) -> impl Iterator<Item = KeyRef<'_>> {
    external_id.map(KeyRef::ExternalId).into_iter().chain(link_id.map(KeyRef::LinkId))
}

fn owned(key: KeyRef<'_>) -> AliasKey {
    match key {
        KeyRef::ExternalId(external_id) => AliasKey::ExternalId(external_id.to_owned()),
        KeyRef::LinkId(link_id) => AliasKey::LinkId(link_id),
    }
}
