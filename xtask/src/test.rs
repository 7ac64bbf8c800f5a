//! `cargo xtask test`: every test of the workspace, on one store or both.
//!
//! The tests that need a PostgreSQL are those of the package `contacts-adapters-postgres`, and those
//! with `postgres` in their path in the other packages. They find the server in `TEST_DATABASE_URL`.

use anyhow::Result;
use clap::{Args, ValueEnum};
use throwaway_postgres::{TEST_DATABASE_URL, TestServer};
use xshell::cmd;
use xtask::workspace;

/// The package whose tests all need a PostgreSQL.
const PACKAGE: &str = "contacts-adapters-postgres";

/// The part of a path that marks a test of another package which needs a PostgreSQL.
const MARK: &str = "postgres";

/// The part of a path that marks the tests of the throwaway server.
const THROWAWAY: &str = "throwaway";

/// The other packages that have tests without a PostgreSQL.
const OTHERS: [&str; 5] = ["--workspace", "--exclude", PACKAGE, "--exclude", "throwaway-postgres"];

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
    pub(crate) fn run(self) -> Result<()> {
        match self.store {
            Store::Sqlite => {
                eprintln!(
                    "left out: what needs a PostgreSQL ({PACKAGE}, and tests with `{MARK}` in \
                     their path); `cargo xtask test` runs everything"
                );
                self.cargo_test(&OTHERS, &["--skip", MARK], None)
            }
            Store::Postgres => {
                eprintln!("left out: what needs no PostgreSQL; `cargo xtask test` runs everything");
                let server = TestServer::open()?;
                let whole = ["--package", PACKAGE, "--package", "throwaway-postgres"];
                self.cargo_test(&whole, &[], Some(&server))?;
                self.cargo_test(&OTHERS, &[MARK], Some(&server))
            }
            Store::All => self.cargo_test(&["--workspace"], &[], Some(&TestServer::open()?)),
        }
    }

    fn cargo_test(
        &self,
        packages: &[&str],
        filters: &[&str],
        server: Option<&TestServer>,
    ) -> Result<()> {
        let (shell, own) = (workspace::shell()?, &self.arguments);
        let mut filters = filters.to_vec();
        if let Some(TestServer::Given(_)) = server {
            // Its programs need not be installed on this machine.
            eprintln!("left out: the tests of the throwaway server, as another one is named");
            filters.extend(["--skip", THROWAWAY]);
        }
        let tests = cmd!(shell, "cargo test --all-features {packages...} -- {filters...} {own...}");
        let url = server.map(|server| (TEST_DATABASE_URL, server.url()));
        Ok(tests.envs(url).run()?)
    }
}
