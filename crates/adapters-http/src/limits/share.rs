//! An amount that all requests share, and of which one token holds at most a part, mostly half.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use contacts_application::access::TokenDigest;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// An amount that all requests share.
pub(crate) struct Share {
    all: Arc<Semaphore>,
    amount: u32,
    /// The most that one token may hold.
    of_token: u32,
    /// What each token may still take. A token that holds nothing has no entry.
    tokens: Mutex<HashMap<TokenDigest, Weak<Semaphore>>>,
}

/// What a request has taken of a [`Share`]. Dropping it gives it back.
#[derive(Debug)]
pub(crate) struct Part {
    of_token: OwnedSemaphorePermit,
    of_all: OwnedSemaphorePermit,
}

impl Part {
    /// Adds another part of the same token.
    pub(crate) fn merge(&mut self, other: Self) {
        self.of_token.merge(other.of_token);
        self.of_all.merge(other.of_all);
    }

    /// Gives back what is more than an amount. Returns whether that amount was there.
    pub(crate) fn shrink(&mut self, amount: u32) -> bool {
        let amount = usize::try_from(amount).unwrap_or(usize::MAX);
        let covers = self.of_all.num_permits() >= amount;
        for permit in [&mut self.of_token, &mut self.of_all] {
            drop(permit.split(permit.num_permits().saturating_sub(amount)));
        }
        covers
    }
}

impl Share {
    /// One token has at most half of it.
    pub(crate) fn new(amount: u32) -> Self {
        Self::divided(amount, 2)
    }

    /// One token has at most that part of it.
    pub(crate) fn divided(amount: u32, by: u32) -> Self {
        Self {
            all: Arc::new(semaphore(amount)),
            amount,
            of_token: amount.div_ceil(by),
            tokens: Mutex::default(),
        }
    }

    /// What is taken of it.
    pub(crate) fn held(&self) -> u64 {
        let free = u32::try_from(self.all.available_permits()).unwrap_or(u32::MAX);
        self.amount.saturating_sub(free).into()
    }

    /// Takes an amount for a token, or nothing if it is not there.
    pub(crate) fn try_take(&self, token: TokenDigest, amount: u32) -> Option<Part> {
        let of_token = self.of(token).try_acquire_many_owned(amount).ok()?;
        let of_all = Arc::clone(&self.all).try_acquire_many_owned(amount).ok()?;
        Some(Part { of_token, of_all })
    }

    /// Takes an amount for a token. Waits until it is there, in the order of arrival: first among
    /// the requests of the token, then among all. A single amount may be larger than the token's part.
    pub(crate) async fn take(&self, token: TokenDigest, amount: u32) -> Option<Part> {
        let of_token = self.of(token).acquire_many_owned(amount.min(self.of_token)).await.ok()?;
        let of_all = Arc::clone(&self.all).acquire_many_owned(amount).await.ok()?;
        Some(Part { of_token, of_all })
    }

    /// What the token may still take.
    fn of(&self, token: TokenDigest) -> Arc<Semaphore> {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = tokens.get(&token).and_then(Weak::upgrade) {
            return known;
        }
        tokens.retain(|_, known| known.strong_count() > 0);
        let new = Arc::new(semaphore(self.of_token));
        tokens.insert(token, Arc::downgrade(&new));
        new
    }
}

fn semaphore(amount: u32) -> Semaphore {
    Semaphore::new(usize::try_from(amount).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS))
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;

    const A: TokenDigest = TokenDigest([1; 32]);
    const B: TokenDigest = TokenDigest([2; 32]);
    const C: TokenDigest = TokenDigest([3; 32]);

    #[test]
    fn token_takes_at_most_half() {
        let share = Share::new(10);
        let held = share.try_take(A, 5);
        assert!(held.is_some());
        assert!(share.try_take(A, 1).is_none());
        let others = share.try_take(B, 5);
        assert!(others.is_some());
        assert!(share.try_take(C, 1).is_none(), "all is taken");
        drop(held);
        assert!(share.try_take(A, 6).is_none());
        assert!(share.try_take(A, 5).is_some());
    }

    #[tokio::test]
    async fn shrunk_part_leaves_the_rest_to_others() {
        let share = Share::new(10);
        let mut large = share.take(A, 8).await.unwrap();
        assert!(share.try_take(B, 3).is_none());
        assert!(large.shrink(2));
        assert!(share.try_take(B, 5).is_some());
        assert!(share.try_take(A, 3).is_some());
        assert!(!large.shrink(3), "a part does not grow");
    }

    #[test]
    fn odd_unit_goes_to_the_token() {
        assert!(Share::new(1).try_take(A, 1).is_some());
    }

    #[tokio::test]
    async fn token_that_waits_delays_no_other() {
        let share = Share::new(4);
        let held = share.take(A, 2).await;
        let mut waiting = pin!(share.take(A, 1));
        assert!(waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        assert!(share.take(B, 2).await.is_some());
        drop(held);
        assert!(waiting.await.is_some());
    }

    #[test]
    fn token_without_a_part_is_forgotten() {
        let share = Share::new(4);
        drop(share.try_take(A, 1));
        drop(share.try_take(B, 1));
        assert_eq!(share.tokens.lock().unwrap().len(), 1);
    }
}
