//! The settings of organizations in memory.

use std::sync::Arc;

use async_trait::async_trait;
use contacts_application::access::{Organization, SettingsChange};
use contacts_application::ports::{FillingStep, OrganizationSettings, StoreError};
use contacts_domain::auditing::Discrepancy;
use contacts_domain::{ContactId, OrganizationId};

use super::{MemoryStore, lock};

#[async_trait]
impl OrganizationSettings for MemoryStore {
    async fn organizations(&self) -> Result<Vec<Organization>, StoreError> {
        Ok(lock(&self.access).organizations())
    }

    async fn contacts_of(&self, id: OrganizationId) -> Result<i64, StoreError> {
        let contacts = lock(&self.contacts);
        let count = contacts.records().filter(|record| record.organization == id).count();
        Ok(i64::try_from(count).expect("fewer than 2^63"))
    }

    async fn change_settings(
        &self,
        id: OrganizationId,
        change: SettingsChange,
        contacts: i64,
    ) -> Result<Option<Organization>, StoreError> {
        // No transaction runs while the contacts are locked.
        let _contacts = lock(&self.contacts);
        let mut access = lock(&self.access);
        let changed = access.organization(id).map(|stored| stored.changed(change, contacts));
        if let Some(changed) = &changed {
            access.replace(changed.clone());
        }
        Ok(changed)
    }

    async fn ids_after(
        &self,
        id: OrganizationId,
        after: i64,
        at_most: u32,
    ) -> Result<Vec<ContactId>, StoreError> {
        let contacts = lock(&self.contacts);
        let here = contacts.records().filter(|record| record.organization == id);
        let ids = here.map(|record| record.id).filter(|id| id.get() > after);
        Ok(ids.take(usize::try_from(at_most).unwrap_or(usize::MAX)).collect())
    }

    async fn fill(&self, step: Arc<FillingStep>) -> Result<Option<Vec<Discrepancy>>, StoreError> {
        let FillingStep { repair, from, to, left } = &*step;
        let (id, version) = (repair.organization(), repair.settings_version());
        let mut contacts = lock(&self.contacts);
        let mut access = lock(&self.access);
        let is_next = |stored: &Organization| {
            stored.settings.version == version
                && stored.filling == *from
                && stored.is_being_filled()
        };
        let Some(mut organization) = access.organization(id).filter(is_next) else {
            return Ok(None);
        };
        organization.filling = *to;
        organization.settings.filling = *left;
        let mut draft = contacts.clone();
        let found = draft.repair(repair).map_err(StoreError::internal)?;
        *contacts = draft;
        access.replace(organization);
        Ok(Some(found))
    }
}
