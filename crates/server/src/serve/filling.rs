//! Fills keys in the background, beside the requests.

use std::time::Duration;

use contacts_application::ports::StoreError;
use contacts_application::use_cases::FillKeys;
use tokio::time::sleep;

/// How often the server looks for keys that nobody fills: after it has started, after a failure of
/// the store, or because somebody interrupted the command that did.
const EVERY: Duration = Duration::from_secs(60);

/// Fills what is left to fill, again and again.
pub(super) async fn keep_filled(fill: FillKeys) {
    loop {
        if let Err(error) = fill_all(&fill).await {
            tracing::warn!(%error, "keys are not filled; trying again in a minute");
        }
        sleep(EVERY).await;
    }
}

async fn fill_all(fill: &FillKeys) -> Result<(), StoreError> {
    for organization in fill.unfinished().await? {
        tracing::info!(%organization, "filling keys");
        let left_out = fill.execute(organization, &mut |_| {}).await?.len();
        if left_out == 0 {
            tracing::info!(%organization, "filled keys");
        } else {
            tracing::warn!(%organization, left_out, "filled keys, but for contacts to check");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use contacts_application::access::SettingsChange;
    use contacts_application::ports::{AccessStore as _, OrganizationSettings as _};
    use contacts_domain::MatchBy;
    use contacts_testing::{MemoryStore, organization};

    use super::*;

    #[tokio::test]
    async fn server_fills_what_is_left() {
        let store = Arc::new(MemoryStore::default());
        for id in [1, 2] {
            assert!(store.add_organization(organization(id)).await.unwrap());
            let change =
                SettingsChange { match_by: Some(MatchBy::NONE), ..SettingsChange::default() };
            store.change_settings(organization(id).id, change, 0).await.unwrap();
        }
        fill_all(&FillKeys::new(store.clone(), store.clone())).await.unwrap();
        let organizations = store.organizations().await.unwrap();
        assert!(organizations.iter().all(|organization| !organization.is_being_filled()));
    }
}
