//! The progress of the writers, for the thread that does something meanwhile.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

/// Longer than anything takes in a sound run.
const LIMIT: Duration = Duration::from_secs(60);

/// The progress of the writers.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    counts: Mutex<Counts>,
    changed: Condvar,
}

#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    is_over: bool,
    acknowledged: u64,
    refused: u64,
    slowest_refusal: Duration,
}

impl Progress {
    /// Waits that long, or until a writer fails.
    pub(crate) fn wait(&self, time: Duration) {
        self.wait_until(time, |_| false);
    }

    /// Waits until that many more batches are acknowledged; returns how long that took.
    pub(crate) fn wait_for_acknowledgements(&self, count: u64) -> Result<Duration> {
        let goal = self.lock().acknowledged + count;
        self.wait_for("acknowledged", |counts| counts.acknowledged >= goal)
    }

    /// Waits until that many more requests are answered 503; returns how long that took.
    pub(crate) fn wait_for_refusals(&self, count: u64) -> Result<Duration> {
        let goal = self.lock().refused + count;
        self.wait_for("answered 503", |counts| counts.refused >= goal)
    }

    /// How many requests were answered 503.
    pub(crate) fn refusals(&self) -> u64 {
        self.lock().refused
    }

    /// The longest time to such an answer.
    pub(crate) fn slowest_refusal(&self) -> Duration {
        self.lock().slowest_refusal
    }

    /// Whether the writers have to stop.
    pub(crate) fn is_over(&self) -> bool {
        self.lock().is_over
    }

    /// Counts an acknowledged batch.
    pub(crate) fn acknowledge(&self) {
        self.change(|counts| counts.acknowledged += 1);
    }

    /// Counts a request that was answered 503 after that time.
    pub(crate) fn refuse(&self, after: Duration) {
        self.change(|counts| {
            counts.refused += 1;
            counts.slowest_refusal = counts.slowest_refusal.max(after);
        });
    }

    /// Makes the writers stop.
    pub(crate) fn end(&self) {
        self.change(|counts| counts.is_over = true);
    }

    fn wait_for(&self, what: &str, is_so: impl Fn(&Counts) -> bool) -> Result<Duration> {
        let since = Instant::now();
        let counts = self.wait_until(LIMIT, &is_so);
        let took = since.elapsed();
        ensure!(is_so(&counts), "too few were {what} within {} s", took.as_secs());
        Ok(took)
    }

    /// Waits until the condition is met, a writer fails, or the time is up.
    fn wait_until(&self, limit: Duration, is_so: impl Fn(&Counts) -> bool) -> Counts {
        let goes_on = |counts: &mut Counts| !counts.is_over && !is_so(counts);
        let waited = self.changed.wait_timeout_while(self.lock(), limit, goes_on);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn change(&self, change: impl FnOnce(&mut Counts)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn waiting_ends_with_the_last_acknowledgement() {
        let progress = Progress::default();
        thread::scope(|scope| {
            let waiting = scope.spawn(|| progress.wait_for_acknowledgements(2));
            while !waiting.is_finished() {
                progress.acknowledge();
                thread::yield_now();
            }
            assert!(waiting.join().unwrap().unwrap() < LIMIT);
        });
    }

    #[test]
    fn waiting_ends_with_a_failing_writer() {
        let progress = Progress::default();
        progress.end();
        progress.wait(LIMIT);
        assert!(progress.wait_for_refusals(1).is_err());
    }
}
