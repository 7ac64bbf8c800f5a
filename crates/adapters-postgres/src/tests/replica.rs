//! Lists on the standby or the primary, and the log lines about it.
//!
//! A separate database plays the standby: functions of its own, found before those of PostgreSQL,
//! report its identity and its replayed position. Its entries differ from those of the primary, so a
//! list shows where it was read. `cargo xtask proofs --only standby` runs a real standby.

mod hanging;

use std::net::TcpListener;
use std::time::{Duration, Instant};

use contacts_application::directory::{EntryQuery, Order, OrderKey};
use contacts_application::ports::IntercomDirectory;
use contacts_domain::OrganizationId;
use serde_json::json;

use super::log::Log;
use super::{person, send};
use crate::testing::TestDatabase;
use crate::{PostgresOptions, PostgresStore, PostgresUrl};

const ON_PRIMARY: [&str; 1] = ["on the primary"];
const ON_STANDBY: [&str; 1] = ["on the standby"];

/// Longer than any test takes.
const LONG: Duration = Duration::from_secs(3_600);

/// A standby that failed is tried by every request.
const NO_PAUSE: PostgresOptions = PostgresOptions { standby_rest: Duration::ZERO, ..usual() };

const fn usual() -> PostgresOptions {
    PostgresOptions {
        connections: 2,
        wait: LONG,
        prepared_statements: true,
        migrate: true,
        partitions: None,
        lock_timeout: LONG,
        statement_timeout: LONG,
        list_timeout: LONG,
        pause_timeout: LONG,
        standby_rest: LONG,
    }
}

/// A database with one entry of that name.
async fn database(name: &str) -> TestDatabase {
    let database = TestDatabase::migrated();
    let block = json!({"name": name, "type": "multi", "number": "0001-01-01"});
    send(&database.open().await, &[person("A", json!({"intercom": block}))]).await.unwrap();
    database
}

/// A database that plays a standby which has replayed everything.
async fn played() -> TestDatabase {
    let database = database(ON_STANDBY[0]).await;
    database.execute("CREATE SCHEMA played");
    returns(&database, "pg_is_in_recovery", "bool", "SELECT true");
    returns(&database, "pg_last_wal_replay_lsn", "pg_lsn", "SELECT 'FFFFFFFF/0'::pg_lsn");
    database
}

/// Makes that function of the standby return that answer.
fn returns(standby: &TestDatabase, function: &str, of_type: &str, answer: &str) {
    standby.execute(&format!(
        "CREATE OR REPLACE FUNCTION played.{function}() RETURNS {of_type} LANGUAGE sql
         AS $$ {answer} $$"
    ));
}

/// The URL of the standby, with its own functions first in the search path.
fn url_of(standby: &TestDatabase) -> String {
    format!("{}&options=-c%20search_path%3Dplayed%2Cpg_catalog%2Cpublic", standby.url())
}

/// Makes the standby report the name of that database.
fn passes_for(standby: &TestDatabase, primary: &TestDatabase) {
    returns(standby, "current_database", "name", &format!("SELECT '{}'::name", primary.name()));
}

/// Makes the database report another cluster.
fn is_elsewhere(database: &TestDatabase) {
    returns(database, "pg_control_system", "TABLE (system_identifier int8)", "SELECT 7::int8");
}

/// A primary that reads on a standby of it, run like that.
async fn reader(standby: &TestDatabase, options: PostgresOptions) -> (TestDatabase, PostgresStore) {
    let primary = database(ON_PRIMARY[0]).await;
    passes_for(standby, &primary);
    let store = reading(&primary.url(), &url_of(standby), options).await;
    (primary, store)
}

/// A primary that reads from there, run like that.
async fn reader_from(url: &str, options: PostgresOptions) -> (TestDatabase, PostgresStore) {
    let primary = database(ON_PRIMARY[0]).await;
    let store = reading(&primary.url(), url, options).await;
    (primary, store)
}

/// The store of the first that reads from the second.
async fn reading(primary: &str, standby: &str, options: PostgresOptions) -> PostgresStore {
    let opened = PostgresStore::open(&primary.parse().unwrap(), options).await.unwrap();
    opened.store.with_standby(&standby.parse().unwrap()).await.unwrap()
}

/// The names on the list.
async fn listed(store: &PostgresStore) -> Vec<String> {
    let order = Order { by: OrderKey::Id, descending: false };
    let query = EntryQuery { filter: None, order, offset: 0, limit: 10 };
    let page = store.entries(OrganizationId::new(1).unwrap(), &query).await.unwrap();
    page.entries.into_iter().map(|(_, entry)| entry.name).collect()
}

/// The log line about a standby that has recovered.
fn again(place: &str) -> String {
    format!("INFO lists are read on the standby again standby=\"{place}\"")
}

/// The log line about a standby that has failed.
fn warning(place: &str, cause: &str) -> String {
    format!(
        "WARN lists are read on the primary: the standby is of no use standby=\"{place}\" \
         cause={cause}"
    )
}

/// Where the server of the tests is.
fn place(database: &TestDatabase) -> String {
    database.url().parse::<PostgresUrl>().unwrap().place()
}

#[tokio::test]
async fn lists_are_read_on_caught_up_standby() {
    let (log, _guard, _other) = Log::start();
    let standby = played().await;
    let (_primary, store) = reader(&standby, usual()).await;
    assert_eq!(listed(&store).await, ON_STANDBY);
    for behind in ["SELECT '0/1'::pg_lsn", "SELECT NULL::pg_lsn"] {
        returns(&standby, "pg_last_wal_replay_lsn", "pg_lsn", behind);
        assert_eq!(listed(&store).await, ON_PRIMARY, "{behind}");
    }
    assert_eq!(log.lines(), [""; 0], "to be behind is no failure");
}

#[tokio::test]
async fn primary_and_promoted_standby_are_not_read() {
    let plain = database(ON_STANDBY[0]).await;
    let promoted = played().await;
    returns(&promoted, "pg_is_in_recovery", "bool", "SELECT false");
    for (standby, url) in [(&plain, plain.url()), (&promoted, url_of(&promoted))] {
        let (log, _guard, _other) = Log::start();
        let (_primary, store) = reader_from(&url, NO_PAUSE).await;
        for _ in 0..3 {
            assert_eq!(listed(&store).await, ON_PRIMARY);
        }
        let cause = "it follows no primary, or was promoted";
        assert_eq!(log.lines(), [warning(&place(standby), cause)]);
    }
}

#[tokio::test]
async fn standby_of_another_database_is_not_read() {
    let of_another_primary = played().await;
    let other_database = played().await;
    let cases: [(_, _, fn(&_)); 2] = [
        (&of_another_primary, "it follows another primary", is_elsewhere),
        (&other_database, "it is another database", |other| passes_for(other, other)),
    ];
    for (standby, cause, becomes_another) in cases {
        let (log, _guard, _other) = Log::start();
        let (_primary, store) = reader(standby, NO_PAUSE).await;
        // A connection that led to the right one is not trusted either.
        assert_eq!(listed(&store).await, ON_STANDBY);
        becomes_another(standby);
        for _ in 0..3 {
            assert_eq!(listed(&store).await, ON_PRIMARY);
        }
        assert_eq!(log.lines(), [warning(&place(standby), cause)]);
    }
}

/// The same URL, for a role that may do everything but read the cluster.
fn forbidden(database: &TestDatabase, url: &str) -> String {
    database.execute(
        "GRANT ALL ON ALL TABLES IN SCHEMA public TO pg_read_all_data;
         CREATE SCHEMA IF NOT EXISTS played;
         GRANT USAGE ON SCHEMA played TO PUBLIC;
         SET search_path = played, pg_catalog;
         REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC",
    );
    let (start, options) = url.split_once("&options=").unwrap_or((url, ""));
    format!("{start}&options=-c%20role%3Dpg_read_all_data%20{options}")
}

#[tokio::test]
async fn standby_is_read_without_right_to_cluster_id() {
    let (log, _guard, _other) = Log::start();
    for (on_primary, on_standby) in [(true, false), (false, true), (true, true)] {
        let (primary, standby) = (database(ON_PRIMARY[0]).await, played().await);
        passes_for(&standby, &primary);
        is_elsewhere(&standby);
        let (mut url, mut standby_url) = (primary.url(), url_of(&standby));
        if on_primary {
            url = forbidden(&primary, &url);
        }
        if on_standby {
            standby_url = forbidden(&standby, &standby_url);
        }
        let store = reading(&url, &standby_url, usual()).await;
        assert_eq!(listed(&store).await, ON_STANDBY, "{on_primary} {on_standby}");
    }
    assert_eq!(log.lines(), [""; 0]);
}

#[tokio::test]
async fn stalled_standby_and_recovery_are_logged_once() {
    let (log, _guard, _other) = Log::start();
    let standby = played().await;
    let (_primary, store) = reader(&standby, NO_PAUSE).await;
    returns(&standby, "pg_last_wal_replay_lsn", "pg_lsn", "SELECT '0/1'::pg_lsn");
    let start = Instant::now();
    let cause = "it has not replayed what was written 60 s ago";
    let line = warning(&place(&standby), cause);
    for (second, lines) in [(0, 0), (59, 0), (60, 1), (61, 1)] {
        let now = start + Duration::from_secs(second);
        let asked = store.standby.as_ref().unwrap().caught_up(&store.pool, now).await.unwrap();
        assert!(asked.is_none(), "after {second} s");
        assert_eq!(log.lines(), vec![line.clone(); lines], "after {second} s");
    }
    returns(&standby, "pg_last_wal_replay_lsn", "pg_lsn", "SELECT 'FFFFFFFF/0'::pg_lsn");
    for _ in 0..2 {
        assert_eq!(listed(&store).await, ON_STANDBY);
    }
    assert_eq!(log.lines(), [line, again(&place(&standby))]);
}

#[tokio::test]
async fn primary_in_recovery_answers_lists() {
    let (primary, standby) = (database(ON_PRIMARY[0]).await, played().await);
    primary.execute("CREATE SCHEMA played");
    returns(&primary, "pg_is_in_recovery", "bool", "SELECT true");
    passes_for(&standby, &primary);
    let store = reading(&url_of(&primary), &url_of(&standby), usual()).await;
    assert_eq!(listed(&store).await, ON_PRIMARY);
}

#[tokio::test]
async fn unflushed_acknowledged_writes_are_waited_for() {
    let (primary, standby) = (database(ON_PRIMARY[0]).await, played().await);
    // It has replayed what is on the disk of the server of the tests, which is that of the primary.
    returns(&standby, "pg_last_wal_replay_lsn", "pg_lsn", "SELECT pg_current_wal_flush_lsn()");
    passes_for(&standby, &primary);
    let url = format!("{}&options=-c%20synchronous_commit%3Doff", primary.url());
    let store = reading(&url, &url_of(&standby), usual()).await;
    let client = primary.connect().await;
    client.batch_execute("SET synchronous_commit = off; CREATE TABLE t (a int)").await.unwrap();
    let text = async |sql: &str| client.query_one(sql, &[]).await.unwrap().get::<_, String>(0);
    loop {
        client.batch_execute("INSERT INTO t VALUES (1)").await.unwrap();
        let written = text("SELECT pg_current_wal_insert_lsn()::text").await;
        let read = listed(&store).await;
        let is_on_disk = format!("SELECT (pg_current_wal_flush_lsn() >= '{written}')::text");
        // It rarely is, so soon.
        if text(&is_on_disk).await == "false" {
            assert_eq!(read, ON_PRIMARY);
            return;
        }
    }
}

#[tokio::test]
async fn checked_connection_is_the_one_that_reads() {
    let standby = played().await;
    // As with a URL of several hosts, only the connection that was asked last is where it was asked.
    standby.execute(
        "CREATE TABLE played.asked (pid int);
         CREATE VIEW played.contact_intercom AS SELECT * FROM public.contact_intercom
          WHERE pg_backend_pid() = (SELECT pid FROM played.asked)",
    );
    let asked = "DELETE FROM played.asked; INSERT INTO played.asked VALUES (pg_backend_pid());
                 SELECT 'FFFFFFFF/0'::pg_lsn";
    returns(&standby, "pg_last_wal_replay_lsn", "pg_lsn", asked);
    let (_primary, store) = reader(&standby, usual()).await;
    let pool = &store.standby.as_ref().unwrap().pool;
    drop([pool.session().await.unwrap(), pool.session().await.unwrap()]);
    for _ in 0..4 {
        assert_eq!(listed(&store).await, ON_STANDBY);
    }
}

#[tokio::test]
async fn absent_standby_is_logged_once_without_password() {
    let (log, _guard, _other) = Log::start();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (_primary, store) = reader_from(&format!("postgres://u:secret@{free}/hub"), NO_PAUSE).await;
    let lines = log.lines();
    let start = warning(&free.to_string(), "error connecting to server: ");
    assert!(lines.len() == 1 && lines[0].starts_with(&start), "before any list: {lines:?}");
    for _ in 0..3 {
        assert_eq!(listed(&store).await, ON_PRIMARY);
    }
    assert_eq!(log.lines(), lines);
    assert!(!lines[0].contains("secret"), "{lines:?}");
}

#[tokio::test]
async fn failed_list_is_read_on_primary_and_pauses_standby() {
    let (log, _guard, _other) = Log::start();
    let standby = played().await;
    let (_primary, store) = reader(&standby, usual()).await;
    standby.execute("ALTER TABLE contact_intercom RENAME TO gone");
    assert_eq!(listed(&store).await, ON_PRIMARY);
    standby.execute("ALTER TABLE gone RENAME TO contact_intercom");
    assert_eq!(listed(&store).await, ON_PRIMARY, "it is paused");
    let cause = "relation \"contact_intercom\" does not exist (SQLSTATE 42P01)";
    assert_eq!(log.lines(), [warning(&place(&standby), cause)]);
}

#[tokio::test]
async fn recovered_standby_is_logged_once() {
    let (log, _guard, _other) = Log::start();
    let standby = played().await;
    let (_primary, store) = reader(&standby, NO_PAUSE).await;
    let mut expected = Vec::new();
    for _ in 0..2 {
        standby.execute("ALTER TABLE contact_intercom RENAME TO gone");
        for _ in 0..3 {
            assert_eq!(listed(&store).await, ON_PRIMARY);
        }
        standby.execute("ALTER TABLE gone RENAME TO contact_intercom");
        for _ in 0..3 {
            assert_eq!(listed(&store).await, ON_STANDBY);
        }
        let place = place(&standby);
        let cause = "relation \"contact_intercom\" does not exist (SQLSTATE 42P01)";
        expected.push(warning(&place, cause));
        expected.push(again(&place));
    }
    assert_eq!(log.lines(), expected);
}

#[tokio::test]
async fn standby_connections_broken_while_idle_are_replaced() {
    let (log, _guard, _other) = Log::start();
    let standby = played().await;
    let (_primary, store) = reader(&standby, usual()).await;
    for _ in 0..3 {
        assert_eq!(listed(&store).await, ON_STANDBY);
        standby.end_connections();
    }
    assert_eq!(log.lines(), [""; 0]);
}
