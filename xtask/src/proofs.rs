//! `cargo xtask proofs`: builds the harness and hands over to it.

use clap::Args;
use xtask::Failure;
use xtask::command::Step;

/// Prove on real servers what is promised about many writers, crashes and lost databases
#[derive(Debug, Args)]
pub(crate) struct Proofs {
    /// Arguments of the harness, such as `--only races --store sqlite`; `--help` lists them
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

impl Proofs {
    /// What a check before a change has the time for.
    pub(crate) fn short() -> Self {
        Self { arguments: vec!["--short".to_owned()] }
    }

    /// Runs it.
    pub(crate) fn run(self) -> Result<(), Failure> {
        // Not optimised: the tests have built most of it already, and the servers are.
        Step::cargo(["run", "--quiet", "--package", "xtask"])
            .arguments(["--features", "proofs", "--bin", "proofs", "--"])
            .arguments(self.arguments.iter().map(String::as_str))
            .run()
    }
}
