//! `cargo xtask`: the menu of chores. One file per verb; each prints the commands that it runs.

mod arch;
mod browser;
mod ci;
mod clients;
mod codegen;
mod db;
mod deny;
mod deploy;
mod dist;
mod fuzz;
mod held_postgres;
mod installed;
mod schemathesis;
mod test;
mod tidy;
mod tool;

use std::process::ExitCode;

use anyhow::Result;
use clap::{CommandFactory as _, Parser, Subcommand};

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
    /// Check the dependencies between crates and files, and every "never" of docs/architecture.md
    Arch,
    /// Check names, sizes, words, and that what Markdown names exists
    Tidy,
    /// Write the generated files, or with --check compare them
    Codegen(codegen::Codegen),
    /// Run every migration of both databases up, down and up again, and compare
    Db,
    /// Check dependencies: licences, duplicates, advisories (needs cargo-deny)
    Deny,
    /// Run every check that a change has to pass
    Ci(ci::Ci),
    /// Generate clients from the API description, and send a batch with each
    Clients,
    /// Hold servers on both stores to the API description, with random requests
    Schemathesis(schemathesis::Schemathesis),
    /// Look for bytes that break a promise, with libFuzzer
    Fuzz(fuzz::Fuzz),
    /// Open the pages of the server in headless Chromium, without a network
    Browser,
    /// Try the files of docs/deploy: the unit, the proxies, the alerts, what the image holds
    Deploy,
    /// Make the archive of a release
    Dist(dist::Dist),
    /// Measure the server against the bare database
    #[command(disable_help_flag = true)]
    Bench(tool::Tool),
    /// Prove on real servers what is promised about many writers, crashes and lost databases
    #[command(disable_help_flag = true)]
    Proofs(tool::Tool),
    /// Hold a throwaway PostgreSQL until Ctrl-C, for tests by hand
    Postgres(held_postgres::HeldPostgres),
}

fn main() -> ExitCode {
    match run(Menu::parse().verb) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(verb: Verb) -> Result<()> {
    match verb {
        Verb::Test(test) => test.run(),
        Verb::Arch => arch::run(),
        Verb::Tidy => tidy::run(&Menu::command()),
        Verb::Codegen(codegen) => codegen.run(),
        Verb::Db => db::run(),
        Verb::Deny => deny::run(),
        Verb::Clients => clients::run(),
        Verb::Schemathesis(schemathesis) => schemathesis.run(),
        Verb::Fuzz(fuzz) => fuzz.run(),
        Verb::Browser => browser::run(),
        Verb::Deploy => deploy::run(),
        Verb::Dist(dist) => dist.run(),
        Verb::Ci(ci) => ci.run(&Menu::command()),
        // Optimized, because the client must not be slower than the server.
        Verb::Bench(tool) => tool.run("bench", &["--release"]),
        // Not optimized: the tests have built most of it already.
        Verb::Proofs(tool) => tool.run("proofs", &[]),
        Verb::Postgres(postgres) => postgres.run(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn menu_is_well_formed() {
        Menu::command().debug_assert();
    }
}
