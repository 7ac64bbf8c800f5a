//! `cargo xtask bench` and `cargo xtask proofs`: start the programs in `tools/`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use xshell::cmd;
use xtask::workspace;

/// A program in `tools/` that works with the release server.
#[derive(Debug, Args)]
pub(crate) struct Tool {
    /// Arguments of the tool; `--help` lists them
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

impl Tool {
    /// The short proofs, for `cargo xtask ci`, with further arguments.
    pub(crate) fn short(further: &[&str]) -> Self {
        let arguments = ["--short"].iter().chain(further);
        Self { arguments: arguments.map(|argument| (*argument).to_owned()).collect() }
    }

    /// Runs the package of that name, built with these options, and builds the release server for it
    /// unless the arguments name another one.
    pub(crate) fn run(self, package: &str, options: &[&str]) -> Result<()> {
        let arguments = &self.arguments;
        let shell = workspace::shell()?;
        let tool =
            cmd!(shell, "cargo run --quiet {options...} --package {package} -- {arguments...}");
        let needs_no_server = |argument: &String| {
            argument.starts_with("--program") || ["--help", "-h"].contains(&argument.as_str())
        };
        if arguments.iter().any(needs_no_server) {
            return Ok(tool.run()?);
        }
        Ok(tool.arg("--program").arg(release_server()?).run()?)
    }
}

/// Builds the release server.
pub(crate) fn release_server() -> Result<PathBuf> {
    server(&["--release"], "release")
}

/// Builds the server that checks itself: with assertions, and without silent overflows.
pub(crate) fn debug_server() -> Result<PathBuf> {
    server(&[], "debug")
}

fn server(options: &[&str], folder: &str) -> Result<PathBuf> {
    let shell = workspace::shell()?;
    cmd!(shell, "cargo build {options...} --package contact-hub").run()?;
    let name = format!("contact-hub{}", std::env::consts::EXE_SUFFIX);
    Ok(workspace::metadata()?.target_directory.join(folder).join(name).into())
}
