//! `cargo xtask ci`: everything that has to be true before a change goes in.

mod smoke;

use clap::{Args, ValueEnum};
use xtask::Failure;
use xtask::command::{Step, say};

use crate::codegen::Codegen;
use crate::proofs::Proofs;
use crate::test::Test;
use crate::{arch, db, deny, tidy};

/// Everything that has to be true before a change goes in
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
    /// Clippy and the compiler have nothing to say
    Clippy,
    /// Every test passes, on both stores
    Test,
    /// The documentation builds, every link in it leads somewhere
    Doc,
    /// Who imports whom
    Arch,
    /// Prose and file names
    Tidy,
    /// The generated files are current
    Codegen,
    /// Every migration goes up, down and up again
    Db,
    /// Dependencies, where cargo-deny is installed
    Deny,
    /// The release build answers a batch
    Smoke,
    /// What is promised about many writers, crashes and lost databases, tried for seconds
    Proofs,
}

impl Check {
    fn run(self) -> Result<(), Failure> {
        match self {
            Self::Fmt => Step::cargo(["fmt", "--all", "--check"]).run(),
            Self::Clippy => {
                Step::cargo(["clippy", "--workspace", "--all-targets", "--all-features"])
                    .arguments(["--", "-D", "warnings"])
                    .run()
            }
            Self::Test => Test::default().run(),
            Self::Doc => Step::cargo(["doc", "--workspace", "--all-features", "--no-deps"])
                .arguments(["--document-private-items"])
                .env("RUSTDOCFLAGS", "-D warnings")
                .run(),
            Self::Arch => arch::run(),
            Self::Tidy => tidy::run(),
            Self::Codegen => Codegen::check_all(),
            Self::Db => db::run(),
            Self::Deny => deny::run_where_installed(),
            Self::Smoke => smoke::run(),
            Self::Proofs => Proofs::short().run(),
        }
    }
}

impl Ci {
    /// Runs the checks, the quick ones first, and stops at the first that fails.
    pub(crate) fn run(self) -> Result<(), Failure> {
        let checks = Check::value_variants();
        for check in checks.iter().filter(|check| !self.skip.contains(check)) {
            let name = check.to_possible_value().map(|value| value.get_name().to_owned());
            say(&format!("\n== {}", name.unwrap_or_default()));
            check.run()?;
        }
        say("\nall is well");
        Ok(())
    }
}
