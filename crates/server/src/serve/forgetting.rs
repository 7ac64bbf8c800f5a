//! Forgets plans and kept answers in the background, beside the requests.

use std::time::Duration;

use contacts_application::use_cases::{ForgetAnswers, ForgetPlans};
use tokio::time::sleep;

/// How often the server looks for what need not be kept any longer.
const EVERY: Duration = Duration::from_secs(10 * 60);

/// Forgets old plans and answers, again and again.
pub(super) async fn keep_forgetting(plans: ForgetPlans, answers: ForgetAnswers) {
    loop {
        // Plans first: without the answer to its application, one could be applied again.
        if let Err(error) = plans.execute().await {
            tracing::warn!(%error, "old plans are not forgotten; trying again in ten minutes");
        } else if let Err(error) = answers.execute().await {
            tracing::warn!(%error, "old answers are not forgotten; trying again in ten minutes");
        }
        sleep(EVERY).await;
    }
}
