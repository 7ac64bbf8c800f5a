//! Errors of opening a database.

mod partitioned;
mod rights;

use std::error::Error as _;
use std::net::TcpListener;

use contacts_application::ports::{StoreErrorKind, StoreState as _};

use super::*;
use crate::testing::TestDatabase;
use crate::{Opened, PostgresStore};

async fn open(url: &str, options: PostgresOptions) -> Result<Opened, OpenError> {
    PostgresStore::open(&url.parse().unwrap(), options).await
}

/// The kind of the error and its message.
async fn refused(url: &str) -> (OpenErrorKind, String) {
    let error = open(url, PostgresOptions::default()).await.unwrap_err();
    (error.kind(), error.to_string())
}

#[tokio::test]
async fn one_of_concurrent_opens_makes_the_schema() {
    let database = TestDatabase::empty();
    let opening = (0..8).map(|_| {
        let url = database.url();
        tokio::spawn(async move { open(&url, PostgresOptions::default()).await.unwrap() })
    });
    let mut made = Vec::new();
    for opened in opening.collect::<Vec<_>>() {
        let opened = opened.await.unwrap();
        made.push((opened.created, opened.migrations.len()));
    }
    made.sort_unstable();
    let all = MIGRATIONS.len();
    assert_eq!(made, [[(false, 0); 7].as_slice(), &[(true, all)]].concat());
}

#[tokio::test]
async fn current_schema_is_not_made_again() {
    let database = TestDatabase::migrated();
    let opened = open(&database.url(), PostgresOptions::default()).await.unwrap();
    assert_eq!((opened.created, opened.migrations), (false, Vec::new()));
}

#[tokio::test]
async fn open_store_sees_the_schema_of_another_release() {
    let database = TestDatabase::migrated();
    let store = database.open().await;
    let newest = MIGRATIONS.last().unwrap().version();
    let take_back = format!("DELETE FROM __diesel_schema_migrations WHERE version = '{newest}'");
    let newer = "the database has the schema 2099 of a newer release by now".to_owned();
    let lacking = format!("the database lacks the schema {newest} by now");
    for (change, expected) in [
        ("INSERT INTO __diesel_schema_migrations (version) VALUES ('2099')", Some(newer)),
        ("DELETE FROM __diesel_schema_migrations WHERE version = '2099'", None),
        (&take_back, Some(lacking)),
    ] {
        database.execute(change);
        let error = store.check_writable().await.err();
        let found = error.map(|error| (error.kind(), error.source().unwrap().to_string()));
        assert_eq!(found, expected.map(|cause| (StoreErrorKind::Unavailable, cause)), "{change}");
    }
}

#[tokio::test]
async fn outdated_schema_is_refused_without_migrate() {
    let options = PostgresOptions { migrate: false, ..PostgresOptions::default() };
    let database = TestDatabase::empty();
    let error = open(&database.url(), options.clone()).await.unwrap_err();
    let (name, newest) = (database.name(), MIGRATIONS.last().unwrap().name);
    assert_eq!(error.kind(), OpenErrorKind::Outdated);
    assert_eq!(error.to_string(), format!("the database `{name}` lacks the schema {newest}"));
    let count = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace";
    let row = database.connect().await.query_one(count, &[]).await.unwrap();
    assert_eq!(row.get::<_, i64>(0), 0);

    let database = TestDatabase::migrated();
    assert!(open(&database.url(), options).await.is_ok());
}

#[tokio::test]
async fn schema_of_newer_release_is_refused() {
    let database = TestDatabase::migrated();
    let newer = "INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231000000')";
    database.connect().await.batch_execute(newer).await.unwrap();
    let (name, refused) = (database.name(), refused(&database.url()).await);
    let cause = format!("the database `{name}` has the schema 29991231000000 of a newer release");
    assert_eq!(refused, (OpenErrorKind::Unusable, cause));
}

#[tokio::test]
async fn schema_of_another_diesel_application_is_refused() {
    for table in [
        "(version varchar(50) PRIMARY KEY, run_on timestamp); \
         INSERT INTO __diesel_schema_migrations VALUES ('20240101000000')",
        "(name text)",
    ] {
        let database = TestDatabase::empty();
        database.execute(&format!("CREATE TABLE __diesel_schema_migrations {table}"));
        let cause = format!(
            "the database `{}` belongs to another application: \
             its table __diesel_schema_migrations names none of our migrations",
            database.name()
        );
        assert_eq!(refused(&database.url()).await, (OpenErrorKind::Unusable, cause));
    }
}

#[tokio::test]
async fn tables_of_another_application_are_not_touched() {
    let database = TestDatabase::empty();
    database.connect().await.batch_execute("CREATE TABLE contact ()").await.unwrap();
    let (name, refused) = (database.name(), refused(&database.url()).await);
    let cause = format!(
        "the database `{name}` holds something else: \
         relation \"contact\" already exists (SQLSTATE 42P07)"
    );
    assert_eq!(refused, (OpenErrorKind::Unusable, cause));
    let made = database.connect().await.query("SELECT FROM organization", &[]).await;
    assert!(made.is_err(), "nothing was made");
}

#[tokio::test]
async fn read_only_database_is_refused() {
    let database = TestDatabase::migrated();
    let sql = format!("ALTER DATABASE {} SET default_transaction_read_only = on", database.name());
    database.connect().await.batch_execute(&sql).await.unwrap();
    let (kind, cause) = refused(&database.url()).await;
    assert_eq!(kind, OpenErrorKind::Unusable);
    assert!(cause.ends_with(" can only be read"), "{cause}");
}

#[tokio::test]
async fn database_without_utf8_is_refused() {
    let latin = "TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'";
    let database = TestDatabase::create(latin);
    let (name, refused) = (database.name(), refused(&database.url()).await);
    let cause = format!("the database `{name}` has the encoding LATIN1");
    assert_eq!(refused, (OpenErrorKind::Unusable, cause));
}

#[tokio::test]
async fn unreachable_host_is_named() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for (authority, kind, cause) in [
        (
            format!("127.0.0.1:{free}"),
            OpenErrorKind::Unavailable,
            format!("nothing listens on 127.0.0.1:{free}"),
        ),
        (
            "db.invalid".to_owned(),
            OpenErrorKind::Unusable,
            "the database host is unknown: db.invalid:5432".to_owned(),
        ),
        (
            "%2Fnowhere".to_owned(),
            OpenErrorKind::Unavailable,
            "nothing listens on /nowhere/.s.PGSQL.5432".to_owned(),
        ),
    ] {
        let refused = refused(&format!("postgres://u:secret@{authority}/hub")).await;
        assert_eq!(refused, (kind, cause));
    }
}

#[tokio::test]
async fn silent_host_fails_after_connect_timeout() {
    // The operating system accepts connections that the program never accepts.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = silent.local_addr().unwrap();
    let refused = refused(&format!("postgres://u:secret@{place}/hub?connect_timeout=1")).await;
    assert_eq!(
        refused,
        (OpenErrorKind::Unavailable, format!("the database on {place} does not answer"))
    );
}

#[tokio::test]
async fn unknown_database_is_named() {
    let database = TestDatabase::empty();
    let url = database.url();
    drop(database);
    let (kind, cause) = refused(&url).await;
    assert_eq!(kind, OpenErrorKind::Unusable);
    assert!(cause.starts_with("there is no database `contact_hub_test_"), "{cause}");
}

#[tokio::test]
async fn server_errors_become_messages_with_remedies() {
    let database = TestDatabase::empty();
    let client = database.connect().await;
    let url = "postgres://hub:secret@db/contacts".parse().unwrap();
    for (state, kind, line) in [
        ("28P01", OpenErrorKind::Unusable, "the database on db:5432 refuses the password of `hub`"),
        (
            "28000",
            OpenErrorKind::Unusable,
            "the database on db:5432 does not allow the connection: no (SQLSTATE 28000)",
        ),
        ("3D000", OpenErrorKind::Unusable, "there is no database `contacts` on db:5432"),
        (
            "53300",
            OpenErrorKind::Unavailable,
            "the database on db:5432 takes no more connections: no (SQLSTATE 53300)",
        ),
        (
            "53200",
            OpenErrorKind::Unavailable,
            "the database on db:5432 lacks memory: no (SQLSTATE 53200)",
        ),
        (
            "57P03",
            OpenErrorKind::Unavailable,
            "the database on db:5432 is not ready: no (SQLSTATE 57P03)",
        ),
        (
            "26000",
            OpenErrorKind::Unusable,
            "a pooler before the database on db:5432 mixes prepared statements up",
        ),
        ("25006", OpenErrorKind::Unusable, "the database on db:5432 can only be read"),
        ("53100", OpenErrorKind::Unavailable, "the disk of the database on db:5432 is full"),
        (
            "XX000",
            OpenErrorKind::Unavailable,
            "the database on db:5432 cannot be opened: no (SQLSTATE XX000)",
        ),
    ] {
        let sql = format!("DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{state}'; END $$");
        let failure = client.batch_execute(&sql).await.unwrap_err().into();
        let error = error::reported(&url, &failure);
        assert_eq!((error.kind(), error.to_string().as_str()), (kind, line));
        assert!(!error.remedy().is_empty());
    }
}

#[test]
fn old_server_or_other_product_is_refused() {
    let server = |number, version: &str| Server {
        product: format!("PostgreSQL {version} on x86_64-pc-linux-gnu, 64-bit"),
        number,
        version: version.to_owned(),
        encoding: "UTF8".to_owned(),
        read_only: false,
    };
    let url = "postgres://db/contacts".parse().unwrap();
    let error = check(&server(130_018, "13.18"), &url).unwrap_err();
    assert_eq!(error.kind(), OpenErrorKind::Unusable);
    assert_eq!(error.to_string(), "the database on db:5432 is PostgreSQL 13.18");
    assert_eq!(error.remedy(), "use PostgreSQL 14 or later");
    assert_eq!(check(&server(140_000, "14.0"), &url), Ok(()));

    let product = "CockroachDB CCL v26.3.0 (x86_64-pc-linux-gnu, built 2026/08/03)".to_owned();
    let error = check(&Server { product, ..server(180_000, "18.0.0") }, &url).unwrap_err();
    assert_eq!(error.kind(), OpenErrorKind::Unusable);
    assert_eq!(error.to_string(), "the database on db:5432 is CockroachDB CCL v26.3.0");
    assert_eq!(error.remedy(), "use PostgreSQL 14 or later");
}
