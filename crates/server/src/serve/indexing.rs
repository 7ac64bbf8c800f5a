//! Indexes contacts for searches in the background, beside the requests.

use std::sync::Arc;
use std::time::Duration;

use contacts_application::use_cases::IndexContacts;
use tokio::time::sleep;

/// How often the server looks for changes that are not indexed.
const EVERY: Duration = Duration::from_millis(250);

/// How long it leaves a store alone that has failed.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// Indexes what changes, again and again. The log tells once that the store fails.
pub(super) async fn keep_indexed(index: Arc<IndexContacts>) {
    let mut has_failed = false;
    loop {
        match index.execute().await {
            Ok(has_moved) => {
                has_failed = false;
                if !has_moved {
                    sleep(EVERY).await;
                }
            }
            Err(error) => {
                if !has_failed {
                    tracing::warn!(%error, "searches do not follow changes; trying again");
                }
                has_failed = true;
                sleep(AFTER_FAILURE).await;
            }
        }
    }
}
