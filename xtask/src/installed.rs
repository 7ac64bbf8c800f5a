//! Programs that a check needs.

use std::env::consts::EXE_SUFFIX;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Result, ensure};
use throwaway_postgres::apt;
use xshell::{Shell, cmd};
use xtask::workspace;

/// A command that succeeds where Python can create virtual environments, and the package for it.
pub(crate) const PYTHON: (&[&str], &str) =
    (&["python3", "-c", "import ensurepip, venv"], "python3-venv");

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

/// Copies the files of that folder of `tools` to one of the same name in `target`. Returns a shell there.
pub(crate) fn copy_sources(name: &str) -> Result<Shell> {
    let shell = workspace::shell()?;
    let folder = workspace::metadata()?.target_directory.join(name).into_std_path_buf();
    shell.create_dir(&folder)?;
    for source in shell.read_dir(format!("tools/{name}"))? {
        shell.copy_file(source, &folder)?;
    }
    shell.change_dir(folder);
    Ok(shell)
}

/// Installs `requirements.txt` of the shell's folder in the virtual environment `python` there, unless
/// that of the same list is there.
pub(crate) fn install_python(shell: &Shell) -> Result<()> {
    if !is_current(shell, "requirements.txt", "python/requirements.txt") {
        cmd!(shell, "python3 -m venv --clear python").run()?;
        cmd!(shell, "python/bin/pip install --quiet --requirement requirements.txt").run()?;
        shell.copy_file("requirements.txt", "python")?;
    }
    Ok(())
}

/// Installs a tool of crates.io below the target directory, unless that version is there. Returns its
/// program. It is not optimized, because building it would take longer than it works.
pub(crate) fn install_cargo_tool(name: &str, version: &str) -> Result<PathBuf> {
    let shell = workspace::shell()?;
    let root = workspace::metadata()?.target_directory.join("tools").join(name).join(version);
    let program = root.join("bin").join(format!("{name}{EXE_SUFFIX}")).into_std_path_buf();
    if !program.exists() {
        let options = ["--quiet", "--locked", "--debug", "--version", version];
        cmd!(shell, "cargo install {options...} --root {root} {name}").run()?;
    }
    Ok(program)
}

/// Whether what is installed comes from the same list.
pub(crate) fn is_current(shell: &Shell, list: &str, installed: &str) -> bool {
    shell.read_file(list).ok() == shell.read_file(installed).ok()
}
