//! The proofs: what is promised about many writers, killed servers, lost databases and standbys,
//! tried on real server processes. Called by `cargo xtask proofs`.
//!
//! Random choices are seeded; processes and disks are not, so the same seed sends the same requests,
//! and mostly has the same outcome.

#![expect(clippy::print_stdout, reason = "a program of the command line")]

mod addresses;
mod claims;
mod database;
mod load;
mod setting;
mod site;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, bail, ensure};
use clap::{Parser, ValueEnum};
use throwaway_postgres::{Durability, Postgres};

use self::claims::Proof;
use self::setting::{Outcome, Setting, Store};

/// Prove on real servers what is promised about many writers, crashes and lost databases
#[derive(Debug, Parser)]
#[command(name = "cargo xtask proofs", bin_name = "cargo xtask proofs")]
struct Arguments {
    /// The store to prove it on [default: both]
    #[arg(long, value_enum, value_name = "STORE")]
    store: Option<Store>,
    /// Take seconds for each instead of minutes
    #[arg(long)]
    short: bool,
    /// Leave the other proofs out
    #[arg(long, value_enum, value_name = "NAME")]
    only: Vec<Proof>,
    /// PostgreSQL: prove it on databases in that many partitions
    #[arg(long, value_name = "N")]
    partitions: Option<u16>,
    /// The seed of random choices [default: another one each time]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// The server; `cargo xtask proofs` builds the release server if none is named
    #[arg(long, value_name = "FILE")]
    program: PathBuf,
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("proofs: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<()> {
    let Arguments { store, short, only, partitions, seed, program } = arguments;
    let program = program.canonicalize().with_context(|| program.display().to_string())?;
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let seed = seed.unwrap_or(since.as_secs());
    let chosen = Proof::value_variants().iter().copied();
    let chosen = chosen.filter(|proof| only.is_empty() || only.contains(proof));
    let chosen = chosen.flat_map(|proof| proof.stores().iter().map(move |store| (proof, *store)));
    let chosen = chosen.filter(|(_, on)| store.is_none_or(|store| store == *on));
    let chosen = chosen.collect::<Vec<_>>();
    ensure!(!chosen.is_empty(), "none of these proofs is for that store");
    let postgres = match chosen.iter().any(|(_, store)| *store == Store::Postgres) {
        true => Some(Mutex::new(Postgres::start(Durability::Full)?)),
        false => None,
    };
    for (proof, store) in chosen {
        let (program, postgres) = (program.clone(), postgres.as_ref());
        let setting = Setting { program, store, seed, is_short: short, partitions, postgres };
        prove(proof, &setting)?;
    }
    Ok(())
}

/// Runs one proof and prints its outcome.
fn prove(proof: Proof, setting: &Setting<'_>) -> Result<()> {
    let Setting { store, seed, .. } = setting;
    let (name, store) = (name(&proof), name(store));
    println!("\n== {name} on {store}, seed {seed}\n{}", proof.claim());
    let start = Instant::now();
    match proof.run(setting) {
        Ok(Outcome::Proved(lines)) => {
            lines.iter().for_each(|line| println!("    {line}"));
            println!("proved in {:.1} s", start.elapsed().as_secs_f64());
        }
        Ok(Outcome::Skipped(reason)) => println!("NOT PROVED HERE: {reason}"),
        Err(error) => {
            let short = if setting.is_short { " --short" } else { "" };
            let partitions = setting.partitions.map(|number| format!(" --partitions {number}"));
            let partitions = partitions.unwrap_or_default();
            bail!(
                "{name} on {store}: NOT PROVED: {error:#}\nagain with `cargo xtask proofs --only \
                 {name} --store {store} --seed {seed}{short}{partitions}`"
            );
        }
    }
    Ok(())
}

fn name(value: &impl ValueEnum) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}
