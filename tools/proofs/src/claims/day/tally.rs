//! What was measured, by kind.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The kinds of requests, in the order of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Batch,
    Stream,
    Single,
    Read,
    List,
    Search,
    /// Of the change feed, for which a server waits up to a second.
    Poll,
}

/// Times of requests of all threads, and other delays.
#[derive(Debug, Default)]
pub(super) struct Tally(Mutex<Measured>);

#[derive(Debug, Default)]
struct Measured {
    requests: BTreeMap<Kind, (Vec<Duration>, usize)>,
    delays: BTreeMap<&'static str, Vec<Duration>>,
    /// Requests that were sent again, by the reason.
    again: BTreeMap<String, usize>,
}

impl Tally {
    /// Counts an answered request of so many items.
    pub(super) fn answered(&self, kind: Kind, items: usize, took: Duration) {
        let mut measured = self.lock();
        let (times, all) = measured.requests.entry(kind).or_default();
        times.push(took);
        *all += items;
    }

    /// Counts a request that has to be sent again.
    pub(super) fn again(&self, reason: String) {
        *self.lock().again.entry(reason).or_default() += 1;
    }

    /// Adds how far something lags behind.
    pub(super) fn lags(&self, what: &'static str, by: Duration) {
        self.lock().delays.entry(what).or_default().push(by);
    }

    /// A line for each kind and delay.
    pub(super) fn lines(&self, during: Duration) -> Vec<String> {
        let measured = self.lock();
        let seconds = during.as_secs_f64();
        let of_kind = measured.requests.iter().map(|(kind, (times, items))| {
            let (count, of) = (times.len(), Percentiles::of(times));
            let rate = per_second(*items, seconds);
            let rate = if *items > count { format!(", {rate:.0} items/s") } else { String::new() };
            format!("{kind:?}: {count}{rate}; {of}")
        });
        let lags = measured.delays.iter().map(|(what, times)| {
            let of = Percentiles::of(times);
            format!("lag of the {what}, seen {} times: {of}", times.len())
        });
        let reasons = measured.again.iter().map(|(reason, count)| format!("{count} × {reason}"));
        let reasons = reasons.collect::<Vec<_>>().join(", ");
        let again = match reasons.as_str() {
            "" => "no request had to be sent again".to_owned(),
            _ => format!("sent again: {reasons}"),
        };
        of_kind.chain(lags).chain([again]).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Measured> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn per_second(items: usize, seconds: f64) -> f64 {
    u32::try_from(items).map_or(f64::INFINITY, f64::from) / seconds
}

/// The usual time, and that which one in a hundred exceeds.
struct Percentiles {
    p50: Duration,
    p99: Duration,
}

impl Percentiles {
    fn of(times: &[Duration]) -> Self {
        let mut times = times.to_vec();
        times.sort_unstable();
        let at = |percent: usize| {
            let place = (times.len() * percent / 100).min(times.len().saturating_sub(1));
            times.get(place).copied().unwrap_or_default()
        };
        Self { p50: at(50), p99: at(99) }
    }
}

impl fmt::Display for Percentiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [p50, p99] = [self.p50, self.p99].map(|time| time.as_secs_f64() * 1e3);
        write!(f, "p50 {p50:.1} ms, p99 {p99:.1} ms")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_sorted_times() {
        let times: Vec<_> = (1..=200).rev().map(Duration::from_millis).collect();
        assert_eq!(Percentiles::of(&times).to_string(), "p50 101.0 ms, p99 199.0 ms");
        assert_eq!(Percentiles::of(&[]).to_string(), "p50 0.0 ms, p99 0.0 ms");
    }
}
