//! The port of the index of searches.

use async_trait::async_trait;
use contacts_application::ports::{Behind, IndexStep, Indexed, SearchIndex, StoreError};
use contacts_domain::OrganizationId;
use tokio_postgres::types::Type;

use super::PostgresStore;
use crate::connect::Parameter;
use crate::statements::search;

#[async_trait]
impl SearchIndex for PostgresStore {
    async fn indexed(&self, organization: OrganizationId) -> Result<Option<Indexed>, StoreError> {
        let id = organization.get();
        let rows = self.transactions.read(search::INDEXED, &[(&id, Type::INT4)]).await?;
        Ok(rows.first().map(search::indexed).transpose()?)
    }

    async fn behind(
        &self,
        organization: Option<OrganizationId>,
        version: i32,
    ) -> Result<Vec<Behind>, StoreError> {
        let organization = organization.map(OrganizationId::get);
        let parameters: [Parameter<'_>; 2] = [(&organization, Type::INT4), (&version, Type::INT4)];
        let rows = self.transactions.read(search::BEHIND, &parameters).await?;
        Ok(rows.iter().map(search::behind).collect::<Result<_, _>>()?)
    }

    async fn index(&self, step: IndexStep) -> Result<bool, StoreError> {
        // No purge is under way then.
        let session = self.transactions.begin_beside(step.organization).await?;
        let is_made = search::index(&session, &step).await?;
        if is_made {
            session.commit().await?;
        } else {
            session.rollback().await?;
        }
        Ok(is_made)
    }
}
