//! Forgets kept answers in the background, beside the requests.

use std::time::Duration;

use contacts_application::use_cases::ForgetAnswers;
use tokio::time::sleep;

/// How often the server looks for answers that need not be kept any longer.
const EVERY: Duration = Duration::from_secs(10 * 60);

/// Forgets old answers, again and again.
pub(super) async fn keep_forgetting(forget: ForgetAnswers) {
    loop {
        if let Err(error) = forget.execute().await {
            tracing::warn!(%error, "old answers are not forgotten; trying again in ten minutes");
        }
        sleep(EVERY).await;
    }
}
