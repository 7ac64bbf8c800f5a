//! What the image has to hold.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use xshell::cmd;
use xtask::workspace;

/// The libraries of `gcr.io/distroless/cc`, beside the loader.
const LIBRARIES: [&str; 3] = ["libc.so.6", "libm.so.6", "libgcc_s.so.1"];

/// Runs the program in a root folder with nothing but itself and these libraries, and checks that the
/// files exist that the Dockerfile copies.
pub(super) fn run(program: &Path) -> Result<()> {
    let shell = workspace::shell()?;
    for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
        ensure!(shell.path_exists(licence), "there is no {licence} for the image");
    }
    let root = tempfile::tempdir()?;
    let listed = cmd!(shell, "ldd {program}").read()?;
    for line in listed.lines() {
        let path = line.split_whitespace().find(|word| word.starts_with('/'));
        let Some(path) = path else { continue };
        let name = path.rsplit('/').next().unwrap_or_default();
        let is_there = LIBRARIES.contains(&name) || name.starts_with("ld-linux");
        ensure!(is_there, "the image lacks {name}");
        let target = root.path().join(path.trim_start_matches('/'));
        shell.create_dir(target.parent().context("a library is in a folder")?)?;
        shell.copy_file(path, target)?;
    }
    shell.copy_file(program, root.path().join("contact-hub"))?;
    // Only root may change its root folder.
    if cmd!(shell, "id -u").read()? == "0" {
        let root = root.path();
        let inside = cmd!(shell, "chroot {root} /contact-hub");
        let printed = inside.args(["migrate", "--database-url", "sqlite:///new.db"]).read()?;
        ensure!(printed.starts_with("made the schema"), "{printed}");
    }
    Ok(())
}
