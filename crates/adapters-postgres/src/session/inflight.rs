//! What was sent on a connection and what was answered, in time or not.

use std::fmt;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

/// What was sent on a connection and answered. Answers come in the order of what was sent.
pub(super) struct Inflight {
    state: Mutex<State>,
}

struct State {
    /// How much was sent, and how much of it is known to be answered.
    sent: u64,
    answered: u64,
    /// When the last answer came.
    heard: Instant,
    response_timeout: Option<ResponseTimeout>,
}

/// That the database said nothing for so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ResponseTimeout(Duration);

impl Inflight {
    /// Nothing was sent so far.
    pub(super) fn new() -> Self {
        let state = State { sent: 0, answered: 0, heard: Instant::now(), response_timeout: None };
        Self { state: Mutex::new(state) }
    }

    /// Sends something, and waits for the answer.
    ///
    /// # Errors
    ///
    /// When the database says nothing for longer than the limit, neither to this nor to what was
    /// sent before.
    pub(super) async fn answer<T>(
        &self,
        limit: Option<Duration>,
        sending: impl Future<Output = T>,
    ) -> Result<T, ResponseTimeout> {
        let sent = Instant::now();
        let number = self.send();
        let mut sending = pin!(sending);
        // Later than any clock shows, there is none.
        let deadline_after = |since: Instant| limit.and_then(|limit| since.checked_add(limit));
        let mut since = sent;
        while let Some(deadline) = deadline_after(since) {
            if let Ok(answer) = timeout_at(deadline, sending.as_mut()).await {
                self.hear(number);
                return Ok(answer);
            }
            let mut state = self.state();
            if state.heard <= since {
                let response_timeout = ResponseTimeout(deadline - since);
                state.response_timeout = Some(response_timeout);
                return Err(response_timeout);
            }
            // What waits in line has to wait for the others as well.
            since = state.heard;
        }
        let answer = sending.await;
        self.hear(number);
        Ok(answer)
    }

    /// Whether something was sent whose answer has not come.
    pub(super) fn is_awaited(&self) -> bool {
        let state = self.state();
        state.answered < state.sent
    }

    /// Whether an answer did not come in time. Nobody knows any more what is answered next.
    pub(super) fn response_timeout(&self) -> Option<ResponseTimeout> {
        self.state().response_timeout
    }

    fn send(&self) -> u64 {
        let mut state = self.state();
        state.sent += 1;
        state.sent
    }

    fn hear(&self, number: u64) {
        let mut state = self.state();
        state.answered = state.answered.max(number);
        state.heard = Instant::now();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Display for ResponseTimeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the database gave no answer for {} s", self.0.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use tokio::time::sleep;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(5);

    /// An answer that comes so many seconds after it was asked for.
    async fn after(seconds: u64) -> u64 {
        sleep(Duration::from_secs(seconds)).await;
        seconds
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_does_not_come_is_waited_for_as_long_as_the_limit_says() {
        let inflight = Inflight::new();
        assert_eq!(inflight.answer(Some(LIMIT), after(4)).await, Ok(4));
        assert!(!inflight.is_awaited() && inflight.response_timeout().is_none());

        let since = Instant::now();
        let response_timeout = inflight.answer(Some(LIMIT), pending::<()>()).await.unwrap_err();
        assert_eq!((response_timeout, since.elapsed().as_secs()), (ResponseTimeout(LIMIT), 5));
        assert_eq!(response_timeout.to_string(), "the database gave no answer for 5 s");
        assert!(inflight.is_awaited() && inflight.response_timeout() == Some(response_timeout));
    }

    #[tokio::test(start_paused = true)]
    async fn what_waits_in_line_may_take_as_long_after_the_answer_before_it() {
        let inflight = Inflight::new();
        let (first, second, third) = tokio::join!(
            inflight.answer(Some(LIMIT), after(4)),
            inflight.answer(Some(LIMIT), after(8)),
            inflight.answer(Some(LIMIT), after(14)),
        );
        assert_eq!((first, second, third), (Ok(4), Ok(8), Err(ResponseTimeout(LIMIT))));
    }

    #[tokio::test(start_paused = true)]
    async fn what_has_no_limit_takes_as_long_as_it_takes() {
        let inflight = Inflight::new();
        assert_eq!(inflight.answer(None, after(1_000)).await, Ok(1_000));
    }

    #[tokio::test]
    async fn what_nobody_waits_for_any_more_is_answered_before_what_was_sent_later() {
        let inflight = Inflight::new();
        {
            let mut abandoned = pin!(inflight.answer(Some(LIMIT), pending::<()>()));
            tokio::select! {
                biased;
                _ = &mut abandoned => unreachable!(),
                () = ready(()) => {}
            }
        }
        assert!(inflight.is_awaited());
        assert_eq!(inflight.answer(Some(LIMIT), ready(())).await, Ok(()));
        assert!(!inflight.is_awaited());
    }
}
