//! `cargo xtask deny`: licences, duplicates and advisories of the dependencies, by `deny.toml`.

use xtask::Failure;
use xtask::command::{Step, say};

/// Runs cargo-deny.
pub(crate) fn run() -> Result<(), Failure> {
    Step::cargo(["deny", "--all-features", "check"]).run()
}

/// Runs it where it is installed; elsewhere says how to install it.
pub(crate) fn run_where_installed() -> Result<(), Failure> {
    if Step::cargo(["deny", "--version"]).succeeds()? {
        return run();
    }
    say("skipped: cargo-deny is not installed (cargo install --locked cargo-deny)");
    Ok(())
}
