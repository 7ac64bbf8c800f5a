//! `cargo xtask deploy`: tries the files of `docs/deploy` as far as a machine without containers can.
//!
//! docs/operating.md says what it cannot try.

mod compose;
mod dashboard;
mod dockerfile;
mod image;
mod proxies;

use anyhow::{Result, ensure};
use xshell::cmd;
use xtask::workspace;

use crate::installed::require;
use crate::tool::debug_server;

/// Where the service unit expects the program.
const INSTALLED: &str = "/usr/local/bin/contact-hub";

/// Tries each file.
pub(crate) fn run() -> Result<()> {
    require(&["promtool", "--version"], "prometheus")?;
    require(&["nginx", "-v"], "nginx-light")?;
    require(&["systemd-analyze", "--version"], "systemd")?;
    // The proxies and the unit do not mind that it is not optimized.
    let program = debug_server()?;
    let shell = workspace::shell()?;
    cmd!(shell, "promtool check rules docs/deploy/alerts.yaml").run()?;
    dashboard::run()?;
    unit(&program)?;
    let [build, image] = dockerfile::read()?;
    compose::run(&program, &image)?;
    image::run(&build, &image)?;
    proxies::run(&program)
}

/// Checks the unit of systemd, and what it leaves the program to do.
fn unit(program: &std::path::Path) -> Result<()> {
    let shell = workspace::shell()?;
    let folder = tempfile::tempdir()?;
    let unit = folder.path().join("contact-hub.service");
    let text = shell.read_file("docs/deploy/contact-hub.service")?;
    ensure!(text.contains(INSTALLED), "the unit does not start {INSTALLED}");
    shell.write_file(&unit, text.replace(INSTALLED, &program.display().to_string()))?;
    let findings = cmd!(shell, "systemd-analyze verify {unit}").read_stderr()?;
    ensure!(findings.is_empty(), "{findings}");
    // The exposure is from 0 to 100.
    let limit = "--threshold=20";
    cmd!(shell, "systemd-analyze security --offline=yes {limit} {unit}").ignore_stdout().run()?;
    Ok(())
}
