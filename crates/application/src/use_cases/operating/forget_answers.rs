//! Forgets the answers of old requests with an idempotency key.

use std::sync::Arc;
use std::time::Duration;

use crate::ports::{Clock, KeptAnswers, StoreError};

/// How long an answer is kept: 24 hours.
const KEPT_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// How many answers one transaction forgets.
const AT_ONCE: u32 = 64;

/// Forgets the answers of old requests with an idempotency key, some at a time.
pub struct ForgetAnswers {
    kept: Arc<dyn KeptAnswers>,
    clock: Arc<dyn Clock>,
}

impl ForgetAnswers {
    /// Forgets answers in that store.
    pub fn new(kept: Arc<dyn KeptAnswers>, clock: Arc<dyn Clock>) -> Self {
        Self { kept, clock }
    }

    /// Forgets the answers that are older than 24 hours.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails; what was forgotten before stays so.
    pub async fn execute(&self) -> Result<(), StoreError> {
        let before = self.clock.now().earlier(KEPT_FOR);
        while self.kept.forget_answers(before, AT_ONCE).await? == u64::from(AT_ONCE) {}
        Ok(())
    }
}
