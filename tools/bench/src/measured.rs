//! Measurements: contacts, elapsed time, processor time.

use std::collections::BTreeMap;
use std::time::Duration;

/// What is measured on one store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) what: What,
    pub(crate) phase: Phase,
    pub(crate) connections: u32,
}

/// The API, and how many contacts a request has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum What {
    /// The ERP API, a thousand contacts a request, into a new database.
    Batches,
    /// The same into a database with many contacts.
    BesideMany,
    /// The ERP API, one contact a request.
    Singles,
    /// The ERP API, one large request.
    AtOnce,
    /// Contacts read by their ids, one a request.
    Reads,
    /// The device API, one large request.
    Entries,
    /// The device API, one entry a request.
    SingleEntries,
    /// The rows of the batches, without a server.
    Floor,
}

/// What happens to the contacts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// All are new.
    Create,
    /// All are sent again unchanged.
    Unchanged,
    /// Three fields of each have changed.
    Update,
    /// Of four, one is new, one unchanged, two changed.
    Mixed,
    /// Changed contacts far apart among many.
    Scattered,
    /// Stored contacts are read.
    Read,
}

/// One measurement.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    /// How many contacts were sent.
    pub(crate) contacts: u32,
    /// From the first byte sent to the last byte received.
    pub(crate) elapsed: Duration,
    /// The median time of a request.
    pub(crate) p50: Duration,
    /// The 99th percentile of the time of a request.
    pub(crate) p99: Duration,
    /// The processor time. `None` where there is no `/proc`.
    pub(crate) work: Option<Work>,
}

/// Processor time, summed over cores.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Work {
    /// Of the benchmark.
    pub(crate) client: Duration,
    /// Of the server under test.
    pub(crate) server: Duration,
    /// Of the processes of the database, if it has any.
    pub(crate) database: Duration,
    /// Of everything else on the machine.
    pub(crate) others: Duration,
}

/// The measurements of one round.
#[derive(Debug, Default, Clone)]
pub(crate) struct Round {
    pub(crate) samples: BTreeMap<Key, Sample>,
    /// The time of an fdatasync.
    pub(crate) sync: Duration,
    /// The peaks of the servers' memory, in MiB.
    pub(crate) memory_mib: BTreeMap<What, f64>,
}

impl Key {
    pub(crate) const fn new(what: What, phase: Phase, connections: u32) -> Self {
        Self { what, phase, connections }
    }
}

impl Phase {
    /// The word for it in reports.
    pub(crate) fn verb(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Unchanged => "unchanged",
            Self::Update | Self::Scattered => "update",
            Self::Mixed => "mixed",
            Self::Read => "read",
        }
    }
}

impl Sample {
    /// A measurement of requests with these times.
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

    /// How many times as long as usual a slow request takes: the 99th percentile by the median.
    pub(crate) fn tail(&self) -> f64 {
        self.p99.as_secs_f64() / self.p50.as_secs_f64()
    }

    /// That time in microseconds per contact.
    pub(crate) fn per_contact(&self, time: Duration) -> f64 {
        time.as_secs_f64() * 1e6 / f64::from(self.contacts)
    }
}

impl Round {
    /// Keeps the larger peak.
    pub(crate) fn add_memory(&mut self, what: What, mib: Option<f64>) {
        if let Some(mib) = mib {
            let peak = self.memory_mib.entry(what).or_insert(mib);
            *peak = peak.max(mib);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_sorted_times() {
        let times = (1..=100).rev().map(Duration::from_millis).collect();
        let sample = Sample::new(100, Duration::from_secs(2), times, None);
        let millis = [sample.p50, sample.p99].map(|time| time.as_millis());
        assert_eq!(millis, [50, 99]);
        assert!((sample.rate() - 50.0).abs() < 1e-9);
        assert!((sample.per_contact(sample.elapsed) - 20_000.0).abs() < 1e-6);
    }
}
