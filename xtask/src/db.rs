//! `cargo xtask db`: builds the trial of the migrations and hands over to it.

use xtask::Failure;
use xtask::command::Step;

/// Runs it.
pub(crate) fn run() -> Result<(), Failure> {
    Step::cargo(["run", "--quiet", "--package", "xtask", "--features", "db", "--bin", "db"]).run()
}
