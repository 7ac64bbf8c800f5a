//! A copy of the database, made beside a running server.

use std::fs::OpenOptions;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::Text;
use libsqlite3_sys as sqlite;
use tempfile::{Builder, TempDir, TempPath};

use super::database::Database;
use super::failure::{Failure, Kind};
use super::open::{self, OpenError};
use super::options::SqliteOptions;
use super::schema::contact;

/// How SQLite's message begins when a statement names a table that is not there.
const NO_SUCH_TABLE: &str = "no such table";

/// A copy of a database, finished and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// The file.
    pub path: PathBuf,
    /// How many contacts are in it, deleted ones included.
    pub contacts: u64,
    /// Its size.
    pub bytes: u64,
}

/// Why no copy was made, and what to do about it. Nothing stands at its path then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// There is no database to copy.
    #[error("there is no database {}: name another path", .0.display())]
    Missing(PathBuf),
    /// The database cannot be opened or read.
    #[error(transparent)]
    Database(#[from] OpenError),
    /// The database is none of ours.
    #[error("{} holds no contacts: name the database of a hub", .0.display())]
    NoContacts(PathBuf),
    /// The database does not hold together, and so the copy does not.
    #[error("{} is damaged ({fault}): keep the copies of before, and restore one", .path.display())]
    Damaged {
        /// The database.
        path: PathBuf,
        /// The first fault that SQLite found.
        fault: String,
    },
    /// Something stands at the path of the copy.
    #[error("{} exists already: name another file, or remove it", .0.display())]
    Exists(PathBuf),
    /// The path is none that a copy can have.
    #[error("{} cannot be the path of a copy: name a file, in UTF-8", .0.display())]
    NoPath(PathBuf),
    /// The directory of the copy is not there.
    #[error("the directory {} does not exist: create it, or name another file", .0.display())]
    NoDirectory(PathBuf),
    /// The disk of the copy is full.
    #[error("there is no room for the copy in {}: free some, or name another place", .0.display())]
    NoRoom(PathBuf),
    /// The copy cannot be written.
    #[error(
        "the copy cannot be written in {}, {source}: allow it, or name another place",
        .directory.display()
    )]
    Unwritable {
        /// The directory.
        directory: PathBuf,
        /// What the system reported.
        source: io::Error,
    },
}

/// Copies the database in a file to another, which must not be there yet.
///
/// The copy is what was committed at one moment; readers and writers go on meanwhile. It is written
/// and checked in a directory of its own beside its place, whose name begins with a dot and ends in
/// `.part`, and moved to its place only when it will survive loss of power. It is for nobody but its
/// owner, as the database is.
///
/// ```
/// use contacts_adapters_diesel::{SqliteOptions, SqliteStore, back_up};
///
/// let directory = tempfile::tempdir()?;
/// let path = directory.path().join("contact-hub.db");
/// let store = SqliteStore::open(&path, SqliteOptions::default())?.store;
/// let backup = back_up(&path, &directory.path().join("copy.db"))?;
/// assert_eq!(backup.contacts, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// A [`BackupError`] that names what is in the way and what to do about it. The database is never
/// made or changed.
pub fn back_up(database: &Path, copy: &Path) -> Result<Backup, BackupError> {
    if !database.exists() {
        return Err(BackupError::Missing(database.to_owned()));
    }
    let source = Database::at(database, SqliteOptions::default())?;
    let target = Target::at(copy)?;
    let partial = target.begin()?;
    write(&source, &partial.file).map_err(|failure| {
        if failure.is(sqlite::SQLITE_FULL) {
            BackupError::NoRoom(target.directory.to_owned())
        } else {
            open::explain(&source, failure).into()
        }
    })?;
    let contacts = check(&source, &partial.file)?;
    let bytes = target.finish(&partial)?;
    Ok(Backup { path: copy.to_owned(), contacts, bytes })
}

/// Where the copy will stand.
struct Target<'a> {
    path: &'a Path,
    directory: &'a Path,
    name: &'a str,
}

/// A copy in the making, in a directory of its own beside its place. It goes away unless it is
/// finished, and with it what SQLite wrote beside it.
struct Partial {
    file: Database,
    _directory: TempDir,
}

impl<'a> Target<'a> {
    /// A place that is free.
    fn at(path: &'a Path) -> Result<Self, BackupError> {
        let no_path = || BackupError::NoPath(path.to_owned());
        let name = path.file_name().and_then(|name| name.to_str()).ok_or_else(no_path)?;
        let directory = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        if directory.to_str().is_none() {
            return Err(no_path());
        }
        // A link that leads nowhere exists too.
        if path.symlink_metadata().is_ok() {
            return Err(BackupError::Exists(path.to_owned()));
        }
        if !directory.is_dir() {
            return Err(BackupError::NoDirectory(directory.to_owned()));
        }
        Ok(Self { path, directory, name })
    }

    /// An empty file.
    fn begin(&self) -> Result<Partial, BackupError> {
        let prefix = format!(".{}.", self.name);
        let directory = Builder::new().prefix(&prefix).suffix(".part").tempdir_in(self.directory);
        let directory = directory.map_err(|error| self.unwritable(&error))?;
        let file = Database::at(&directory.path().join(self.name), SqliteOptions::default())?;
        file.make_private().map_err(|error| self.unwritable(&error))?;
        Ok(Partial { file, _directory: directory })
    }

    /// Gives the file its name once its content is on the disk, and waits until the name is; its
    /// size.
    fn finish(&self, partial: &Partial) -> Result<u64, BackupError> {
        let unwritable = |error| self.unwritable(&error);
        let path = partial.file.path();
        let file = OpenOptions::new().write(true).open(path).map_err(unwritable)?;
        file.sync_all().map_err(unwritable)?;
        let bytes = file.metadata().map_err(unwritable)?.len();
        let named = TempPath::try_from_path(path).map_err(unwritable)?;
        named.persist_noclobber(self.path).map_err(|error| self.unwritable(&error.error))?;
        sync_directory(self.directory).map_err(unwritable)?;
        Ok(bytes)
    }

    fn unwritable(&self, error: &io::Error) -> BackupError {
        let directory = self.directory.to_owned();
        match error.kind() {
            ErrorKind::AlreadyExists => BackupError::Exists(self.path.to_owned()),
            ErrorKind::StorageFull => BackupError::NoRoom(directory),
            // The kind alone: the error may name the file in the making.
            kind => BackupError::Unwritable { directory, source: kind.into() },
        }
    }
}

/// Writes what is committed now into an empty file.
fn write(source: &Database, target: &Database) -> Result<(), Failure> {
    let mut connection = source.connect()?;
    sql_query("VACUUM INTO ?").bind::<Text, _>(target.uri()).execute(&mut connection)?;
    Ok(())
}

/// The answer of `PRAGMA quick_check`: `ok`, or a fault in each row.
#[derive(QueryableByName)]
struct QuickCheck {
    #[diesel(sql_type = Text)]
    quick_check: String,
}

/// Reads the copy from end to end; how many contacts it has.
fn check(source: &Database, target: &Database) -> Result<u64, BackupError> {
    let damaged = |fault: String| BackupError::Damaged { path: source.path().to_owned(), fault };
    let checked = target.connect().and_then(|mut connection| {
        let found: QuickCheck = sql_query("PRAGMA quick_check(1)").get_result(&mut connection)?;
        let contacts: i64 = match found.quick_check.as_str() {
            "ok" => contact::table.count().get_result(&mut connection)?,
            _ => 0,
        };
        Ok((found.quick_check, contacts))
    });
    match checked {
        Ok((found, contacts)) if found == "ok" => Ok(u64::try_from(contacts).unwrap_or_default()),
        Ok((fault, _)) => Err(damaged(fault)),
        Err(failure) if failure.kind() == Kind::Corrupt => Err(damaged(failure.to_string())),
        Err(failure) if failure.to_string().starts_with(NO_SUCH_TABLE) => {
            Err(BackupError::NoContacts(source.path().to_owned()))
        }
        Err(failure) => Err(open::explain(target, failure).into()),
    }
}

/// Makes the name of a new file in that directory survive loss of power.
#[cfg(unix)]
fn sync_directory(directory: &Path) -> io::Result<()> {
    std::fs::File::open(directory)?.sync_all()
}

/// Elsewhere a directory cannot be opened, and the system sees to names itself.
#[cfg(not(unix))]
fn sync_directory(_directory: &Path) -> io::Result<()> {
    Ok(())
}
