//! Whether the store can write, asked now and then.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use contacts_application::ports::{StoreError, StoreErrorKind, StoreState};
use tokio::time::{Instant, timeout};

use crate::problem::Problem;

/// How long an answer of the store holds. Anybody may ask, and the store is asked once a second.
const MAX_AGE: Duration = Duration::from_secs(1);

/// How long the store may take.
const MAX_WAIT: Duration = Duration::from_secs(5);

/// How long a disk counts as full after a write has found it so: the write of the store itself may fit
/// into room that its files have left.
const FULL_FOR: Duration = Duration::from_secs(10);

type Checked = Result<(), Arc<StoreError>>;

/// Whether the store can write, as it was found a moment ago.
pub(crate) struct Readiness {
    store: Arc<dyn StoreState>,
    last: tokio::sync::Mutex<Option<(Instant, Checked)>>,
    full: Mutex<Option<Instant>>,
}

impl Readiness {
    pub(crate) fn new(store: Arc<dyn StoreState>) -> Self {
        Self { store, last: tokio::sync::Mutex::default(), full: Mutex::default() }
    }

    /// Remembers a problem that says that the disk is full.
    pub(crate) fn note(&self, problem: &Problem) {
        if problem.is_full_disk() {
            *self.full.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
    }

    pub(crate) async fn check(&self) -> Checked {
        let full = *self.full.lock().unwrap_or_else(PoisonError::into_inner);
        if full.is_some_and(|at| at.elapsed() < FULL_FOR) {
            let cause = "a request found the disk full a moment ago";
            return Err(Arc::new(StoreError::new(StoreErrorKind::Full, cause)));
        }
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
