//! The lines of the report, what each is compared with, and the marks.

use std::fmt;

use crate::measured::{Key, Phase, What};

/// The marks of the servers' memory, in MiB.
pub(super) const MEMORY: [(What, &str, f64); 2] = [
    (What::Batches, "peak memory, batches of 1,000, MiB", 130.0),
    (What::AtOnce, "the same, all in one request, MiB", 220.0),
];

/// The store whose marks apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Marks {
    Sqlite,
    Postgres,
}

/// A line of the report.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) label: String,
    pub(super) key: Key,
    pub(super) against: Option<Against>,
    pub(super) mark: Option<Mark>,
}

/// The measurement that the rate of a line is divided by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Against {
    pub(super) key: Key,
    pub(super) named: &'static str,
}

/// What a line has to reach.
#[derive(Debug, Clone, Copy)]
pub(super) enum Mark {
    /// At least that ratio.
    Ratio(f64),
    /// At most that many times the median for the 99th percentile of a request.
    Tail(f64),
    /// At most that many microseconds of the server's processor time for a contact.
    Server(f64),
}

impl Marks {
    /// The floor that a server with that many connections is compared with.
    fn floor(self, phase: Phase, connections: u32) -> Key {
        let lanes = if self == Self::Sqlite { 1 } else { connections };
        Key::new(What::Floor, phase, lanes)
    }

    fn of_batches(self, phase: Phase, connections: u32) -> Option<Mark> {
        match (self, phase, connections) {
            (Self::Sqlite, Phase::Create, 4) => Some(Mark::Server(28.0)),
            (_, Phase::Unchanged, _) => Some(Mark::Ratio(4.0)),
            _ => None,
        }
    }

    fn beside_many(self, phase: Phase) -> Option<Mark> {
        match (self, phase) {
            (Self::Sqlite, Phase::Create) => Some(Mark::Ratio(0.5)),
            (Self::Postgres, Phase::Create) | (_, Phase::Update) => Some(Mark::Ratio(0.85)),
            _ => None,
        }
    }
}

/// Every possible line, in the order of the report.
pub(super) fn lines(marks: Marks) -> Vec<Line> {
    let mut lines = floor();
    lines.extend(batches(marks));
    lines.extend(beside_many(marks));
    lines.extend(singles());
    lines.extend(at_once());
    lines
}

fn floor() -> Vec<Line> {
    let mut lines = Vec::new();
    for phase in [Phase::Create, Phase::Update] {
        for connections in [1, 4] {
            let label = format!("bare {}, {}", phase.verb(), over(connections));
            lines.push(Line::new(label, Key::new(What::Floor, phase, connections)));
        }
    }
    lines
}

fn batches(marks: Marks) -> Vec<Line> {
    let mut lines = Vec::new();
    for phase in [Phase::Create, Phase::Update, Phase::Unchanged, Phase::Mixed] {
        for connections in [1, 4] {
            let key = Key::new(What::Batches, phase, connections);
            let against = match phase {
                Phase::Create | Phase::Update => {
                    Some(Against { key: marks.floor(phase, connections), named: "of bare" })
                }
                Phase::Unchanged => {
                    let key = Key::new(What::Batches, Phase::Create, connections);
                    Some(Against { key, named: "of create" })
                }
                Phase::Mixed | Phase::Scattered | Phase::Read => None,
            };
            let label = format!("{}, {}", phase.verb(), over(connections));
            let mark = marks.of_batches(phase, connections);
            lines.push(Line { against, mark, ..Line::new(label, key) });
        }
    }
    lines
}

fn beside_many(marks: Marks) -> Vec<Line> {
    let phases = [Phase::Create, Phase::Update, Phase::Unchanged, Phase::Mixed, Phase::Scattered];
    let lines = phases.map(|phase| {
        let (label, alone) = match phase {
            Phase::Scattered => ("update here and there, beside many".to_owned(), Phase::Update),
            _ => (format!("{} beside many, {}", phase.verb(), over(4)), phase),
        };
        let key = Key::new(What::Batches, alone, 4);
        let against = Some(Against { key, named: "of beside none" });
        let mark = marks.beside_many(phase);
        Line { against, mark, ..Line::new(label, Key::new(What::BesideMany, phase, 4)) }
    });
    lines.into()
}

/// Requests of one contact.
fn singles() -> Vec<Line> {
    let mut lines = Vec::new();
    for (what, phase, label, all) in [
        (What::Singles, Phase::Create, "create one each", &[1, 8, 64][..]),
        (What::Reads, Phase::Read, "read one each", &[1, 8]),
        (What::SingleEntries, Phase::Update, "update one entry each", &[8]),
    ] {
        let one = Key::new(what, phase, 1);
        for &connections in all {
            let several = connections > 1 && what != What::SingleEntries;
            let against = several.then_some(Against { key: one, named: "of 1 connection" });
            let mark = (connections == 64).then_some(Mark::Tail(4.0));
            let line = Line::new(
                format!("{label}, {}", over(connections)),
                Key::new(what, phase, connections),
            );
            lines.push(Line { against, mark, ..line });
        }
    }
    lines
}

fn at_once() -> Vec<Line> {
    let mut lines = Vec::new();
    for phase in [Phase::Create, Phase::Unchanged] {
        let erp = Key::new(What::AtOnce, phase, 1);
        lines.push(Line::new(format!("{} in one request", phase.verb()), erp));
        let label = format!("{} entries in one request", phase.verb());
        let against = Some(Against { key: erp, named: "of contacts" });
        let mark = Some(Mark::Ratio(1.0));
        lines.push(Line { against, mark, ..Line::new(label, Key::new(What::Entries, phase, 1)) });
    }
    let four = Key::new(What::AtOnce, Phase::Create, 4);
    lines.push(Line::new("create in four requests at once".to_owned(), four));
    lines
}

impl Line {
    fn new(label: String, key: Key) -> Self {
        Self { label, key, against: None, mark: None }
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ratio(mark) => write!(f, "≥ {mark:.2}"),
            Self::Tail(mark) => write!(f, "p99 ≤ {mark} × p50"),
            Self::Server(mark) => write!(f, "≤ {mark} µs of the server"),
        }
    }
}

fn over(connections: u32) -> String {
    if connections == 1 { "1 connection".to_owned() } else { format!("{connections} connections") }
}
