//! Plans.

use std::collections::HashMap;

use contacts_application::plans::{KeptPlan, PlanChange};
use contacts_domain::decision::RequestKey;
use contacts_domain::{ContactId, OrganizationId, Timestamp};

use super::answers::Answers;

/// The table of plans.
#[derive(Debug, Clone, Default)]
pub(super) struct Plans(HashMap<(OrganizationId, RequestKey), KeptPlan>);

impl Plans {
    pub(super) fn all(&self) -> Vec<KeptPlan> {
        let mut all: Vec<_> = self.0.values().cloned().collect();
        all.sort_unstable_by_key(|plan| plan.at);
        all
    }

    pub(super) fn change(
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

    pub(super) fn get(&self, organization: OrganizationId, key: RequestKey) -> Option<&KeptPlan> {
        self.0.get(&(organization, key))
    }

    pub(super) fn forget(&mut self, before: Timestamp, at_most: u32) -> u64 {
        let old = self.0.iter().filter(|(_, plan)| plan.at < before);
        let mut old: Vec<_> = old.map(|(key, plan)| (plan.at, *key)).collect();
        old.sort_unstable();
        old.truncate(usize::try_from(at_most).unwrap_or(usize::MAX));
        for (_, key) in &old {
            self.0.remove(key);
        }
        u64::try_from(old.len()).unwrap_or(u64::MAX)
    }

    pub(super) fn erase(
        &mut self,
        organization: OrganizationId,
        contacts: &[ContactId],
        answers: &Answers,
    ) {
        self.0.retain(|(home, key), plan| {
            let applied = answers.get(*home, *key).map(|kept| kept.answer.contacts);
            let mut named = plan.contacts.iter().chain(applied.iter().flatten());
            *home != organization || !named.any(|contact| contacts.contains(contact))
        });
    }
}
