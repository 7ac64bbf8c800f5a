//! Programs that a check needs.

use std::process::{Command, Stdio};

use anyhow::{Result, ensure};
use throwaway_postgres::apt;

/// Installs packages where a command does not succeed.
pub(crate) fn require(command: &[&str], packages: &str) -> Result<()> {
    let succeeds = || {
        let [program, arguments @ ..] = command else { return false };
        let mut command = Command::new(program);
        command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    if !succeeds() {
        let install = "apt-get install --yes --no-install-recommends";
        apt::run(&format!("apt-get update\n{install} {packages}"));
    }
    ensure!(succeeds(), "`{}` fails: install {packages}", command.join(" "));
    Ok(())
}
