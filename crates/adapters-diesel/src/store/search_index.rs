//! The port of the index of searches.

use async_trait::async_trait;
use contacts_application::ports::{IndexStep, Indexed, SearchIndex, StoreError};
use contacts_domain::{OrganizationId, Timestamp};

use super::SqliteStore;
use crate::statements::search;

#[async_trait]
impl SearchIndex for SqliteStore {
    async fn indexed(&self, organization: OrganizationId) -> Result<Option<Indexed>, StoreError> {
        self.readers.read(move |connection| search::indexed(connection, organization)).await
    }

    async fn behind(
        &self,
        organization: Option<OrganizationId>,
        version: i32,
    ) -> Result<Vec<(OrganizationId, Timestamp)>, StoreError> {
        self.readers.read(move |connection| search::behind(connection, organization, version)).await
    }

    async fn index(&self, step: IndexStep) -> Result<bool, StoreError> {
        let organization = Some(step.organization);
        self.writer
            .write(organization, move |transaction| search::index(transaction.connection, &step))
            .await
    }
}
