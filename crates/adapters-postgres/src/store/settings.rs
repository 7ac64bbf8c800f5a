//! The port [`OrganizationSettings`]: settings of organizations, and the keys that they ask for.

use std::sync::Arc;

use async_trait::async_trait;
use contacts_application::access::{Organization, SettingsChange};
use contacts_application::ports::{FillingStep, OrganizationSettings, StoreError};
use contacts_domain::auditing::Discrepancy;
use contacts_domain::{ContactId, OrganizationId};
use tokio_postgres::types::Type;

use super::PostgresStore;
use crate::connect::{Failure, Parameter};
use crate::statements::row::contact_id;
use crate::statements::settings;

const COUNT: &str = "SELECT count(*) FROM contact WHERE organization_id = $1";

const IDS_AFTER: &str =
    "SELECT id FROM contact WHERE organization_id = $1 AND id > $2 ORDER BY id LIMIT $3";

#[async_trait]
impl OrganizationSettings for PostgresStore {
    async fn organizations(&self) -> Result<Vec<Organization>, StoreError> {
        let rows = self.access_pool.read(settings::ORGANIZATIONS, &[]).await?;
        Ok(rows.iter().map(settings::organization).collect::<Result<_, _>>()?)
    }

    async fn contacts_of(&self, id: OrganizationId) -> Result<i64, StoreError> {
        // In a transaction, because counting may take longer than the limit outside of one.
        let session = self.transactions.begin().await?;
        let rows = session.query(COUNT, &[(&id.get(), Type::INT4)]).await?;
        session.rollback().await?;
        let row = rows.first().ok_or_else(|| Failure::internal("a count has no row"))?;
        Ok(row.try_get(0).map_err(Failure::from)?)
    }

    async fn change_settings(
        &self,
        id: OrganizationId,
        change: SettingsChange,
        contacts: i64,
    ) -> Result<Option<Organization>, StoreError> {
        let session = self.transactions.begin().await?;
        let changed = settings::change(&session, id, change, contacts).await?;
        session.commit().await?;
        Ok(changed)
    }

    async fn ids_after(
        &self,
        id: OrganizationId,
        after: i64,
        at_most: u32,
    ) -> Result<Vec<ContactId>, StoreError> {
        let session = self.transactions.begin().await?;
        let at_most = i64::from(at_most);
        let parameters: [Parameter<'_>; 3] =
            [(&id.get(), Type::INT4), (&after, Type::INT8), (&at_most, Type::INT8)];
        let rows = session.query(IDS_AFTER, &parameters).await?;
        session.rollback().await?;
        let id = |row: &tokio_postgres::Row| contact_id(row.try_get(0)?);
        Ok(rows.iter().map(id).collect::<Result<_, Failure>>()?)
    }

    async fn fill(&self, step: Arc<FillingStep>) -> Result<Option<Vec<Discrepancy>>, StoreError> {
        Ok(self.transactions.fill(&step).await?)
    }
}
