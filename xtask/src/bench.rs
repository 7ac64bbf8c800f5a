//! `cargo xtask bench`: builds the harness and hands over to it.

use clap::Args;
use xtask::Failure;
use xtask::command::Step;

/// Measure the server against the bare database
#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// Arguments of the harness, such as `--rounds 5`; `--help` lists them
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

impl Bench {
    /// Runs it.
    pub(crate) fn run(self) -> Result<(), Failure> {
        Step::cargo(["run", "--release", "--quiet", "--package", "xtask"])
            .arguments(["--features", "bench", "--bin", "bench", "--"])
            .arguments(self.arguments.iter().map(String::as_str))
            .run()
    }
}
