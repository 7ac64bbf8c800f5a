//! How far the writers of a load are, for whoever does something meanwhile.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use xtask::Failure;

/// Longer than anything takes to happen that is going to happen.
const LIMIT: Duration = Duration::from_secs(60);

/// How far the writers are.
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
    /// Waits so long, or until a writer found a counter-example.
    pub(crate) fn wait(&self, time: Duration) {
        self.wait_until(time, |_| false);
    }

    /// Waits until so many batches more have been acknowledged, not a moment longer; how long that
    /// took.
    ///
    /// # Errors
    ///
    /// When they are not.
    pub(crate) fn wait_for_acknowledgements(&self, count: u64) -> Result<Duration, Failure> {
        let wanted = self.lock().acknowledged + count;
        self.wait_for("acknowledged", |counts| counts.acknowledged >= wanted)
    }

    /// Waits until so many requests more have been answered 503; how long that took.
    ///
    /// # Errors
    ///
    /// When they are not.
    pub(crate) fn wait_for_refusals(&self, count: u64) -> Result<Duration, Failure> {
        let wanted = self.lock().refused + count;
        self.wait_for("answered 503", |counts| counts.refused >= wanted)
    }

    /// How many requests were answered 503.
    pub(crate) fn refusals(&self) -> u64 {
        self.lock().refused
    }

    /// The longest that one of them took.
    pub(crate) fn slowest_refusal(&self) -> Duration {
        self.lock().slowest_refusal
    }

    /// Whether it is time to stop.
    pub(crate) fn is_over(&self) -> bool {
        self.lock().is_over
    }

    /// A batch was acknowledged.
    pub(crate) fn acknowledge(&self) {
        self.change(|counts| counts.acknowledged += 1);
    }

    /// A request was answered 503 after that time.
    pub(crate) fn refuse(&self, after: Duration) {
        self.change(|counts| {
            counts.refused += 1;
            counts.slowest_refusal = counts.slowest_refusal.max(after);
        });
    }

    /// It is time to stop.
    pub(crate) fn end(&self) {
        self.change(|counts| counts.is_over = true);
    }

    fn wait_for(&self, what: &str, is_so: impl Fn(&Counts) -> bool) -> Result<Duration, Failure> {
        let since = Instant::now();
        let counts = self.wait_until(LIMIT, &is_so);
        if is_so(&counts) {
            return Ok(since.elapsed());
        }
        let seconds = since.elapsed().as_secs();
        Err(Failure::Server(format!("too little was {what} within {seconds} s")))
    }

    /// Waits until something is so, a writer found a counter-example, or the time is up.
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
    fn who_waits_goes_on_as_soon_as_it_has_happened() {
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
    fn who_waits_hears_of_a_counter_example() {
        let progress = Progress::default();
        progress.end();
        progress.wait(LIMIT);
        assert!(progress.wait_for_refusals(1).is_err());
    }
}
