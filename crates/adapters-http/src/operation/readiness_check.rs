//! Whether the store can write, asked now and then.

use std::sync::Arc;
use std::time::{Duration, Instant};

use contacts_application::ports::{StoreError, StoreState};
use tokio::sync::Mutex;
use tokio::time::timeout;

/// How long an answer of the store holds. Anybody may ask, and the store is asked once a second.
const MAX_AGE: Duration = Duration::from_secs(1);

/// How long the store may take.
const MAX_WAIT: Duration = Duration::from_secs(5);

type Checked = Result<(), Arc<StoreError>>;

/// Whether the store can write, as it was found a moment ago.
pub(crate) struct Readiness {
    store: Arc<dyn StoreState>,
    last: Mutex<Option<(Instant, Checked)>>,
}

impl Readiness {
    pub(crate) fn new(store: Arc<dyn StoreState>) -> Self {
        Self { store, last: Mutex::default() }
    }

    pub(crate) async fn check(&self) -> Checked {
        let mut last = self.last.lock().await;
        if let Some((at, found)) = last.as_ref()
            && at.elapsed() < MAX_AGE
        {
            return found.clone();
        }
        let late = |_| Err(StoreError::contention("the store takes too long to write"));
        let checked = timeout(MAX_WAIT, self.store.check_writable()).await;
        let found = checked.unwrap_or_else(late).map_err(Arc::new);
        *last = Some((Instant::now(), found.clone()));
        found
    }
}
