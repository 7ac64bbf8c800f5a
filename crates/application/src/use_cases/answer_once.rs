//! Does a request with an idempotency key once, and keeps its answer.

mod keeping;

use std::collections::HashSet;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use contacts_domain::decision::{Answer, KeptAnswer, RequestDigest, RequestKey};
use contacts_domain::{OrganizationId, Timestamp};

pub use self::keeping::Keeping;
pub(super) use self::keeping::{
    KeepingError, change_plan, change_settings, merge, purge, restore, undo, upsert,
};
use crate::ports::{Clock, KeptAnswers, StoreError};

/// Does a request with an idempotency key once, and keeps its answer.
pub struct AnswerOnce {
    kept: Arc<dyn KeptAnswers>,
    clock: Arc<dyn Clock>,
    running: Running,
}

/// The requests that run on this server.
type Running = Arc<Mutex<HashSet<(OrganizationId, RequestKey)>>>;

/// How a request with an idempotency key is received.
#[derive(Debug)]
pub enum Arrival {
    /// It is to be done.
    First(Arc<FirstRequest>),
    /// It was done before, and this is its answer.
    Answered(Answer),
    /// It is not done.
    Refused(NotDone),
}

/// Why a request with an idempotency key is not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotDone {
    /// It is being done.
    #[error("a request with this idempotency key is being done; send it again to get its answer")]
    Running,
    /// The key belongs to another request.
    #[error("the idempotency key belongs to another request: with another path, query or body")]
    OtherRequest,
}

/// The first request with a key. It is the only one on this server until it is dropped.
pub struct FirstRequest {
    kept: Arc<dyn KeptAnswers>,
    organization: OrganizationId,
    key: RequestKey,
    request: RequestDigest,
    at: Timestamp,
    is_kept: AtomicBool,
    running: Running,
}

impl AnswerOnce {
    /// Keeps answers in that store.
    pub fn new(kept: Arc<dyn KeptAnswers>, clock: Arc<dyn Clock>) -> Self {
        Self { kept, clock, running: Running::default() }
    }

    /// Receives a request. Of those with one key, one at a time is the first.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails.
    pub async fn receive(
        &self,
        organization: OrganizationId,
        key: RequestKey,
        request: RequestDigest,
    ) -> Result<Arrival, StoreError> {
        if !lock(&self.running).insert((organization, key)) {
            return Ok(Arrival::Refused(NotDone::Running));
        }
        let first = FirstRequest {
            kept: Arc::clone(&self.kept),
            organization,
            key,
            request,
            at: self.clock.now(),
            is_kept: AtomicBool::new(false),
            running: Arc::clone(&self.running),
        };
        Ok(match self.kept.kept_answer(organization, key).await? {
            None => Arrival::First(Arc::new(first)),
            Some(kept) if kept.request == request => Arrival::Answered(kept.answer),
            Some(_) => Arrival::Refused(NotDone::OtherRequest),
        })
    }
}

impl FirstRequest {
    /// Whether its answer is kept.
    pub fn is_kept(&self) -> bool {
        self.is_kept.load(Ordering::Relaxed)
    }

    /// Keeps its answer, if nothing was written that it had to be kept with. Returns whether it is: it
    /// is not if another server has answered the same request meanwhile.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails.
    pub async fn keep(&self, answer: Answer) -> Result<bool, StoreError> {
        let kept = KeptAnswer { request: self.request, at: self.at, answer };
        let is_kept = self.kept.keep_answer(self.organization, self.key, kept).await?;
        self.is_kept.store(is_kept, Ordering::Relaxed);
        Ok(is_kept)
    }
}

impl Drop for FirstRequest {
    fn drop(&mut self) {
        lock(&self.running).remove(&(self.organization, self.key));
    }
}

impl fmt::Debug for FirstRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FirstRequest").field("key", &self.key).finish_non_exhaustive()
    }
}

fn lock(running: &Running) -> MutexGuard<'_, HashSet<(OrganizationId, RequestKey)>> {
    running.lock().unwrap_or_else(PoisonError::into_inner)
}
