//! The port of plans.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use contacts_application::plans::{KeptPlan, PlanChange, PlanHead, PlanPart};
use contacts_application::ports::{KeptPlans, StoreError};
use contacts_domain::decision::{Keep, Once, RequestKey};
use contacts_domain::{ContactId, OrganizationId, Timestamp};

use super::{MemoryStore, lock};

/// The table of plans.
#[derive(Debug, Clone, Default)]
pub(super) struct Plans(HashMap<(OrganizationId, RequestKey), KeptPlan>);

impl Plans {
    fn change(
        &mut self,
        organization: OrganizationId,
        key: RequestKey,
        change: PlanChange,
    ) -> bool {
        match change {
            PlanChange::Add { plan, bytes_at_most } => {
                let here = self.0.iter().filter(|((home, _), _)| *home == organization);
                let kept: i64 = here.map(|(_, kept)| kept.weight()).sum();
                let has_room = kept + plan.weight() <= bytes_at_most;
                if has_room {
                    self.0.insert((organization, key), plan);
                }
                has_room
            }
            PlanChange::Delete => self.0.remove(&(organization, key)).is_some(),
        }
    }
}

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
        let found = stored.plans.0.get(&(organization, plan));
        Ok(found.map(|plan| PlanHead { at: plan.at, shown: Arc::clone(&plan.head) }))
    }

    async fn plan_part(
        &self,
        organization: OrganizationId,
        plan: RequestKey,
        part: PlanPart,
    ) -> Result<Option<Arc<[u8]>>, StoreError> {
        let stored = lock(&self.contacts);
        let found = stored.plans.0.get(&(organization, plan));
        Ok(found.map(|plan| match part {
            PlanPart::Request => Arc::clone(&plan.request),
            PlanPart::Results => Arc::clone(&plan.results),
        }))
    }

    async fn forget_plans(&self, before: Timestamp, at_most: u32) -> Result<u64, StoreError> {
        let plans = &mut lock(&self.contacts).plans.0;
        let old = plans.iter().filter(|(_, plan)| plan.at < before);
        let mut old: Vec<_> = old.map(|(key, plan)| (plan.at, *key)).collect();
        old.sort_unstable();
        old.truncate(usize::try_from(at_most).unwrap_or(usize::MAX));
        for (_, key) in &old {
            plans.remove(key);
        }
        Ok(u64::try_from(old.len()).unwrap_or(u64::MAX))
    }

    async fn erase_plans(
        &self,
        organization: OrganizationId,
        contacts: &[ContactId],
    ) -> Result<(), StoreError> {
        let mut stored = lock(&self.contacts);
        let answers = stored.answers.clone();
        stored.plans.0.retain(|(home, key), plan| {
            let applied = answers.get(*home, *key).map(|kept| kept.answer.contacts);
            let mut named = plan.contacts.iter().chain(applied.iter().flatten());
            *home != organization || !named.any(|contact| contacts.contains(contact))
        });
        Ok(())
    }
}
