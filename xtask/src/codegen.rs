//! `cargo xtask codegen`: the files that are written by code, committed and compared.
//!
//! The code that knows what to write lives in the crates, and other binaries run it, so that
//! `cargo xtask` stays light. An example of the server prints what the crates know of themselves:
//! of the server, because there every crate is built with the features that users get, and has been
//! built by the tests already. The tables come from the migrations and need no crate of ours.

use std::fs;

use clap::{Args, ValueEnum};
use xtask::Failure;
use xtask::command::{Step, say};
use xtask::workspace;

/// Write the generated files, or with --check compare them
#[derive(Debug, Args)]
pub(crate) struct Codegen {
    /// What to write
    #[arg(value_enum, default_value_t)]
    what: What,
    /// Write nothing; fail where a committed file is old
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
    /// All of them
    #[default]
    All,
}

/// A generated file.
struct File {
    what: What,
    /// What it is called on the command line.
    name: &'static str,
    path: &'static str,
    /// What prints it: `cargo run` with these arguments.
    printer: &'static [&'static str],
}

const FILES: [File; 3] = [
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
        what: What::Schema,
        name: "schema",
        path: "crates/adapters-diesel/src/schema.rs",
        printer: &["--package", "xtask", "--features", "schema", "--bin", "schema"],
    },
];

impl Codegen {
    /// Compares every file.
    pub(crate) fn check_all() -> Result<(), Failure> {
        Self { what: What::All, check: true }.run()
    }

    /// Writes or compares.
    pub(crate) fn run(self) -> Result<(), Failure> {
        let mut old = Vec::new();
        for file in FILES.iter().filter(|file| [What::All, file.what].contains(&self.what)) {
            let printer = Step::cargo(["run", "--quiet"]).arguments(file.printer.iter().copied());
            old.extend(file.ensure(&printer.output()?, self.check)?);
        }
        Failure::unless_empty("codegen", old)
    }
}

impl File {
    /// Writes the file, or compares it and says which command mends it.
    fn ensure(&self, contents: &str, check: bool) -> Result<Option<String>, Failure> {
        let Self { path, name, .. } = self;
        let file = workspace::root().join(path);
        if fs::read_to_string(&file).is_ok_and(|found| found == contents) {
            return Ok(None);
        }
        if check {
            return Ok(Some(format!("{path}: old; mend with `cargo xtask codegen {name}`")));
        }
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder).map_err(Failure::about(folder))?;
        }
        fs::write(&file, contents).map_err(Failure::about(&file))?;
        say(&format!("wrote {path}"));
        Ok(None)
    }
}
