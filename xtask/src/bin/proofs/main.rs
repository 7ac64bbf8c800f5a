//! The proofs: what is promised about many writers, killed servers, lost databases and standbys,
//! tried on real server processes.
//!
//! Called by `cargo xtask proofs`. Chance is seeded; processes and disks are not, so a seed brings
//! back what was sent, and mostly what came of it.

mod chain;
mod database;
mod disk;
mod doors;
mod entry;
mod history;
mod item;
mod kills;
mod order;
mod plan;
mod pool;
mod private;
mod progress;
mod races;
mod reply;
mod restart;
mod row;
mod site;
mod stall;
mod standby;
mod state;
mod writers;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use clap::{Parser, ValueEnum};
use xtask::Failure;
use xtask::command::say;
use xtask::hub::Hub;
use xtask::postgres::{Durability, Postgres};

use self::site::Store;

/// Prove on real servers what is promised about many writers, crashes and lost databases
#[derive(Debug, Parser)]
#[command(name = "cargo xtask proofs", bin_name = "cargo xtask proofs")]
struct Arguments {
    /// The store to prove it on
    #[arg(long, value_enum, default_value_t)]
    store: Stores,
    /// Take seconds for each instead of minutes
    #[arg(long)]
    short: bool,
    /// Leave the other proofs out
    #[arg(long, value_enum, value_name = "NAME")]
    only: Vec<Proof>,
    /// Where chance begins [default: another one each time]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Prove it of this program instead of building the release server
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Stores {
    /// The bundled SQLite; nothing to install
    Sqlite,
    /// PostgreSQL
    Postgres,
    /// Both
    #[default]
    All,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Proof {
    /// Many writers on the same contacts
    Races,
    /// Servers that are killed
    Kills,
    /// A database that restarts
    Restart,
    /// A database that stands still
    Stall,
    /// More requests than connections to the database
    Pool,
    // Before that of the disk, whose tablespace nobody can copy afterwards.
    /// A hot standby that lists are read on
    Standby,
    /// A disk that is full
    Disk,
}

/// What a proof works with.
#[derive(Debug)]
struct Setting<'a> {
    program: PathBuf,
    store: Store,
    seed: u64,
    is_short: bool,
    /// The server for all proofs that need one; each has a database of its own.
    postgres: Option<&'a Mutex<Postgres>>,
}

impl Setting<'_> {
    /// The PostgreSQL, for whoever starts and stops it.
    fn postgres(&self) -> Result<MutexGuard<'_, Postgres>, Failure> {
        let server =
            self.postgres.ok_or_else(|| Failure::Server("there is no PostgreSQL".to_owned()))?;
        Ok(server.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// How a proof went, if it found no counter-example.
enum Seen {
    /// The promise held; what was seen, a line each.
    Proved(Vec<String>),
    /// It cannot be tried here, for that reason.
    NotHere(String),
}

impl Proof {
    /// What it proves.
    fn claim(self) -> &'static str {
        match self {
            Self::Races => races::CLAIM,
            Self::Kills => kills::CLAIM,
            Self::Restart => restart::CLAIM,
            Self::Stall => stall::CLAIM,
            Self::Pool => pool::CLAIM,
            Self::Standby => standby::CLAIM,
            Self::Disk => disk::CLAIM,
        }
    }

    fn stores(self) -> &'static [Store] {
        match self {
            Self::Races | Self::Kills | Self::Disk => &[Store::Sqlite, Store::Postgres],
            Self::Restart | Self::Stall | Self::Pool | Self::Standby => &[Store::Postgres],
        }
    }

    fn run(self, setting: &Setting<'_>) -> Result<Seen, Failure> {
        match self {
            Self::Races => races::prove(setting),
            Self::Kills => kills::prove(setting),
            Self::Restart => restart::prove(setting),
            Self::Stall => stall::prove(setting),
            Self::Pool => pool::prove(setting),
            Self::Standby => standby::prove(setting),
            Self::Disk => disk::prove(setting),
        }
    }
}

impl Stores {
    fn include(self, store: Store) -> bool {
        match self {
            Self::Sqlite => store == Store::Sqlite,
            Self::Postgres => store == Store::Postgres,
            Self::All => true,
        }
    }
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(std::io::stderr(), "proofs: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Failure> {
    let program = match &arguments.program {
        Some(program) => program.canonicalize().map_err(Failure::about(program))?,
        None => Hub::build()?,
    };
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let seed = arguments.seed.unwrap_or(since.as_secs());
    let is_chosen = |proof: &Proof| arguments.only.is_empty() || arguments.only.contains(proof);
    let chosen = Proof::value_variants().iter().copied().filter(is_chosen);
    let chosen = chosen.flat_map(|proof| proof.stores().iter().map(move |store| (proof, *store)));
    let chosen = chosen.filter(|(_, store)| arguments.store.include(*store)).collect::<Vec<_>>();
    if chosen.is_empty() {
        return Err(Failure::Server("nothing of that is to be proved on that store".to_owned()));
    }
    let postgres = match chosen.iter().any(|(_, store)| *store == Store::Postgres) {
        true => Some(Mutex::new(Postgres::start(Durability::Full)?)),
        false => None,
    };
    for (proof, store) in chosen {
        let setting = Setting {
            program: program.clone(),
            store,
            seed,
            is_short: arguments.short,
            postgres: postgres.as_ref(),
        };
        prove(proof, &setting)?;
    }
    Ok(())
}

/// Tries one proof and tells about it.
fn prove(proof: Proof, setting: &Setting<'_>) -> Result<(), Failure> {
    let Setting { store, seed, .. } = setting;
    let (name, store) = (name(&proof), name(store));
    say(&format!("\n== {name} on {store}, seed {seed}\n{}", proof.claim()));
    let start = Instant::now();
    match proof.run(setting) {
        Ok(Seen::Proved(lines)) => {
            for line in lines {
                say(&format!("    {line}"));
            }
            say(&format!("proved in {:.1} s", start.elapsed().as_secs_f64()));
            Ok(())
        }
        Ok(Seen::NotHere(reason)) => {
            say(&format!("NOT PROVED HERE: {reason}"));
            Ok(())
        }
        Err(failure) => {
            let short = if setting.is_short { " --short" } else { "" };
            Err(Failure::Server(format!(
                "{name} on {store}: NOT PROVED: {failure}\nagain with `cargo xtask proofs --only \
                 {name} --store {store} --seed {seed}{short}`"
            )))
        }
    }
}

fn name(value: &impl ValueEnum) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}
