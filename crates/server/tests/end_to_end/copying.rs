//! `contact-hub copy` between SQLite and PostgreSQL.

use std::fs;
use std::path::Path;
use std::process::Child;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use contacts_adapters_diesel::SqliteRows;
use contacts_adapters_postgres::testing::TestDatabase;
use contacts_adapters_postgres::{PostgresOptions, PostgresRows};
use contacts_application::ports::{CopyError, RowMessage, StoreError, StoredRows, Totals};
use contacts_application::use_cases::CopyRows;
use rusqlite::Connection;
use tempfile::TempDir;
use tokio::sync::mpsc::{self, Receiver, Sender};

use super::check::write_contacts;
use super::program::{Server, done, each, people, program, run, served, unchanged};

const ITEMS: &str = r#"{"list_items": [{"link_id": "91c615e3-1040-4815-8ecb-039a18b756b1",
    "name": "Élodie Rochat", "type": "regular", "number": "0001-01-11-11"}]}"#;

/// Runs a copy that has to fail. Returns its one line on standard error.
fn refused(folder: &Path, from: &str, to: &str) -> String {
    let output = run(folder, &["copy", "--from", from, "--to", to]);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{errors}");
    assert_eq!(errors.lines().count(), 1, "{errors}");
    errors
}

#[test]
fn copy_to_postgres_and_back_holds_everything() {
    copy_to_and_back(&TestDatabase::migrated().url());
}

#[test]
fn copy_to_partitions_and_back_holds_everything() {
    let (folder, database) = (tempfile::tempdir().unwrap(), TestDatabase::empty());
    let url = database.url();
    let made = done(folder.path(), &["migrate", "--partitions", "3", "--database-url", &url]);
    assert!(made.starts_with("made the schema 2"), "{made}");
    copy_to_and_back(&url);
}

/// Copies contacts from SQLite to a new database on PostgreSQL, and back.
fn copy_to_and_back(url: &str) {
    let (folder, server, token) = served();
    let path = folder.path();
    write_contacts(&server, &token);
    let items = [("Authorization", format!("Bearer {token}"))];
    let items = items.each_ref().map(|(name, value)| (*name, value.as_str()));
    assert_eq!(server.post("/api/v1/contacts/items/link", &items, ITEMS).status, 200);
    let last = server.batch(&token, &people(40..=300));
    server.stop();
    done(path, &["organization", "create", "--id", "7", "--name", "Müller & Söhne"]);
    done(path, &["token", "create", "--organization", "7", "--expires-in-days", "30"]);

    let copied = done(path, &["copy", "--from", "sqlite://contact-hub.db", "--to", url]);
    let lines: Vec<_> = copied.lines().collect();
    assert!(lines[0].starts_with("tokens and counters: api_token 2, id_counter 1; hash "));
    assert!(lines[1].starts_with("organization 1: contact 284, contact_alias "), "{copied}");
    assert!(lines[2].starts_with("organization 7: organization 1; hash "), "{copied}");
    assert_eq!(lines[3..], ["everything is copied, and equal"]);

    let back = path.join("back");
    fs::create_dir(&back).unwrap();
    done(&back, &["migrate"]);
    assert_eq!(done(&back, &["copy", "--from", url]), copied);

    // Ids, tokens and versions go on, on both.
    let made = done(path, &["token", "create", "--organization", "7", "--database-url", url]);
    let on_postgres = Server::start_with(path, &["--database-url", url], &[]);
    let on_sqlite = Server::start(&back);
    let new = [&on_postgres, &on_sqlite].map(|server| {
        assert_eq!(server.batch(&token, &people(40..=300)).body, unchanged(&last));
        let new = server.batch(&token, &people([400]));
        each(&new, "/freshRow/id")[0].as_i64().unwrap()
    });
    let newest = each(&last, "/freshRow/id").last().unwrap().as_i64().unwrap();
    assert!(new[0] > newest && new[1] > newest, "{new:?} {newest}");
    assert_eq!(each(&on_postgres.batch(&made, &people([1])), "/freshRow/verdict"), ["created"]);
    let checked = run(&back, &["check"]);
    assert!(checked.status.success(), "{checked:?}");
    let checked = run(path, &["check", "--database-url", url]);
    assert!(checked.status.success(), "{checked:?}");
}

#[test]
fn copy_is_refused_onto_anything_but_a_new_database() {
    let (folder, server, token) = served();
    let path = folder.path();
    assert_eq!(server.batch(&token, &people([1])).status, 200);
    server.stop();
    let from = "sqlite://contact-hub.db";
    let database = TestDatabase::migrated();

    let missing = refused(path, from, "sqlite://new.db");
    assert!(missing.contains("new.db lacks the schema 2"), "{missing}");
    assert!(missing.ends_with("; run `contact-hub migrate`\n"), "{missing}");
    let missing = refused(path, "sqlite://other.db", &database.url());
    assert!(missing.contains("other.db lacks the schema 2"), "{missing}");
    let empty = TestDatabase::empty();
    assert!(refused(path, from, &empty.url()).contains("lacks the schema 2"));
    assert!(refused(path, &empty.url(), from).contains("lacks the schema 2"));

    let itself = refused(path, from, from);
    assert!(itself.contains("is not empty") || itself.contains("locked"), "{itself}");
    done(path, &["copy", "--from", from, "--to", &database.url()]);
    let again = refused(path, from, &database.url());
    assert!(again.contains("is not empty: it has rows in the table "), "{again}");
    let back = refused(path, &database.url(), from);
    assert!(back.contains("is not empty: it has rows in the table api_token"), "{back}");
}

#[test]
fn copy_of_or_onto_another_schema_is_refused() {
    let (folder, server, token) = served();
    let path = folder.path();
    assert_eq!(server.batch(&token, &people([1])).status, 200);
    server.stop();
    let (sqlite, database) = ("sqlite://contact-hub.db", TestDatabase::migrated());
    let (postgres, file) = (database.url(), path.canonicalize().unwrap().join("contact-hub.db"));
    // What another release leaves: one migration less, or one that is not known.
    let older = "CREATE TABLE kept AS SELECT * FROM __diesel_schema_migrations;
        DELETE FROM __diesel_schema_migrations
        WHERE version = (SELECT max(version) FROM __diesel_schema_migrations)";
    let newer = "CREATE TABLE kept AS SELECT * FROM __diesel_schema_migrations;
        INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231000000')";
    let as_before = "DELETE FROM __diesel_schema_migrations;
        INSERT INTO __diesel_schema_migrations SELECT * FROM kept; DROP TABLE kept";
    let lacking = ("lacks the schema 2", "; run `contact-hub migrate`\n");
    let unknown = (
        "has the schema 29991231000000 of a newer release",
        "; start that release, or restore a backup\n",
    );
    let check = |name: &str, execute: &dyn Fn(&str)| {
        for (made, (fault, remedy)) in [(older, lacking), (newer, unknown)] {
            execute(made);
            for (from, to) in [(sqlite, &*postgres), (&*postgres, sqlite)] {
                let line = refused(path, from, to);
                assert!(line.starts_with(&format!("contact-hub: {name} {fault}")), "{line}");
                assert!(line.ends_with(remedy), "{line}");
            }
            execute(as_before);
        }
    };
    check(&file.display().to_string(), &|sql| {
        Connection::open(&file).unwrap().execute_batch(sql).unwrap();
    });
    check(&format!("the database `{}`", database.name()), &|sql| database.execute(sql));
    done(path, &["copy", "--from", sqlite, "--to", &postgres]);
}

#[test]
fn copy_that_changes_rows_stores_none() {
    let (folder, server, token) = served();
    let path = folder.path();
    assert_eq!(server.batch(&token, &people([1])).status, 200);
    server.stop();
    let from = "sqlite://contact-hub.db";
    let database = TestDatabase::migrated();
    let trigger = "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN NEW.display_name := 'Spoilt'; RETURN NEW; END $$;
        CREATE TRIGGER spoil BEFORE INSERT ON contact FOR EACH ROW EXECUTE FUNCTION spoil()";
    database.execute(trigger);
    let differs = refused(path, from, &database.url());
    assert!(differs.contains("is not what was sent: rows of organization 1;"), "{differs}");
    database.execute("DROP TRIGGER spoil ON contact");
    done(path, &["copy", "--from", from, "--to", &database.url()]);

    let other = path.join("other.db");
    done(path, &["migrate", "--database-url", "sqlite://other.db"]);
    let trigger = "CREATE TRIGGER spoil AFTER INSERT ON contact
        BEGIN UPDATE contact SET display_name = 'Spoilt'; END";
    Connection::open(&other).unwrap().execute_batch(trigger).unwrap();
    let differs = refused(path, from, "sqlite://other.db");
    assert!(differs.contains("is not what was sent: rows of organization 1;"), "{differs}");
    Connection::open(&other).unwrap().execute_batch("DROP TRIGGER spoil").unwrap();
    done(path, &["copy", "--from", from, "--to", "sqlite://other.db"]);
}

/// A database that fails after some rows.
struct Failing(Arc<dyn StoredRows>);

#[async_trait]
impl StoredRows for Failing {
    async fn send(&self, rows: Sender<RowMessage>) -> Result<(), StoreError> {
        let (sender, mut receiver) = mpsc::channel(1);
        let forwarding = async move {
            for _ in 0..4 {
                rows.send(receiver.recv().await.unwrap()).await.unwrap();
            }
        };
        let (sent, ()) = tokio::join!(self.0.send(sender), forwarding);
        sent
    }

    async fn take(&self, rows: Receiver<RowMessage>) -> Result<Totals, CopyError> {
        self.0.take(rows).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn interrupted_copy_stores_nothing_and_is_repeated() {
    let (folder, server, token) = served();
    let path = folder.path();
    assert_eq!(server.batch(&token, &people(1..=300)).status, 200);
    server.stop();
    let database = TestDatabase::migrated();
    let url = database.url().parse().unwrap();
    let sqlite: Arc<dyn StoredRows> =
        Arc::new(SqliteRows::open(&path.join("contact-hub.db")).unwrap());
    let postgres = PostgresRows::open(&url, PostgresOptions::default()).await.unwrap();
    let postgres: Arc<dyn StoredRows> = Arc::new(postgres);
    done(path, &["migrate", "--database-url", "sqlite://other.db"]);
    let other: Arc<dyn StoredRows> = Arc::new(SqliteRows::open(&path.join("other.db")).unwrap());
    for (from, to) in [(&sqlite, &postgres), (&postgres, &other)] {
        let failing = Arc::new(Failing(Arc::clone(from)));
        let error = CopyRows::new(failing, Arc::clone(to)).execute().await.unwrap_err();
        assert!(matches!(error, CopyError::Store(_)), "{error}");
        CopyRows::new(Arc::clone(from), Arc::clone(to)).execute().await.unwrap();
    }
}

/// A database with 300 contacts in a folder.
fn with_contacts() -> (TempDir, &'static str) {
    let (folder, server, token) = served();
    assert_eq!(server.batch(&token, &people(1..=300)).status, 200);
    server.stop();
    (folder, "sqlite://contact-hub.db")
}

#[tokio::test(flavor = "multi_thread")]
async fn copy_killed_on_postgres_is_run_again() {
    let (folder, from) = with_contacts();
    let (path, database) = (folder.path(), TestDatabase::migrated());
    database.execute(
        "CREATE FUNCTION pause() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NEW; END $$;
         CREATE TRIGGER pause BEFORE INSERT ON contact FOR EACH ROW
            WHEN (NEW.external_id = 'ERP-250') EXECUTE FUNCTION pause()",
    );
    let holder = database.connect().await;
    holder.batch_execute("SELECT pg_advisory_lock(1)").await.unwrap();
    let waiting = "SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    let mut copying = Copying::start(path, from, &database.url());
    while holder.query(waiting, &[]).await.unwrap().is_empty() {
        copying.assert_running();
    }
    copying.kill();
    holder.batch_execute("SELECT pg_advisory_unlock(1)").await.unwrap();
    // Waits for the transaction of the killed program.
    database.execute("DROP TRIGGER pause ON contact");

    assert_copied_as_to_a_new_database(path, from, &database.url());
}

#[test]
fn copy_killed_on_sqlite_is_run_again() {
    let (folder, from) = with_contacts();
    let (path, database) = (folder.path(), TestDatabase::migrated());
    done(path, &["copy", "--from", from, "--to", &database.url()]);
    done(path, &["migrate", "--database-url", "sqlite://other.db"]);
    // Fills the log, so that it shows that the trigger runs, and never ends.
    let execute = |sql: &str| Connection::open(path.join("other.db")).unwrap().execute_batch(sql);
    execute(
        "CREATE TABLE search_pause (bytes BLOB);
         CREATE TRIGGER pause BEFORE INSERT ON contact WHEN NEW.external_id = 'ERP-250' BEGIN
            INSERT INTO search_pause VALUES (zeroblob(64000000));
            INSERT INTO search_pause SELECT * FROM (
                WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT i FROM n
            ) WHERE i > 1;
         END",
    )
    .unwrap();
    let mut copying = Copying::start(path, &database.url(), "sqlite://other.db");
    while fs::metadata(path.join("other.db-wal")).map_or(0, |log| log.len()) < 1 << 20 {
        copying.assert_running();
    }
    copying.kill();
    execute("DROP TRIGGER pause; DROP TABLE search_pause").unwrap();

    assert_copied_as_to_a_new_database(path, &database.url(), "sqlite://other.db");
}

/// A copy that runs, and is killed in the end.
struct Copying {
    process: Child,
    since: Instant,
}

impl Copying {
    fn start(folder: &Path, from: &str, to: &str) -> Self {
        let process = program(folder).args(["copy", "--from", from, "--to", to]).spawn().unwrap();
        Self { process, since: Instant::now() }
    }

    /// Fails when it has ended, and when it should have come to the place where it stands still.
    fn assert_running(&mut self) {
        assert_eq!(self.process.try_wait().unwrap(), None, "it does not stand still");
        assert!(self.since.elapsed() < Duration::from_secs(60), "nobody sees it stand still");
    }

    fn kill(mut self) {
        self.process.kill().unwrap();
        assert_eq!(self.process.wait().unwrap().code(), None);
    }
}

impl Drop for Copying {
    fn drop(&mut self) {
        let _ = self.process.kill();
    }
}

/// Copies to a database after a copy was killed, and to a new one. Compares what is printed.
fn assert_copied_as_to_a_new_database(path: &Path, from: &str, to: &str) {
    let new = "sqlite://new.db";
    done(path, &["migrate", "--database-url", new]);
    let copied = done(path, &["copy", "--from", from, "--to", new]);
    assert!(copied.contains("organization 1: contact 300, "), "{copied}");
    assert_eq!(done(path, &["copy", "--from", from, "--to", to]), copied);
    let checked = run(path, &["check", "--database-url", to]);
    assert!(checked.status.success(), "{checked:?}");
}
