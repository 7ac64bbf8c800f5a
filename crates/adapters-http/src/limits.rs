//! Limits on the number of concurrent requests and on the rate of each token.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use contacts_application::access::TokenDigest;
use governor::clock::{Clock, DefaultClock};
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use tokio::sync::Semaphore;

use crate::problem::Problem;
use crate::settings::Settings;

/// The counters behind the limits of the [`Settings`].
pub(crate) struct Limits {
    in_flight: Semaphore,
    rate: Option<Rate>,
}

struct Rate {
    limiter: RateLimiter<TokenDigest, HashMapStateStore<TokenDigest>, DefaultClock>,
    clock: DefaultClock,
}

impl Limits {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            in_flight: Semaphore::new(settings.max_in_flight.min(Semaphore::MAX_PERMITS)),
            rate: settings.requests_per_second.map(|per_second| Rate {
                limiter: RateLimiter::hashmap(Quota::per_second(per_second)),
                clock: DefaultClock::default(),
            }),
        }
    }

    /// Counts a request of a token, and refuses it if it is one too many.
    pub(crate) fn count(&self, token: TokenDigest) -> Result<(), Problem> {
        match &self.rate {
            None => Ok(()),
            Some(Rate { limiter, clock }) => limiter.check_key(&token).map_err(|not_until| {
                Problem::too_many_requests(not_until.wait_time_from(clock.now()))
            }),
        }
    }
}

/// Refuses a request while [`Settings::max_in_flight`] others are being served.
pub(crate) async fn admit(
    State(limits): State<Arc<Limits>>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let Ok(_permit) = limits.in_flight.try_acquire() else {
        return Err(Problem::unavailable(None));
    };
    Ok(next.run(request).await)
}
