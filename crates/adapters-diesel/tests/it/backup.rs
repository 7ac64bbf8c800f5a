//! Copies of a database, and why there may be none.

use std::fs;
use std::path::{Path, PathBuf};

use contacts_adapters_diesel::{
    Backup, BackupError, OpenError, SqliteOptions, SqliteStore, back_up,
};
use contacts_application::ports::{ContactStore, Lifecycle};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use crate::{TestDatabase, batch, context, person};

fn copy(place: &TestDatabase) -> PathBuf {
    place.directory().join("copy.db")
}

/// The names in the directory, those of the database itself apart.
fn beside(place: &TestDatabase) -> Vec<String> {
    let entries = fs::read_dir(place.directory()).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.filter(|name| !name.starts_with("test.db")).collect();
    names.sort();
    names
}

fn refused(place: &TestDatabase) -> BackupError {
    back_up(&place.path(), &copy(place)).unwrap_err()
}

#[tokio::test]
async fn a_copy_of_a_database_in_use_holds_every_contact_and_is_opened_like_any_other() {
    let place = TestDatabase::new();
    let store = place.open();
    let written = store.upsert(batch(&[person("A", "Abt"), person("B", "Bär")])).await.unwrap();

    let backup = back_up(&place.path(), &copy(&place)).unwrap();
    let bytes = fs::metadata(copy(&place)).unwrap().len();
    assert_eq!(backup, Backup { path: copy(&place), contacts: 2, bytes });
    assert_eq!(beside(&place), ["copy.db"], "nothing else is left");

    // The original goes on; the copy stays as it was.
    store.upsert(batch(&[person("C", "Caduff")])).await.unwrap();
    let opened = SqliteStore::open(&copy(&place), SqliteOptions::default()).unwrap();
    assert!(!opened.created);
    for outcome in &written {
        let record = &outcome.contact.as_ref().unwrap().record;
        let read = opened.store.contact(context().organization, record.id, Lifecycle::Living);
        assert_eq!(read.await.unwrap().as_ref(), Some(record));
    }
    let again = back_up(&copy(&place), &place.directory().join("again.db")).unwrap();
    assert_eq!(again.contacts, 2);
}

#[tokio::test]
async fn a_copy_is_made_while_another_process_writes_and_holds_what_was_committed() {
    let place = TestDatabase::new();
    place.open().upsert(batch(&[person("A", "Abt")])).await.unwrap();
    let mut other = SqliteConnection::establish(place.path().to_str().unwrap()).unwrap();
    other.batch_execute("BEGIN IMMEDIATE; DELETE FROM contact").unwrap();
    assert_eq!(back_up(&place.path(), &copy(&place)).unwrap().contacts, 1);
}

#[cfg(unix)]
#[test]
fn a_copy_is_for_nobody_but_its_owner() {
    use std::os::unix::fs::PermissionsExt;

    let place = TestDatabase::new();
    drop(place.open());
    back_up(&place.path(), &copy(&place)).unwrap();
    assert_eq!(fs::metadata(copy(&place)).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn what_stands_at_the_path_already_is_left_alone() {
    let place = TestDatabase::new();
    drop(place.open());
    fs::write(copy(&place), "a letter").unwrap();
    assert!(matches!(refused(&place), BackupError::Exists(path) if path == copy(&place)));
    assert_eq!(fs::read_to_string(copy(&place)).unwrap(), "a letter");
    assert_eq!(beside(&place), ["copy.db"]);

    // A directory, the database itself, and a link that leads nowhere.
    for path in [place.directory(), &place.path()] {
        let refused = back_up(&place.path(), path).unwrap_err();
        assert!(matches!(refused, BackupError::Exists(_)), "{refused}");
    }
    #[cfg(unix)]
    {
        let link = place.directory().join("link.db");
        std::os::unix::fs::symlink("nowhere.db", &link).unwrap();
        let refused = back_up(&place.path(), &link).unwrap_err();
        assert!(matches!(refused, BackupError::Exists(_)), "{refused}");
        assert_eq!(beside(&place), ["copy.db", "link.db"]);
    }
}

#[test]
fn a_missing_directory_is_named_and_not_made() {
    let place = TestDatabase::new();
    drop(place.open());
    let directory = place.directory().join("nowhere");
    let error = back_up(&place.path(), &directory.join("copy.db")).unwrap_err();
    assert!(matches!(&error, BackupError::NoDirectory(path) if *path == directory), "{error}");
    assert!(!directory.exists());
}

#[test]
fn a_path_without_a_name_is_none() {
    let place = TestDatabase::new();
    drop(place.open());
    for path in ["", "..", "/"] {
        let refused = back_up(&place.path(), Path::new(path)).unwrap_err();
        assert!(matches!(refused, BackupError::NoPath(_)), "{path}: {refused}");
    }
}

#[test]
fn a_missing_database_is_named_and_not_made() {
    let place = TestDatabase::new();
    assert!(matches!(refused(&place), BackupError::Missing(path) if path == place.path()));
    assert!(!place.path().exists());
    assert_eq!(beside(&place), [""; 0]);
}

#[test]
fn a_file_of_something_else_is_not_copied() {
    let place = TestDatabase::new();
    fs::write(place.path(), "a letter to somebody ".repeat(1_000)).unwrap();
    let refused_one = refused(&place);
    assert!(
        matches!(refused_one, BackupError::Database(OpenError::NotADatabase(_))),
        "{refused_one}"
    );
    fs::remove_file(place.path()).unwrap();

    let mut other = SqliteConnection::establish(place.path().to_str().unwrap()).unwrap();
    other.batch_execute("CREATE TABLE recipe (name TEXT)").unwrap();
    assert!(matches!(refused(&place), BackupError::NoContacts(path) if path == place.path()));
    assert_eq!(beside(&place), [""; 0], "no part of a copy is left");
}

#[test]
fn a_database_that_breaks_its_own_rules_gives_no_copy() {
    let place = TestDatabase::new();
    drop(place.open());
    let mut other = SqliteConnection::establish(place.path().to_str().unwrap()).unwrap();
    other
        .batch_execute(
            "PRAGMA ignore_check_constraints = ON;
             UPDATE id_counter SET next_id = 0",
        )
        .unwrap();
    match refused(&place) {
        BackupError::Damaged { path, fault } => {
            assert_eq!(
                (path, fault.as_str()),
                (place.path(), "CHECK constraint failed in id_counter")
            );
        }
        error => panic!("{error}"),
    }
    assert_eq!(beside(&place), [""; 0], "no part of a copy is left");
}
