//! `cargo xtask tidy`: prose that no compiler reads, and the names and sizes of files.

mod commands;
mod links;
mod sources;

use xtask::Failure;
use xtask::workspace;

/// Looks through every text file.
pub(crate) fn run() -> Result<(), Failure> {
    let files = workspace::text_files("")?;
    let mut findings = sources::check(&files);
    findings.extend(links::check(&files));
    findings.extend(commands::check(&files)?);
    Failure::unless_empty("tidy", findings)
}
