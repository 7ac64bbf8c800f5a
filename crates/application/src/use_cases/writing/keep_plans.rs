//! Keeps plans, and gives them out.

use std::sync::Arc;

use contacts_domain::Timestamp;
use contacts_domain::decision::{KeptAnswer, RequestKey};

use crate::access::Scope;
use crate::plans::{BYTES_AT_MOST, KEPT_FOR, KeptPlan, PlanChange, PlanHead, PlanPart};
use crate::ports::{Clock, KeptAnswers, KeptPlans};
use crate::use_cases::{AccessError, Caller, Keeping, UseCaseError, answer_once};

/// Keeps the plans of organizations, each for 24 hours.
pub struct KeepPlans {
    plans: Arc<dyn KeptPlans>,
    answers: Arc<dyn KeptAnswers>,
    clock: Arc<dyn Clock>,
}

impl KeepPlans {
    /// Keeps plans in that store.
    pub fn new(
        plans: Arc<dyn KeptPlans>,
        answers: Arc<dyn KeptAnswers>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { plans, answers, clock }
    }

    /// The time of a plan that is made now.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Keeps a plan. Returns whether it did: it does not if the organization has too many.
    ///
    /// # Errors
    ///
    /// When the caller may not write, the request was done before, or the store fails.
    pub async fn keep(
        &self,
        caller: &Caller,
        key: RequestKey,
        plan: KeptPlan,
        keeping: Option<Keeping<()>>,
    ) -> Result<bool, UseCaseError> {
        let change = PlanChange::Add { plan, bytes_at_most: BYTES_AT_MOST };
        self.change(caller, key, change, keeping).await
    }

    /// Forgets a plan. Returns whether there was one.
    ///
    /// # Errors
    ///
    /// When the caller may not write, the request was done before, or the store fails.
    pub async fn delete(
        &self,
        caller: &Caller,
        key: RequestKey,
        keeping: Option<Keeping<()>>,
    ) -> Result<bool, UseCaseError> {
        self.change(caller, key, PlanChange::Delete, keeping).await
    }

    async fn change(
        &self,
        caller: &Caller,
        key: RequestKey,
        change: PlanChange,
        keeping: Option<Keeping<()>>,
    ) -> Result<bool, UseCaseError> {
        caller.require(Scope::Write)?;
        let organization = caller.organization.id;
        let changed =
            answer_once::change_plan(&*self.plans, organization, key, change, keeping.as_ref());
        Ok(changed.await?)
    }

    /// A plan as a whole; `None` if it is not kept any more.
    ///
    /// # Errors
    ///
    /// When the caller may neither read nor write, or the store fails.
    pub async fn find(
        &self,
        caller: &Caller,
        key: RequestKey,
    ) -> Result<Option<PlanHead>, UseCaseError> {
        require_either(caller)?;
        let found = self.plans.plan(caller.organization.id, key).await?;
        let expired = self.clock.now().earlier(KEPT_FOR);
        Ok(found.filter(|plan| plan.at > expired))
    }

    /// A part of a plan.
    ///
    /// # Errors
    ///
    /// When the caller may neither read nor write, or the store fails.
    pub async fn part(
        &self,
        caller: &Caller,
        key: RequestKey,
        part: PlanPart,
    ) -> Result<Option<Arc<[u8]>>, UseCaseError> {
        require_either(caller)?;
        Ok(self.plans.plan_part(caller.organization.id, key, part).await?)
    }

    /// What became of a plan, if it was applied.
    ///
    /// # Errors
    ///
    /// When the caller may neither read nor write, or the store fails.
    pub async fn application(
        &self,
        caller: &Caller,
        key: RequestKey,
    ) -> Result<Option<KeptAnswer>, UseCaseError> {
        require_either(caller)?;
        Ok(self.answers.kept_answer(caller.organization.id, key).await?)
    }
}

fn require_either(caller: &Caller) -> Result<(), AccessError> {
    caller.require(Scope::Read).or_else(|_| caller.require(Scope::Write))
}
