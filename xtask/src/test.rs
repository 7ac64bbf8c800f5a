//! `cargo xtask test`: every test of the workspace.

use clap::{Args, ValueEnum};
use xtask::Failure;
use xtask::command::Step;

/// Run every test
#[derive(Debug, Default, Args)]
pub(crate) struct Test {
    /// The store to test with
    #[arg(long, value_enum, default_value_t)]
    store: Store,
    /// Further arguments for `cargo test`, after `--`
    #[arg(last = true)]
    arguments: Vec<String>,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Store {
    /// The bundled SQLite; nothing to install
    #[default]
    Sqlite,
}

impl Test {
    /// Runs them.
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self.store {
            Store::Sqlite => Step::cargo(["test", "--workspace", "--all-features"])
                .arguments(self.arguments.iter().map(String::as_str))
                .run(),
        }
    }
}
