//! `cargo xtask tidy`: prose, which no compiler reads, and the names and sizes of files.

mod commands;
mod links;
mod markdown;
mod sources;
mod words;

use anyhow::Result;
use clap::Command;
use xtask::workspace;

/// Files of others and inputs of tests, which stay as they came.
const AS_THEY_CAME: [&str; 2] = ["/assets/swagger-ui/", "fuzz/corpus/"];

/// Checks every text file; Markdown may name the commands of that menu.
pub(crate) fn run(menu: &Command) -> Result<()> {
    let mut files = workspace::text_files("")?;
    files.retain(|file| !AS_THEY_CAME.iter().any(|folder| file.path.contains(folder)));
    let mut findings = sources::check(&files);
    findings.extend(words::check(&files));
    findings.extend(links::check(&files));
    findings.extend(commands::check(menu, &files)?);
    workspace::fail_on("tidy", &findings)
}
