//! The room of one request.

use std::sync::Arc;

use contacts_application::access::TokenDigest;
use tokio::time::sleep;

use super::counters::{Limits, SMALL_WEIGHT, kib};
use super::hold::Hold;
use super::rate::{Unit, Wait};
use super::share::Part;
use crate::problem::Problem;

/// Takes from the [`Limits`] for one request. What is taken is held until its answer is sent.
#[derive(Debug, Clone)]
pub(crate) struct Room {
    pub(crate) limits: Arc<Limits>,
    pub(crate) token: TokenDigest,
    pub(crate) hold: Hold,
}

impl Room {
    /// Counts requests or items of the token, and refuses those that are too many.
    pub(crate) fn count(&self, unit: Unit, number: usize) -> Result<(), Problem> {
        let Some((left, counted)) = self.limits.count(unit, self.token, number) else {
            return Ok(());
        };
        self.hold.note_rate(left);
        counted.map_err(|Wait(wait)| Problem::too_many(unit, wait))
    }

    /// Counts items of a stream, and waits until they are not too many.
    pub(crate) async fn pace(&self, items: usize) {
        let mut rest = items;
        while rest > 0 {
            let part = rest.min(self.limits.items_at_once());
            match self.limits.count(Unit::Items, self.token, part) {
                Some((_, Err(Wait(wait)))) => sleep(wait).await,
                Some((_, Ok(()))) | None => rest -= part,
            }
        }
    }

    /// Takes a place among the requests whose body arrives.
    pub(crate) fn arrive(&self) -> Result<(), Problem> {
        self.hold.move_to(self.limits.arrive(self.token)?);
        Ok(())
    }

    /// Takes a place among the requests that are worked on, and leaves that of an arriving one.
    pub(crate) fn work(&self) -> Result<(), Problem> {
        self.hold.move_to(self.limits.work(self.token)?);
        Ok(())
    }

    /// Takes a place among the streams, and leaves that of an arriving request.
    pub(crate) fn stream(&self) -> Result<(), Problem> {
        self.hold.move_to(self.limits.stream(self.token)?);
        Ok(())
    }

    /// A room of the same token that holds nothing yet, for a part of a stream.
    pub(crate) fn part(&self) -> Self {
        Self { limits: Arc::clone(&self.limits), token: self.token, hold: Hold::default() }
    }

    /// Takes room for an answer that is not read yet.
    pub(crate) fn spool(&self, bytes: usize) -> Result<Part, Problem> {
        self.limits.spool(self.token, bytes)
    }

    /// Takes a place among the requests that wait for changes, and leaves that of one that is worked
    /// on.
    pub(crate) fn wait(&self) -> Result<(), Problem> {
        self.hold.move_to(self.limits.wait(self.token)?);
        Ok(())
    }

    /// Takes room for further bytes of a body.
    pub(crate) fn grow(&self, bytes: usize) -> Result<(), Problem> {
        self.hold.keep_body(self.limits.body(self.token, bytes)?);
        Ok(())
    }

    /// Takes memory for a text of that [weight](super::weigh), and waits for it if that is much.
    pub(crate) async fn take(&self, weight: usize) -> Result<(), Problem> {
        self.hold.keep_memory(self.limits.memory(self.token, weight).await?);
        Ok(())
    }

    /// Waits for the turn of a batch with much larger documents than it has itself, which is over
    /// when the return value is dropped, and takes a place for its answer.
    pub(crate) async fn turn(&self) -> Result<Part, Problem> {
        // The turn comes last: who has it waits for nobody.
        self.hold.keep_large_answer(self.limits.large_answer(self.token).await?);
        self.limits.turn(self.token).await
    }

    /// Gives back what an answer of that many bytes does not need.
    pub(crate) fn shrink_to(&self, answer: usize) {
        self.hold.shrink_to(kib(answer), kib(SMALL_WEIGHT));
    }

    /// Runs work that goes on when its client has gone: what is held stays so until the closure that
    /// owns this room is dropped.
    pub(crate) fn during<T>(&self, work: impl FnOnce() -> T) -> T {
        work()
    }

    /// Takes a place among the exports.
    pub(crate) fn export(&self) -> Result<Part, Problem> {
        self.limits.export(self.token)
    }

    /// Waits for the turn of a list.
    pub(crate) async fn list(&self) -> Result<Part, Problem> {
        self.limits.list(self.token).await
    }
}
