//! Runs each migration of both databases up, down and up again, and compares the catalogues.
//! Called by `cargo xtask db`.

mod database;
mod migrations;
mod postgres;
mod sqlite;

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};
use throwaway_postgres::TestServer;

use xtask::workspace::fail_on;

use self::database::Database;
use self::migrations::{Migration, Script};
use self::postgres::Postgres;
use self::sqlite::Sqlite;

fn main() -> Result<()> {
    let migrations = Migration::all("crates/adapters-diesel/migrations")?;
    fail_on("db", &check(&mut Sqlite::new()?, &migrations)?)?;

    let migrations = Migration::all("crates/adapters-postgres/migrations")?;
    let server = TestServer::open()?;
    let mut database = Postgres::new(server.url(), "contact_hub_migrations")?;
    let findings = check(&mut database, &migrations);
    database.drop()?;
    fail_on("db", &findings?)
}

/// What the way down leaves or loses, or else what the second way up makes otherwise, of the first
/// migration with such a difference.
fn check(database: &mut dyn Database, migrations: &[Migration]) -> Result<Vec<String>> {
    let mut before = database.catalogue()?;
    for Migration { up, down } in migrations {
        let mut go = |script: &Script| {
            let run = database.run(&script.sql).and_then(|()| database.catalogue());
            run.with_context(|| script.path.clone())
        };
        let after = go(up)?;
        let findings = differences(&down.path, &before, &go(down)?);
        if !findings.is_empty() {
            return Ok(findings);
        }
        let findings = differences(&up.path, &after, &go(up)?);
        if !findings.is_empty() {
            return Ok(findings);
        }
        eprintln!("up, down, up: {}", up.path);
        before = after;
    }
    Ok(Vec::new())
}

fn differences(path: &str, expected: &BTreeSet<String>, found: &BTreeSet<String>) -> Vec<String> {
    let left = found.difference(expected).map(|line| format!("{path}: leaves {line}"));
    let lost = expected.difference(found).map(|line| format!("{path}: loses {line}"));
    left.chain(lost).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(path: &str, sql: &str) -> Script {
        Script { path: path.to_owned(), sql: sql.to_owned() }
    }

    /// A database that returns these catalogues one after the other.
    struct Scripted(std::vec::IntoIter<&'static [&'static str]>);

    impl Database for Scripted {
        fn run(&mut self, _: &str) -> Result<()> {
            Ok(())
        }

        fn catalogue(&mut self) -> Result<BTreeSet<String>> {
            Ok(self.0.next().unwrap().iter().map(|line| (*line).to_owned()).collect())
        }
    }

    #[test]
    fn way_down_that_leads_elsewhere_is_found() {
        let migrations = [
            Migration {
                up: script("1/up.sql", "CREATE TABLE first (a); CREATE INDEX i ON first (a)"),
                down: script("1/down.sql", "DROP TABLE first"),
            },
            Migration {
                up: script("2/up.sql", "CREATE TABLE second (b)"),
                down: script("2/down.sql", "DROP INDEX i"),
            },
        ];
        assert_eq!(
            check(&mut Sqlite::new().unwrap(), &migrations).unwrap(),
            [
                "2/down.sql: leaves table second: CREATE TABLE second(b)",
                "2/down.sql: loses index i: CREATE INDEX i ON first(a)",
            ]
        );
    }

    #[test]
    fn second_way_up_that_leads_elsewhere_is_found() {
        let migration = Migration { up: script("up.sql", ""), down: script("down.sql", "") };
        let mut database = Scripted(vec![&[][..], &["a", "b"], &[], &["a", "c"]].into_iter());
        assert_eq!(
            check(&mut database, &[migration]).unwrap(),
            ["up.sql: leaves c", "up.sql: loses b"]
        );
    }

    #[test]
    fn failing_migration_is_named() {
        let up = script("1/up.sql", "CREATE TABLE first (a)");
        let down = script("1/down.sql", "DROP TABLE frist");
        let failure = check(&mut Sqlite::new().unwrap(), &[Migration { up, down }]).unwrap_err();
        assert!(format!("{failure:#}").starts_with("1/down.sql: no such table: frist"));
    }
}
