//! The port of the index of searches.

use async_trait::async_trait;
use contacts_application::ports::{Behind, IndexStep, Indexed, SearchIndex, StoreError};
use contacts_domain::OrganizationId;

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
    ) -> Result<Vec<Behind>, StoreError> {
        self.readers.read(move |connection| search::behind(connection, organization, version)).await
    }

    async fn index(&self, step: IndexStep) -> Result<bool, StoreError> {
        let organization = Some(step.organization);
        let words = search::words_json(&step)?;
        self.writer
            .write(organization, move |transaction| {
                search::index(transaction.connection, &step, &words)
            })
            .await
    }
}
