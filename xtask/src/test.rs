//! `cargo xtask test`: every test of the workspace, on one store or both.
//!
//! The tests that need a PostgreSQL are those of the package `contacts-adapters-postgres`, and those
//! with `postgres` in their path in the other packages. They find the server in `TEST_DATABASE_URL`.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use clap::{Args, ValueEnum};
use throwaway_postgres::{TEST_DATABASE_URL, TestServer};
use xshell::cmd;
use xtask::workspace;

/// The variable that says in how many partitions the tables of tests are.
const TEST_PARTITIONS: &str = "TEST_PARTITIONS";

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
                self.cargo_test(&OTHERS, &[MARK], Some(&server))?;
                self.test_partitions(&server)
            }
            Store::All => {
                let server = TestServer::open()?;
                self.cargo_test(&["--workspace"], &[], Some(&server))?;
                self.test_partitions(&server)
            }
        }
    }

    /// The tests of the PostgreSQL store once more, on tables in partitions.
    fn test_partitions(&self, server: &TestServer) -> Result<()> {
        eprintln!("once more, on tables in partitions");
        let mut tests = self.tests(&["--package", PACKAGE], &[])?;
        tests.env(TEST_PARTITIONS, "2").env(TEST_DATABASE_URL, server.url());
        run_and_sum_up(tests)
    }

    fn cargo_test(
        &self,
        packages: &[&str],
        filters: &[&str],
        server: Option<&TestServer>,
    ) -> Result<()> {
        let mut filters = filters.to_vec();
        if let Some(TestServer::Given(_)) = server {
            // Its programs need not be installed on this machine.
            eprintln!("left out: the tests of the throwaway server, as another one is named");
            filters.extend(["--skip", THROWAWAY]);
        }
        let url = server.map(|server| (TEST_DATABASE_URL, server.url()));
        let mut tests = self.tests(packages, &filters)?;
        tests.envs(url);
        run_and_sum_up(tests)
    }

    fn tests(&self, packages: &[&str], filters: &[&str]) -> Result<Command> {
        let (shell, own) = (workspace::shell()?, &self.arguments);
        let tests = cmd!(shell, "cargo test --all-features {packages...} -- {filters...} {own...}");
        eprintln!("$ {tests}");
        Ok(tests.into())
    }
}

/// Runs `cargo test`, which reports each program, and prints the sum of them.
fn run_and_sum_up(mut tests: Command) -> Result<()> {
    let mut tests = tests.stdout(Stdio::piped()).spawn()?;
    let output = tests.stdout.take().context("no output")?;
    let (mut total, mut shown) = (Total::default(), io::stdout().lock());
    for line in BufReader::new(output).lines() {
        let line = line?;
        writeln!(shown, "{line}")?;
        total.add(&line);
    }
    let status = tests.wait()?;
    let Total { programs, passed, failed, ignored } = total;
    writeln!(
        shown,
        "together: {passed} passed; {failed} failed; {ignored} ignored; {programs} programs"
    )?;
    ensure!(status.success(), "cargo test: {status}");
    Ok(())
}

/// The tests of all programs.
#[derive(Debug, Default, PartialEq, Eq)]
struct Total {
    programs: u32,
    passed: u32,
    failed: u32,
    ignored: u32,
}

impl Total {
    /// Adds the line that a test program ends with: `test result: ok. 4 passed; 0 failed; …`.
    fn add(&mut self, line: &str) {
        let Some(result) = line.strip_prefix("test result: ") else { return };
        self.programs += 1;
        let words = result.split([' ', ';', '.']).filter(|word| !word.is_empty());
        let words = words.collect::<Vec<_>>();
        for pair in words.windows(2) {
            let [count, what] = pair else { continue };
            let Ok(count) = count.parse::<u32>() else { continue };
            match *what {
                "passed" => self.passed += count,
                "failed" => self.failed += count,
                "ignored" => self.ignored += count,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_summed_up() {
        let mut total = Total::default();
        for line in [
            "test result: ok. 49 passed; 0 failed; 2 ignored; 0 measured; 1 filtered out; finished in 0.33s",
            "test a ... ok",
            "test result: FAILED. 3 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 2s",
            "test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out",
        ] {
            total.add(line);
        }
        assert_eq!(total, Total { programs: 3, passed: 52, failed: 1, ignored: 2 });
    }
}
