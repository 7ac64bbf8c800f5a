//! The benchmark: the release server on new databases, against the bare database with the same rows.
//!
//! Called by `cargo xtask bench`. Figures of one machine compare with each other, not with those of
//! another; the marks are printed as met or not, and never fail anything.

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

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::{Parser, ValueEnum};
use serde_json::json;
use xtask::command::say;
use xtask::hub::Hub;
use xtask::{Failure, workspace};

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
    /// How many entries the device door is sent, and the ERP door contacts in one request
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    entries: u32,
    /// Measure also beside so many contacts that are stored already; at least as many as are sent
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..100_000_000))]
    stored: u32,
    /// Measure only this part [default: all]
    #[arg(long, value_enum, value_name = "PART")]
    only: Vec<Part>,
    /// Measure this program instead of building the release server
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Where the figures go as JSON [default: bench/SECONDS.json in cargo's target folder]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Store {
    /// The bundled SQLite; nothing to install
    #[default]
    Sqlite,
    /// A throwaway PostgreSQL that is as durable as one in production
    Postgres,
    /// One after the other
    All,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(std::io::stderr(), "bench: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Arguments { store, rounds, contacts, singles, entries, stored, .. } = *arguments;
    if stored > 0 && stored < contacts {
        let fault = format!("--stored is {stored}, below the {contacts} contacts that are sent");
        return Err(Failure::Server(fault));
    }
    let program = match &arguments.program {
        Some(program) => program.canonicalize().map_err(Failure::about(program))?,
        None => Hub::build()?,
    };
    let sizes = Sizes { contacts, singles, entries, stored };
    let parts = match arguments.only.as_slice() {
        [] => Part::value_variants(),
        only => only,
    };
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

    let output = match &arguments.output {
        Some(output) => output.clone(),
        None => default_output()?,
    };
    if let Some(folder) = output.parent() {
        fs::create_dir_all(folder).map_err(Failure::about(folder))?;
    }
    let json = serde_json::to_string_pretty(&json!({ "stores": figures }))? + "\n";
    fs::write(&output, json).map_err(Failure::about(&output))?;
    say(&format!("figures: {}", output.display()));
    Ok(())
}

fn measure(mut bench: Bench<'_>, rounds: u32, marks: Marks) -> Result<Report, Failure> {
    let mut found = Vec::new();
    for number in 1..=rounds {
        say(&format!("{}: round {number} of {rounds}", bench.store()));
        found.push(bench.round(number)?);
    }
    let report = Report::new(bench.store(), marks, found);
    say(&report.to_string());
    Ok(report)
}

fn default_output() -> Result<PathBuf, Failure> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let name = format!("{}.json", since.as_secs());
    Ok(workspace::target_directory()?.join("bench").join(name))
}
