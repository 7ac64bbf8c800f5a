//! When a standby that failed is tried again.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Stops requests to a standby for a while after it has failed. Then one request tries it, and the
/// others go on without it until that one is answered: a standby that hangs delays one of them only.
#[derive(Debug)]
pub(crate) struct CircuitBreaker {
    pause: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Until when no request is allowed.
    until: Option<Instant>,
    /// Whether it has failed since its last use.
    has_failed: bool,
}

impl CircuitBreaker {
    pub(crate) fn new(pause: Duration) -> Self {
        Self { pause, state: Mutex::default() }
    }

    /// Whether a request may use the standby now.
    pub(crate) fn allows_request(&self, now: Instant) -> bool {
        let mut state = self.state();
        match state.until {
            Some(until) if now < until => false,
            Some(_) => {
                state.until = Some(now + self.pause);
                true
            }
            None => true,
        }
    }

    /// Records an answer: all requests may use the standby again.
    pub(crate) fn answered(&self) {
        self.state().until = None;
    }

    /// Records a use. Returns whether the standby had failed before.
    pub(crate) fn used(&self) -> bool {
        std::mem::take(&mut self.state().has_failed)
    }

    /// Records a failure. Returns whether it is the first since the last use.
    pub(crate) fn failed(&self, now: Instant) -> bool {
        let mut state = self.state();
        state.until = Some(now + self.pause);
        !std::mem::replace(&mut state.has_failed, true)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: Duration = Duration::from_secs(10);

    #[test]
    fn failed_standby_is_paused_then_tried_by_one() {
        let (circuit_breaker, start) = (CircuitBreaker::new(PAUSE), Instant::now());
        assert!(circuit_breaker.allows_request(start) && circuit_breaker.allows_request(start));
        circuit_breaker.failed(start);
        assert!(!circuit_breaker.allows_request(start + PAUSE / 2));
        let over = start + PAUSE;
        assert_eq!(
            [circuit_breaker.allows_request(over), circuit_breaker.allows_request(over)],
            [true, false]
        );

        // The request that tried it got no answer.
        assert!(!circuit_breaker.allows_request(over + PAUSE / 2));
        assert!(circuit_breaker.allows_request(over + PAUSE));
        circuit_breaker.answered();
        assert!(circuit_breaker.allows_request(over) && circuit_breaker.allows_request(over));
    }

    #[test]
    fn failure_and_recovery_are_reported_once() {
        let (circuit_breaker, now) = (CircuitBreaker::new(PAUSE), Instant::now());
        assert!(!circuit_breaker.used(), "it never failed");
        assert_eq!([circuit_breaker.failed(now), circuit_breaker.failed(now)], [true, false]);
        circuit_breaker.answered();
        assert!(!circuit_breaker.failed(now), "it answered, and was of no use");
        assert_eq!([circuit_breaker.used(), circuit_breaker.used()], [true, false]);
        assert!(circuit_breaker.failed(now));
    }
}
