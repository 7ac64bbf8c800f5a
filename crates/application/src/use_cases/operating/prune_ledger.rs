//! Deletes what the ledger need not keep any longer.

use std::sync::Arc;
use std::time::Duration;

use contacts_domain::Timestamp;

use crate::ports::{Clock, Ledger, OrganizationSettings, StoreError};

/// Deletes what the ledger need not keep any longer, some at a time.
pub struct PruneLedger {
    ledger: Arc<dyn Ledger>,
    settings: Arc<dyn OrganizationSettings>,
    clock: Arc<dyn Clock>,
    kept: Duration,
}

impl PruneLedger {
    /// Keeps changes for that long.
    pub fn new(
        ledger: Arc<dyn Ledger>,
        settings: Arc<dyn OrganizationSettings>,
        clock: Arc<dyn Clock>,
        kept: Duration,
    ) -> Self {
        Self { ledger, settings, clock, kept }
    }

    /// Deletes the old runs of all organizations.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails; what was deleted before stays so.
    pub async fn execute(&self) -> Result<(), StoreError> {
        let kept = i64::try_from(self.kept.as_micros()).unwrap_or(i64::MAX);
        let before = Timestamp::from_micros(self.clock.now().micros().saturating_sub(kept));
        for organization in self.settings.organizations().await? {
            while self.ledger.prune(organization.id, before).await? {}
        }
        Ok(())
    }
}
