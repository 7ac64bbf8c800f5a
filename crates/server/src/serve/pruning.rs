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

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Waker};

    use contacts_application::access::Scope;
    use contacts_application::ports::{AccessStore as _, Clock, ContactStore as _, Ledger as _};
    use contacts_application::use_cases::{DeleteContacts, Deletion};
    use contacts_domain::upsert::Options;
    use contacts_domain::{AliasKey, Timestamp};
    use contacts_testing::{MemoryStore, batch, caller, context, now, organization};
    use serde_json::json;
    use tokio::time::{Instant, advance};

    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    /// The clock of the runtime, which a test moves.
    struct TokioClock(Instant);

    impl Clock for TokioClock {
        fn now(&self) -> Timestamp {
            now().later(self.0.elapsed())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn server_prunes_and_purges_what_is_old() {
        let store = Arc::new(MemoryStore::default());
        assert!(store.add_organization(organization(1)).await.unwrap());
        let clock = Arc::new(TokioClock(Instant::now()));
        for name in ["Abt", "Amstutz"] {
            let item = |key| json!({"contactType": "PERSON", "externalId": key, "lastName": name});
            let items = [item("A"), item("B")];
            store.upsert(batch(context(1), Options::default(), &items)).await.unwrap().unwrap();
        }
        let deletion = Deletion { key: AliasKey::ExternalId("B".to_owned()), version: None };
        let delete = DeleteContacts::new(store.clone(), clock.clone());
        delete.execute(&caller(1, [Scope::Delete]), vec![deletion], false, None).await.unwrap();

        let prune = PruneLedger::new(store.clone(), store.clone(), clock.clone(), 90 * DAY);
        let purge = PurgeDeleted::new(store.clone(), store.clone(), clock.clone(), 30 * DAY);
        let mut server = pin!(keep_pruned(Arc::new(prune), Some(purge)));
        // The purge takes the run that deleted the contact with it, and is one itself.
        for (days, contacts, runs) in [(0, 2, 3), (30, 2, 3), (31, 1, 3), (90, 1, 3), (91, 1, 1)] {
            advance(days * DAY - clock.0.elapsed()).await;
            let mut unwoken = Context::from_waker(Waker::noop());
            assert!(server.as_mut().poll(&mut unwoken).is_pending(), "it never ends");
            let kept = store.runs(organization(1).id, None, 10).await.unwrap();
            assert_eq!((store.records().len(), kept.len()), (contacts, runs), "after {days} days");
        }
    }
}
