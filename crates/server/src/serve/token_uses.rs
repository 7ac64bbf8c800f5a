//! Writes down when tokens were last used, beside the requests.

use std::sync::Arc;
use std::time::Duration;

use contacts_application::use_cases::Authenticate;
use tokio::time::sleep;

/// How far behind the time of the last use may be.
const EVERY: Duration = Duration::from_secs(60);

/// Writes it down again and again.
pub(super) async fn keep_writing(authenticate: Arc<Authenticate>) {
    loop {
        sleep(EVERY).await;
        write(&authenticate).await;
    }
}

/// Writes it down now.
pub(super) async fn write(authenticate: &Authenticate) {
    if let Err(error) = authenticate.keep_uses().await {
        tracing::debug!(%error, "the last use of tokens is not written; trying again in a minute");
    }
}
