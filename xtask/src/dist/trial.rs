//! What somebody does with a release: verify it, unpack it, install it.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use xshell::cmd;
use xtask::workspace;

use crate::installed::require;

/// What is in the folder of an archive, and nothing else.
const CONTENTS: [&str; 9] = [
    "CHANGELOG.md",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "completions",
    "contact-hub",
    "docs",
    "licences",
    "man",
];

/// Tries the archive of that release in the folder.
pub(super) fn run(folder: &Path, name: &str) -> Result<()> {
    require(&["groff", "--version"], "groff-base")?;
    let shell = workspace::shell()?;
    shell.change_dir(folder);
    cmd!(shell, "sha256sum --check --strict SHA256SUMS").run()?;
    let unpacked = tempfile::tempdir()?;
    let into = unpacked.path();
    cmd!(shell, "tar --extract --gzip --file {name}.tar.gz --directory {into}").run()?;
    shell.change_dir(into.join(name));

    let mut contents = Vec::new();
    for path in shell.read_dir(".")? {
        let name = path.file_name().context("a file without a name")?;
        contents.push(name.to_string_lossy().into_owned());
    }
    ensure!(contents == CONTENTS, "the archive holds {contents:?}");
    let readme = shell.read_file("README.md")?;
    let links = readme.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    for (link, _) in links.filter(|(link, _)| !link.contains("://")) {
        ensure!(shell.path_exists(link), "README.md names {link}, which the archive lacks");
    }
    cmd!(shell, "./contact-hub --version").run()?;
    cmd!(shell, "./contact-hub config check --config docs/contact-hub.toml").run()?;
    cmd!(shell, "bash -n completions/contact-hub.bash").run()?;
    for page in shell.read_dir("man")? {
        let warnings = cmd!(shell, "groff -man -Tutf8 -ww -z {page}").quiet().read_stderr()?;
        ensure!(warnings.is_empty(), "{warnings}");
    }
    Ok(())
}
