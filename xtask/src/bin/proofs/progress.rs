//! How far the writers of a load are, for whoever does something meanwhile.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use xtask::Failure;

/// How often somebody who waits looks.
const TICK: Duration = Duration::from_millis(2);

/// Longer than anything takes to happen that is going to happen.
const LIMIT: Duration = Duration::from_secs(60);

/// How far the writers are.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    is_over: AtomicBool,
    acknowledged: AtomicU64,
    unavailable: AtomicU64,
}

impl Progress {
    /// Waits so long, or until a writer found a counter-example.
    pub(crate) fn wait(&self, time: Duration) {
        let since = Instant::now();
        while !self.is_over() && since.elapsed() < time {
            thread::sleep(time.saturating_sub(since.elapsed()).min(TICK));
        }
    }

    /// Waits until so many batches more have been acknowledged; how long that took.
    ///
    /// # Errors
    ///
    /// When they are not.
    pub(crate) fn wait_for_acknowledgements(&self, count: u64) -> Result<Duration, Failure> {
        self.wait_for(&self.acknowledged, count, "acknowledged")
    }

    /// Waits until so many requests more have been answered 503; how long that took.
    ///
    /// # Errors
    ///
    /// When they are not.
    pub(crate) fn wait_for_refusals(&self, count: u64) -> Result<Duration, Failure> {
        self.wait_for(&self.unavailable, count, "answered 503")
    }

    /// How many requests were answered 503.
    pub(crate) fn refusals(&self) -> u64 {
        self.unavailable.load(Ordering::Relaxed)
    }

    /// A batch was acknowledged.
    pub(crate) fn acknowledge(&self) {
        self.acknowledged.fetch_add(1, Ordering::Relaxed);
    }

    /// A request was answered 503.
    pub(crate) fn refuse(&self) {
        self.unavailable.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether it is time to stop.
    pub(crate) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    /// It is time to stop.
    pub(crate) fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }

    fn wait_for(&self, counter: &AtomicU64, count: u64, what: &str) -> Result<Duration, Failure> {
        let (since, before) = (Instant::now(), counter.load(Ordering::Relaxed));
        while counter.load(Ordering::Relaxed) < before + count {
            if self.is_over() {
                return Err(Failure::Server("a writer gave up".to_owned()));
            }
            if since.elapsed() > LIMIT {
                let seconds = LIMIT.as_secs();
                return Err(Failure::Server(format!("nothing was {what} for {seconds} s")));
            }
            thread::sleep(TICK);
        }
        Ok(since.elapsed())
    }
}
