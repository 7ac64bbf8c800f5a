//! A contact store in a hash map.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use contacts_application::ports::{ContactStore, Lifecycle, StoreError, StoreErrorKind};
use contacts_domain::contact::{Projection, Record};
use contacts_domain::decision::{
    Alias, AliasKey, AliasWrite, Decision, DigestNote, EmailOwners, Loaded, LookupKeys,
};
use contacts_domain::merging::{Merge, MergeReport};
use contacts_domain::purging::Purge;
use contacts_domain::restoring::{Restore, RestoreReport};
use contacts_domain::undoing::{Undo, UndoReport};
use contacts_domain::upsert::{Batch, BatchReport, Recognition};
use contacts_domain::{ContactId, IdBlock, ItemDigest, OrganizationId};

/// Contacts in memory. Clones share them.
#[derive(Clone, Default)]
pub struct HashMapStore(Arc<Mutex<Tables>>);

#[derive(Default)]
struct Tables {
    /// Contacts with the ids in their relations.
    contacts: HashMap<ContactId, (Record, Vec<ContactId>)>,
    aliases: HashMap<(OrganizationId, AliasKey), ContactId>,
    last_id: i64,
}

impl HashMapStore {
    pub fn records(&self) -> Vec<Record> {
        self.tables().contacts.values().map(|(record, _)| record.clone()).collect()
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl ContactStore for HashMapStore {
    async fn upsert(&self, batch: Arc<Batch>) -> Result<BatchReport, StoreError> {
        self.tables().run(&*batch)
    }

    async fn recognize(&self, recognition: Arc<Recognition>) -> Result<Vec<Record>, StoreError> {
        self.tables().recognize(&recognition)
    }

    async fn merge(&self, merge: Arc<Merge>) -> Result<MergeReport, StoreError> {
        self.tables().run(&*merge)
    }

    async fn restore(&self, restore: Arc<Restore>) -> Result<RestoreReport, StoreError> {
        self.tables().run(&*restore)
    }

    async fn undo(&self, undo: Arc<Undo>) -> Result<UndoReport, StoreError> {
        self.tables().run(&*undo)
    }

    async fn purge(&self, purge: Arc<Purge>) -> Result<BatchReport, StoreError> {
        self.tables().run(&*purge)
    }

    async fn contact(
        &self,
        organization: OrganizationId,
        id: ContactId,
        lifecycle: Lifecycle,
    ) -> Result<Option<Record>, StoreError> {
        let tables = self.tables();
        let record = tables.contacts.get(&id).map(|(record, _)| record).filter(|record| {
            record.organization == organization
                && record.deleted_at.is_some() == (lifecycle == Lifecycle::Deleted)
        });
        Ok(record.cloned())
    }

    async fn survivor(
        &self,
        organization: OrganizationId,
        merged: ContactId,
    ) -> Result<Option<Record>, StoreError> {
        let tables = self.tables();
        let id = tables.aliases.get(&(organization, AliasKey::Id(merged)));
        let found = id.and_then(|id| tables.contacts.get(id)).map(|(record, _)| record);
        Ok(found.filter(|record| record.deleted_at.is_none()).cloned())
    }
}

impl Tables {
    /// One transaction, under the lock: load, decide, write.
    fn run<D: Decision>(&mut self, decision: &D) -> Result<D::Report, StoreError> {
        let organization = decision.organization();
        let lookup_keys = decision.lookup_keys();
        let loaded = self.load(organization, lookup_keys);
        check_size(&loaded.contacts, lookup_keys.documents_at_most)?;
        let mut ids = IdBlock::new(self.last_id + 1, decision.ids_at_most());
        let (writes, report) = decision.decide(loaded, &mut ids).map_err(StoreError::internal)?;
        self.last_id = ids.next() - 1;
        for change in writes.changes {
            let row = (change.record().clone(), change.relations().to_vec());
            self.contacts.insert(row.0.id, row);
        }
        for DigestNote { contact, digest } in writes.digests {
            if let Some((record, _)) = self.contacts.get_mut(&contact)
                && record.version == digest.version()
            {
                record.digest = Some(digest);
            }
        }
        for write in writes.aliases {
            self.write_alias(organization, write);
        }
        for id in writes.purged {
            self.contacts.remove(&id);
            self.aliases.retain(|_, survivor| *survivor != id);
        }
        Ok(report)
    }

    /// The contacts whose digest is among those of the items that are sent again.
    fn recognize(&self, recognition: &Recognition) -> Result<Vec<Record>, StoreError> {
        let Recognition { ids, external_ids, link_ids, documents_at_most, .. } = recognition;
        let digests = ids.iter().map(|(_, digest)| *digest);
        let digests = digests.chain(external_ids.iter().map(|(_, digest)| *digest));
        let digests = digests.chain(link_ids.iter().map(|(_, digest)| *digest));
        let digests: Vec<ItemDigest> = digests.collect();
        let is_recognized = |record: &&Record| {
            record.organization == recognition.organization
                && record.deleted_at.is_none()
                && digests.iter().any(|digest| Recognition::recognizes(*digest, record))
        };
        let records = self.contacts.values().map(|(record, _)| record);
        let mut records: Vec<Record> = records.filter(is_recognized).cloned().collect();
        match documents_at_most {
            Some(documents_at_most) => check_size(&records, *documents_at_most)?,
            None => records.iter_mut().for_each(|record| record.document.clear()),
        }
        Ok(records)
    }

    fn write_alias(&mut self, organization: OrganizationId, write: AliasWrite) {
        match write {
            AliasWrite::Add(Alias { key, contact }) => {
                self.aliases.insert((organization, key), contact);
            }
            AliasWrite::Remove(key) => {
                self.aliases.remove(&(organization, key));
            }
            AliasWrite::Move { from, to } => {
                self.aliases.values_mut().filter(|id| **id == from).for_each(|id| *id = to);
            }
        }
    }

    fn load(&self, organization: OrganizationId, keys: &LookupKeys) -> Loaded {
        let here = self.contacts.iter().filter(|(_, (record, _))| {
            record.organization == organization && record.deleted_at.is_none()
        });
        let living: BTreeMap<ContactId, &(Record, Vec<ContactId>)> =
            here.map(|(id, row)| (*id, row)).collect();
        let external = keys.external_ids.iter().cloned().map(AliasKey::ExternalId);
        let link = keys.link_ids.iter().copied().map(AliasKey::LinkId);
        let ids = keys.ids.iter().copied().map(AliasKey::Id);
        let identities: Vec<AliasKey> = ids.chain(external).chain(link).collect();
        let alias = |key: &AliasKey| {
            let contact = *self.aliases.get(&(organization, key.clone()))?;
            Some(Alias { key: key.clone(), contact })
        };
        let is_living = |alias: &Alias| living.contains_key(&alias.contact);
        let mut aliases: Vec<Alias> =
            identities.iter().filter_map(alias).filter(is_living).collect();
        let limit = usize::try_from(keys.per_shared_key).unwrap_or(usize::MAX);

        // The contacts with a key that several may share, lowest ids first.
        let sharing = |value: &String, has: HasKey| -> Vec<ContactId> {
            let sharing = living.values().filter(|(record, _)| has(&record.projection, value));
            sharing.map(|(record, _)| record.id).take(limit).collect()
        };
        let mut shared: BTreeSet<ContactId> = BTreeSet::new();
        for (values, has) in [
            (&keys.emails, has_email as HasKey),
            (&keys.phones, |has, value| [&has.phone, &has.mobile].contains(&&Some(value.clone()))),
            (&keys.vat_numbers, |has, value| has.vat_number.as_ref() == Some(value)),
        ] {
            shared.extend(values.iter().flat_map(|value| sharing(value, has)));
        }
        let is_asked_for = |(record, relations): &&(Record, Vec<ContactId>)| {
            keys.ids.contains(&record.id)
                || shared.contains(&record.id)
                || aliases.iter().any(|alias| alias.contact == record.id)
                || record.identity_keys().into_iter().any(|key| identities.contains(&key))
                || keys.referring_to.is_some_and(|target| relations.contains(&target))
        };
        let owners = |EmailOwners { email, .. }: &EmailOwners| {
            let owners = sharing(email, has_email).into_iter();
            owners.map(|owner| (email.clone(), owner)).collect::<Vec<_>>()
        };
        let deleted = keys.deleted.iter().filter_map(|id| self.contacts.get(id));
        let deleted = deleted.filter(|(record, _)| {
            record.organization == organization && record.deleted_at.is_some()
        });
        let contacts = living.values().copied().filter(is_asked_for).chain(deleted);
        let contacts = contacts.map(|(record, _)| record.clone()).collect();
        // A reference leads further also where the contact that it leads to is gone.
        let merged = keys.references.iter().filter_map(|id| alias(&AliasKey::Id(*id)));
        let merged: Vec<Alias> = merged.collect();
        let references = keys.references.iter().chain(merged.iter().map(|alias| &alias.contact));
        let references = references.copied().filter(|id| living.contains_key(id)).collect();
        aliases.extend(merged);
        Loaded {
            contacts,
            email_owners: keys.email_owners.iter().flat_map(owners).collect(),
            references,
            aliases,
            ..Loaded::default()
        }
    }
}

type HasKey = fn(&Projection, &String) -> bool;

fn has_email(projection: &Projection, email: &String) -> bool {
    projection.email.as_ref() == Some(email)
}

fn check_size(records: &[Record], documents_at_most: usize) -> Result<(), StoreError> {
    let bytes: usize = records.iter().map(|record| record.document.len()).sum();
    if bytes > documents_at_most {
        let cause = "the documents have more bytes than the request may load";
        return Err(StoreError::new(StoreErrorKind::TooLarge, cause));
    }
    Ok(())
}
