//! The lines of the report, what each is compared with, and the marks.

use std::fmt;

use crate::measured::{Key, Phase, What};

/// Group commit helps where a commit waits for the disk at least this long.
pub(super) const SLOW_DISK_MS: f64 = 1.0;

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

/// The mark of a ratio.
#[derive(Debug, Clone, Copy)]
pub(super) enum Mark {
    AtLeast(f64),
    Above(f64),
    /// At least that, where an fdatasync takes [`SLOW_DISK_MS`].
    OnSlowDisks(f64),
}

impl Marks {
    /// The mark of a server's memory, in MiB.
    pub(super) fn most_memory_mib(self) -> f64 {
        match self {
            Self::Sqlite => 200.0,
            Self::Postgres => 250.0,
        }
    }

    /// The floor that a server with that many connections is compared with.
    fn floor(self, phase: Phase, connections: u32) -> Key {
        let lanes = if self == Self::Sqlite { 1 } else { connections };
        Key::new(What::Floor, phase, lanes)
    }

    /// The mark of batches, compared with the floor or with create.
    fn of_batches(self, phase: Phase, connections: u32) -> Option<Mark> {
        match (self, phase, connections) {
            (Self::Sqlite, Phase::Create, 1) => Some(Mark::AtLeast(0.5)),
            (Self::Sqlite, Phase::Unchanged, 1) => Some(Mark::Above(1.0)),
            (Self::Postgres, Phase::Create | Phase::Update, 4) => Some(Mark::AtLeast(0.6)),
            (Self::Postgres, Phase::Unchanged, _) => Some(Mark::AtLeast(2.0)),
            _ => None,
        }
    }
}

/// Every possible line, in the order of the report.
pub(super) fn lines(marks: Marks) -> Vec<Line> {
    let mut lines = floor();
    lines.extend(batches(marks));
    lines.extend(beside_many(marks));
    lines.extend(singles(marks));
    lines.extend(device());
    lines
}

fn floor() -> Vec<Line> {
    let mut lines = Vec::new();
    for phase in [Phase::Create, Phase::Update] {
        for connections in [1, 4] {
            let label = format!("bare {}, {}", verb(phase), over(connections));
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
                Phase::Mixed | Phase::Scattered => None,
            };
            let label = format!("{}, {}", verb(phase), over(connections));
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
            _ => (format!("{} beside many, {}", verb(phase), over(4)), phase),
        };
        let key = Key::new(What::Batches, alone, 4);
        let against = Some(Against { key, named: "of beside none" });
        let asked = marks == Marks::Postgres && matches!(phase, Phase::Create | Phase::Update);
        let mark = asked.then_some(Mark::AtLeast(0.8));
        Line { against, mark, ..Line::new(label, Key::new(What::BesideMany, phase, 4)) }
    });
    lines.into()
}

fn singles(marks: Marks) -> Vec<Line> {
    let one = Key::new(What::Singles, Phase::Create, 1);
    let eight = Key::new(What::Singles, Phase::Create, 8);
    let mark = (marks == Marks::Sqlite).then_some(Mark::OnSlowDisks(3.0));
    let against = Some(Against { key: one, named: "of 1 connection" });
    vec![
        Line::new(format!("create one each, {}", over(1)), one),
        Line { against, mark, ..Line::new(format!("create one each, {}", over(8)), eight) },
    ]
}

fn device() -> Vec<Line> {
    let mut lines = Vec::new();
    for phase in [Phase::Create, Phase::Unchanged] {
        let erp = Key::new(What::AtOnce, phase, 1);
        lines.push(Line::new(format!("{} in one request", verb(phase)), erp));
        let label = format!("{} entries in one request", verb(phase));
        let against = Some(Against { key: erp, named: "of contacts" });
        let mark = Some(Mark::AtLeast(1.0));
        lines.push(Line { against, mark, ..Line::new(label, Key::new(What::Entries, phase, 1)) });
    }
    let singles = Key::new(What::SingleEntries, Phase::Update, 8);
    lines.push(Line::new(format!("update one entry each, {}", over(8)), singles));
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
            Self::AtLeast(mark) => write!(f, "≥ {mark:.1}"),
            Self::Above(mark) => write!(f, "> {mark:.1}"),
            Self::OnSlowDisks(mark) => write!(f, "≥ {mark:.1} where a sync takes 1 ms"),
        }
    }
}

fn verb(phase: Phase) -> &'static str {
    match phase {
        Phase::Create => "create",
        Phase::Unchanged => "unchanged",
        Phase::Update | Phase::Scattered => "update",
        Phase::Mixed => "mixed",
    }
}

fn over(connections: u32) -> String {
    if connections == 1 { "1 connection".to_owned() } else { format!("{connections} connections") }
}
