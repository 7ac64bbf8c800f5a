//! Forgets old plans.

use std::sync::Arc;

use crate::plans::KEPT_FOR;
use crate::ports::{Clock, KeptPlans, StoreError};

/// How many plans one transaction forgets.
const AT_ONCE: u32 = 16;

/// Forgets the plans that have expired, some at a time.
pub struct ForgetPlans {
    plans: Arc<dyn KeptPlans>,
    clock: Arc<dyn Clock>,
}

impl ForgetPlans {
    /// Forgets plans in that store.
    pub fn new(plans: Arc<dyn KeptPlans>, clock: Arc<dyn Clock>) -> Self {
        Self { plans, clock }
    }

    /// Forgets the plans that have expired.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails; what was forgotten before stays so.
    pub async fn execute(&self) -> Result<(), StoreError> {
        let before = self.clock.now().earlier(KEPT_FOR);
        while self.plans.forget_plans(before, AT_ONCE).await? == u64::from(AT_ONCE) {}
        Ok(())
    }
}
