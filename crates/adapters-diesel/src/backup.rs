//! Copies a database in use.

use std::fs::OpenOptions;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use contacts_application::ports::{OpenError, StoreErrorKind};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::Text;
use libsqlite3_sys as sqlite;
use tempfile::{Builder, TempDir, TempPath};

use crate::connect::{Database, Failure, SqliteOptions};
use crate::schema::contact;

/// The start of SQLite's message for a missing table.
const NO_SUCH_TABLE: &str = "no such table";

/// A complete and checked copy of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// The file.
    pub path: PathBuf,
    /// The number of its contacts, deleted ones included.
    pub contacts: u64,
    /// Its size in bytes.
    pub bytes: u64,
}

/// Why no copy was made. `Display` names the cause on one line. There is no file at the path then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// The database does not exist.
    #[error("there is no database {}", .0.display())]
    Missing(PathBuf),
    /// The database cannot be opened or read.
    #[error(transparent)]
    Database(#[from] OpenError),
    /// The database is that of another application.
    #[error("{} holds no contacts", .0.display())]
    NoContacts(PathBuf),
    /// The database is damaged, and so would be the copy.
    #[error("{} is damaged: {fault}", .path.display())]
    Damaged {
        /// The database.
        path: PathBuf,
        /// The first fault that SQLite found.
        fault: String,
    },
    /// The path of the copy is taken.
    #[error("{} exists already", .0.display())]
    Exists(PathBuf),
    /// The path of the copy does not end in a file name, or is not UTF-8.
    #[error("`{}` cannot be the path of a backup", .0.display())]
    NoPath(PathBuf),
    /// The directory of the copy does not exist.
    #[error("the directory {} does not exist", .0.display())]
    NoDirectory(PathBuf),
    /// The disk of the copy is full.
    #[error("there is no room for the backup in {}", .0.display())]
    NoRoom(PathBuf),
    /// The copy cannot be written.
    #[error("the backup cannot be written in {}: {source}", .directory.display())]
    Unwritable {
        /// The directory.
        directory: PathBuf,
        /// What the system reported.
        source: io::Error,
    },
}

impl BackupError {
    /// What a person can do about it.
    pub fn remedy(&self) -> &str {
        match self {
            Self::Missing(_) => "name another with --database-url",
            Self::Database(error) => error.remedy(),
            Self::NoContacts(_) => "name the database of a contact-hub with --database-url",
            Self::Damaged { .. } => "keep the backups that you have, and restore one",
            Self::Exists(_) => "name another file, or remove it",
            Self::NoPath(_) => "name a file, in UTF-8",
            Self::NoDirectory(_) => "create it, or name another file",
            Self::NoRoom(_) => "free some, or name a file elsewhere",
            Self::Unwritable { .. } => "allow it, or name a file elsewhere",
        }
    }
}

/// Copies the database in a file to a new file.
///
/// The copy is what was committed at one moment; readers and writers do not wait for it. It is
/// written and checked in a directory beside its path, whose name begins with a dot and ends in
/// `.part`, and moved to its path once it would survive a power failure. Only its owner may read it,
/// like the database.
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
/// A [`BackupError`] that names the cause and its remedy. The database is never created or changed.
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
            failure.on_opening(source.path()).into()
        }
    })?;
    let contacts = check(&source, &partial.file)?;
    let bytes = target.finish(&partial)?;
    Ok(Backup { path: copy.to_owned(), contacts, bytes })
}

/// The path of the copy.
struct Target<'a> {
    path: &'a Path,
    directory: &'a Path,
    name: &'a str,
}

/// An unfinished copy in a directory of its own, which is deleted with all its files on drop.
struct Partial {
    file: Database,
    _directory: TempDir,
}

impl<'a> Target<'a> {
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
        // Unlike `exists`, this finds dangling links.
        if path.symlink_metadata().is_ok() {
            return Err(BackupError::Exists(path.to_owned()));
        }
        if !directory.is_dir() {
            return Err(BackupError::NoDirectory(directory.to_owned()));
        }
        Ok(Self { path, directory, name })
    }

    /// Creates an empty file beside the path.
    fn begin(&self) -> Result<Partial, BackupError> {
        let prefix = format!(".{}.", self.name);
        let directory = Builder::new().prefix(&prefix).suffix(".part").tempdir_in(self.directory);
        let directory = directory.map_err(|error| self.unwritable(&error))?;
        let file = Database::at(&directory.path().join(self.name), SqliteOptions::default())?;
        file.make_private().map_err(|error| self.unwritable(&error))?;
        Ok(Partial { file, _directory: directory })
    }

    /// Syncs the file, moves it to its path, and syncs the directory. Returns the size.
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
            // The kind alone: the error may name the unfinished file.
            kind => BackupError::Unwritable { directory, source: kind.into() },
        }
    }
}

/// Copies the last commit into an empty file.
fn write(source: &Database, target: &Database) -> Result<(), Failure> {
    let mut connection = source.connect()?;
    sql_query("VACUUM INTO ?").bind::<Text, _>(target.uri()).execute(&mut connection)?;
    Ok(())
}

/// Checks the copy from end to end. Returns the number of its contacts.
fn check(source: &Database, target: &Database) -> Result<u64, BackupError> {
    let damaged = |fault: String| BackupError::Damaged { path: source.path().to_owned(), fault };
    let checked = target.connect().and_then(|mut connection| {
        // `ok`, or the first fault.
        let found: String = sql::<Text>("PRAGMA quick_check(1)").get_result(&mut connection)?;
        let contacts: i64 = match found.as_str() {
            "ok" => contact::table.count().get_result(&mut connection)?,
            _ => 0,
        };
        Ok((found, contacts))
    });
    match checked {
        Ok((found, contacts)) if found == "ok" => Ok(u64::try_from(contacts).unwrap_or_default()),
        Ok((fault, _)) => Err(damaged(fault)),
        Err(failure) if failure.kind() == StoreErrorKind::Corrupt => {
            Err(damaged(failure.to_string()))
        }
        Err(failure) if failure.to_string().starts_with(NO_SUCH_TABLE) => {
            Err(BackupError::NoContacts(source.path().to_owned()))
        }
        Err(failure) => Err(failure.on_opening(target.path()).into()),
    }
}

/// Makes the name of a new file survive a power failure.
#[cfg(unix)]
fn sync_directory(directory: &Path) -> io::Result<()> {
    std::fs::File::open(directory)?.sync_all()
}

/// Other systems cannot open directories and need no sync of names.
#[cfg(not(unix))]
fn sync_directory(_directory: &Path) -> io::Result<()> {
    Ok(())
}
