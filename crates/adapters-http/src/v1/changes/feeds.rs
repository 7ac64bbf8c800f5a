//! Wakes readers of the change feed who wait for changes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use contacts_application::ledger::LastChange;
use contacts_application::use_cases::ReadFeed;
use contacts_domain::OrganizationId;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// How often the end of a feed is looked up, whoever writes: this server or another one.
const EVERY: Duration = Duration::from_millis(500);

/// The last change of each organization with waiting readers.
///
/// A reader who waits holds no connection to the database and no thread. One task for each
/// organization asks the database on behalf of all of its readers, and ends with the last of them.
#[derive(Default)]
pub(crate) struct Feeds(Mutex<HashMap<OrganizationId, watch::Sender<Option<LastChange>>>>);

impl Feeds {
    /// Waits for a change after that one, at most so long.
    pub(super) async fn wait(
        self: &Arc<Self>,
        feed: &Arc<ReadFeed>,
        organization: OrganizationId,
        last: Option<LastChange>,
        at_most: Duration,
    ) {
        let mut end = self.watch(feed, organization);
        let position = |last: Option<LastChange>| last.map(|last| last.position);
        let is_later = |end: &Option<LastChange>| position(*end) > position(last);
        // Without a change in time, the reader gets an empty page.
        let _ = timeout(at_most, end.wait_for(is_later)).await;
    }

    fn watch(
        self: &Arc<Self>,
        feed: &Arc<ReadFeed>,
        organization: OrganizationId,
    ) -> watch::Receiver<Option<LastChange>> {
        let mut feeds = self.feeds();
        if let Some(known) = feeds.get(&organization) {
            return known.subscribe();
        }
        let (sender, end) = watch::channel(None);
        feeds.insert(organization, sender);
        tokio::spawn(Arc::clone(self).look_up(Arc::clone(feed), organization));
        end
    }

    /// Looks the end of a feed up while somebody waits for it to move.
    async fn look_up(self: Arc<Self>, feed: Arc<ReadFeed>, organization: OrganizationId) {
        loop {
            match feed.end(organization).await {
                Ok(end) => self.publish(organization, end.last),
                Err(error) => tracing::debug!(%error, "the end of a change feed is not known"),
            }
            sleep(EVERY).await;
            let mut feeds = self.feeds();
            if feeds.get(&organization).is_none_or(|sender| sender.receiver_count() == 0) {
                feeds.remove(&organization);
                return;
            }
        }
    }

    fn publish(&self, organization: OrganizationId, last: Option<LastChange>) {
        if let Some(sender) = self.feeds().get(&organization) {
            sender.send_replace(last);
        }
    }

    fn feeds(&self) -> MutexGuard<'_, HashMap<OrganizationId, watch::Sender<Option<LastChange>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
