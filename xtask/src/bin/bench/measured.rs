//! What was measured: contacts, the time they took, and the processors' part in it.

use std::collections::BTreeMap;
use std::time::Duration;

/// What is measured, on one store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) what: What,
    pub(crate) phase: Phase,
    pub(crate) connections: u32,
}

/// Through which door, in which portions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum What {
    /// The ERP door, a thousand contacts a request, into a new database.
    Batches,
    /// The same into a database that holds many contacts already.
    BesideMany,
    /// The ERP door, one contact a request.
    Singles,
    /// The ERP door, one large request.
    AtOnce,
    /// The device door, one request of as many entries.
    Entries,
    /// The device door, one entry a request.
    SingleEntries,
    /// The same rows as in batches, without a server.
    Floor,
}

/// What becomes of the contacts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// All are new.
    Create,
    /// All are sent again as they were.
    Unchanged,
    /// Three fields of each have changed.
    Update,
    /// Of four, one is new, one unchanged, two changed.
    Mixed,
    /// Changed ones that lie far from each other among many.
    Scattered,
}

/// One measurement.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    /// How many contacts were sent.
    pub(crate) contacts: u32,
    /// From the first byte sent to the last byte received.
    pub(crate) elapsed: Duration,
    /// The time that half of the requests stayed below.
    pub(crate) p50: Duration,
    /// The time that 99 of 100 requests stayed below.
    pub(crate) p99: Duration,
    /// What the processors did meanwhile. `None` where there is no `/proc`.
    pub(crate) work: Option<Work>,
}

/// Time of processors, added up over cores.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Work {
    /// What the benchmark itself took.
    pub(crate) client: Duration,
    /// What the server under test took.
    pub(crate) server: Duration,
    /// What the processes of the database took, where it has any.
    pub(crate) database: Duration,
    /// What everybody else on the machine took.
    pub(crate) others: Duration,
}

/// What one round found.
#[derive(Debug, Default, Clone)]
pub(crate) struct Round {
    pub(crate) samples: BTreeMap<Key, Sample>,
    /// How long an fdatasync takes.
    pub(crate) sync: Duration,
    /// The most memory that a server held, in MiB.
    pub(crate) memory_mib: Option<f64>,
}

impl Key {
    pub(crate) const fn new(what: What, phase: Phase, connections: u32) -> Self {
        Self { what, phase, connections }
    }
}

impl Sample {
    /// Of requests that took so long each.
    pub(crate) fn new(
        contacts: u32,
        elapsed: Duration,
        mut latencies: Vec<Duration>,
        work: Option<Work>,
    ) -> Self {
        latencies.sort_unstable();
        let at = |percent: usize| {
            let index = (latencies.len() * percent).div_ceil(100).saturating_sub(1);
            latencies.get(index).copied().unwrap_or_default()
        };
        Self { contacts, elapsed, p50: at(50), p99: at(99), work }
    }

    /// Contacts per second.
    pub(crate) fn rate(&self) -> f64 {
        f64::from(self.contacts) / self.elapsed.as_secs_f64()
    }

    /// That time as microseconds per contact.
    pub(crate) fn per_contact(&self, time: Duration) -> f64 {
        time.as_secs_f64() * 1e6 / f64::from(self.contacts)
    }
}

impl Round {
    /// Keeps the larger of what is known and what was seen.
    pub(crate) fn saw_memory(&mut self, mib: Option<f64>) {
        self.memory_mib = [self.memory_mib, mib].into_iter().flatten().reduce(f64::max);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_sorted_times() {
        let times = (1..=100).rev().map(Duration::from_millis).collect();
        let sample = Sample::new(100, Duration::from_secs(2), times, None);
        let millis = [sample.p50, sample.p99].map(|time| time.as_millis());
        assert_eq!(millis, [50, 99]);
        assert!((sample.rate() - 50.0).abs() < 1e-9);
        assert!((sample.per_contact(sample.elapsed) - 20_000.0).abs() < 1e-6);
    }
}
