//! `cargo xtask db`: builds and runs the check of the migrations.

use anyhow::Result;
use xshell::cmd;
use xtask::workspace;

pub(crate) fn run() -> Result<()> {
    let shell = workspace::shell()?;
    Ok(cmd!(shell, "cargo run --quiet --package xtask --features db --bin db").run()?)
}
