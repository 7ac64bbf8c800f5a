//! The statements of a connection that wait for an answer, and the time limit for it.

use std::fmt;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

/// Counts what is sent and answered on a connection. Answers come in the order of the statements.
pub(crate) struct Inflight {
    state: Mutex<State>,
}

struct State {
    sent: u64,
    answered: u64,
    last_answer: Instant,
    response_timeout: Option<ResponseTimeout>,
}

/// The database gave no answer for this long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ResponseTimeout(Duration);

impl Inflight {
    pub(crate) fn new() -> Self {
        let state =
            State { sent: 0, answered: 0, last_answer: Instant::now(), response_timeout: None };
        Self { state: Mutex::new(state) }
    }

    /// Sends a statement and waits for its answer.
    ///
    /// # Errors
    ///
    /// [`ResponseTimeout`] if for longer than the limit neither this statement nor an earlier one
    /// is answered.
    pub(crate) async fn answer<T>(
        &self,
        limit: Option<Duration>,
        sending: impl Future<Output = T>,
    ) -> Result<T, ResponseTimeout> {
        let sent = Instant::now();
        let number = self.send();
        let mut sending = pin!(sending);
        // `checked_add`: a limit beyond the range of the clock is no limit.
        let deadline_after = |since: Instant| limit.and_then(|limit| since.checked_add(limit));
        let mut since = sent;
        while let Some(deadline) = deadline_after(since) {
            if let Ok(answer) = timeout_at(deadline, sending.as_mut()).await {
                self.answered(number);
                return Ok(answer);
            }
            let mut state = self.state();
            if state.last_answer <= since {
                let response_timeout = ResponseTimeout(deadline - since);
                state.response_timeout = Some(response_timeout);
                return Err(response_timeout);
            }
            // An earlier statement was answered meanwhile: the limit starts again.
            since = state.last_answer;
        }
        let answer = sending.await;
        self.answered(number);
        Ok(answer)
    }

    /// Whether a statement waits for its answer.
    pub(crate) fn is_awaited(&self) -> bool {
        let state = self.state();
        state.answered < state.sent
    }

    /// The answer that did not come in time, if any. After that, answers cannot be assigned.
    pub(crate) fn response_timeout(&self) -> Option<ResponseTimeout> {
        self.state().response_timeout
    }

    fn send(&self) -> u64 {
        let mut state = self.state();
        state.sent += 1;
        state.sent
    }

    fn answered(&self, number: u64) {
        let mut state = self.state();
        state.answered = state.answered.max(number);
        state.last_answer = Instant::now();
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

    /// An answer that takes so many seconds.
    async fn after(seconds: u64) -> u64 {
        sleep(Duration::from_secs(seconds)).await;
        seconds
    }

    #[tokio::test(start_paused = true)]
    async fn missing_answer_times_out_at_the_limit() {
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
    async fn limit_restarts_with_each_earlier_answer() {
        let inflight = Inflight::new();
        let (first, second, third) = tokio::join!(
            inflight.answer(Some(LIMIT), after(4)),
            inflight.answer(Some(LIMIT), after(8)),
            inflight.answer(Some(LIMIT), after(14)),
        );
        assert_eq!((first, second, third), (Ok(4), Ok(8), Err(ResponseTimeout(LIMIT))));
    }

    #[tokio::test(start_paused = true)]
    async fn answer_without_limit_never_times_out() {
        let inflight = Inflight::new();
        assert_eq!(inflight.answer(None, after(1_000)).await, Ok(1_000));
    }

    #[tokio::test]
    async fn abandoned_statement_counts_as_answered_with_the_next() {
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
