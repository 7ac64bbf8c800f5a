//! The figures of all rounds: medians, ranges and marks.

mod lines;
mod table;

use std::thread;

use serde_json::{Value, json};

pub(crate) use self::lines::Marks;
use self::lines::{Line, MEMORY, Mark};
use crate::baseline::Figures;
use crate::measured::{Key, Round, Sample, What, Work};

/// The rounds on one store, at least one.
#[derive(Debug)]
pub(crate) struct Report {
    store: String,
    marks: Marks,
    rounds: Vec<Round>,
    baseline: Figures,
}

/// The median and range of a figure.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Spread {
    median: f64,
    least: f64,
    most: f64,
}

impl Report {
    pub(crate) fn new(store: &str, marks: Marks, rounds: Vec<Round>, baseline: Figures) -> Self {
        Self { store: store.to_owned(), marks, rounds, baseline }
    }

    pub(crate) fn store(&self) -> &str {
        &self.store
    }

    /// The median ratios, for a baseline.
    pub(crate) fn ratios(&self) -> Figures {
        let ratios = self.lines().filter_map(|line| {
            let median = self.ratio(line.key, line.against?.key)?.median;
            Some((line.label, (median * 100.0).round() / 100.0))
        });
        ratios.collect()
    }

    /// The lines of what was measured, in the order of the report.
    fn lines(&self) -> impl Iterator<Item = Line> {
        let lines = lines::lines(self.marks).into_iter();
        lines.filter(|line| self.samples(line.key).next().is_some())
    }

    /// That measurement in each round.
    fn samples(&self, key: Key) -> impl Iterator<Item = &Sample> {
        self.rounds.iter().filter_map(move |round| round.samples.get(&key))
    }

    fn spread(&self, key: Key, of: impl Fn(&Sample) -> f64) -> Option<Spread> {
        Spread::of(self.samples(key).map(of))
    }

    /// That part of the processor time, in microseconds per contact.
    fn work(&self, key: Key, of: fn(&Work) -> std::time::Duration) -> Option<f64> {
        let of = |sample: &Sample| sample.work.map(|work| sample.per_contact(of(&work)));
        Some(Spread::of(self.samples(key).filter_map(of))?.median)
    }

    /// The ratio of two measurements in the same round, because rounds differ more than ratios.
    fn ratio(&self, key: Key, against: Key) -> Option<Spread> {
        let ratios = self.rounds.iter().filter_map(|round| {
            Some(round.samples.get(&key)?.rate() / round.samples.get(&against)?.rate())
        });
        Spread::of(ratios)
    }

    /// Whether a mark is met. `None` where no mark applies.
    fn met(&self, line: &Line) -> Option<bool> {
        match line.mark? {
            Mark::Ratio(mark) => Some(self.ratio(line.key, line.against?.key)?.median >= mark),
            Mark::Tail(mark) => Some(self.spread(line.key, Sample::tail)?.median <= mark),
            Mark::Server(mark) => Some(self.work(line.key, |work| work.server)? <= mark),
        }
    }

    fn sync_ms(&self) -> f64 {
        let times = self.rounds.iter().map(|round| round.sync.as_secs_f64() * 1e3);
        Spread::of(times).map_or(0.0, |spread| spread.median)
    }

    /// The peaks of the servers' memory, in MiB, each with its name and its mark.
    fn memory(&self) -> impl Iterator<Item = (&'static str, f64, f64)> {
        MEMORY.into_iter().filter_map(|(what, name, mark)| {
            let peaks = self.rounds.iter().filter_map(|round| round.memory_mib.get(&what));
            Some((name, peaks.copied().reduce(f64::max)?, mark))
        })
    }

    /// The largest share of one core that the client took. At 1, the client is the bottleneck.
    fn client_share(&self) -> Option<f64> {
        let keys = self.lines().map(|line| line.key).filter(|key| key.what != What::Floor);
        let share = |sample: &Sample| {
            Some(sample.work?.client.as_secs_f64() / sample.elapsed.as_secs_f64())
        };
        let shares =
            keys.filter_map(|key| Some(Spread::of(self.samples(key).filter_map(share))?.median));
        shares.reduce(f64::max)
    }

    /// The share of the machine that other processes took during the measurements.
    fn others_share(&self) -> Option<f64> {
        let samples = || self.rounds.iter().flat_map(|round| round.samples.values());
        let others = samples().filter_map(|sample| Some(sample.work?.others.as_secs_f64()));
        let elapsed = samples().filter(|sample| sample.work.is_some());
        let elapsed = elapsed.map(|sample| sample.elapsed.as_secs_f64()).sum::<f64>();
        (elapsed > 0.0).then(|| others.sum::<f64>() / elapsed / cores())
    }

    /// The figures as JSON.
    pub(crate) fn json(&self) -> Value {
        let lines = self.lines().map(|line| {
            let ratio = line.against.and_then(|against| self.ratio(line.key, against.key));
            let micros = |of| self.work(line.key, of);
            json!({
                "what": line.label,
                "contactsPerSecond": self.spread(line.key, Sample::rate).map(Spread::json),
                "ratio": ratio.map(Spread::json),
                "baseline": self.baseline.get(&line.label),
                "ratioTo": line.against.map(|against| against.named),
                "mark": line.mark.map(|mark| mark.to_string()),
                "met": self.met(&line),
                "p50Ms": self.spread(line.key, |it| it.p50.as_secs_f64() * 1e3).map(Spread::json),
                "p99Ms": self.spread(line.key, |it| it.p99.as_secs_f64() * 1e3).map(Spread::json),
                "microsecondsPerContact": {
                    "elapsed": self.spread(line.key, |it| it.per_contact(it.elapsed)).map(Spread::json),
                    "client": micros(|work| work.client),
                    "server": micros(|work| work.server),
                    "database": micros(|work| work.database),
                    "others": micros(|work| work.others),
                },
            })
        });
        let memory = self.memory().map(|(name, mib, most)| {
            json!({ "what": name, "peakMiB": mib, "mark": most, "met": mib <= most })
        });
        json!({
            "store": self.store,
            "rounds": self.rounds.len(),
            "lines": lines.collect::<Vec<_>>(),
            "fdatasyncMs": self.sync_ms(),
            "memory": memory.collect::<Vec<_>>(),
            "clientShareOfACore": self.client_share(),
            "othersShareOfTheMachine": self.others_share(),
        })
    }
}

impl Spread {
    /// `None` without values.
    fn of(values: impl Iterator<Item = f64>) -> Option<Self> {
        let mut values = values.collect::<Vec<_>>();
        values.sort_unstable_by(f64::total_cmp);
        let upper = values.get(values.len() / 2)?;
        let lower = values.get(values.len().saturating_sub(1) / 2)?;
        Some(Self {
            median: f64::midpoint(*lower, *upper),
            least: *values.first()?,
            most: *values.last()?,
        })
    }

    fn json(self) -> Value {
        json!({ "median": self.median, "least": self.least, "most": self.most })
    }
}

fn cores() -> f64 {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    f64::from(u32::try_from(cores).unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::measured::Phase;

    const CREATE: Key = Key::new(What::Batches, Phase::Create, 1);
    const FLOOR: Key = Key::new(What::Floor, Phase::Create, 1);

    /// A round in which the server and the floor took that many milliseconds.
    fn round(server: u64, floor: u64) -> Round {
        let sample = |millis| Sample::new(1_000, Duration::from_millis(millis), Vec::new(), None);
        let samples = [(CREATE, sample(server)), (FLOOR, sample(floor))].into();
        Round { samples, ..Round::default() }
    }

    fn report(rounds: Vec<Round>) -> Report {
        Report::new("S", Marks::Sqlite, rounds, Figures::new())
    }

    #[test]
    fn median_is_the_middle_value() {
        let spread = |values: &[f64]| Spread::of(values.iter().copied());
        let odd = Spread { median: 2.0, least: 1.0, most: 3.0 };
        assert_eq!(spread(&[3.0, 1.0, 2.0]), Some(odd));
        let even = Spread { median: 3.0, least: 2.0, most: 4.0 };
        assert_eq!(spread(&[4.0, 2.0]), Some(even));
        assert_eq!(spread(&[]), None);
    }

    #[test]
    fn ratios_are_within_a_round() {
        // In one round the machine is ten times slower.
        let report = report(vec![round(20, 10), round(200, 100)]);
        let half = Spread { median: 0.5, least: 0.5, most: 0.5 };
        assert_eq!(report.ratio(CREATE, FLOOR), Some(half));
    }

    #[test]
    fn marks_are_met_or_not() {
        let again = Key::new(What::Batches, Phase::Unchanged, 1);
        let met = |created, unchanged| {
            let mut round = round(created, 10);
            let sample = Sample::new(1_000, Duration::from_millis(unchanged), Vec::new(), None);
            round.samples.insert(again, sample);
            let report = report(vec![round]);
            let lines = report.lines().filter(|line| line.mark.is_some());
            lines.map(|line| (line.key, report.met(&line))).collect::<Vec<_>>()
        };
        assert_eq!(met(40, 10), [(again, Some(true))]);
        assert_eq!(met(39, 10), [(again, Some(false))]);
    }

    #[test]
    fn shares_of_client_and_others_are_computed() {
        let second = Duration::from_secs(1);
        let work = Work { client: second / 4, others: second / 2, ..Work::default() };
        let sample = Sample::new(1_000, second, Vec::new(), Some(work));
        let round = Round { samples: [(CREATE, sample)].into(), ..Round::default() };
        let report = report(vec![round]);
        assert_eq!(report.client_share(), Some(0.25));
        assert_eq!(report.others_share(), Some(0.5 / cores()));
    }
}
