//! `cargo xtask codegen`: the files that are written by code, committed and compared.
//!
//! The code that knows what to write lives in the crates. An example of the server prints it, not
//! this package, so that `cargo xtask` stays light; of the server, because there every crate is
//! built with the features that users get, and has been built by the tests already.

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
    /// The tables as diesel sees them
    Schema,
    /// The rule table: docs/rules.md
    Rules,
    /// All of them
    #[default]
    All,
}

/// A generated file: what it is called on the command line and where it lives.
const FILES: [(What, &str, &str); 2] =
    [(What::Openapi, "openapi", "docs/api/openapi.json"), (What::Rules, "rules", "docs/rules.md")];

impl Codegen {
    /// Compares every file.
    pub(crate) fn check_all() -> Result<(), Failure> {
        Self { what: What::All, check: true }.run()
    }

    /// Writes or compares.
    pub(crate) fn run(self) -> Result<(), Failure> {
        let mut old = Vec::new();
        for (what, name, path) in FILES {
            if self.what == What::All || self.what == what {
                let contents = Step::cargo(["run", "--quiet", "--package", "contact-hub"])
                    .arguments(["--example", "generate", "--", name])
                    .output()?;
                old.extend(ensure(path, &contents, self.check, name)?);
            }
        }
        Failure::unless_empty("codegen", old)
    }
}

/// Writes the file, or compares it and says which command mends it.
fn ensure(path: &str, contents: &str, check: bool, name: &str) -> Result<Option<String>, Failure> {
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
