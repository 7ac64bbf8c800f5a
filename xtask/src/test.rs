//! `cargo xtask test`: every test of the workspace, on the stores of one's choice.
//!
//! What needs a PostgreSQL says so by its name: a test target whose name starts with `postgres`, or
//! a test with `postgres` in its path. Tests find the server in `TEST_DATABASE_URL`.

use std::collections::BTreeSet;

use clap::{Args, ValueEnum};
use serde_json::Value;
use xtask::command::{Step, say};
use xtask::postgres::{TEST_DATABASE_URL, TestServer};
use xtask::{Failure, workspace};

/// What targets and tests that need a PostgreSQL are called by.
const POSTGRES: &str = "postgres";

/// What the tests of the throwaway server are called by.
const THROWAWAY: &str = "throwaway";

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

/// The names of the test targets.
#[derive(Debug, Default, PartialEq, Eq)]
struct Targets {
    on_postgres: BTreeSet<String>,
    others: BTreeSet<String>,
}

impl Test {
    /// Runs them.
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self.store {
            Store::Sqlite => self.without_postgres(&Targets::of(&workspace::metadata()?)),
            Store::Postgres => self.on_postgres(&Targets::of(&workspace::metadata()?)),
            Store::All => {
                let server = TestServer::open()?;
                self.on(&server, &[], &[])
            }
        }
    }

    fn without_postgres(&self, targets: &Targets) -> Result<(), Failure> {
        say(&format!(
            "left out: what needs a PostgreSQL ({}); `cargo xtask test` runs everything",
            targets.named_postgres()
        ));
        let skip = ["--skip", POSTGRES];
        self.cargo_test(&targets.without_postgres(), &skip).run()?;
        // Cargo does not mix these with chosen targets.
        self.cargo_test(&["--doc"], &skip).run()
    }

    fn on_postgres(&self, targets: &Targets) -> Result<(), Failure> {
        say("left out: what needs no PostgreSQL; `cargo xtask test` runs everything");
        let server = TestServer::open()?;
        self.on(&server, &targets.without_postgres(), &[POSTGRES])?;
        match targets.on_postgres().as_slice() {
            [] => Ok(()),
            chosen => self.on(&server, chosen, &[]),
        }
    }

    /// Runs the tests of those targets, all by default, where they find the server.
    fn on(&self, server: &TestServer, targets: &[&str], arguments: &[&str]) -> Result<(), Failure> {
        let mut arguments = arguments.to_vec();
        if let TestServer::Given(_) = server {
            // Its programs need not be installed here.
            say("left out: the tests of the throwaway server, as another one is named");
            arguments.extend(["--skip", THROWAWAY]);
        }
        self.cargo_test(targets, &arguments).secret(TEST_DATABASE_URL, server.url()).run()
    }

    fn cargo_test(&self, targets: &[&str], arguments: &[&str]) -> Step {
        let step = Step::cargo(["test", "--workspace", "--all-features"]);
        let step = step.arguments(targets.iter().copied());
        let own = self.arguments.iter().map(String::as_str);
        let arguments = arguments.iter().copied().chain(own).collect::<Vec<_>>();
        if arguments.is_empty() { step } else { step.arguments(["--"]).arguments(arguments) }
    }
}

impl Targets {
    /// The test targets that `cargo metadata` knows.
    fn of(metadata: &Value) -> Self {
        let mut targets = Self::default();
        let list = |value: &Value, name| {
            value.get(name).and_then(Value::as_array).cloned().unwrap_or_default()
        };
        for target in list(metadata, "packages").iter().flat_map(|found| list(found, "targets")) {
            let is_test = list(&target, "kind").iter().any(|kind| kind == "test");
            let name = target.get("name").and_then(Value::as_str).filter(|_| is_test);
            let Some(name) = name else { continue };
            let known = if name.starts_with(POSTGRES) {
                &mut targets.on_postgres
            } else {
                &mut targets.others
            };
            known.insert(name.to_owned());
        }
        targets
    }

    /// Cargo's arguments for everything but documentation and what is named after PostgreSQL.
    fn without_postgres(&self) -> Vec<&str> {
        let others = self.others.iter().flat_map(|name| ["--test", name]);
        ["--lib", "--bins", "--examples"].into_iter().chain(others).collect()
    }

    /// Cargo's arguments for what is named after PostgreSQL.
    fn on_postgres(&self) -> Vec<&str> {
        self.on_postgres.iter().flat_map(|name| ["--test", name]).collect()
    }

    /// What is left out, for people.
    fn named_postgres(&self) -> String {
        let targets = self.on_postgres.iter().map(|name| format!("the target `{name}`"));
        let tests = format!("tests with `{POSTGRES}` in their path");
        targets.chain([tests]).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn test_targets_are_parted_by_their_names() {
        let metadata = json!({ "packages": [
            { "targets": [
                { "kind": ["lib"], "name": "postgres_types" },
                { "kind": ["test"], "name": "postgres_contract" },
                { "kind": ["test"], "name": "it" },
            ]},
            { "targets": [{ "kind": ["test"], "name": "it" }] },
        ]});
        let targets = Targets::of(&metadata);
        assert_eq!(targets.on_postgres(), ["--test", "postgres_contract"]);
        assert_eq!(targets.without_postgres(), ["--lib", "--bins", "--examples", "--test", "it"]);
        assert_eq!(
            targets.named_postgres(),
            "the target `postgres_contract`, tests with `postgres` in their path"
        );
    }
}
