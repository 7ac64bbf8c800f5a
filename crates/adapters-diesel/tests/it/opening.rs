//! Opening a database, and why it is refused.

use std::error::Error as _;
use std::fs;
use std::path::Path;
use std::sync::Barrier;
use std::thread;

use contacts_adapters_diesel::{SqliteOptions, SqliteStore};
use contacts_application::ports::{OpenError, OpenErrorKind, StoreErrorKind, StoreState as _};
use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::sql_types::Text;
use diesel::{Connection, RunQueryDsl as _, SqliteConnection};

use crate::TestDatabase;

fn refused(path: &Path) -> OpenError {
    SqliteStore::open(path, SqliteOptions::default()).unwrap_err()
}

#[test]
fn one_of_concurrent_openers_creates_the_database() {
    let database = TestDatabase::new();
    let path = database.path();
    let barrier = Barrier::new(8);
    let created: usize = thread::scope(|scope| {
        let opening: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    barrier.wait();
                    SqliteStore::open(&path, SqliteOptions::default()).unwrap()
                })
            })
            .collect();
        opening.into_iter().map(|opened| usize::from(opened.join().unwrap().created)).sum()
    });
    assert_eq!(created, 1);
}

#[cfg(unix)]
#[test]
fn new_file_is_private_to_its_owner() {
    use std::os::unix::fs::PermissionsExt;

    let database = TestDatabase::new();
    let _open = SqliteStore::open(&database.path(), SqliteOptions::default()).unwrap();
    for beside in ["", "-wal", "-shm"] {
        let mut path = database.path().into_os_string();
        path.push(beside);
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{path:?}");
    }
}

#[test]
fn database_is_created_once() {
    let database = TestDatabase::new();
    let opened = SqliteStore::open(&database.path(), SqliteOptions::default()).unwrap();
    assert!(opened.created);
    drop(opened);
    assert!(!SqliteStore::open(&database.path(), SqliteOptions::default()).unwrap().created);
}

#[test]
fn outdated_schema_is_refused_without_migrating() {
    let options = SqliteOptions { migrate: false, ..SqliteOptions::default() };
    let migrations = SqliteStore::open(&TestDatabase::new().path(), SqliteOptions::default())
        .unwrap()
        .migrations;
    let newest = migrations.last().unwrap();
    let database = TestDatabase::new();
    for existing in [false, true] {
        if existing {
            fs::write(database.path(), "").unwrap();
        }
        let error = SqliteStore::open(&database.path(), options.clone()).unwrap_err();
        assert_eq!(error.kind(), OpenErrorKind::Outdated);
        let expected = format!("{} lacks the schema {newest}", database.path().display());
        assert_eq!(error.to_string(), expected);
        assert_eq!(fs::read(database.path()).ok(), existing.then(Vec::new), "unchanged");
    }

    let opened = SqliteStore::open(&database.path(), SqliteOptions::default()).unwrap();
    assert_eq!(opened.migrations, migrations);
    drop(opened);
    let opened = SqliteStore::open(&database.path(), options).unwrap();
    assert_eq!(opened.migrations, Vec::<String>::new());
}

#[tokio::test]
async fn open_store_sees_the_schema_of_another_release() {
    let database = TestDatabase::new();
    let store = database.open();
    let mut other = SqliteConnection::establish(database.path().to_str().unwrap()).unwrap();
    let newest = sql::<Text>("SELECT max(version) FROM __diesel_schema_migrations");
    let newest: String = newest.get_result(&mut other).unwrap();
    let newer = "the database has the schema 2099 of a newer release by now".to_owned();
    let lacking = format!("the database lacks the schema {newest} by now");
    for (change, expected) in [
        ("INSERT INTO __diesel_schema_migrations (version) VALUES ('2099')", Some(newer)),
        ("DELETE FROM __diesel_schema_migrations WHERE version = '2099'", None),
        (
            "DELETE FROM __diesel_schema_migrations
             WHERE version = (SELECT max(version) FROM __diesel_schema_migrations)",
            Some(lacking),
        ),
    ] {
        other.batch_execute(change).unwrap();
        let error = store.check_writable().await.err();
        let found = error.map(|error| (error.kind(), error.source().unwrap().to_string()));
        assert_eq!(found, expected.map(|cause| (StoreErrorKind::Unavailable, cause)), "{change}");
    }
}

#[test]
fn missing_directory_is_refused() {
    let database = TestDatabase::new();
    let directory = database.directory().join("nowhere");
    let error = refused(&directory.join("test.db"));
    let expected = format!("the directory {} does not exist", directory.display());
    assert_eq!(error.to_string(), expected);
    assert!(error.remedy().contains("create it"), "{error:?}");
    assert!(!directory.exists());
}

#[test]
fn directory_is_refused() {
    let database = TestDatabase::new();
    assert!(refused(database.directory()).to_string().ends_with("is a directory"));
}

#[test]
fn empty_path_is_refused() {
    assert_eq!(refused(Path::new("")).to_string(), "`` cannot be the path of a database");
}

#[test]
fn text_file_is_refused_and_kept() {
    let database = TestDatabase::new();
    let text = "a letter to somebody ".repeat(1_000);
    fs::write(database.path(), &text).unwrap();
    assert!(refused(&database.path()).to_string().contains("is not an SQLite database"));
    assert_eq!(fs::read_to_string(database.path()).unwrap(), text);
}

#[test]
fn read_only_file_is_refused() {
    let database = TestDatabase::new();
    drop(database.open());
    let mut permissions = fs::metadata(database.path()).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(database.path(), permissions).unwrap();
    let error = refused(&database.path());
    assert_eq!(error.to_string(), format!("{} cannot be written", database.path().display()));
}

#[test]
fn newer_schema_is_refused() {
    let database = TestDatabase::new();
    drop(database.open());
    let mut connection = SqliteConnection::establish(database.path().to_str().unwrap()).unwrap();
    connection
        .batch_execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231')")
        .unwrap();
    let error = refused(&database.path()).to_string();
    assert!(error.ends_with("has the schema 29991231 of a newer release"), "{error}");
}

#[test]
fn database_of_another_application_is_refused() {
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
        let database = TestDatabase::new();
        let mut connection =
            SqliteConnection::establish(database.path().to_str().unwrap()).unwrap();
        connection.batch_execute(tables).unwrap();
        let error = refused(&database.path());
        let path = database.path();
        let expected = format!("{} holds something else ({known_by})", path.display());
        assert_eq!(error.to_string(), expected);
        let ours = connection.batch_execute("SELECT * FROM organization");
        assert!(ours.is_err(), "no table was created");
    }
}

#[test]
fn locked_database_is_refused() {
    let database = TestDatabase::new();
    drop(database.open());
    let mut other = SqliteConnection::establish(database.path().to_str().unwrap()).unwrap();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    let options =
        SqliteOptions { busy_timeout: std::time::Duration::ZERO, ..SqliteOptions::default() };
    let error = SqliteStore::open(&database.path(), options).unwrap_err();
    assert_eq!(error.kind(), OpenErrorKind::Unavailable, "{error}");
    assert!(error.to_string().ends_with("is locked by another process"), "{error}");
}
