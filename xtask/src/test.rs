//! `cargo xtask test`: every test of the workspace, on one store or both.
//!
//! The tests that need a PostgreSQL are those of the package `contacts-adapters-postgres`, and those
//! with `postgres` in their path in the other packages. They find the server in `TEST_DATABASE_URL`.

use clap::{Args, ValueEnum};
use xtask::Failure;
use xtask::command::{Step, say};
use xtask::postgres::{TEST_DATABASE_URL, TestServer};

/// The package whose tests all need a PostgreSQL.
const PACKAGE: &str = "contacts-adapters-postgres";

/// The part of a path that marks a test of another package which needs a PostgreSQL.
const MARK: &str = "postgres";

/// The part of a path that marks the tests of the throwaway server.
const THROWAWAY: &str = "throwaway";

const WORKSPACE: [&str; 1] = ["--workspace"];
const OTHERS: [&str; 3] = ["--workspace", "--exclude", PACKAGE];

/// Run every test
#[derive(Debug, Default, Args)]
pub(crate) struct Test {
    /// The store to test with
    #[arg(long, value_enum, default_value_t)]
    store: Store,
    /// Arguments of the test programs, such as a part of a test's name
    #[arg(last = true)]
    arguments: Vec<String>,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Store {
    /// The tests that need no PostgreSQL: nothing to install
    Sqlite,
    /// The tests that need a PostgreSQL, and no others
    Postgres,
    /// All of them
    #[default]
    All,
}

impl Test {
    /// Runs them.
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self.store {
            Store::Sqlite => {
                say(&format!(
                    "left out: what needs a PostgreSQL ({PACKAGE}, and tests with `{MARK}` in \
                     their path); `cargo xtask test` runs everything"
                ));
                self.cargo_test(&OTHERS, &["--skip", MARK]).run()
            }
            Store::Postgres => {
                say("left out: what needs no PostgreSQL; `cargo xtask test` runs everything");
                let server = TestServer::open()?;
                self.on(&server, &["--package", PACKAGE], &[])?;
                self.on(&server, &OTHERS, &[MARK])
            }
            Store::All => self.on(&TestServer::open()?, &WORKSPACE, &[]),
        }
    }

    /// Runs the tests of those packages where they find the server.
    fn on(
        &self,
        server: &TestServer,
        packages: &[&str],
        arguments: &[&str],
    ) -> Result<(), Failure> {
        let mut arguments = arguments.to_vec();
        if let TestServer::Given(_) = server {
            // Its programs need not be installed here.
            say("left out: the tests of the throwaway server, as another one is named");
            arguments.extend(["--skip", THROWAWAY]);
        }
        self.cargo_test(packages, &arguments).secret(TEST_DATABASE_URL, server.url()).run()
    }

    fn cargo_test(&self, packages: &[&str], arguments: &[&str]) -> Step {
        let step = Step::cargo(["test", "--all-features"]);
        let step = step.arguments(packages.iter().copied());
        let own = self.arguments.iter().map(String::as_str);
        let arguments = arguments.iter().copied().chain(own).collect::<Vec<_>>();
        if arguments.is_empty() { step } else { step.arguments(["--"]).arguments(arguments) }
    }
}
