//! `cargo xtask dist`: the archive of a release, made of the last commit.
//!
//! Names, times, order and rights in the archive do not depend on the machine, and the program names
//! none of its folders.

mod archive;
mod contents;
mod licences;
mod release;
mod sbom;
mod trial;

use std::fs;
use std::path::Path;

use anyhow::Result;
use clap::Args;
use xshell::{Shell, cmd};
use xtask::workspace;

use self::release::Release;
use crate::tool::debug_server;

/// Make the archive of a release, its checksums and its bill of materials, in `target/dist`
#[derive(Debug, Default, Args)]
pub(crate) struct Dist {
    /// Try an archive of the debug program instead, and keep nothing
    #[arg(long)]
    check: bool,
}

impl Dist {
    /// The trial, for `cargo xtask ci`.
    pub(crate) fn check() -> Self {
        Self { check: true }
    }

    pub(crate) fn run(self) -> Result<()> {
        if self.check {
            let folder = tempfile::tempdir()?;
            let release = Release::of(&workspace::shell()?)?;
            let archive = pack(&release, &debug_server()?, folder.path())?;
            // It is made in a clone: it leaves files beside every manifest.
            let committed = Release::of(&clone(&folder.path().join("source"))?)?;
            let sbom = sbom::write(&committed, folder.path())?;
            archive::write_sums(folder.path(), &[&archive, &sbom])?;
            return trial::run(folder.path(), &release.name);
        }
        let folder = workspace::metadata()?.target_directory.join("dist").into_std_path_buf();
        let release = Release::of(&clone(&folder.join("source"))?)?;
        let program = release.build(&folder)?;
        let archive = pack(&release, &program, &folder)?;
        let sbom = sbom::write(&release, &folder)?;
        archive::write_sums(&folder, &[&archive, &sbom])?;
        trial::run(&folder, &release.name)
    }
}

/// Clones the last commit: what was not committed is not released.
fn clone(source: &Path) -> Result<Shell> {
    let shell = workspace::shell()?;
    shell.remove_path(source)?;
    cmd!(shell, "git clone --quiet . {source}").run()?;
    shell.change_dir(source);
    Ok(shell)
}

/// Writes the archive into the folder, and returns its name.
fn pack(release: &Release, program: &Path, folder: &Path) -> Result<String> {
    let files = contents::gather(release, program)?;
    let name = format!("{}.tar.gz", release.name);
    fs::write(folder.join(&name), archive::pack(&release.name, &files, release.time)?)?;
    Ok(name)
}
