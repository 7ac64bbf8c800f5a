//! Deletes what the ledger need not keep any longer.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use contacts_domain::Timestamp;

use crate::ports::{Clock, Ledger, OrganizationSettings, StoreError};

/// Deletes what the ledger need not keep any longer, some at a time.
pub struct PruneLedger {
    ledger: Arc<dyn Ledger>,
    settings: Arc<dyn OrganizationSettings>,
    clock: Arc<dyn Clock>,
    kept: Duration,
    /// When everything old was last deleted, or this was made.
    pruned: AtomicI64,
}

impl PruneLedger {
    /// Keeps changes for that long.
    pub fn new(
        ledger: Arc<dyn Ledger>,
        settings: Arc<dyn OrganizationSettings>,
        clock: Arc<dyn Clock>,
        kept: Duration,
    ) -> Self {
        let pruned = AtomicI64::new(clock.now().micros());
        Self { ledger, settings, clock, kept, pruned }
    }

    /// Deletes the old runs of all organizations.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails; what was deleted before stays so.
    pub async fn execute(&self) -> Result<(), StoreError> {
        let kept = i64::try_from(self.kept.as_micros()).unwrap_or(i64::MAX);
        let now = self.clock.now().micros();
        let before = Timestamp::from_micros(now.saturating_sub(kept));
        for organization in self.settings.organizations().await? {
            while self.ledger.prune(organization.id, before).await? {}
        }
        self.pruned.store(now, Ordering::Relaxed);
        Ok(())
    }

    /// How long ago it last deleted the old runs of all organizations, or was made.
    pub fn lag(&self) -> Duration {
        let micros = self.clock.now().micros() - self.pruned.load(Ordering::Relaxed);
        Duration::from_micros(u64::try_from(micros).unwrap_or_default())
    }
}
