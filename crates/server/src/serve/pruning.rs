//! Prunes the ledger and purges deleted contacts in the background, beside the requests.

use std::sync::Arc;
use std::time::Duration;

use contacts_application::use_cases::{PruneLedger, PurgeDeleted};
use tokio::time::sleep;

/// How often the server looks for what need not be kept any longer.
const EVERY: Duration = Duration::from_secs(60 * 60);

/// Prunes and purges, again and again.
pub(super) async fn keep_pruned(prune: Arc<PruneLedger>, purge: Option<PurgeDeleted>) {
    loop {
        if let Err(error) = prune.execute().await {
            tracing::warn!(%error, "the ledger is not pruned; trying again in an hour");
        }
        if let Some(purge) = &purge
            && let Err(error) = purge.execute().await
        {
            tracing::warn!(%error, "deleted contacts are not purged; trying again in an hour");
        }
        sleep(EVERY).await;
    }
}
