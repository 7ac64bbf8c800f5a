//! `cargo xtask codegen`: generated files, which are committed and compared.
//!
//! An example of the server prints the API description and the rule table: there every crate has
//! the features that users get, and the tests have built it already. The tables come from the
//! migrations and need no crate of ours.

use std::fs;

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};
use xshell::cmd;
use xtask::workspace;

/// Write the generated files, or with --check compare them
#[derive(Debug, Args)]
pub(crate) struct Codegen {
    /// What to write
    #[arg(value_enum, default_value_t)]
    what: What,
    /// Write nothing; fail if a committed file is out of date
    #[arg(long)]
    check: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum What {
    /// The OpenAPI description: docs/api/openapi.json
    Openapi,
    /// The tables as diesel sees them: crates/adapters-diesel/src/schema.rs
    Schema,
    /// The rule table: docs/rules.md
    Rules,
    /// The settings file with every default: docs/contact-hub.toml
    Settings,
    /// All of them
    #[default]
    All,
}

/// A generated file.
struct File {
    what: What,
    /// Its name on the command line.
    name: &'static str,
    path: &'static str,
    /// The arguments of `cargo run` that print it.
    printer: &'static [&'static str],
}

const FILES: [File; 4] = [
    File {
        what: What::Openapi,
        name: "openapi",
        path: "docs/api/openapi.json",
        printer: &["--package", "contact-hub", "--example", "generate", "--", "openapi"],
    },
    File {
        what: What::Rules,
        name: "rules",
        path: "docs/rules.md",
        printer: &["--package", "contact-hub", "--example", "generate", "--", "rules"],
    },
    File {
        what: What::Settings,
        name: "settings",
        path: "docs/contact-hub.toml",
        // Of everything that the program can have.
        printer: &["--package", "contact-hub", "--features", "otlp", "--", "config", "sample"],
    },
    File {
        what: What::Schema,
        name: "schema",
        path: "crates/adapters-diesel/src/schema.rs",
        printer: &["--package", "xtask", "--features", "schema", "--bin", "schema"],
    },
];

impl Codegen {
    /// Compares every file.
    pub(crate) fn check_all() -> Result<()> {
        Self { what: What::All, check: true }.run()
    }

    /// Writes or compares.
    pub(crate) fn run(self) -> Result<()> {
        let shell = workspace::shell()?;
        let mut old = Vec::new();
        for file in FILES.iter().filter(|file| [What::All, file.what].contains(&self.what)) {
            let printer = file.printer;
            let printed = cmd!(shell, "cargo run --quiet {printer...}").output()?.stdout;
            old.extend(file.ensure(&String::from_utf8(printed)?, self.check)?);
        }
        workspace::fail_on("codegen", &old)
    }
}

impl File {
    /// Writes the file, or compares it and returns a finding with the command that mends it.
    fn ensure(&self, contents: &str, check: bool) -> Result<Option<String>> {
        let Self { path, name, .. } = self;
        let file = workspace::root().join(path);
        if fs::read_to_string(&file).is_ok_and(|found| found == contents) {
            return Ok(None);
        }
        if check {
            return Ok(Some(format!(
                "{path}: out of date; mend with `cargo xtask codegen {name}`"
            )));
        }
        fs::write(&file, contents).with_context(|| path.to_owned())?;
        eprintln!("wrote {path}");
        Ok(None)
    }
}
