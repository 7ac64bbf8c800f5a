//! How many requests and items a token may send, and how answers say so.
//!
//! The headers are those of draft-ietf-httpapi-ratelimit-headers-10.

use std::fmt;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use contacts_application::access::TokenDigest;
use governor::clock::Clock;
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Requests,
    Items,
}

/// A rate for each token: so many a second on average, and a burst of many seconds at once.
pub(super) struct Rate {
    unit: Unit,
    per_second: NonZeroU32,
    burst: NonZeroU32,
    window: NonZeroU32,
    limiter: RateLimiter<
        TokenDigest,
        HashMapStateStore<TokenDigest>,
        TokioClock,
        StateInformationMiddleware,
    >,
}

/// What a token has left of a rate, after a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Left {
    unit: Unit,
    burst: NonZeroU32,
    window: NonZeroU32,
    left: u32,
    /// How long until the burst is whole again, or until the same request would be let through.
    reset: Duration,
}

/// How long a token has to wait.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wait(pub(crate) Duration);

impl Rate {
    pub(super) fn new(unit: Unit, per_second: NonZeroU32, window: NonZeroU32) -> Self {
        let burst = per_second.saturating_mul(window);
        let quota = Quota::per_second(per_second).allow_burst(burst);
        let limiter = RateLimiter::new(quota, HashMapStateStore::default(), TokioClock);
        Self { unit, per_second, burst, window, limiter }
    }

    /// The most that may be counted at once.
    pub(super) fn burst(&self) -> usize {
        usize::try_from(self.burst.get()).unwrap_or(usize::MAX)
    }

    /// Counts so many, all or none; at most [`burst`](Self::burst).
    pub(super) fn count(&self, token: TokenDigest, number: NonZeroU32) -> (Left, Result<(), Wait>) {
        match self.limiter.check_key_n(&token, number) {
            Ok(Ok(state)) => {
                let left = state.remaining_burst_capacity();
                (self.left(left, self.time_of(self.burst.get() - left)), Ok(()))
            }
            Ok(Err(refused)) => {
                let wait = refused.wait_time_from(TokioClock.now());
                let left = number.get().saturating_sub(self.number_in(wait));
                (self.left(left, wait), Err(Wait(wait)))
            }
            Err(_) => {
                let whole = self.time_of(self.burst.get());
                (self.left(0, whole), Err(Wait(whole)))
            }
        }
    }

    fn left(&self, left: u32, reset: Duration) -> Left {
        let Self { unit, burst, window, .. } = *self;
        Left { unit, burst, window, left, reset }
    }

    /// How long so many take to come back.
    fn time_of(&self, number: u32) -> Duration {
        Duration::from_secs(number.into()) / self.per_second.get()
    }

    /// How many come back in that time, the last one included.
    fn number_in(&self, time: Duration) -> u32 {
        let number = (time * self.per_second.get()).as_nanos().div_ceil(1_000_000_000);
        u32::try_from(number).unwrap_or(u32::MAX)
    }
}

impl fmt::Debug for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rate").field("unit", &self.unit).finish_non_exhaustive()
    }
}

impl Left {
    /// Adds the rates to the headers of an answer.
    pub(super) fn add_to(all: &[Self], headers: &mut HeaderMap) {
        let mut set = |name, of: fn(&Self) -> String| {
            let value = all.iter().map(of).collect::<Vec<_>>().join(", ");
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(name, value);
            }
        };
        if !all.is_empty() {
            set(RATE_LIMIT_POLICY, Self::policy);
            set(RATE_LIMIT, Self::state);
        }
    }

    fn policy(&self) -> String {
        let Self { burst, window, .. } = self;
        match self.unit {
            Unit::Requests => format!("\"requests\";q={burst};w={window}"),
            Unit::Items => format!("\"items\";q={burst};w={window};qu=\"items\""),
        }
    }

    fn state(&self) -> String {
        let name = match self.unit {
            Unit::Requests => "requests",
            Unit::Items => "items",
        };
        let reset = self.reset.as_secs() + u64::from(self.reset.subsec_nanos() > 0);
        format!("\"{name}\";r={};t={reset}", self.left)
    }
}

/// The clock of tokio, which stands still in tests.
#[derive(Debug, Clone, Copy)]
struct TokioClock;

impl Clock for TokioClock {
    type Instant = Instant;

    fn now(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: TokenDigest = TokenDigest([1; 32]);

    fn headers(left: Left) -> [String; 2] {
        let mut headers = HeaderMap::new();
        Left::add_to(&[left], &mut headers);
        ["ratelimit-policy", "ratelimit"].map(|name| headers[name].to_str().unwrap().to_owned())
    }

    #[tokio::test(start_paused = true)]
    async fn burst_passes_and_comes_back() {
        let of = |number| NonZeroU32::new(number).unwrap();
        let rate = Rate::new(Unit::Items, of(10), of(60));
        let policy = "\"items\";q=600;w=60;qu=\"items\"";
        let (left, counted) = rate.count(TOKEN, of(500));
        assert!(counted.is_ok());
        assert_eq!(headers(left), [policy, "\"items\";r=100;t=50"]);

        let (left, counted) = rate.count(TOKEN, of(201));
        let wait = counted.unwrap_err().0;
        assert_eq!(headers(left), [policy, "\"items\";r=100;t=11"]);
        assert_eq!(wait.as_millis(), 10_100);
        assert!(rate.count(TokenDigest([2; 32]), of(600)).1.is_ok());
        tokio::time::advance(wait).await;
        assert!(rate.count(TOKEN, of(201)).1.is_ok());
    }
}
