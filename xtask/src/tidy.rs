//! `cargo xtask tidy`: prose, which no compiler reads, and the names and sizes of files.

mod commands;
mod links;
mod markdown;
mod sources;
mod words;

use anyhow::Result;
use clap::Command;
use xtask::workspace;

/// Files of others, which stay as they came.
const VENDORED: &str = "/assets/swagger-ui/";

/// Checks every text file; Markdown may name the commands of that menu.
pub(crate) fn run(menu: &Command) -> Result<()> {
    let mut files = workspace::text_files("")?;
    files.retain(|file| !file.path.contains(VENDORED));
    let mut findings = sources::check(&files);
    findings.extend(words::check(&files));
    findings.extend(links::check(&files));
    findings.extend(commands::check(menu, &files)?);
    workspace::fail_on("tidy", &findings)
}
