//! The benchmark: the release server on new databases, against the bare database with the same rows.
//! Called by `cargo xtask bench`.
//!
//! Figures are comparable on one machine only. The report says which marks are met; none fails the
//! program.

#![expect(clippy::print_stdout, reason = "a program of the command line")]

mod baseline;
mod contacts;
mod device;
mod engine;
mod entries;
mod erp;
mod load;
mod measured;
mod meter;
mod profile;
mod report;
mod round;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, ensure};
use clap::{Parser, ValueEnum};
use serde_json::json;

use self::baseline::Baseline;
use self::engine::{Engine, Postgres, Sqlite};
use self::profile::profile;
use self::report::{Marks, Report};
use self::round::{Bench, Part, Sizes};

/// Measure the server against the bare database
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench", bin_name = "cargo xtask bench")]
struct Arguments {
    /// The store to measure
    #[arg(long, value_enum, default_value_t)]
    store: Store,
    /// How often everything is measured; the medians are reported
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..1_000))]
    rounds: u32,
    #[command(flatten)]
    sizes: Sizes,
    /// The keys that the organization matches by: of email, phone and vatNumber, with commas between, or
    /// none [default: email]
    #[arg(long, value_name = "KEYS", conflicts_with_all = ["profile", "keep"])]
    match_by: Option<String>,
    /// One round with small sizes, in less than two minutes
    #[arg(long, conflicts_with_all = ["rounds", "contacts", "singles", "entries", "stored"])]
    quick: bool,
    /// Measure where a contact's time goes instead; needs perf and valgrind
    #[arg(long, conflicts_with_all = ["quick", "only", "keep"])]
    profile: bool,
    /// Keep the ratios as the baseline that later runs are compared with
    #[arg(long)]
    keep: bool,
    /// Measure only this part [default: all]
    #[arg(long, value_enum, value_name = "PART")]
    only: Vec<Part>,
    /// The server; `cargo xtask bench` builds the release server if none is named
    #[arg(long, value_name = "FILE")]
    program: PathBuf,
    /// The file for the figures as JSON [default: bench/SECONDS.json in cargo's target folder]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Store {
    /// The bundled SQLite; nothing to install
    #[default]
    Sqlite,
    /// A throwaway PostgreSQL with the durability of production
    Postgres,
    /// Both, one after the other
    All,
}

impl Store {
    fn marks(self) -> &'static [Marks] {
        match self {
            Self::Sqlite => &[Marks::Sqlite],
            Self::Postgres => &[Marks::Postgres],
            Self::All => &[Marks::Sqlite, Marks::Postgres],
        }
    }
}

fn main() -> Result<()> {
    let mut arguments = Arguments::parse();
    if arguments.quick {
        (arguments.rounds, arguments.sizes) = (1, Sizes::QUICK);
    }
    let Sizes { contacts, stored, .. } = arguments.sizes;
    ensure!(
        stored == 0 || stored >= contacts,
        "--stored is {stored}, below the {contacts} contacts that are sent"
    );
    let program = &arguments.program;
    let program = program.canonicalize().with_context(|| program.display().to_string())?;
    let mut baseline = Baseline::read()?;
    let mut figures = Vec::new();
    for &marks in arguments.store.marks() {
        let mut engine: Box<dyn Engine> = match marks {
            Marks::Sqlite => Box::new(Sqlite::default()),
            Marks::Postgres => Box::new(Postgres::start()?),
        };
        if arguments.profile {
            println!("{}", profile(&program, &mut *engine, contacts)?);
            continue;
        }
        let report = measure(&program, engine, marks, &arguments, &baseline)?;
        if arguments.keep {
            baseline.keep(report.store(), report.ratios())?;
        }
        figures.push(report.json());
    }
    if arguments.profile {
        return Ok(());
    }
    let output = arguments.output.map_or_else(default_output, Ok)?;
    fs::create_dir_all(output.parent().unwrap_or(Path::new("")))?;
    let json = serde_json::to_string_pretty(&json!({ "stores": figures }))? + "\n";
    fs::write(&output, json).with_context(|| output.display().to_string())?;
    println!("figures: {}", output.display());
    Ok(())
}

fn measure(
    program: &Path,
    engine: Box<dyn Engine>,
    marks: Marks,
    arguments: &Arguments,
    baseline: &Baseline,
) -> Result<Report> {
    let Arguments { only, rounds, sizes, match_by, .. } = arguments;
    let parts = if only.is_empty() { Part::value_variants() } else { only.as_slice() };
    let mut bench = Bench::new(program, engine, match_by.as_deref(), *sizes, parts)?;
    let mut found = Vec::new();
    for number in 1..=*rounds {
        eprintln!("{}: round {number} of {rounds}", bench.store());
        found.push(bench.round(number)?);
    }
    let report = Report::new(bench.store(), marks, found, baseline.of(bench.store()));
    println!("{report}");
    Ok(report)
}

/// A new file in cargo's target folder, which has this program in `release`.
fn default_output() -> Result<PathBuf> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let program = env::current_exe()?;
    let target = program.ancestors().nth(2).context("the program has no target folder")?;
    Ok(target.join("bench").join(format!("{}.json", since.as_secs())))
}
