//! The port of plans.

use std::sync::Arc;

use async_trait::async_trait;
use contacts_application::plans::{PlanChange, PlanHead, PlanPart};
use contacts_application::ports::{KeptPlans, StoreError};
use contacts_domain::decision::{Keep, Once, RequestKey};
use contacts_domain::{OrganizationId, Timestamp};

use super::{MemoryStore, lock};

#[async_trait]
impl KeptPlans for MemoryStore {
    async fn change_plan(
        &self,
        organization: OrganizationId,
        plan: RequestKey,
        change: PlanChange,
        keep: Option<Keep<()>>,
    ) -> Result<Once<bool>, StoreError> {
        let mut stored = lock(&self.contacts);
        if let Some(keep) = &keep {
            let kept = stored.answers.requests(organization, &[keep.key]).remove(&keep.key);
            if let Some(once) = keep.found(kept) {
                return Ok(once);
            }
        }
        if let PlanChange::Add { plan, .. } = &change
            && stored.any_purged(&plan.contacts, plan.at)
        {
            return Err(StoreError::contention("a contact of the plan was purged meanwhile"));
        }
        let report = stored.plans.change(organization, plan, change);
        let kept = keep.filter(|_| report).and_then(|keep| Some((keep.key, keep.answer(&())?)));
        let is_kept = kept.is_some_and(|(key, kept)| stored.answers.add(organization, key, kept));
        Ok(Once::Now { report, is_kept })
    }

    async fn plan(
        &self,
        organization: OrganizationId,
        plan: RequestKey,
    ) -> Result<Option<PlanHead>, StoreError> {
        let stored = lock(&self.contacts);
        let found = stored.plans.get(organization, plan);
        Ok(found.map(|plan| PlanHead { at: plan.at, shown: Arc::clone(&plan.head) }))
    }

    async fn plan_part(
        &self,
        organization: OrganizationId,
        plan: RequestKey,
        part: PlanPart,
    ) -> Result<Option<Arc<[u8]>>, StoreError> {
        let stored = lock(&self.contacts);
        let found = stored.plans.get(organization, plan);
        Ok(found.map(|plan| match part {
            PlanPart::Request => Arc::clone(&plan.request),
            PlanPart::Results => Arc::clone(&plan.results),
        }))
    }

    async fn forget_plans(&self, before: Timestamp, at_most: u32) -> Result<u64, StoreError> {
        Ok(lock(&self.contacts).plans.forget(before, at_most))
    }
}
