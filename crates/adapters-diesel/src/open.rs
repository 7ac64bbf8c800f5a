//! Opening a database: making it, bringing its schema up to date, and saying clearly why not.

use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

use diesel::connection::SimpleConnection;
use diesel::migration::{Migration, MigrationSource};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::Text;
use diesel::sqlite::Sqlite;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use libsqlite3_sys as sqlite;

use super::database::{Database, write_ahead};
use super::failure::{Failure, Kind};

/// The schema, from its beginnings.
pub(super) const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

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
    /// The schema lacks migrations, which are not to be run.
    #[error("{} lacks the schema {version}: bring it up to date first", .path.display())]
    Outdated {
        /// The file.
        path: PathBuf,
        /// The newest migration that it lacks.
        version: String,
    },
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
    /// There are tables that are not ours.
    #[error("{} holds something else ({what}): name a file of its own", .path.display())]
    Occupied {
        /// The file.
        path: PathBuf,
        /// What it is known by.
        what: String,
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

/// Makes the database if it is not there and brings its schema up to date, unless the options
/// forbid that; the names of the migrations that were run for it. Of those who do so at the same
/// time, one runs them.
///
/// # Errors
///
/// Why it cannot be opened.
pub(super) fn prepare(database: &Database) -> Result<Vec<String>, OpenError> {
    let migrate = database.options.migrate;
    let found = if migrate {
        database.create().and_then(|mut connection| {
            turn_write_ahead_on(&mut connection, database)?;
            connection.exclusive_transaction(run_pending)
        })
    } else if database.path().exists() {
        database.reader().and_then(|mut connection| schema(&mut connection))
    } else {
        names().map(Schema::Lacks)
    };
    let path = database.path().to_owned();
    match found.map_err(|failure| explain(database, failure))? {
        Schema::Current => Ok(Vec::new()),
        Schema::Lacks(names) if migrate => Ok(names),
        Schema::Lacks(mut names) => {
            Err(OpenError::Outdated { path, version: names.pop().unwrap_or_default() })
        }
        Schema::Newer(version) => Err(OpenError::Newer { path, version }),
        Schema::Foreign(what) => Err(OpenError::Occupied { path, what }),
    }
}

/// Whether the migration of that name makes the schema.
pub(super) fn is_first(name: &str) -> bool {
    names().is_ok_and(|names| names.first().is_some_and(|first| first == name))
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

/// What a database has of the schema.
enum Schema {
    /// All of it.
    Current,
    /// Not the migrations of these names.
    Lacks(Vec<String>),
    /// That of a newer release, by its newest migration.
    Newer(String),
    /// That of another application, by what tells so.
    Foreign(String),
}

/// The first of the names of our tables that a database has.
const TAKEN: &str = "
    SELECT name AS version FROM sqlite_schema
    WHERE name IN ('api_token', 'contact', 'contact_alias', 'contact_intercom', 'contact_relation',
        'id_counter', 'organization')
    ORDER BY name LIMIT 1";

/// The tables of migrations are diesel's. This reads them without making any.
fn schema(connection: &mut SqliteConnection) -> Result<Schema, Failure> {
    #[derive(QueryableByName)]
    struct Applied {
        #[diesel(sql_type = Text)]
        version: String,
    }
    let columns = "SELECT name AS version FROM pragma_table_info('__diesel_schema_migrations')";
    let versions = "SELECT version FROM __diesel_schema_migrations ORDER BY version";
    let other_diesel =
        || Schema::Foreign("its table __diesel_schema_migrations names none of ours".to_owned());
    let columns: Vec<Applied> = sql_query(columns).load(connection)?;
    let mut applied: Vec<Applied> = Vec::new();
    if columns.iter().any(|column| column.version == "version") {
        applied = sql_query(versions).load(connection)?;
    } else if !columns.is_empty() {
        return Ok(other_diesel());
    }
    let known = MigrationSource::<Sqlite>::migrations(&MIGRATIONS)?;
    let version = |migration: &dyn Migration<Sqlite>| migration.name().version().to_string();
    let unknown =
        |applied: &&Applied| known.iter().all(|known| version(&**known) != applied.version);
    if applied.is_empty() {
        let taken: Vec<Applied> = sql_query(TAKEN).load(connection)?;
        if let Some(taken) = taken.first() {
            return Ok(Schema::Foreign(format!("the table {} is there already", taken.version)));
        }
    } else if applied.iter().all(|applied| unknown(&applied)) {
        return Ok(other_diesel());
    }
    if let Some(newer) = applied.iter().rev().find(unknown) {
        return Ok(Schema::Newer(newer.version.clone()));
    }
    let lacks = known.iter().filter(|known| {
        let version = version(&***known);
        applied.iter().all(|applied| applied.version != version)
    });
    let lacks: Vec<_> = lacks.map(|migration| migration.name().to_string()).collect();
    Ok(if lacks.is_empty() { Schema::Current } else { Schema::Lacks(lacks) })
}

/// Runs the migrations that are lacking; what was found before.
fn run_pending(connection: &mut SqliteConnection) -> Result<Schema, Failure> {
    let found = schema(connection)?;
    if let Schema::Lacks(_) = &found {
        connection.run_pending_migrations(MIGRATIONS)?;
    }
    Ok(found)
}

/// The names of all migrations, the oldest first.
fn names() -> Result<Vec<String>, Failure> {
    let known = MigrationSource::<Sqlite>::migrations(&MIGRATIONS)?;
    Ok(known.iter().map(|migration| migration.name().to_string()).collect())
}

#[cfg(test)]
mod tests {
    use diesel::sql_types::Nullable;

    use super::*;
    use crate::testing::memory;

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
