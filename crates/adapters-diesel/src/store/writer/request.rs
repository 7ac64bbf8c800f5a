//! A request to the writer, without the types of its work and result.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use contacts_application::ports::StoreError;
use tokio::sync::oneshot;

use crate::connect::Failure;
use crate::store::transaction::{Aborted, Transaction};

pub(super) trait Request: Send {
    /// Whether its caller has given it up.
    fn given_up(&self) -> bool;

    /// Runs the work inside the transaction, unless the caller has given it up.
    fn run(&mut self, transaction: &mut Transaction<'_>) -> Result<(), Aborted>;

    /// Sends the result to the caller after the transaction has ended.
    fn answer(self: Box<Self>, end: &Result<(), Aborted>);
}

/// Decides whether the writer runs a request or its caller gives it up: whoever takes it first.
/// Dropping one half takes it, so nothing runs for a caller that is gone.
#[derive(Debug, Clone, Default)]
pub(super) struct Claim(Arc<AtomicBool>);

impl Claim {
    /// Returns whether this is the first to take it.
    pub(super) fn take(&self) -> bool {
        !self.0.swap(true, Ordering::Relaxed)
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.take();
    }
}

pub(super) struct Pending<W, T> {
    work: Option<W>,
    claim: Claim,
    outcome: Option<Result<T, Failure>>,
    reply: oneshot::Sender<Result<T, Failure>>,
}

impl<W, T> Pending<W, T> {
    pub(super) fn new(work: W, claim: Claim, reply: oneshot::Sender<Result<T, Failure>>) -> Self {
        Self { work: Some(work), claim, outcome: None, reply }
    }
}

impl<W, T> Request for Pending<W, T>
where
    W: FnOnce(&mut Transaction<'_>) -> Result<T, Failure> + Send,
    T: Send,
{
    fn given_up(&self) -> bool {
        self.outcome.is_none() && self.claim.0.load(Ordering::Relaxed)
    }

    fn run(&mut self, transaction: &mut Transaction<'_>) -> Result<(), Aborted> {
        if let Some(work) = self.work.take()
            && self.claim.take()
        {
            self.outcome = Some(transaction.savepoint(work)?);
        }
        Ok(())
    }

    fn answer(self: Box<Self>, end: &Result<(), Aborted>) {
        let answer = match (end, self.outcome) {
            (Ok(()), Some(outcome)) => outcome,
            (Ok(()), None) => Err(StoreError::internal("the writer skipped a request").into()),
            (Err(Aborted(failure)), _) => Err(failure.clone()),
        };
        // The caller may have gone away.
        let _ = self.reply.send(answer);
    }
}
