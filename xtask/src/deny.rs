//! `cargo xtask deny`: licences, duplicates and advisories of the dependencies, by `deny.toml`.

use anyhow::Result;
use xshell::cmd;
use xtask::workspace;

pub(crate) fn run() -> Result<()> {
    let shell = workspace::shell()?;
    Ok(cmd!(shell, "cargo deny --all-features check").run()?)
}

/// Skips the check where cargo-deny is not installed.
pub(crate) fn run_where_installed() -> Result<()> {
    let shell = workspace::shell()?;
    let version = cmd!(shell, "cargo deny --version").quiet().ignore_stderr();
    if version.read().is_ok() {
        return run();
    }
    eprintln!("skipped: cargo-deny is not installed (cargo install --locked cargo-deny)");
    Ok(())
}
