//! The port of plans.

use std::sync::Arc;

use async_trait::async_trait;
use contacts_application::plans::{PlanChange, PlanHead, PlanPart};
use contacts_application::ports::{KeptPlans, StoreError};
use contacts_domain::decision::{Keep, Once, RequestKey};
use contacts_domain::{OrganizationId, Timestamp};
use tokio_postgres::types::Type;

use crate::connect::{Failure, Parameter};
use crate::statements::answers::{self, plans};
use crate::statements::write::purge::any_purged;
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
        // No purge is under way then.
        let session = self.transactions.begin_beside(organization).await?;
        if let PlanChange::Add { plan: new, .. } = &change
            && any_purged(&session, organization, &new.contacts, new.at).await?
        {
            session.rollback().await?;
            return Err(StoreError::contention("a contact of the plan was purged meanwhile"));
        }
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
        Ok(self.forget(plans::FORGET, before, at_most).await?)
    }
}
