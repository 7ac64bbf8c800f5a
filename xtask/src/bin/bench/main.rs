//! The benchmark: the release server on a new SQLite file, against bare SQLite with the same rows.
//!
//! Called by `cargo xtask bench`. Figures of one machine compare with each other, not with those of
//! another; the marks are printed as met or not, and never fail anything.

mod contacts;
mod floor;
mod report;
mod workload;

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Parser;
use xtask::command::say;
use xtask::hub::Hub;
use xtask::{Failure, workspace};

use self::report::{Report, Round};

/// Measure the server against bare SQLite
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench", bin_name = "cargo xtask bench")]
struct Arguments {
    /// How often everything is measured; the medians are reported
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..))]
    rounds: u8,
    /// How many contacts are sent
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1_000..))]
    contacts: u32,
    /// How many requests of one contact each connection sends
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..))]
    singles: u32,
    /// Measure this program instead of building the release server
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Where the figures go as JSON [default: bench/SECONDS.json in cargo's target folder]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
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
    let program = match &arguments.program {
        Some(program) => program.canonicalize().map_err(Failure::about(program))?,
        None => Hub::build()?,
    };
    let mut rounds = Vec::new();
    for number in 1..=arguments.rounds {
        say(&format!("round {number} of {}", arguments.rounds));
        let mut round = Round::default();
        workload::measure(&program, arguments.contacts, arguments.singles, &mut round)?;
        rounds.push(round);
    }
    let report = Report::of(&rounds);
    say(&report.to_string());

    let output = match &arguments.output {
        Some(output) => output.clone(),
        None => default_output()?,
    };
    if let Some(folder) = output.parent() {
        fs::create_dir_all(folder).map_err(Failure::about(folder))?;
    }
    let json = serde_json::to_string_pretty(&report.json())? + "\n";
    fs::write(&output, json).map_err(Failure::about(&output))?;
    say(&format!("figures: {}", output.display()));
    Ok(())
}

fn default_output() -> Result<PathBuf, Failure> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let name = format!("{}.json", since.as_secs());
    Ok(workspace::target_directory()?.join("bench").join(name))
}
