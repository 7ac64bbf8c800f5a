//! Opening a database: making it, bringing its schema up to date, and saying clearly why not.

use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

use diesel::connection::SimpleConnection;
use diesel::migration::MigrationSource;
use diesel::prelude::*;
use diesel::sqlite::Sqlite;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use libsqlite3_sys as sqlite;

use super::database::{Database, write_ahead};
use super::failure::{Failure, Kind};

/// The schema, from its beginnings.
pub(super) const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// Why a database cannot be opened, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The path is empty, or not UTF-8.
    #[error(
        "{} cannot be the path of a database: give one that is not empty and is UTF-8",
        .0.display()
    )]
    NoPath(PathBuf),
    /// The directory of the file is not there.
    #[error("the directory {} does not exist: create it, or name another path", .0.display())]
    NoDirectory(PathBuf),
    /// The path is that of a directory.
    #[error("{} is a directory: name a file in it", .0.display())]
    IsDirectory(PathBuf),
    /// The file or its directory cannot be written.
    #[error("{} cannot be written: allow it for the file and its directory", .0.display())]
    ReadOnly(PathBuf),
    /// The file is not a database, or was damaged.
    #[error(
        "{} is not an SQLite database, or a damaged one: name another file, or restore it",
        .0.display()
    )]
    NotADatabase(PathBuf),
    /// The schema is newer than this release.
    #[error(
        "{} has the schema {version} of a newer release: start that release, or restore a backup",
        .path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The newest migration that was run on it.
        version: String,
    },
    /// Other processes kept it locked for too long.
    #[error("{} is locked by another process: try again when that is done", .0.display())]
    Locked(PathBuf),
    /// Anything else that SQLite reports.
    #[error("{} cannot be opened: {source}", .path.display())]
    Failed {
        /// The file.
        path: PathBuf,
        /// What SQLite reported.
        source: Box<dyn Error + Send + Sync>,
    },
}

/// Makes the database if it is not there and brings its schema up to date. `true` for exactly one
/// of those who do so at the same time: the one that made it.
///
/// # Errors
///
/// Why it cannot be opened.
pub(super) fn prepare(database: &Database) -> Result<bool, OpenError> {
    let migrated = database.create().and_then(|mut connection| {
        turn_write_ahead_on(&mut connection, database)?;
        connection.exclusive_transaction(migrate)
    });
    match migrated.map_err(|failure| explain(database, failure))? {
        Schema::Made => Ok(true),
        Schema::Current => Ok(false),
        Schema::Newer(version) => {
            Err(OpenError::Newer { path: database.path().to_owned(), version })
        }
    }
}

/// What a failure to open means for whoever started the program.
pub(super) fn explain(database: &Database, failure: Failure) -> OpenError {
    let path = database.path().to_owned();
    if failure.is(sqlite::SQLITE_READONLY) || failure.is(sqlite::SQLITE_CANTOPEN) {
        return OpenError::ReadOnly(path);
    }
    match failure.kind() {
        Kind::Corrupt => OpenError::NotADatabase(path),
        Kind::Contention => OpenError::Locked(path),
        Kind::Unavailable | Kind::Internal => OpenError::Failed { path, source: failure.into() },
    }
}

/// The one thing that SQLite does not wait for by itself when another process is there: so wait
/// for that to end its transaction, and try again.
fn turn_write_ahead_on(
    connection: &mut SqliteConnection,
    database: &Database,
) -> Result<(), Failure> {
    let started = Instant::now();
    loop {
        match write_ahead(connection) {
            Err(failure)
                if failure.kind() == Kind::Contention
                    && started.elapsed() < database.options.busy_timeout =>
            {
                connection.batch_execute("BEGIN EXCLUSIVE; COMMIT")?;
            }
            done => return done,
        }
    }
}

/// What the schema was found to be.
enum Schema {
    Made,
    Current,
    /// Of a newer release: it is left alone.
    Newer(String),
}

fn migrate(connection: &mut SqliteConnection) -> Result<Schema, Failure> {
    let known = MigrationSource::<Sqlite>::migrations(&MIGRATIONS)?;
    let applied = connection.applied_migrations()?;
    let newer = applied
        .iter()
        .find(|version| !known.iter().any(|migration| migration.name().version() == **version));
    if let Some(version) = newer {
        return Ok(Schema::Newer(version.to_string()));
    }
    connection.run_pending_migrations(MIGRATIONS)?;
    Ok(if applied.is_empty() { Schema::Made } else { Schema::Current })
}

#[cfg(test)]
mod tests {
    use diesel::sql_query;
    use diesel::sql_types::{Nullable, Text};

    use super::*;
    use crate::sqlite::testing::memory;

    #[derive(Debug, PartialEq, QueryableByName)]
    struct Object {
        #[diesel(sql_type = Text)]
        name: String,
        #[diesel(sql_type = Nullable<Text>)]
        sql: Option<String>,
    }

    fn objects(connection: &mut SqliteConnection) -> Vec<Object> {
        sql_query(
            "SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE '%diesel%' ORDER BY name",
        )
        .load(connection)
        .unwrap()
    }

    #[test]
    fn every_migration_can_be_taken_back() {
        let connection = &mut memory();
        let migrated = objects(connection);
        assert!(!migrated.is_empty());

        connection.revert_all_migrations(MIGRATIONS).unwrap();
        assert_eq!(objects(connection), []);

        connection.run_pending_migrations(MIGRATIONS).unwrap();
        assert_eq!(objects(connection), migrated);
    }
}
