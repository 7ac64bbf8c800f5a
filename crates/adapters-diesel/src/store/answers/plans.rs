//! The port of plans.

use std::sync::Arc;

use async_trait::async_trait;
use contacts_application::plans::{PlanChange, PlanHead, PlanPart};
use contacts_application::ports::{KeptPlans, StoreError};
use contacts_domain::decision::{Keep, Once, RequestKey};
use contacts_domain::{OrganizationId, Timestamp};

use super::add;
use crate::statements::answer::{self, plan};
use crate::statements::write::purge::any_purged;
use crate::store::SqliteStore;
use crate::store::transaction::Transaction;

#[async_trait]
impl KeptPlans for SqliteStore {
    async fn change_plan(
        &self,
        organization: OrganizationId,
        key: RequestKey,
        change: PlanChange,
        keep: Option<Keep<()>>,
    ) -> Result<Once<bool>, StoreError> {
        let changing = move |transaction: &mut Transaction<'_>| {
            if let Some(keep) = &keep {
                let kept = answer::request(transaction.connection, organization, keep.key)?;
                if let Some(once) = keep.found(kept) {
                    return Ok(once);
                }
            }
            let connection = &mut *transaction.connection;
            let report = match change {
                PlanChange::Add { plan, bytes_at_most } => {
                    if any_purged(connection, organization, &plan.contacts, plan.at)? {
                        let cause = "a contact of the plan was purged meanwhile";
                        return Err(StoreError::contention(cause).into());
                    }
                    plan::insert(connection, organization, key, &plan, bytes_at_most)?
                }
                PlanChange::Delete => plan::delete(connection, organization, key)?,
            };
            let keep = keep.filter(|_| report);
            let kept = keep.and_then(|keep| Some((keep.key, keep.answer(&())?)));
            let is_kept = kept.is_some();
            if let Some((key, kept)) = kept {
                add(transaction, organization, key, kept)?;
            }
            Ok(Once::Now { report, is_kept })
        };
        self.writer.write(Some(organization), changing).await
    }

    async fn plan(
        &self,
        organization: OrganizationId,
        key: RequestKey,
    ) -> Result<Option<PlanHead>, StoreError> {
        self.readers.read(move |connection| plan::head(connection, organization, key)).await
    }

    async fn plan_part(
        &self,
        organization: OrganizationId,
        key: RequestKey,
        part: PlanPart,
    ) -> Result<Option<Arc<[u8]>>, StoreError> {
        self.readers.read(move |connection| plan::part(connection, organization, key, part)).await
    }

    async fn forget_plans(&self, before: Timestamp, at_most: u32) -> Result<u64, StoreError> {
        let forget = move |transaction: &mut Transaction<'_>| {
            plan::forget(transaction.connection, before, at_most)
        };
        self.writer.write(None, forget).await
    }
}
