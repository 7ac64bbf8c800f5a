//! Deciding how to correct contacts with findings.

use std::collections::{BTreeMap, HashMap};

use super::comparison::Audited;
use super::finding::{Discrepancy, Remedy};
use super::stored::StoredContact;
use crate::context::Settings;
use crate::decision::{Change, Writes};
use crate::ids::{AliasKey, ContactId, OrganizationId};

/// A request to correct some contacts of one organization.
///
/// A store runs it in one transaction: it reads the contacts, [examines](Self::examine) them, looks up
/// the owners of the keys that they should have, and writes what [`settle`](Examination::settle)
/// returns. The repair is pure, so the store may run it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repair {
    organization: OrganizationId,
    settings: Settings,
    contacts: Vec<ContactId>,
}

/// Contacts that were compared with their documents.
#[derive(Debug)]
pub struct Examination {
    contacts: Vec<(StoredContact, Audited)>,
}

impl Repair {
    /// A repair of these contacts, living or deleted, in an organization with these settings.
    pub fn new(organization: OrganizationId, settings: Settings, contacts: Vec<ContactId>) -> Self {
        Self { organization, settings, contacts }
    }

    /// The organization. The store reads and writes nothing outside it.
    pub fn organization(&self) -> OrganizationId {
        self.organization
    }

    /// The version of the [settings](Settings::version) that it is for. If the organization has
    /// another by now, the store writes nothing.
    pub fn settings_version(&self) -> i64 {
        self.settings.version
    }

    /// The contacts to read.
    pub fn contacts(&self) -> &[ContactId] {
        &self.contacts
    }

    /// Compares the stored contacts with their documents.
    pub fn examine(&self, stored: Vec<StoredContact>) -> Examination {
        let audit = |contact: StoredContact| {
            let audited = contact.audit(Some(self.settings));
            (contact, audited)
        };
        Examination { contacts: stored.into_iter().map(audit).collect() }
    }
}

impl Examination {
    /// The identity keys that the contacts should have. The store looks up their owners.
    pub fn keys(&self) -> Vec<AliasKey> {
        self.columns_repaired().flat_map(|change| change.record().identity_keys()).collect()
    }

    /// What to write and what to report, given the living owners of the [keys](Self::keys).
    ///
    /// A contact stays as it is if another one keeps a key that it should have. Keys that contacts of
    /// this repair give up are free for its other contacts.
    pub fn settle(self, owners: &HashMap<AliasKey, ContactId>) -> (Writes, Vec<Discrepancy>) {
        let blocked = self.blocked(owners);
        let mut writes = Writes::default();
        let mut discrepancies = Vec::new();
        for (stored, Audited { findings, repair, .. }) in self.contacts {
            if findings.is_empty() {
                continue;
            }
            let remedy = match repair {
                None => Remedy::Untouched,
                Some(change) => match blocked.get(&change.record().id) {
                    Some((key, owner)) => Remedy::KeyTaken { key: key.clone(), owner: *owner },
                    None => {
                        writes.changes.push(change);
                        Remedy::Mended
                    }
                },
            };
            discrepancies.push(Discrepancy { key: stored.key, findings, remedy });
        }
        (writes, discrepancies)
    }

    /// The contacts that cannot get a key, with the owner of that key. Such a contact keeps its stored
    /// keys, so others may have to stay as they are in turn.
    fn blocked(
        &self,
        owners: &HashMap<AliasKey, ContactId>,
    ) -> BTreeMap<ContactId, (AliasKey, ContactId)> {
        let due: BTreeMap<ContactId, Vec<AliasKey>> = self
            .columns_repaired()
            .map(|change| {
                (change.record().id, change.record().identity_keys().into_iter().collect())
            })
            .collect();
        let mut blocked = BTreeMap::new();
        loop {
            let before = blocked.len();
            let mut given: HashMap<&AliasKey, ContactId> = HashMap::new();
            for (id, keys) in &due {
                if blocked.contains_key(id) {
                    continue;
                }
                let keeps = |owner: &ContactId, key: &AliasKey| {
                    owner != id
                        && (blocked.contains_key(owner)
                            || due.get(owner).is_none_or(|keys| keys.contains(key)))
                };
                let taken = keys.iter().find_map(|key| {
                    let owner = owners.get(key).filter(|owner| keeps(owner, key));
                    Some((key, *owner.or_else(|| given.get(key))?))
                });
                match taken {
                    Some((key, owner)) => {
                        blocked.insert(*id, (key.clone(), owner));
                    }
                    None => given.extend(keys.iter().map(|key| (key, *id))),
                }
            }
            if blocked.len() == before {
                return blocked;
            }
        }
    }

    /// The repairs that change columns, which include the keys.
    fn columns_repaired(&self) -> impl Iterator<Item = &Change> {
        let repairs = self.contacts.iter().filter_map(|(_, audited)| audited.repair.as_ref());
        repairs.filter(|change| change.parts().any_column())
    }
}
