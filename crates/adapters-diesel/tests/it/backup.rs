//! Backups, and why they are refused.

use std::fs;
use std::path::{Path, PathBuf};

use contacts_adapters_diesel::{Backup, BackupError, SqliteOptions, SqliteStore, back_up};
use contacts_application::ports::{ContactStore, Lifecycle};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use crate::{TestDatabase, batch, context, person};

fn copy(database: &TestDatabase) -> PathBuf {
    database.directory().join("copy.db")
}

/// The names in the directory, without those of the database.
fn other_files(database: &TestDatabase) -> Vec<String> {
    let entries = fs::read_dir(database.directory()).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.filter(|name| !name.starts_with("test.db")).collect();
    names.sort();
    names
}

fn refused(database: &TestDatabase) -> BackupError {
    back_up(&database.path(), &copy(database)).unwrap_err()
}

#[tokio::test]
async fn backup_of_database_in_use_is_complete() {
    let database = TestDatabase::new();
    let store = database.open();
    let written = store.upsert(batch(&[person("A", "Abt"), person("B", "Bär")])).await;
    let written = written.unwrap().unwrap();

    let backup = back_up(&database.path(), &copy(&database)).unwrap();
    let bytes = fs::metadata(copy(&database)).unwrap().len();
    assert_eq!(backup, Backup { path: copy(&database), contacts: 2, bytes });
    assert_eq!(other_files(&database), ["copy.db"], "no other file is left");

    // Later writes to the original leave the copy alone.
    store.upsert(batch(&[person("C", "Caduff")])).await.unwrap().unwrap();
    let opened = SqliteStore::open(&copy(&database), SqliteOptions::default()).unwrap();
    assert!(!opened.created);
    for outcome in &written {
        let record = outcome.contact.as_ref().unwrap().record().unwrap();
        let read = opened.store.contact(context().organization, record.id, Lifecycle::Living);
        assert_eq!(read.await.unwrap().as_ref(), Some(record));
    }
    let again = back_up(&copy(&database), &database.directory().join("again.db")).unwrap();
    assert_eq!(again.contacts, 2);
}

#[tokio::test]
async fn backup_beside_a_writer_holds_the_last_commit() {
    let database = TestDatabase::new();
    database.open().upsert(batch(&[person("A", "Abt")])).await.unwrap().unwrap();
    let mut other = SqliteConnection::establish(database.path().to_str().unwrap()).unwrap();
    other.batch_execute("BEGIN IMMEDIATE; DELETE FROM contact").unwrap();
    assert_eq!(back_up(&database.path(), &copy(&database)).unwrap().contacts, 1);
}

#[cfg(unix)]
#[test]
fn backup_is_private_to_its_owner() {
    use std::os::unix::fs::PermissionsExt;

    let database = TestDatabase::new();
    drop(database.open());
    back_up(&database.path(), &copy(&database)).unwrap();
    assert_eq!(fs::metadata(copy(&database)).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn existing_file_is_not_overwritten() {
    let database = TestDatabase::new();
    drop(database.open());
    fs::write(copy(&database), "a letter").unwrap();
    assert!(matches!(refused(&database), BackupError::Exists(path) if path == copy(&database)));
    assert_eq!(fs::read_to_string(copy(&database)).unwrap(), "a letter");
    assert_eq!(other_files(&database), ["copy.db"]);

    // A directory, the database itself, and a dangling link.
    for path in [database.directory(), &database.path()] {
        let refused = back_up(&database.path(), path).unwrap_err();
        assert!(matches!(refused, BackupError::Exists(_)), "{refused}");
    }
    #[cfg(unix)]
    {
        let link = database.directory().join("link.db");
        std::os::unix::fs::symlink("nowhere.db", &link).unwrap();
        let refused = back_up(&database.path(), &link).unwrap_err();
        assert!(matches!(refused, BackupError::Exists(_)), "{refused}");
        assert_eq!(other_files(&database), ["copy.db", "link.db"]);
    }
}

#[test]
fn missing_directory_is_refused() {
    let database = TestDatabase::new();
    drop(database.open());
    let directory = database.directory().join("nowhere");
    let error = back_up(&database.path(), &directory.join("copy.db")).unwrap_err();
    assert!(matches!(&error, BackupError::NoDirectory(path) if *path == directory), "{error}");
    assert!(!directory.exists());
}

#[test]
fn path_without_file_name_is_refused() {
    let database = TestDatabase::new();
    drop(database.open());
    for path in ["", "..", "/"] {
        let refused = back_up(&database.path(), Path::new(path)).unwrap_err();
        assert!(matches!(refused, BackupError::NoPath(_)), "{path}: {refused}");
    }
}

#[test]
fn missing_database_is_refused() {
    let database = TestDatabase::new();
    assert!(matches!(refused(&database), BackupError::Missing(path) if path == database.path()));
    assert!(!database.path().exists());
    assert_eq!(other_files(&database), [""; 0]);
}

#[test]
fn file_of_another_application_is_refused() {
    let database = TestDatabase::new();
    fs::write(database.path(), "a letter to somebody ".repeat(1_000)).unwrap();
    let error = refused(&database);
    assert!(matches!(error, BackupError::Database(_)), "{error}");
    assert!(error.to_string().contains("is not an SQLite database"), "{error}");
    fs::remove_file(database.path()).unwrap();

    let mut other = SqliteConnection::establish(database.path().to_str().unwrap()).unwrap();
    other.batch_execute("CREATE TABLE recipe (name TEXT)").unwrap();
    assert!(matches!(refused(&database), BackupError::NoContacts(path) if path == database.path()));
    assert_eq!(other_files(&database), [""; 0], "no part of a copy is left");
}

#[test]
fn database_that_violates_a_constraint_is_refused() {
    let database = TestDatabase::new();
    drop(database.open());
    let mut other = SqliteConnection::establish(database.path().to_str().unwrap()).unwrap();
    other
        .batch_execute(
            "PRAGMA ignore_check_constraints = ON;
             UPDATE id_counter SET next_id = 0",
        )
        .unwrap();
    match refused(&database) {
        BackupError::Damaged { path, fault } => {
            assert_eq!(
                (path, fault.as_str()),
                (database.path(), "CHECK constraint failed in id_counter")
            );
        }
        error => panic!("{error}"),
    }
    assert_eq!(other_files(&database), [""; 0], "no part of a copy is left");
}
