//! The steps of a request, and how long each took.

use std::cell::Cell;
use std::time::{Duration, Instant};

tokio::task_local! {
    static STEPS: Cell<Steps>;
}

/// A step of a request. The rest of its time is spent in none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The body arrives.
    Receive,
    /// The items are recognized or read.
    Read,
    /// The store decides and writes.
    Store,
}

/// How long each step has taken, if it was taken.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Steps {
    receive: Option<Duration>,
    read: Option<Duration>,
    store: Option<Duration>,
}

impl Steps {
    /// The name and the time of each step that was taken.
    pub(super) fn taken(self) -> impl Iterator<Item = (&'static str, Duration)> {
        let all = [("receive", self.receive), ("read", self.read), ("store", self.store)];
        all.into_iter().filter_map(|(name, time)| Some((name, time?)))
    }

    fn of(&mut self, step: Step) -> &mut Option<Duration> {
        match step {
            Step::Receive => &mut self.receive,
            Step::Read => &mut self.read,
            Step::Store => &mut self.store,
        }
    }
}

/// Does the work as a step of the current request.
pub(crate) async fn timed<T>(step: Step, work: impl Future<Output = T>) -> T {
    let started = Instant::now();
    let done = work.await;
    // Outside of a request, nobody asks.
    let _ = STEPS.try_with(|steps| {
        let mut taken = steps.get();
        let time = taken.of(step);
        *time = Some(time.unwrap_or_default() + started.elapsed());
        steps.set(taken);
    });
    done
}

/// Does the work of a request, and returns how long its steps took.
pub(super) async fn counted<T>(work: impl Future<Output = T>) -> (T, Steps) {
    let work = async {
        let done = work.await;
        (done, STEPS.with(Cell::get))
    };
    STEPS.scope(Cell::default(), work).await
}
