//! The port of the settings of organizations.

use std::sync::Arc;

use async_trait::async_trait;
use contacts_domain::auditing::{Discrepancy, Repair};
use contacts_domain::{ContactId, MatchBy, OrganizationId};

use super::StoreError;
use crate::access::{Filling, Organization, SettingsChange};

/// Changes the settings of organizations, and brings the keys of their contacts up to date.
///
/// A change is ordered against decisions: one that was made for the settings before is written before
/// the change, or not at all.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait OrganizationSettings: Send + Sync {
    /// All organizations, lowest ids first.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails.
    async fn organizations(&self) -> Result<Vec<Organization>, StoreError>;

    /// The number of contacts of an organization, deleted ones included.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails.
    async fn contacts_of(&self, id: OrganizationId) -> Result<i64, StoreError>;

    /// [Changes](Organization::changed) an organization of about that many contacts, in one
    /// transaction, and returns it. Returns `None` if there is no such organization.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails; then nothing is changed.
    async fn change_settings(
        &self,
        id: OrganizationId,
        change: SettingsChange,
        contacts: i64,
    ) -> Result<Option<Organization>, StoreError>;

    /// The contacts of an organization after that id, deleted ones included, lowest ids first.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails.
    async fn ids_after(
        &self,
        id: OrganizationId,
        after: i64,
        at_most: u32,
    ) -> Result<Vec<ContactId>, StoreError>;

    /// Runs the repair of a step and moves the progress on, in one transaction. Returns `None`, and
    /// changes nothing, if the progress or the settings of the organization have changed meanwhile.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails; then nothing is changed.
    async fn fill(&self, step: Arc<FillingStep>) -> Result<Option<Vec<Discrepancy>>, StoreError>;
}

/// A step of filling: some contacts get the keys that the settings ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FillingStep {
    /// The contacts, and the settings.
    pub repair: Repair,
    /// The progress before it.
    pub from: Filling,
    /// The progress after it.
    pub to: Filling,
    /// The keys that are left to fill after it: those of the step, or none after the last contact.
    pub left: MatchBy,
}
