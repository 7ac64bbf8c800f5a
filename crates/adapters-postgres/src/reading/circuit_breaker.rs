//! When a standby that failed is asked again.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The circuit_breaker that a standby takes when it has failed. When it is over, one request tries the standby;
/// the others go on without until that one was answered: so a standby that says nothing keeps one of
/// them waiting and not all.
#[derive(Debug)]
pub(super) struct CircuitBreaker {
    length: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Until when it is left alone.
    until: Option<Instant>,
    /// Whether it has failed since it was used last.
    is_out: bool,
}

impl CircuitBreaker {
    /// For so long at a time.
    pub(super) fn of(length: Duration) -> Self {
        Self { length, state: Mutex::default() }
    }

    /// Whether whoever wants to ask the standby now may do so.
    pub(super) fn allows_asking(&self, now: Instant) -> bool {
        let mut state = self.state();
        match state.until {
            Some(until) if now < until => false,
            Some(_) => {
                state.until = Some(now + self.length);
                true
            }
            None => true,
        }
    }

    /// The standby answered: others may ask it too.
    pub(super) fn answered(&self) {
        self.state().until = None;
    }

    /// The standby was of use. Whether it had failed before.
    pub(super) fn was_used(&self) -> bool {
        std::mem::take(&mut self.state().is_out)
    }

    /// The standby failed. Whether that is news: it was of use before.
    pub(super) fn failed(&self, now: Instant) -> bool {
        let mut state = self.state();
        state.until = Some(now + self.length);
        !std::mem::replace(&mut state.is_out, true)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTH: Duration = Duration::from_secs(10);

    #[test]
    fn who_failed_is_left_alone_and_then_asked_by_one() {
        let (circuit_breaker, start) = (CircuitBreaker::of(LENGTH), Instant::now());
        assert!(circuit_breaker.allows_asking(start) && circuit_breaker.allows_asking(start));
        circuit_breaker.failed(start);
        assert!(!circuit_breaker.allows_asking(start + LENGTH / 2));
        let over = start + LENGTH;
        assert_eq!(
            [circuit_breaker.allows_asking(over), circuit_breaker.allows_asking(over)],
            [true, false]
        );

        // Whoever asked was answered nothing, or is gone.
        assert!(!circuit_breaker.allows_asking(over + LENGTH / 2));
        assert!(circuit_breaker.allows_asking(over + LENGTH));
        circuit_breaker.answered();
        assert!(circuit_breaker.allows_asking(over) && circuit_breaker.allows_asking(over));
    }

    #[test]
    fn that_it_fails_is_news_once_and_so_is_that_it_is_of_use_again() {
        let (circuit_breaker, now) = (CircuitBreaker::of(LENGTH), Instant::now());
        assert!(!circuit_breaker.was_used(), "it never failed");
        assert_eq!([circuit_breaker.failed(now), circuit_breaker.failed(now)], [true, false]);
        circuit_breaker.answered();
        assert!(!circuit_breaker.failed(now), "it answered, and was of no use");
        assert_eq!([circuit_breaker.was_used(), circuit_breaker.was_used()], [true, false]);
        assert!(circuit_breaker.failed(now));
    }
}
