//! How much at once, and how often.

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
use crate::state::AppState;

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

    /// Counts a request of a token.
    ///
    /// Only tokens that are valid may be counted: whoever makes tokens up would fill the memory.
    ///
    /// # Errors
    ///
    /// When it is one too many.
    pub(crate) fn count(&self, token: TokenDigest) -> Result<(), Problem> {
        match &self.rate {
            None => Ok(()),
            Some(Rate { limiter, clock }) => limiter.check_key(&token).map_err(|not_until| {
                Problem::too_many_requests(not_until.wait_time_from(clock.now()))
            }),
        }
    }
}

/// Turns a request away when as many as allowed are being worked on.
///
/// # Errors
///
/// When the server is full.
pub(crate) async fn admit(
    State(state): State<AppState>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let Ok(_place) = state.limits.in_flight.try_acquire() else {
        return Err(Problem::busy());
    };
    Ok(next.run(request).await)
}
