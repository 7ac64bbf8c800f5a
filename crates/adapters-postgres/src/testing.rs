//! PostgreSQL databases for tests, one per test.
//!
//! The environment variable `TEST_DATABASE_URL` is the URL of a server, with a role that may create
//! databases. With `TEST_PARTITIONS`, their tables have so many partitions.

#![expect(clippy::expect_used, clippy::panic, reason = "what tests alone call fails loudly")]

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Once};
use std::time::{SystemTime, UNIX_EPOCH};
use std::{env, process, thread};

use tokio::runtime;
use tokio_postgres::tls::NoTls;
use tokio_postgres::{Client, Config};

use crate::startup::migrations::MIGRATIONS;
use crate::{PostgresOptions, PostgresStore, PostgresUrl};

/// The variable that names the server.
const VARIABLE: &str = "TEST_DATABASE_URL";

/// The variable that says in how many partitions databases with a schema are; without it, in none.
const PARTITIONS: &str = "TEST_PARTITIONS";

/// A database for one test, on the server of `TEST_DATABASE_URL`. Dropping this drops the database,
/// with its open connections, also if the test fails.
#[derive(Debug)]
pub struct TestDatabase {
    name: String,
}

impl TestDatabase {
    /// A database with the current schema and no rows.
    pub fn migrated() -> Self {
        static TEMPLATE: Once = Once::new();
        TEMPLATE.call_once(|| on_server(make_template));
        Self::create(&format!("TEMPLATE {}", template()))
    }

    /// A database without a schema.
    pub fn empty() -> Self {
        Self::create("TEMPLATE template0 ENCODING 'UTF8'")
    }

    /// A database made with these options of `CREATE DATABASE`.
    pub fn create(options: &str) -> Self {
        let name = new_name();
        let sql = format!("CREATE DATABASE {name} {options}");
        on_server(async move |server| execute(&server, &sql).await);
        Self { name }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its URL.
    pub fn url(&self) -> String {
        url_of(&self.name)
    }

    /// The store on it.
    pub async fn open(&self) -> PostgresStore {
        self.open_with(PostgresOptions::default()).await
    }

    /// The store on it, with these options.
    pub async fn open_with(&self, options: PostgresOptions) -> PostgresStore {
        open(&self.name, options).await
    }

    /// Terminates every connection to it, like a restart of the server, and waits for that.
    pub fn end_connections(&self) {
        let name = self.name.clone();
        on_server(async move |server| {
            let end = "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity \
                       WHERE datname = $1";
            let ended = server.query(end, &[&name]).await.expect("the end of connections");
            assert!(ended.iter().all(|row| row.get(0)), "a connection that does not end");
        });
    }

    /// Runs statements on it, in a runtime of its own.
    pub fn execute(&self, sql: &str) {
        on_database(self.name.clone(), async move |client| execute(&client, sql).await);
    }

    /// A connection to it.
    pub async fn connect(&self) -> Client {
        connect(&self.name).await
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        on_server(async move |server| execute(&server, &sql).await);
    }
}

/// Makes the template, unless another test process has made it.
async fn make_template(server: Client) {
    // The lock ends with the connection.
    execute(&server, "SELECT pg_advisory_lock(7165066978298918004)").await;
    let find = "SELECT FROM pg_database WHERE datname = $1";
    if !server.query(find, &[&template()]).await.expect("the databases").is_empty() {
        return;
    }
    let name = new_name();
    execute(&server, &format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")).await;
    let options = PostgresOptions { partitions: partitions(), ..PostgresOptions::default() };
    drop(open(&name, options).await);
    // It gets its name when it is complete. The server waits for the end of the last connection.
    execute(&server, &format!("ALTER DATABASE {name} RENAME TO {}", template())).await;
}

/// In how many partitions the tables of the template are.
pub fn partitions() -> Option<u16> {
    let partitions = env::var(PARTITIONS).ok()?;
    Some(partitions.parse().unwrap_or_else(|_| panic!("{PARTITIONS} is no number: {partitions}")))
}

/// The name of the template, a hash of the migrations.
fn template() -> String {
    let mut hasher = DefaultHasher::new();
    partitions().hash(&mut hasher);
    for migration in MIGRATIONS {
        (migration.name, migration.up).hash(&mut hasher);
    }
    format!("contact_hub_template_{:016x}", hasher.finish())
}

/// A name that is unique among all test processes.
fn new_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    static STARTED: LazyLock<u128> = LazyLock::new(|| {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros())
    });
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("contact_hub_test_{:x}_{:x}_{number}", process::id(), *STARTED)
}

/// The URL of the server, with another database.
fn url_of(database: &str) -> String {
    let server = env::var(VARIABLE).unwrap_or_else(|_| {
        panic!("set {VARIABLE}, or run `cargo xtask test`, which starts a server of its own")
    });
    let (start, query) = server.split_once('?').unwrap_or((&server, ""));
    let (scheme, rest) = start.split_once("://").expect("a scheme in the test database URL");
    let authority = rest.split('/').next().unwrap_or_default();
    format!("{scheme}://{authority}/{database}?{query}")
}

/// Works on a connection to the server, in a thread and runtime of its own, because the caller may run
/// in one or be unwinding.
fn on_server<F: Future<Output = ()>>(work: impl FnOnce(Client) -> F + Send) {
    on_database("postgres".to_owned(), work);
}

fn on_database<F: Future<Output = ()>>(name: String, work: impl FnOnce(Client) -> F + Send) {
    let working = move || {
        let runtime = runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async { work(connect(&name).await).await });
    };
    let done = thread::scope(|scope| scope.spawn(working).join());
    // The thread has printed its panic. A second panic would hide the first.
    assert!(done.is_ok() || thread::panicking(), "the test database server failed");
}

async fn open(database: &str, options: PostgresOptions) -> PostgresStore {
    let url: PostgresUrl = url_of(database).parse().expect("the test database URL");
    PostgresStore::open(&url, options).await.expect("a store").store
}

async fn connect(database: &str) -> Client {
    let config: Config = url_of(database).parse().expect("the test database URL");
    let (client, connection) = config.connect(NoTls).await.expect("the test database server");
    tokio::spawn(connection);
    client
}

async fn execute(client: &Client, sql: &str) {
    client.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
}
