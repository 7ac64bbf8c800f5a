//! `cargo xtask`: the menu of chores. One file per verb; each prints the commands that it runs.

mod arch;
mod bench;
mod ci;
mod codegen;
mod db;
mod deny;
mod held_postgres;
mod proofs;
mod test;
mod tidy;

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The chores of contact-hub.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", disable_help_subcommand = true)]
struct Menu {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Run every test
    Test(test::Test),
    /// Check who imports whom, and every "never" of docs/architecture.md
    Arch,
    /// Check prose and file names: what Markdown names exists, no file is too long, no name is empty
    Tidy,
    /// Write the generated files, or with --check compare them
    Codegen(codegen::Codegen),
    /// Try every migration of both databases: up, down, up, and compare
    Db,
    /// Check dependencies: licences, duplicates, advisories (needs cargo-deny)
    Deny,
    /// Everything that has to be true before a change goes in
    Ci(ci::Ci),
    /// Measure the server against the bare database
    Bench(bench::Bench),
    /// Prove on real servers what is promised about many writers, crashes and lost databases
    Proofs(proofs::Proofs),
    /// Hold a throwaway PostgreSQL until Ctrl-C, to test on by hand
    Postgres(held_postgres::HeldPostgres),
}

fn main() -> ExitCode {
    let result = match Menu::parse().verb {
        Verb::Test(test) => test.run(),
        Verb::Arch => arch::run(),
        Verb::Tidy => tidy::run(),
        Verb::Codegen(codegen) => codegen.run(),
        Verb::Db => db::run(),
        Verb::Deny => deny::run(),
        Verb::Ci(ci) => ci.run(),
        Verb::Bench(bench) => bench.run(),
        Verb::Proofs(proofs) => proofs.run(),
        Verb::Postgres(postgres) => postgres.run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(std::io::stderr(), "xtask: {failure}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_menu_is_well_formed() {
        Menu::command().debug_assert();
    }
}
