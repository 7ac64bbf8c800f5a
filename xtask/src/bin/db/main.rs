//! Tries the migrations of both databases: each goes up, down and up again, and what the catalogue
//! says is compared. Called by `cargo xtask db`.

mod migrations;
mod postgres;
mod sqlite;

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::ExitCode;

use xtask::Failure;
use xtask::command::say;
use xtask::postgres::TestServer;

use self::migrations::{Migration, Script};
use self::postgres::Postgres;
use self::sqlite::Sqlite;

/// An empty database to try migrations on.
trait Database {
    /// Runs statements, as a migration would be run.
    fn run(&mut self, sql: &str) -> Result<(), Failure>;

    /// Everything that there is beside rows, a line each.
    fn catalogue(&mut self) -> Result<BTreeSet<String>, Failure>;
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(std::io::stderr(), "db: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Failure> {
    let migrations = Migration::all("crates/adapters-diesel/migrations")?;
    Failure::unless_empty("db", check(&mut Sqlite::new()?, &migrations)?)?;

    let migrations = Migration::all("crates/adapters-postgres/migrations")?;
    let server = TestServer::open()?;
    let mut database = Postgres::new(server.url(), "contact_hub_migrations")?;
    let findings = check(&mut database, &migrations);
    database.drop()?;
    Failure::unless_empty("db", findings?)
}

/// What going down leaves or loses, or else what coming up again makes otherwise, of the first
/// migration where there is something.
fn check(database: &mut dyn Database, migrations: &[Migration]) -> Result<Vec<String>, Failure> {
    let mut before = database.catalogue()?;
    for Migration { up, down } in migrations {
        let mut go = |script: &Script| {
            let run = database.run(&script.sql).and_then(|()| database.catalogue());
            run.map_err(|failure| Failure::Server(format!("{}: {failure}", script.path)))
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
        say(&format!("up, down, up: {}", up.path));
        before = after;
    }
    Ok(Vec::new())
}

fn differences(path: &str, wanted: &BTreeSet<String>, found: &BTreeSet<String>) -> Vec<String> {
    let left = found.difference(wanted).map(|line| format!("{path}: leaves {line}"));
    let lost = wanted.difference(found).map(|line| format!("{path}: loses {line}"));
    left.chain(lost).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(path: &str, sql: &str) -> Script {
        Script { path: path.to_owned(), sql: sql.to_owned() }
    }

    /// A database whose catalogue says one thing after the other.
    struct Told(std::vec::IntoIter<&'static [&'static str]>);

    impl Database for Told {
        fn run(&mut self, _: &str) -> Result<(), Failure> {
            Ok(())
        }

        fn catalogue(&mut self) -> Result<BTreeSet<String>, Failure> {
            Ok(self.0.next().unwrap().iter().map(|line| (*line).to_owned()).collect())
        }
    }

    #[test]
    fn a_way_down_that_does_not_lead_back_is_found() {
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
    fn a_way_up_that_leads_elsewhere_the_second_time_is_found() {
        let migration = Migration { up: script("up.sql", ""), down: script("down.sql", "") };
        let mut database = Told(vec![&[][..], &["a", "b"], &[], &["a", "c"]].into_iter());
        assert_eq!(
            check(&mut database, &[migration]).unwrap(),
            ["up.sql: leaves c", "up.sql: loses b"]
        );
    }

    #[test]
    fn a_migration_that_fails_is_named() {
        let up = script("1/up.sql", "CREATE TABLE first (a)");
        let down = script("1/down.sql", "DROP TABLE frist");
        let failure = check(&mut Sqlite::new().unwrap(), &[Migration { up, down }]).unwrap_err();
        assert_eq!(failure.to_string(), "1/down.sql: SQLite: no such table: frist");
    }
}
