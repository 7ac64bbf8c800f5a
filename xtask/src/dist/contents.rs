//! What an archive holds.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::ValueEnum as _;
use clap_complete::{Generator as _, Shell as CommandShell};
use xshell::cmd;

use super::licences;
use super::release::Release;

/// The committed files that go along, as `git ls-files` takes them. They keep their paths, so that the
/// links between them lead somewhere.
const COMMITTED: [&str; 4] = ["CHANGELOG.md", "LICENSE-*", "README.md", "docs"];

/// The files of an archive, by their paths.
pub(super) type Files = BTreeMap<String, File>;

/// A file of an archive.
pub(super) struct File {
    pub(super) bytes: Vec<u8>,
    pub(super) is_program: bool,
}

/// The program, what it writes about itself, and the committed files.
pub(super) fn gather(release: &Release, program: &Path) -> Result<Files> {
    let shell = &release.source;
    let file = |bytes| File { bytes, is_program: false };
    let mut files = Files::new();
    let bytes = shell.read_binary_file(program)?;
    files.insert("contact-hub".to_owned(), File { bytes, is_program: true });
    for path in cmd!(shell, "git ls-files -- {COMMITTED...}").read()?.lines() {
        files.insert(path.to_owned(), file(shell.read_binary_file(path)?));
    }
    for command_shell in CommandShell::value_variants() {
        let name = command_shell.to_string();
        let script = cmd!(shell, "{program} completions {name}").output()?.stdout;
        let path = format!("completions/{}", command_shell.file_name("contact-hub"));
        files.insert(path, file(script));
    }
    let pages = tempfile::tempdir()?;
    let folder = pages.path();
    cmd!(shell, "{program} man {folder}").run()?;
    for page in shell.read_dir(folder)? {
        let name = page.file_name().context("a page without a name")?.to_string_lossy();
        files.insert(format!("man/{name}"), file(shell.read_binary_file(&page)?));
    }
    let texts = licences::texts(release)?;
    files.insert("licences/dependencies.txt".to_owned(), file(texts.into_bytes()));
    let rust = PathBuf::from(cmd!(shell, "rustc --print sysroot").read()?);
    let standard = shell.read_binary_file(rust.join("share/doc/rust/COPYRIGHT-library.html"))?;
    files.insert("licences/rust-standard-library.html".to_owned(), file(standard));
    Ok(files)
}
