//! Wakes requests that wait for changes, or until changes are indexed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use contacts_application::ledger::FeedPosition;
use contacts_application::ports::StoreError;
use contacts_application::use_cases::{IndexContacts, ReadFeed};
use contacts_domain::OrganizationId;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// How often the end of a feed is looked up, whoever writes: this server or another one.
const EVERY: Duration = Duration::from_millis(500);

/// The position that each organization with waiting requests has reached.
///
/// A request that waits holds no connection to the database and no thread. One task for each
/// organization asks the database on behalf of all of them, and ends with the last of them.
pub(crate) struct Feeds {
    of: Arc<dyn FeedEnd>,
    reached: Mutex<HashMap<OrganizationId, Reached>>,
}

/// The position, once it is known.
type Reached = watch::Sender<Option<FeedPosition>>;

/// What moves on along the feed of an organization.
pub(crate) trait FeedEnd: Send + Sync + 'static {
    /// Where it is; `None` if it has not begun.
    fn end(&self, of: OrganizationId) -> BoxFuture<'_, Result<Option<FeedPosition>, StoreError>>;
}

impl FeedEnd for ReadFeed {
    fn end(&self, of: OrganizationId) -> BoxFuture<'_, Result<Option<FeedPosition>, StoreError>> {
        Self::end(self, of).map(|end| end.map(Some)).boxed()
    }
}

impl FeedEnd for IndexContacts {
    fn end(&self, of: OrganizationId) -> BoxFuture<'_, Result<Option<FeedPosition>, StoreError>> {
        self.reached(of).boxed()
    }
}

impl Feeds {
    pub(crate) fn new(of: Arc<dyn FeedEnd>) -> Self {
        Self { of, reached: Mutex::default() }
    }

    /// Waits until the position is as wanted, at most so long. Returns whether it is.
    pub(crate) async fn wait(
        self: &Arc<Self>,
        organization: OrganizationId,
        at_most: Duration,
        is_wanted: impl Fn(&FeedPosition) -> bool,
    ) -> bool {
        let mut reached = self.watch(organization);
        let reached = reached.wait_for(|end| end.as_ref().is_some_and(&is_wanted));
        timeout(at_most, reached).await.is_ok_and(|reached| reached.is_ok())
    }

    fn watch(
        self: &Arc<Self>,
        organization: OrganizationId,
    ) -> watch::Receiver<Option<FeedPosition>> {
        let mut reached = self.reached();
        if let Some(known) = reached.get(&organization) {
            return known.subscribe();
        }
        let (sender, end) = watch::channel(None);
        reached.insert(organization, sender);
        tokio::spawn(Arc::clone(self).look_up(organization));
        end
    }

    /// Looks the position up while somebody waits for it to move.
    async fn look_up(self: Arc<Self>, organization: OrganizationId) {
        loop {
            match self.of.end(organization).await {
                Ok(end) => self.publish(organization, end),
                Err(error) => tracing::debug!(%error, "the end of a change feed is not known"),
            }
            sleep(EVERY).await;
            let mut reached = self.reached();
            if reached.get(&organization).is_none_or(|sender| sender.receiver_count() == 0) {
                reached.remove(&organization);
                return;
            }
        }
    }

    fn publish(&self, organization: OrganizationId, end: Option<FeedPosition>) {
        if let Some(sender) = self.reached().get(&organization) {
            sender.send_replace(end);
        }
    }

    fn reached(&self) -> MutexGuard<'_, HashMap<OrganizationId, Reached>> {
        self.reached.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::join_all;

    use super::*;

    /// A feed that begins at the look-up of that number. It counts them.
    struct Counted {
        begins_at: usize,
        look_ups: AtomicUsize,
    }

    impl FeedEnd for Counted {
        fn end(
            &self,
            _: OrganizationId,
        ) -> BoxFuture<'_, Result<Option<FeedPosition>, StoreError>> {
            let number = 1 + self.look_ups.fetch_add(1, Ordering::Relaxed);
            let begin = FeedPosition { hub: 1, last: None, listed_to: None };
            async move { Ok((number >= self.begins_at).then_some(begin)) }.boxed()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn hundred_waiters_share_each_look_up() {
        for (begins_at, is_reached, look_ups) in
            [(1, true, 1), (3, true, 3), (usize::MAX, false, 20)]
        {
            let counted = Arc::new(Counted { begins_at, look_ups: AtomicUsize::new(0) });
            let feeds = Arc::new(Feeds::new(counted.clone()));
            let (organization, at_most) = (OrganizationId::new(1).unwrap(), 20 * EVERY - EVERY / 2);
            let waiters = (0..100).map(|_| feeds.wait(organization, at_most, |_| true));
            assert_eq!(join_all(waiters).await, [is_reached; 100], "from {begins_at}");
            assert_eq!(counted.look_ups.load(Ordering::Relaxed), look_ups, "from {begins_at}");
        }
    }
}
