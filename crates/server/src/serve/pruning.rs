//! Prunes the ledger in the background, beside the requests.

use std::time::Duration;

use contacts_application::use_cases::PruneLedger;
use tokio::time::sleep;

/// How often the server looks for changes that need not be kept any longer.
const EVERY: Duration = Duration::from_secs(60 * 60);

/// Prunes, again and again.
pub(super) async fn keep_pruned(prune: PruneLedger) {
    loop {
        if let Err(error) = prune.execute().await {
            tracing::warn!(%error, "the ledger is not pruned; trying again in an hour");
        }
        sleep(EVERY).await;
    }
}
