//! Where lists are read, and what the log says about it.
//!
//! A standby is played by a database of its own: functions of its own, found before those of
//! PostgreSQL, say how far it has come. What it holds is other than what the primary holds, so a
//! list tells where it was read. A real standby is tried by `cargo xtask proofs --only standby`.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use contacts_application::directory::{EntryQuery, Order, OrderKey};
use contacts_application::ports::IntercomDirectory;
use contacts_domain::OrganizationId;
use serde_json::json;
use tracing::Dispatch;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use super::{person, send};
use crate::postgres::testing::TestDatabase;
use crate::postgres::{PostgresOptions, PostgresStore, PostgresUrl};

const ON_PRIMARY: [&str; 1] = ["on the primary"];
const ON_STANDBY: [&str; 1] = ["on the standby"];

/// Longer than any test takes.
const LONG: Duration = Duration::from_secs(3_600);
/// How long a test waits for what does not come.
const SHORT: Duration = Duration::from_millis(100);

/// A standby that failed is tried by each who asks.
const RESTLESS: PostgresOptions = PostgresOptions { standby_rest: Duration::ZERO, ..usual() };

const fn usual() -> PostgresOptions {
    PostgresOptions {
        connections: 2,
        wait: LONG,
        prepared_statements: true,
        migrate: true,
        lock_timeout: LONG,
        statement_timeout: LONG,
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
    says(&database, "pg_is_in_recovery", "bool", "SELECT true");
    says(&database, "pg_last_wal_replay_lsn", "pg_lsn", "SELECT 'FFFFFFFF/0'::pg_lsn");
    database
}

/// Has the standby answer that function so.
fn says(standby: &TestDatabase, function: &str, of_type: &str, answer: &str) {
    standby.execute(&format!(
        "CREATE OR REPLACE FUNCTION played.{function}() RETURNS {of_type} LANGUAGE sql
         AS $$ {answer} $$"
    ));
}

/// Where the standby is found, by a search that begins with what it plays.
fn url_of(standby: &TestDatabase) -> String {
    format!("{}&options=-c%20search_path%3Dplayed%2Cpg_catalog%2Cpublic", standby.url())
}

/// A primary that reads from there, run like that.
async fn reader(standby: &str, options: PostgresOptions) -> (TestDatabase, PostgresStore) {
    let primary = database(ON_PRIMARY[0]).await;
    let store = primary.open_with(options).await;
    let store = store.with_standby(&standby.parse().unwrap()).await.unwrap();
    (primary, store)
}

/// The names on the list.
async fn listed(store: &PostgresStore) -> Vec<String> {
    let order = Order { by: OrderKey::Id, descending: false };
    let query = EntryQuery { filter: None, order, offset: 0, limit: 10 };
    let page = store.entries(OrganizationId::new(1).unwrap(), &query).await.unwrap();
    page.entries.into_iter().map(|(_, entry)| entry.name).collect()
}

/// What is logged for the operator while this is held.
#[derive(Clone, Default)]
pub(super) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub(super) fn start() -> (Self, DefaultGuard, Dispatch) {
        // As long as nobody else listens, what another test is the first to log is remembered as of
        // no interest to anybody.
        let other = Dispatch::new(tracing_subscriber::registry());
        let log = Self::default();
        let lines = tracing_subscriber::fmt().without_time().with_target(false).with_ansi(false);
        let lines = lines.with_env_filter(EnvFilter::new("contacts_adapters_diesel=info"));
        let guard = tracing::subscriber::set_default(lines.with_writer(log.clone()).finish());
        (log, guard, other)
    }

    pub(super) fn lines(&self) -> Vec<String> {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        String::from_utf8(bytes).unwrap().lines().map(|line| line.trim().to_owned()).collect()
    }
}

impl io::Write for Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// The line about a standby that is of no use.
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
async fn lists_are_read_on_a_standby_if_everything_is_there() {
    let (log, _guard, _other) = Log::start();
    let standby = played().await;
    let (_primary, store) = reader(&url_of(&standby), usual()).await;
    assert_eq!(listed(&store).await, ON_STANDBY);
    for behind in ["SELECT '0/1'::pg_lsn", "SELECT NULL::pg_lsn"] {
        says(&standby, "pg_last_wal_replay_lsn", "pg_lsn", behind);
        assert_eq!(listed(&store).await, ON_PRIMARY, "{behind}");
    }
    assert_eq!(log.lines(), [""; 0], "to be behind is no failure");
}

#[tokio::test]
async fn a_primary_is_no_standby_nor_is_one_that_was_promoted() {
    let plain = database(ON_STANDBY[0]).await;
    let promoted = played().await;
    says(&promoted, "pg_is_in_recovery", "bool", "SELECT false");
    for (standby, url) in [(&plain, plain.url()), (&promoted, url_of(&promoted))] {
        let (log, _guard, _other) = Log::start();
        let (_primary, store) = reader(&url, RESTLESS).await;
        for _ in 0..3 {
            assert_eq!(listed(&store).await, ON_PRIMARY);
        }
        let cause = "it follows no primary, or was promoted";
        assert_eq!(log.lines(), [warning(&place(standby), cause)]);
    }
}

#[tokio::test]
async fn a_primary_that_became_a_standby_itself_answers_lists() {
    let (primary, standby) = (database(ON_PRIMARY[0]).await, played().await);
    primary.execute("CREATE SCHEMA played");
    says(&primary, "pg_is_in_recovery", "bool", "SELECT true");
    let store = PostgresStore::open(&url_of(&primary).parse().unwrap(), usual()).await.unwrap();
    let store = store.store.with_standby(&url_of(&standby).parse().unwrap()).await.unwrap();
    assert_eq!(listed(&store).await, ON_PRIMARY);
}

#[tokio::test]
async fn what_is_acknowledged_before_it_is_on_the_disk_is_waited_for_too() {
    let (primary, standby) = (database(ON_PRIMARY[0]).await, played().await);
    // It has replayed what is on the disk of the server of the tests, which is that of the primary.
    says(&standby, "pg_last_wal_replay_lsn", "pg_lsn", "SELECT pg_current_wal_flush_lsn()");
    let url = format!("{}&options=-c%20synchronous_commit%3Doff", primary.url());
    let store = PostgresStore::open(&url.parse().unwrap(), usual()).await.unwrap().store;
    let store = store.with_standby(&url_of(&standby).parse().unwrap()).await.unwrap();
    let client = primary.connect().await;
    client.batch_execute("SET synchronous_commit = off; CREATE TABLE t (a int)").await.unwrap();
    let text = async |sql: &str| client.query_one(sql, &[]).await.unwrap().get::<_, String>(0);
    loop {
        client.batch_execute("INSERT INTO t VALUES (1)").await.unwrap();
        let written = text("SELECT pg_current_wal_insert_lsn()::text").await;
        let read = listed(&store).await;
        let is_on_disk = format!("SELECT (pg_current_wal_flush_lsn() >= '{written}')::text");
        // It seldom is, so soon.
        if text(&is_on_disk).await == "false" {
            assert_eq!(read, ON_PRIMARY);
            return;
        }
    }
}

#[tokio::test]
async fn the_connection_that_has_everything_is_the_one_that_is_read() {
    let standby = played().await;
    // As with a URL of several hosts, only the connection that was asked last is where it was asked.
    standby.execute(
        "CREATE TABLE played.asked (pid int);
         CREATE VIEW played.contact_intercom AS SELECT * FROM public.contact_intercom
          WHERE pg_backend_pid() = (SELECT pid FROM played.asked)",
    );
    let asked = "DELETE FROM played.asked; INSERT INTO played.asked VALUES (pg_backend_pid());
                 SELECT 'FFFFFFFF/0'::pg_lsn";
    says(&standby, "pg_last_wal_replay_lsn", "pg_lsn", asked);
    let (_primary, store) = reader(&url_of(&standby), usual()).await;
    let pool = &store.standby.as_ref().unwrap().pool;
    drop([pool.session().await.unwrap(), pool.session().await.unwrap()]);
    for _ in 0..4 {
        assert_eq!(listed(&store).await, ON_STANDBY);
    }
}

#[tokio::test]
async fn a_standby_that_is_not_there_is_told_once_and_without_the_password() {
    let (log, _guard, _other) = Log::start();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (_primary, store) = reader(&format!("postgres://u:secret@{free}/hub"), RESTLESS).await;
    let lines = log.lines();
    let start = warning(&free.to_string(), "error connecting to server: ");
    assert!(lines.len() == 1 && lines[0].starts_with(&start), "before any list: {lines:?}");
    for _ in 0..3 {
        assert_eq!(listed(&store).await, ON_PRIMARY);
    }
    assert_eq!(log.lines(), lines);
    assert!(!lines[0].contains("secret"), "{lines:?}");
}

/// How many connections somebody made there.
fn connections_to(listener: &TcpListener) -> usize {
    listener.set_nonblocking(true).unwrap();
    listener.incoming().take_while(Result::is_ok).count()
}

#[tokio::test]
async fn a_standby_that_says_nothing_is_waited_for_once_and_then_rests() {
    let (log, _guard, _other) = Log::start();
    // What is never accepted by the program is accepted by the system.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let there: SocketAddr = silent.local_addr().unwrap();
    let options = PostgresOptions { wait: SHORT, ..usual() };
    let (_primary, store) = reader(&format!("postgres://u:secret@{there}/hub"), options).await;
    for _ in 0..3 {
        assert_eq!(listed(&store).await, ON_PRIMARY);
    }
    let cause = "it did not answer within 0.1 s";
    assert_eq!(log.lines(), [warning(&there.to_string(), cause)]);
    assert_eq!(connections_to(&silent), 1);
}

/// Waits for whoever holds the lock.
const WAIT: &str = "SELECT pg_advisory_xact_lock_shared(7)";

#[tokio::test]
async fn a_standby_that_hangs_when_it_is_asked_is_given_up() {
    let (log, _guard, _other) = Log::start();
    let standby = played().await;
    says(&standby, "pg_is_in_recovery", "bool", &format!("{WAIT}; SELECT true"));
    let holder = standby.connect().await;
    holder.batch_execute("SELECT pg_advisory_lock(7)").await.unwrap();
    let options = PostgresOptions { wait: SHORT, ..usual() };
    let (_primary, store) = reader(&url_of(&standby), options).await;
    assert_eq!(listed(&store).await, ON_PRIMARY);
    assert_eq!(log.lines(), [warning(&place(&standby), "it did not answer within 0.1 s")]);
}

#[tokio::test]
async fn a_standby_that_hangs_in_the_middle_of_a_list_is_given_up() {
    let (log, _guard, _other) = Log::start();
    let standby = played().await;
    // It does not heed the limit of the statement either, as if it stood still.
    standby.execute(&format!(
        "CREATE FUNCTION played.hang() RETURNS bool LANGUAGE plpgsql AS $$ BEGIN LOOP
             BEGIN PERFORM ({WAIT}); RETURN true; EXCEPTION WHEN query_canceled THEN END;
         END LOOP; END $$;
         CREATE VIEW played.contact_intercom AS
             SELECT * FROM public.contact_intercom WHERE played.hang()"
    ));
    let options = PostgresOptions { statement_timeout: Duration::from_secs(1), ..usual() };
    let (_primary, store) = reader(&url_of(&standby), options).await;
    let holder = standby.connect().await;
    holder.batch_execute("SELECT pg_advisory_lock(7)").await.unwrap();
    assert_eq!(listed(&store).await, ON_PRIMARY);
    assert_eq!(log.lines(), [warning(&place(&standby), "it did not answer within 1 s")]);
}

#[tokio::test]
async fn a_list_that_fails_on_the_standby_is_read_on_the_primary_and_the_standby_rests() {
    let (log, _guard, _other) = Log::start();
    let standby = played().await;
    let (_primary, store) = reader(&url_of(&standby), usual()).await;
    standby.execute("ALTER TABLE contact_intercom RENAME TO gone");
    assert_eq!(listed(&store).await, ON_PRIMARY);
    standby.execute("ALTER TABLE gone RENAME TO contact_intercom");
    assert_eq!(listed(&store).await, ON_PRIMARY, "it rests");
    let cause = "relation \"contact_intercom\" does not exist (SQLSTATE 42P01)";
    assert_eq!(log.lines(), [warning(&place(&standby), cause)]);
}

#[tokio::test]
async fn a_standby_that_is_of_use_again_is_told_once() {
    let (log, _guard, _other) = Log::start();
    let standby = played().await;
    let (_primary, store) = reader(&url_of(&standby), RESTLESS).await;
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
        expected.push(format!("INFO lists are read on the standby again standby=\"{place}\""));
    }
    assert_eq!(log.lines(), expected);
}

#[tokio::test]
async fn connections_to_the_standby_that_broke_while_idle_are_replaced_unnoticed() {
    let (log, _guard, _other) = Log::start();
    let standby = played().await;
    let (_primary, store) = reader(&url_of(&standby), usual()).await;
    for _ in 0..3 {
        assert_eq!(listed(&store).await, ON_STANDBY);
        standby.end_connections();
    }
    assert_eq!(log.lines(), [""; 0]);
}
