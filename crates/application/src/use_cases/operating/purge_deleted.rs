//! Purges contacts that were deleted long ago.

use std::sync::Arc;
use std::time::Duration;

use contacts_domain::Timestamp;

use crate::ports::{Clock, Ledger, OrganizationSettings, StoreError};

/// How many contacts one transaction purges. Others of the organization wait for it.
const AT_ONCE: u32 = 100;

/// Purges contacts that were deleted long ago, some at a time.
pub struct PurgeDeleted {
    ledger: Arc<dyn Ledger>,
    settings: Arc<dyn OrganizationSettings>,
    clock: Arc<dyn Clock>,
    kept: Duration,
}

impl PurgeDeleted {
    /// Keeps deleted contacts for that long.
    pub fn new(
        ledger: Arc<dyn Ledger>,
        settings: Arc<dyn OrganizationSettings>,
        clock: Arc<dyn Clock>,
        kept: Duration,
    ) -> Self {
        Self { ledger, settings, clock, kept }
    }

    /// Purges the contacts of all organizations that were deleted before.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails; what was purged before stays so.
    pub async fn execute(&self) -> Result<(), StoreError> {
        let kept = i64::try_from(self.kept.as_micros()).unwrap_or(i64::MAX);
        let now = self.clock.now();
        let before = Timestamp::from_micros(now.micros().saturating_sub(kept));
        for organization in self.settings.organizations().await? {
            let id = organization.id;
            while self.ledger.purge_deleted(id, before, now, AT_ONCE).await? == u64::from(AT_ONCE) {
            }
        }
        Ok(())
    }
}
