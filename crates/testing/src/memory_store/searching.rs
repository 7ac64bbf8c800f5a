//! The index of searches in memory.

use async_trait::async_trait;
use contacts_application::access::Organization;
use contacts_application::ports::{Behind, IndexStep, Indexed, SearchIndex, StoreError};
use contacts_domain::OrganizationId;
use contacts_domain::contact::Record;

use super::contacts::Contacts;
use super::{MemoryStore, lock};

#[async_trait]
impl SearchIndex for MemoryStore {
    async fn indexed(&self, organization: OrganizationId) -> Result<Option<Indexed>, StoreError> {
        Ok(lock(&self.contacts).words.indexed.get(&organization).copied())
    }

    async fn behind(
        &self,
        organization: Option<OrganizationId>,
        version: i32,
    ) -> Result<Vec<Behind>, StoreError> {
        let contacts = lock(&self.contacts);
        let all = lock(&self.access).organizations().into_iter();
        let wanted = all.filter(|found| organization.is_none_or(|wanted| wanted == found.id));
        Ok(wanted.filter_map(|found| contacts.behind(&found, version)).collect())
    }

    async fn index(&self, step: IndexStep) -> Result<bool, StoreError> {
        Ok(lock(&self.contacts).index_words(step))
    }
}

impl Contacts {
    /// What is behind of an organization.
    fn behind(&self, organization: &Organization, version: i32) -> Option<Behind> {
        let Organization { id, settings, .. } = organization;
        let indexed = self.words.indexed.get(id);
        let indexed =
            indexed.filter(|found| (found.version, found.region) == (version, settings.region));
        let list_after = indexed.map_or(Some(0), |indexed| indexed.position.listed_to);
        let unlisted = list_after.and_then(|after| {
            let mut living = self.living_records(*id);
            living.find(|record| record.id.get() > after).map(|record| record.updated_at)
        });
        let changed = indexed.and_then(|indexed| {
            let last = indexed.position.last.map_or((0, 0), |last| (last.position, last.contact));
            self.ledger.since(*id, last)
        });
        let oldest = [unlisted, changed].into_iter().flatten().min()?;
        let newest = self.ledger.newest(*id).unwrap_or(oldest);
        Some(Behind { organization: *id, oldest, newest })
    }

    fn living_records(&self, organization: OrganizationId) -> impl Iterator<Item = &Record> {
        self.records().filter(move |record| {
            record.organization == organization && record.deleted_at.is_none()
        })
    }

    fn index_words(&mut self, step: IndexStep) -> bool {
        let IndexStep { organization, before, after, is_first, contacts } = step;
        if self.words.indexed.get(&organization) != before.as_ref() {
            return false;
        }
        self.words.indexed.insert(organization, after);
        if is_first {
            let records = self.rows.values().map(|row| &row.record);
            let deleted = records.filter(|record| {
                record.organization == organization && record.deleted_at.is_some()
            });
            for record in deleted {
                self.words.of.remove(&record.id);
            }
        }
        for (contact, words) in contacts {
            match words.filter(|_| self.rows.contains_key(&contact)) {
                Some(words) => self.words.of.insert(contact, words),
                None => self.words.of.remove(&contact),
            };
        }
        true
    }
}
