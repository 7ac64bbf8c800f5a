//! `cargo xtask codegen`: the files that are written by code, committed and compared.
//!
//! The code that knows what to write lives in the crates. An example of the server prints it, not
//! this package, so that `cargo xtask` stays light; of the server, because there every crate is
//! built with the features that users get, and has been built by the tests already.
//!
//! The `table!` file of a store is written by hand: the catalogue of SQLite does not say what an
//! integer means, so a generator would have to be told. A test of the store compares it with a
//! freshly migrated database, and that test is what `codegen schema` runs.

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
    /// The tables as diesel sees them: compared with the migrations
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

const SCHEMA: &str = "crates/adapters-diesel/src/sqlite/schema.rs";

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
        if self.what == What::All || self.what == What::Schema {
            old.extend(schema()?);
        }
        Failure::unless_empty("codegen", old)
    }
}

/// Compares the tables with the migrations.
fn schema() -> Result<Option<String>, Failure> {
    let test = Step::cargo(["test", "--quiet", "--package", "contacts-adapters-diesel"])
        .arguments(["--all-features", "catalogue"]);
    match test.run() {
        Ok(()) => Ok(None),
        Err(Failure::Failed { command, .. }) => Ok(Some(format!(
            "{SCHEMA}: not what the migrations make; correct it until `{command}` passes"
        ))),
        Err(other) => Err(other),
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
