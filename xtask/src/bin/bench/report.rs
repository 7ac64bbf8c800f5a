//! The figures: medians of the rounds, the marks, the table and the JSON.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};

/// Group commit shows where a commit waits for the disk at least this long.
const SLOW_DISK_MS: f64 = 1.0;

/// What one round found.
#[derive(Debug, Default, Clone)]
pub(crate) struct Round {
    /// Contacts per second by phase and connections.
    pub(crate) batches: BTreeMap<(&'static str, u32), f64>,
    /// Requests of one contact by connections.
    pub(crate) singles: BTreeMap<u32, Singles>,
    /// Rows per second of bare SQLite by phase.
    pub(crate) floor: BTreeMap<&'static str, f64>,
    /// How long an fdatasync takes, in milliseconds.
    pub(crate) sync_ms: f64,
    /// The most memory that a server held, in MiB.
    pub(crate) memory_mib: Option<f64>,
}

/// Requests of one contact.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Singles {
    rate: f64,
    p50_ms: f64,
    p99_ms: f64,
}

impl Singles {
    /// From the rate and the time that each took.
    pub(crate) fn new(rate: f64, mut latencies: Vec<Duration>) -> Self {
        latencies.sort_unstable();
        let at = |percent: usize| {
            let index = (latencies.len() * percent).div_ceil(100).saturating_sub(1);
            latencies.get(index).map_or(0.0, Duration::as_secs_f64) * 1_000.0
        };
        Self { rate, p50_ms: at(50), p99_ms: at(99) }
    }
}

impl Round {
    /// Keeps the larger of what is known and what was seen.
    pub(crate) fn saw_memory(&mut self, mib: Option<f64>) {
        self.memory_mib = [self.memory_mib, mib].into_iter().flatten().reduce(f64::max);
    }
}

/// The medians of the rounds; of memory, the most.
#[derive(Debug)]
pub(crate) struct Report(Round);

/// A mark of the project and how it stands.
struct Mark {
    text: &'static str,
    /// `None` where it does not apply.
    met: Option<bool>,
    seen: String,
}

impl Report {
    /// Of these rounds, at least one.
    pub(crate) fn of(rounds: &[Round]) -> Self {
        let mut report = Round::default();
        for key in rounds.iter().flat_map(|round| round.batches.keys()) {
            let rates = rounds.iter().filter_map(|round| round.batches.get(key).copied());
            report.batches.insert(*key, median(rates));
        }
        for key in rounds.iter().flat_map(|round| round.floor.keys()) {
            let rates = rounds.iter().filter_map(|round| round.floor.get(key).copied());
            report.floor.insert(key, median(rates));
        }
        for key in rounds.iter().flat_map(|round| round.singles.keys()) {
            let all = || rounds.iter().filter_map(|round| round.singles.get(key));
            let singles = Singles {
                rate: median(all().map(|singles| singles.rate)),
                p50_ms: median(all().map(|singles| singles.p50_ms)),
                p99_ms: median(all().map(|singles| singles.p99_ms)),
            };
            report.singles.insert(*key, singles);
        }
        report.sync_ms = median(rounds.iter().map(|round| round.sync_ms));
        for round in rounds {
            report.saw_memory(round.memory_mib);
        }
        Self(report)
    }

    /// The share of the floor that a phase over one or more connections reaches, where bare SQLite
    /// does the same.
    fn ratio(&self, phase: &'static str, connections: u32) -> Option<f64> {
        Some(self.0.batches.get(&(phase, connections))? / self.0.floor.get(phase)?)
    }

    fn rate(&self, phase: &'static str, connections: u32) -> f64 {
        self.0.batches.get(&(phase, connections)).copied().unwrap_or_default()
    }

    fn single_rate(&self, connections: u32) -> f64 {
        self.0.singles.get(&connections).map_or(0.0, |singles| singles.rate)
    }

    fn marks(&self) -> [Mark; 4] {
        let create = self.ratio("create", 1).unwrap_or_default();
        let (fresh, again) = (self.rate("create", 1), self.rate("unchanged", 1));
        let gain = self.single_rate(8) / self.single_rate(1);
        let sync = self.0.sync_ms;
        let memory = self.0.memory_mib;
        [
            Mark {
                text: "create reaches 0.5 of the floor",
                met: Some(create >= 0.5),
                seen: format!("{create:.2}"),
            },
            Mark {
                text: "unchanged is faster than create",
                met: Some(again > fresh),
                seen: format!("{:.2} times", again / fresh),
            },
            Mark {
                text: "8 connections do 3 times as many singles as one, where a sync takes 1 ms",
                met: (sync >= SLOW_DISK_MS).then_some(gain >= 3.0),
                seen: format!("{gain:.2} times, a sync takes {sync:.2} ms"),
            },
            Mark {
                text: "peak memory stays below 200 MiB",
                met: memory.map(|mib| mib < 200.0),
                seen: memory.map_or("not known here".to_owned(), |mib| format!("{mib:.0} MiB")),
            },
        ]
    }

    /// The figures for machines.
    pub(crate) fn json(&self) -> Value {
        let batches = self.0.batches.iter().map(|((phase, connections), rate)| {
            json!({
                "phase": phase,
                "connections": connections,
                "contactsPerSecond": rate.round(),
                "ofFloor": self.ratio(phase, *connections),
            })
        });
        let singles = self.0.singles.iter().map(|(connections, singles)| {
            json!({
                "connections": connections,
                "requestsPerSecond": singles.rate.round(),
                "p50Ms": singles.p50_ms,
                "p99Ms": singles.p99_ms,
            })
        });
        let marks = self
            .marks()
            .map(|mark| json!({ "mark": mark.text, "met": mark.met, "seen": mark.seen }));
        json!({
            "batches": batches.collect::<Vec<_>>(),
            "singles": singles.collect::<Vec<_>>(),
            "floorRowsPerSecond": self.0.floor,
            "fdatasyncMs": self.0.sync_ms,
            "peakMemoryMiB": self.0.memory_mib,
            "marks": marks,
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\nbatches of 1,000          contacts/s   of the floor")?;
        for phase in ["create", "unchanged", "update", "mixed"] {
            for connections in [1, 4] {
                let rate = thousands(self.rate(phase, connections));
                let ratio = self.ratio(phase, connections);
                let ratio = ratio.map(|ratio| format!("{ratio:.2}")).unwrap_or_default();
                let label = format!("{phase}, {}", of_connections(connections));
                writeln!(f, "{label:<24}{rate:>12}{ratio:>15}")?;
            }
        }
        writeln!(f, "\nsingle contacts           requests/s         p50 ms    p99 ms")?;
        for (connections, Singles { rate, p50_ms, p99_ms }) in &self.0.singles {
            let label = of_connections(*connections);
            let rate = thousands(*rate);
            writeln!(f, "{label:<24}{rate:>12}{p50_ms:>15.2}{p99_ms:>10.2}")?;
        }
        writeln!(f, "\nbare SQLite                   rows/s")?;
        for (phase, rate) in &self.0.floor {
            writeln!(f, "{phase:<24}{:>12}", thousands(*rate))?;
        }
        writeln!(f, "an fdatasync takes {:.2} ms", self.0.sync_ms)?;
        writeln!(f)?;
        for mark in self.marks() {
            let verdict = match mark.met {
                Some(true) => "met",
                Some(false) => "NOT MET",
                None => "not asked",
            };
            writeln!(f, "{verdict:>9}  {} ({})", mark.text, mark.seen)?;
        }
        Ok(())
    }
}

fn of_connections(count: u32) -> String {
    if count == 1 { "1 connection".to_owned() } else { format!("{count} connections") }
}

fn thousands(number: f64) -> String {
    let digits = format!("{:.0}", number.round());
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values = values.collect::<Vec<_>>();
    values.sort_unstable_by(f64::total_cmp);
    let upper = values.get(values.len() / 2).copied().unwrap_or_default();
    let lower = values.get(values.len().saturating_sub(1) / 2).copied().unwrap_or_default();
    f64::midpoint(lower, upper)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_lies_in_the_middle() {
        for (values, expected) in [(vec![3.0, 1.0, 2.0], 2.0), (vec![4.0, 2.0], 3.0)] {
            assert!((median(values.into_iter()) - expected).abs() < f64::EPSILON);
        }
    }

    #[test]
    fn percentiles_are_of_the_sorted_times() {
        let singles = Singles::new(1.0, (1..=100).rev().map(Duration::from_millis).collect());
        assert!((singles.p50_ms - 50.0).abs() < 1e-9 && (singles.p99_ms - 99.0).abs() < 1e-9);
    }

    #[test]
    fn marks_say_whether_they_are_met() {
        let round = Round {
            batches: [(("create", 1), 60.0), (("unchanged", 1), 90.0)].into(),
            floor: [("create", 100.0)].into(),
            singles: [(1, Singles { rate: 1.0, ..Singles::default() })].into(),
            sync_ms: 0.1,
            memory_mib: Some(250.0),
        };
        let marks = Report::of(&[round]).marks().map(|mark| mark.met);
        assert_eq!(marks, [Some(true), Some(true), None, Some(false)]);
    }

    #[test]
    fn numbers_are_readable() {
        assert_eq!(["7", "1,234", "1,234,567"], [7.0, 1234.0, 1_234_567.0].map(thousands));
    }
}
