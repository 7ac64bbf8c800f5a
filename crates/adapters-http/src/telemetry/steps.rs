//! What a request does: its steps, how long each takes, and what becomes of its items.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use super::items::{ItemReport, Items};

tokio::task_local! {
    static WORK: RefCell<Work>;
}

/// What a request, or a chunk of a stream, has done.
#[derive(Debug, Default)]
pub(crate) struct Work {
    pub(super) steps: Steps,
    /// None of a dry run, which stores nothing.
    pub(super) items: Option<Items>,
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
    note(|work| *work.steps.of(step).get_or_insert_default() += started.elapsed());
    done
}

/// Notes what became of the items of the current request. Of several attempts, the last one counts.
pub(crate) fn note_items(report: &impl ItemReport) {
    note(|work| work.items = Some(Items::of(report)));
}

/// Outside of a request, nobody asks.
fn note(change: impl FnOnce(&mut Work)) {
    let _ = WORK.try_with(|work| change(&mut work.borrow_mut()));
}

/// Does a request, or a part of it, and returns what it has done.
pub(crate) async fn measured<T>(doing: impl Future<Output = T>) -> (T, Work) {
    let doing = async {
        let done = doing.await;
        (done, WORK.with(RefCell::take))
    };
    WORK.scope(RefCell::default(), doing).await
}
