//! The decision what is to be written about contacts that are not as they should be.

use std::collections::{BTreeMap, HashMap};

use super::comparison::Audited;
use super::finding::{Discrepancy, Remedy};
use super::stored::StoredContact;
use crate::change::Change;
use crate::decision::Writes;
use crate::identity::AliasKey;
use crate::ids::{ContactId, OrganizationId};
use crate::value::CountryCode;

/// The wish to mend these contacts of one organization.
///
/// A store carries it out in one transaction: it reads the contacts as they stand now, has them
/// [examined](Self::examine), looks up who has the keys that they should have, and writes what is
/// [settled](Examination::settle). All of it is pure, so the store may run it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repair {
    organization: OrganizationId,
    region: CountryCode,
    contacts: Vec<ContactId>,
}

/// Contacts that were compared with what follows from their documents.
#[derive(Debug)]
pub struct Examination {
    contacts: Vec<(StoredContact, Audited)>,
}

impl Repair {
    /// The repair of these contacts, living or deleted, in an organization of that region.
    pub fn new(
        organization: OrganizationId,
        region: CountryCode,
        contacts: Vec<ContactId>,
    ) -> Self {
        Self { organization, region, contacts }
    }

    /// The tenant. Nothing outside it is looked up or written.
    pub fn organization(&self) -> OrganizationId {
        self.organization
    }

    /// The contacts to be read.
    pub fn contacts(&self) -> &[ContactId] {
        &self.contacts
    }

    /// Compares the contacts as they stand.
    pub fn examine(&self, stored: Vec<StoredContact>) -> Examination {
        let audit = |contact: StoredContact| {
            let audited = contact.audit(Some(self.region));
            (contact, audited)
        };
        Examination { contacts: stored.into_iter().map(audit).collect() }
    }
}

impl Examination {
    /// The identity keys that living contacts should have; which living contacts have them now is
    /// to be looked up.
    pub fn keys(&self) -> Vec<AliasKey> {
        self.columns_repaired().flat_map(|change| change.record().identity_keys()).collect()
    }

    /// What to write and what to report, given which living contacts have the [keys](Self::keys).
    ///
    /// A contact is left as it is where another one keeps a key that it should have. Keys that
    /// contacts of this repair give up are free for the others of it.
    pub fn settle(self, owners: &HashMap<AliasKey, ContactId>) -> (Writes, Vec<Discrepancy>) {
        let left = self.left(owners);
        let mut writes = Writes::default();
        let mut discrepancies = Vec::new();
        for (stored, Audited { findings, repair, .. }) in self.contacts {
            if findings.is_empty() {
                continue;
            }
            let remedy = match repair {
                None => Remedy::Untouched,
                Some(change) => match left.get(&change.record().id) {
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

    /// The contacts that cannot have a key, and who keeps it. One that is left keeps the keys that
    /// it has, so others may have to be left in turn.
    fn left(
        &self,
        owners: &HashMap<AliasKey, ContactId>,
    ) -> BTreeMap<ContactId, (AliasKey, ContactId)> {
        let due: BTreeMap<ContactId, Vec<AliasKey>> = self
            .columns_repaired()
            .map(|change| {
                (change.record().id, change.record().identity_keys().into_iter().collect())
            })
            .collect();
        let mut left = BTreeMap::new();
        loop {
            let before = left.len();
            let mut given: HashMap<&AliasKey, ContactId> = HashMap::new();
            for (id, keys) in &due {
                if left.contains_key(id) {
                    continue;
                }
                let keeps = |owner: &ContactId, key: &AliasKey| {
                    owner != id
                        && (left.contains_key(owner)
                            || due.get(owner).is_none_or(|keys| keys.contains(key)))
                };
                let taken = keys.iter().find_map(|key| {
                    let owner = owners.get(key).filter(|owner| keeps(owner, key));
                    Some((key, *owner.or_else(|| given.get(key))?))
                });
                match taken {
                    Some((key, owner)) => {
                        left.insert(*id, (key.clone(), owner));
                    }
                    None => given.extend(keys.iter().map(|key| (key, *id))),
                }
            }
            if left.len() == before {
                return left;
            }
        }
    }

    /// The repairs that change columns, and so perhaps keys.
    fn columns_repaired(&self) -> impl Iterator<Item = &Change> {
        let repairs = self.contacts.iter().filter_map(|(_, audited)| audited.repair.as_ref());
        repairs.filter(|change| change.parts().any_column())
    }
}
