//! Lists organizations and changes their settings.

use std::sync::Arc;

use contacts_domain::OrganizationId;

use crate::access::{Organization, SettingsChange, check_name};
use crate::ports::{OrganizationSettings, StoreError};
use crate::use_cases::{Keeping, ManageAccessError, answer_once};

/// Lists organizations and changes their settings.
pub struct SetOrganization {
    settings: Arc<dyn OrganizationSettings>,
}

impl SetOrganization {
    /// Works on that store.
    pub fn new(settings: Arc<dyn OrganizationSettings>) -> Self {
        Self { settings }
    }

    /// Changes an organization, and returns it. Keys that change have to be
    /// [filled](crate::use_cases::FillKeys) afterwards. A dry run stores nothing.
    ///
    /// # Errors
    ///
    /// When there is no such organization, the name is not one, or the store fails.
    pub async fn execute(
        &self,
        id: OrganizationId,
        change: SettingsChange,
        dry_run: bool,
        keeping: Option<Keeping<Organization>>,
    ) -> Result<Organization, ManageAccessError> {
        if let Some(name) = &change.name {
            check_name(name)?;
        }
        let contacts = self.settings.contacts_of(id).await?;
        let changed = if dry_run {
            let mut all = self.settings.organizations().await?.into_iter();
            all.find(|found| found.id == id).map(|found| found.changed(change, contacts))
        } else {
            let keeping = keeping.as_ref();
            answer_once::change_settings(&*self.settings, id, change, contacts, keeping).await?
        };
        changed.ok_or(ManageAccessError::UnknownOrganization(id))
    }

    /// All organizations, lowest ids first.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn organizations(&self) -> Result<Vec<Organization>, StoreError> {
        self.settings.organizations().await
    }
}
