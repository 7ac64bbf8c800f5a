//! Opening a database, and why it may not be possible.

use std::fs;
use std::path::Path;
use std::sync::Barrier;
use std::thread;

use contacts_adapters_diesel::{OpenError, SqliteOptions, SqliteStore};
use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};

use crate::TestDatabase;

fn refused(path: &Path) -> OpenError {
    SqliteStore::open(path, SqliteOptions::default()).unwrap_err()
}

#[test]
fn of_those_who_open_a_new_file_at_once_one_made_it() {
    let place = TestDatabase::new();
    let path = place.path();
    let together = Barrier::new(8);
    let made: usize = thread::scope(|scope| {
        let opening: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    together.wait();
                    SqliteStore::open(&path, SqliteOptions::default()).unwrap()
                })
            })
            .collect();
        opening.into_iter().map(|opened| usize::from(opened.join().unwrap().created)).sum()
    });
    assert_eq!(made, 1);
}

#[cfg(unix)]
#[test]
fn a_new_file_is_for_nobody_but_its_owner() {
    use std::os::unix::fs::PermissionsExt;

    let place = TestDatabase::new();
    let _open = SqliteStore::open(&place.path(), SqliteOptions::default()).unwrap();
    for beside in ["", "-wal", "-shm"] {
        let mut path = place.path().into_os_string();
        path.push(beside);
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{path:?}");
    }
}

#[test]
fn a_database_is_made_once() {
    let place = TestDatabase::new();
    let opened = SqliteStore::open(&place.path(), SqliteOptions::default()).unwrap();
    assert!(opened.created);
    drop(opened);
    assert!(!SqliteStore::open(&place.path(), SqliteOptions::default()).unwrap().created);
}

#[test]
fn what_lacks_the_schema_is_left_alone_where_that_is_asked_for() {
    let options = SqliteOptions { migrate: false, ..SqliteOptions::default() };
    let migrations = SqliteStore::open(&TestDatabase::new().path(), SqliteOptions::default())
        .unwrap()
        .migrations;
    let newest = migrations.last().unwrap();
    let place = TestDatabase::new();
    for existing in [false, true] {
        if existing {
            fs::write(place.path(), "").unwrap();
        }
        match SqliteStore::open(&place.path(), options.clone()).unwrap_err() {
            OpenError::Outdated { path, version } => {
                assert_eq!((path, &version), (place.path(), newest));
            }
            error => panic!("{error}"),
        }
        assert_eq!(fs::read(place.path()).ok(), existing.then(Vec::new), "as it was");
    }

    let opened = SqliteStore::open(&place.path(), SqliteOptions::default()).unwrap();
    assert_eq!(opened.migrations, migrations);
    drop(opened);
    let opened = SqliteStore::open(&place.path(), options).unwrap();
    assert_eq!(opened.migrations, Vec::<String>::new());
}

#[test]
fn a_missing_directory_is_named_and_not_made() {
    let place = TestDatabase::new();
    let directory = place.directory().join("nowhere");
    let error = refused(&directory.join("test.db"));
    assert!(matches!(&error, OpenError::NoDirectory(path) if *path == directory), "{error}");
    assert!(error.to_string().contains("create it"), "{error}");
    assert!(!directory.exists());
}

#[test]
fn a_directory_is_no_database() {
    let place = TestDatabase::new();
    assert!(matches!(refused(place.directory()), OpenError::IsDirectory(_)));
}

#[test]
fn an_empty_path_is_no_database() {
    assert!(matches!(refused(Path::new("")), OpenError::NoPath(_)));
}

#[test]
fn a_file_of_something_else_is_no_database_and_is_left_alone() {
    let place = TestDatabase::new();
    let text = "a letter to somebody ".repeat(1_000);
    fs::write(place.path(), &text).unwrap();
    assert!(matches!(refused(&place.path()), OpenError::NotADatabase(_)));
    assert_eq!(fs::read_to_string(place.path()).unwrap(), text);
}

#[test]
fn a_file_that_cannot_be_written_is_named() {
    let place = TestDatabase::new();
    drop(place.open());
    let mut permissions = fs::metadata(place.path()).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(place.path(), permissions).unwrap();
    let error = refused(&place.path());
    assert!(matches!(&error, OpenError::ReadOnly(path) if *path == place.path()), "{error}");
}

#[test]
fn a_schema_of_a_newer_release_is_refused_and_left_alone() {
    let place = TestDatabase::new();
    drop(place.open());
    let mut connection = SqliteConnection::establish(place.path().to_str().unwrap()).unwrap();
    connection
        .batch_execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231')")
        .unwrap();
    match refused(&place.path()) {
        OpenError::Newer { version, .. } => assert_eq!(version, "29991231"),
        error => panic!("{error}"),
    }
}

#[test]
fn a_database_of_something_else_is_refused_and_left_alone() {
    for (tables, known_by) in [
        ("CREATE TABLE contact (id)", "the table contact is there already"),
        (
            "CREATE TABLE __diesel_schema_migrations (version TEXT, run_on);
             INSERT INTO __diesel_schema_migrations (version) VALUES ('20240101000000')",
            "its table __diesel_schema_migrations names none of ours",
        ),
        (
            "CREATE TABLE __diesel_schema_migrations (name TEXT)",
            "its table __diesel_schema_migrations names none of ours",
        ),
    ] {
        let place = TestDatabase::new();
        let mut connection = SqliteConnection::establish(place.path().to_str().unwrap()).unwrap();
        connection.batch_execute(tables).unwrap();
        let error = refused(&place.path());
        match &error {
            OpenError::Occupied { path, what } => {
                assert_eq!((path, what.as_str()), (&place.path(), known_by));
            }
            error => panic!("{error}"),
        }
        let ours = connection.batch_execute("SELECT * FROM organization");
        assert!(ours.is_err(), "nothing was made");
    }
}

#[test]
fn a_database_that_somebody_keeps_locked_is_named() {
    let place = TestDatabase::new();
    drop(place.open());
    let mut other = SqliteConnection::establish(place.path().to_str().unwrap()).unwrap();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    let options =
        SqliteOptions { busy_timeout: std::time::Duration::ZERO, ..SqliteOptions::default() };
    let error = SqliteStore::open(&place.path(), options).unwrap_err();
    assert!(matches!(error, OpenError::Locked(_)), "{error}");
}
