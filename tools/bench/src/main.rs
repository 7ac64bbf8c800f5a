//! The benchmark: the release server on new databases, against the bare database with the same rows.
//! Called by `cargo xtask bench`.
//!
//! Figures are comparable on one machine only. The report says which marks are met; none fails the
//! program.

#![expect(clippy::print_stdout, reason = "a program of the command line")]

mod contacts;
mod device;
mod engine;
mod entries;
mod erp;
mod load;
mod measured;
mod meter;
mod report;
mod round;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, ensure};
use clap::{Parser, ValueEnum};
use serde_json::json;

use self::engine::{Engine, Postgres, Sqlite};
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
    /// How many contacts are sent in batches
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1_000..1_000_000))]
    contacts: u32,
    /// How many requests of one contact each connection sends
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..100_000))]
    singles: u32,
    /// How many entries are sent to the device API, and contacts to the ERP API, in one request
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    entries: u32,
    /// Measure also beside this many stored contacts; at least as many as are sent
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..100_000_000))]
    stored: u32,
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

fn main() -> Result<()> {
    let Arguments { store, rounds, contacts, singles, entries, stored, only, program, output } =
        Arguments::parse();
    ensure!(
        stored == 0 || stored >= contacts,
        "--stored is {stored}, below the {contacts} contacts that are sent"
    );
    let program = program.canonicalize().with_context(|| program.display().to_string())?;
    let sizes = Sizes { contacts, singles, entries, stored };
    let parts = if only.is_empty() { Part::value_variants() } else { only.as_slice() };
    let mut figures = Vec::new();
    if store != Store::Postgres {
        let bench = Bench::new(&program, Box::new(Sqlite::default()), sizes, parts)?;
        figures.push(measure(bench, rounds, Marks::Sqlite)?.json());
    }
    if store != Store::Sqlite {
        let engine: Box<dyn Engine> = Box::new(Postgres::start()?);
        let bench = Bench::new(&program, engine, sizes, parts)?;
        figures.push(measure(bench, rounds, Marks::Postgres)?.json());
    }

    let output = output.map_or_else(default_output, Ok)?;
    fs::create_dir_all(output.parent().unwrap_or(Path::new("")))?;
    let json = serde_json::to_string_pretty(&json!({ "stores": figures }))? + "\n";
    fs::write(&output, json).with_context(|| output.display().to_string())?;
    println!("figures: {}", output.display());
    Ok(())
}

fn measure(mut bench: Bench<'_>, rounds: u32, marks: Marks) -> Result<Report> {
    let mut found = Vec::new();
    for number in 1..=rounds {
        eprintln!("{}: round {number} of {rounds}", bench.store());
        found.push(bench.round(number)?);
    }
    let report = Report::new(bench.store(), marks, found);
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
