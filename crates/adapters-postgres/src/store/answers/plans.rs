//! The port of plans.

use std::sync::Arc;

use async_trait::async_trait;
use contacts_application::plans::{PlanChange, PlanHead, PlanPart};
use contacts_application::ports::{KeptPlans, StoreError};
use contacts_domain::decision::{Keep, Once, RequestKey};
use contacts_domain::{ContactId, OrganizationId, Timestamp};
use tokio_postgres::types::Type;

use crate::connect::{Failure, Parameter};
use crate::statements::answers::{self, plans};
use crate::statements::values::Instant;
use crate::store::PostgresStore;

#[async_trait]
impl KeptPlans for PostgresStore {
    async fn change_plan(
        &self,
        organization: OrganizationId,
        plan: RequestKey,
        change: PlanChange,
        keep: Option<Keep<()>>,
    ) -> Result<Once<bool>, StoreError> {
        let session = self.transactions.begin().await?;
        let kept = match keep.as_ref().map(|keep| (keep.key, keep.answer(&()))) {
            Some((key, Some(kept))) => Some((key, kept)),
            Some((_, None)) | None => None,
        };
        // First: who waits for another request with the same key has written nothing yet.
        if let (Some(keep), Some((key, kept))) = (&keep, &kept)
            && !answers::insert(&session, organization, *key, kept).await?
        {
            let found = answers::requests(&session, organization, &[keep.key]).await?;
            session.rollback().await?;
            let once = keep.found(found.get(&keep.key).copied());
            return Ok(once.unwrap_or(Once::Before));
        }
        let report = match change {
            PlanChange::Add { plan: new, bytes_at_most } => {
                plans::insert(&session, organization, plan, &new, bytes_at_most).await?
            }
            PlanChange::Delete => plans::delete(&session, organization, plan).await?,
        };
        if !report {
            session.rollback().await?;
            return Ok(Once::Now { report, is_kept: false });
        }
        session.commit().await?;
        Ok(Once::Now { report, is_kept: kept.is_some() })
    }

    async fn plan(
        &self,
        organization: OrganizationId,
        RequestKey(key): RequestKey,
    ) -> Result<Option<PlanHead>, StoreError> {
        let parameters: [Parameter<'_>; 2] =
            [(&organization.get(), Type::INT4), (&key.as_slice(), Type::BYTEA)];
        let rows = self.transactions.read(plans::HEAD, &parameters).await?;
        Ok(rows.first().map(plans::head).transpose()?)
    }

    async fn plan_part(
        &self,
        organization: OrganizationId,
        RequestKey(key): RequestKey,
        part: PlanPart,
    ) -> Result<Option<Arc<[u8]>>, StoreError> {
        let parameters: [Parameter<'_>; 2] =
            [(&organization.get(), Type::INT4), (&key.as_slice(), Type::BYTEA)];
        let rows = self.transactions.read(plans::read(part), &parameters).await?;
        let part = rows.first().map(|row| row.try_get::<_, &[u8]>(0).map(Arc::from));
        Ok(part.transpose().map_err(Failure::from)?)
    }

    async fn forget_plans(&self, before: Timestamp, at_most: u32) -> Result<u64, StoreError> {
        let parameters: [Parameter<'_>; 2] =
            [(&Instant(before), Type::TIMESTAMPTZ), (&i64::from(at_most), Type::INT8)];
        Ok(self.change_answers(plans::FORGET, &parameters).await?)
    }

    async fn erase_plans(
        &self,
        organization: OrganizationId,
        contacts: &[ContactId],
    ) -> Result<(), StoreError> {
        let contacts: Vec<i64> = contacts.iter().map(|id| id.get()).collect();
        let parameters: [Parameter<'_>; 2] =
            [(&organization.get(), Type::INT4), (&contacts, Type::INT8_ARRAY)];
        self.change_answers(plans::ERASE, &parameters).await?;
        Ok(())
    }
}
