//! `cargo xtask ci`: every check that a change has to pass.

mod smoke;

use anyhow::Result;
use clap::{Args, Command, ValueEnum};
use xshell::cmd;
use xtask::workspace;

use crate::codegen::Codegen;
use crate::dist::Dist;
use crate::schemathesis::Schemathesis;
use crate::test::Test;
use crate::tool::Tool;
use crate::{arch, browser, clients, db, deny, deploy, fuzz, tidy};

/// Run every check that a change has to pass
#[derive(Debug, Args)]
pub(crate) struct Ci {
    /// Leave a check out, for one that has just been run
    #[arg(long, value_enum, value_name = "CHECK")]
    skip: Vec<Check>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Check {
    /// The code is formatted
    Fmt,
    /// Clippy and the compiler have no warnings
    Clippy,
    /// The server builds with each store alone
    Stores,
    /// Every test passes, on both stores
    Test,
    /// The program that reuses the library crates passes its claims
    Reuse,
    /// The lock file of the fuzzing programs is current
    Fuzz,
    /// The documentation builds, and its links lead somewhere
    Doc,
    /// Dependencies between crates and files
    Arch,
    /// Prose, names and words
    Tidy,
    /// The generated files are current
    Codegen,
    /// Every migration runs up, down and up again
    Db,
    /// Dependencies, where cargo-deny is installed
    Deny,
    /// The release build answers a batch
    Smoke,
    /// Generated clients send a batch
    Clients,
    /// Servers on both stores keep to the API description
    Schemathesis,
    /// The pages show what they should in a browser
    Browser,
    /// The files of docs/deploy do what they say
    Deploy,
    /// The archive of a release can be made, and holds what it should
    Dist,
    /// The short proofs
    Proofs,
}

/// The proofs that also run on tables in partitions.
const IN_PARTITIONS: [&str; 8] =
    ["--store", "postgres", "--partitions", "16", "--only", "races", "--only", "feed"];

impl Check {
    fn run(self, menu: &Command) -> Result<()> {
        let shell = workspace::shell()?;
        match self {
            Self::Fmt => cmd!(shell, "cargo fmt --all --check").run()?,
            Self::Clippy => {
                cmd!(shell, "cargo clippy --workspace --all-targets --all-features -- -D warnings")
                    .run()?;
            }
            Self::Stores => {
                for store in ["sqlite", "postgres"] {
                    let options = ["--no-default-features", "--features", store];
                    cmd!(shell, "cargo check --package contact-hub {options...}").run()?;
                }
            }
            Self::Test => Test::default().run()?,
            Self::Reuse => {
                cmd!(shell, "cargo run --quiet --manifest-path examples/reuse/Cargo.toml").run()?;
            }
            Self::Fuzz => fuzz::check_lock()?,
            Self::Doc => {
                let options = ["--all-features", "--no-deps", "--document-private-items"];
                let doc = cmd!(shell, "cargo doc --workspace {options...}");
                doc.env("RUSTDOCFLAGS", "-D warnings").run()?;
            }
            Self::Arch => arch::run()?,
            Self::Tidy => tidy::run(menu)?,
            Self::Codegen => Codegen::check_all()?,
            Self::Db => db::run()?,
            Self::Deny => deny::run_where_installed()?,
            Self::Smoke => smoke::run()?,
            Self::Clients => clients::run()?,
            Self::Schemathesis => Schemathesis::short().run()?,
            Self::Browser => browser::run()?,
            Self::Deploy => deploy::run()?,
            Self::Dist => Dist::check().run()?,
            Self::Proofs => {
                Tool::short(&[]).run("proofs", &[])?;
                Tool::short(&IN_PARTITIONS).run("proofs", &[])?;
            }
        }
        Ok(())
    }
}

impl Ci {
    /// Runs the checks, the quick ones first, and stops at the first that fails.
    pub(crate) fn run(self, menu: &Command) -> Result<()> {
        let checks = Check::value_variants();
        for check in checks.iter().filter(|check| !self.skip.contains(check)) {
            let name = check.to_possible_value().map(|value| value.get_name().to_owned());
            eprintln!("\n== {}", name.unwrap_or_default());
            check.run(menu)?;
        }
        eprintln!("\nall checks passed");
        Ok(())
    }
}
