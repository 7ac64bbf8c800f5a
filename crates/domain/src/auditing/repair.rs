//! The decision what is to be written about contacts that are not as they should be.

use std::collections::{BTreeMap, HashMap};

use super::comparison::{Audited, Mend};
use super::finding::{Discrepancy, Remedy};
use super::stored::StoredContact;
use crate::contact::{Contact, Projection};
use crate::decision::AliasKey;
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
        let mends = self.mends().filter(|mend| mend.columns);
        mends.flat_map(|mend| identity_keys(&mend.contact)).collect()
    }

    /// What is to be written, and what is reported, given which living contacts have the
    /// [keys](Self::keys).
    ///
    /// A contact is left as it is where another one keeps a key that it should have. Keys that
    /// contacts of this repair give up are free for the others of it.
    pub fn settle(self, owners: &HashMap<AliasKey, ContactId>) -> (Vec<Mend>, Vec<Discrepancy>) {
        let left = self.left(owners);
        let mut mends = Vec::new();
        let mut discrepancies = Vec::new();
        for (stored, audited) in self.contacts {
            let Audited { findings, mend, .. } = audited;
            if findings.is_empty() {
                continue;
            }
            let remedy = match mend {
                None => Remedy::Untouched,
                Some(mend) => match left.get(&mend.contact.record().id) {
                    Some((key, owner)) => Remedy::KeyTaken { key: key.clone(), owner: *owner },
                    None => {
                        mends.push(mend);
                        Remedy::Mended
                    }
                },
            };
            discrepancies.push(Discrepancy { place: stored.place, findings, remedy });
        }
        (mends, discrepancies)
    }

    /// The contacts that cannot have a key, and who keeps it. One that is left keeps the keys that
    /// it has, so others may have to be left in turn.
    fn left(
        &self,
        owners: &HashMap<AliasKey, ContactId>,
    ) -> BTreeMap<ContactId, (AliasKey, ContactId)> {
        let lookup_keys: BTreeMap<ContactId, Vec<AliasKey>> = self
            .mends()
            .filter(|mend| mend.columns)
            .map(|mend| (mend.contact.record().id, identity_keys(&mend.contact)))
            .collect();
        let mut left = BTreeMap::new();
        loop {
            let before = left.len();
            let mut given: HashMap<&AliasKey, ContactId> = HashMap::new();
            for (id, keys) in &lookup_keys {
                if left.contains_key(id) {
                    continue;
                }
                let keeps = |owner: &ContactId, key: &AliasKey| {
                    owner != id
                        && (left.contains_key(owner)
                            || lookup_keys.get(owner).is_none_or(|keys| keys.contains(key)))
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

    fn mends(&self) -> impl Iterator<Item = &Mend> {
        self.contacts.iter().filter_map(|(_, audited)| audited.mend.as_ref())
    }
}

/// The keys that nobody else in the organization may have: none for a deleted contact.
fn identity_keys(contact: &Contact) -> Vec<AliasKey> {
    let record = contact.record();
    if record.deleted_at.is_some() {
        return Vec::new();
    }
    let Projection { external_id, link_id, .. } = &record.projection;
    let external_id = external_id.clone().map(AliasKey::ExternalId);
    external_id.into_iter().chain(link_id.map(AliasKey::LinkId)).collect()
}
