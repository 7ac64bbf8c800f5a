//! The port of plans.

use std::sync::Arc;

use async_trait::async_trait;
use contacts_domain::decision::{Keep, Once, RequestKey};
use contacts_domain::{OrganizationId, Timestamp};

use super::StoreError;
use crate::plans::{PlanChange, PlanHead, PlanPart};

/// A store that keeps plans. Each has a key: that of the answer which is [kept](super::KeptAnswers) in
/// the transaction that applies it. The purge of a contact forgets the plans that name it, or whose
/// application does.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait KeptPlans: Send + Sync {
    /// Keeps a plan or forgets one, once for the idempotency key of the request, if it has one. Returns
    /// whether it did: it does not if there is no room for it, or no such plan. Then no answer is kept.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails; then nothing is changed. Of the kind `Contention` if a contact
    /// that a new plan names was purged since the plan was made.
    async fn change_plan(
        &self,
        organization: OrganizationId,
        plan: RequestKey,
        change: PlanChange,
        keep: Option<Keep<()>>,
    ) -> Result<Once<bool>, StoreError>;

    /// A plan as a whole.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails.
    async fn plan(
        &self,
        organization: OrganizationId,
        plan: RequestKey,
    ) -> Result<Option<PlanHead>, StoreError>;

    /// A part of a plan.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails.
    async fn plan_part(
        &self,
        organization: OrganizationId,
        plan: RequestKey,
        part: PlanPart,
    ) -> Result<Option<Arc<[u8]>>, StoreError>;

    /// Forgets plans that were made before that time, at most so many, the oldest first. Returns how
    /// many it forgot.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails.
    async fn forget_plans(&self, before: Timestamp, at_most: u32) -> Result<u64, StoreError>;
}
