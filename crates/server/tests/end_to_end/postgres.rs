//! The program on PostgreSQL.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::thread;

use contacts_adapters_postgres::testing::TestDatabase;
use tempfile::TempDir;

use super::contacts::apply_plan_once;
use super::logging::assert_no_filter_logs_data;
use super::program::{Server, done, each, people, run, unchanged};
use super::searching::assert_search_follows;

/// Starts a server on the database.
fn serve(folder: &TempDir, url: &str, arguments: &[&str]) -> Server {
    Server::start_with(folder.path(), arguments, &[("CONTACT_HUB_DATABASE_URL", url)])
}

/// Runs a command that fails. Returns its one line on standard error.
fn refused(arguments: &[&str], url: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [arguments, &["--database-url", url]].concat();
    let output = run(folder.path(), &arguments);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{errors}");
    let line = errors.strip_prefix("contact-hub: ").and_then(|line| line.strip_suffix('\n'));
    line.expect(&errors).to_owned()
}

#[test]
fn new_database_is_set_up_and_keeps_contacts() {
    let (folder, database) = (tempfile::tempdir().unwrap(), TestDatabase::empty());
    let url = database.url();
    let server = serve(&folder, &url, &[]);
    let token = server.first_token().expect("a first token");
    let created = server.batch(&token, &people([1, 2]));
    assert_eq!(each(&created, "/freshRow/version"), [1, 1], "{created:?}");
    server.stop();

    let made =
        done(folder.path(), &["token", "create", "--organization", "1", "--database-url", &url]);
    let server = serve(&folder, &url, &["--prepared-statements", "off"]);
    assert_eq!(server.greeting, "");
    assert_eq!(server.batch(&made, &people([1, 2])).body, unchanged(&created));
    let listed = done(folder.path(), &["token", "list", "--database-url", &url]);
    assert_eq!(listed.lines().count(), 3, "{listed}");
    let files = folder.path().read_dir().unwrap().map(|file| file.unwrap().file_name());
    assert_eq!(files.collect::<Vec<_>>(), ["contact-hub.first-token"]);
}

#[test]
fn partitions_are_for_new_databases() {
    let database = TestDatabase::empty();
    done(tempfile::tempdir().unwrap().path(), &["migrate", "--database-url", &database.url()]);
    assert_eq!(
        refused(&["migrate", "--partitions", "16"], &database.url()),
        format!(
            "the database `{}` has tables already, which are not partitioned; make a new database \
             with --partitions, and move the contacts there by `contact-hub copy`",
            database.name()
        )
    );
}

#[test]
fn plan_is_applied_once_on_postgres() {
    let (folder, database) = (tempfile::tempdir().unwrap(), TestDatabase::empty());
    apply_plan_once(|| serve(&folder, &database.url(), &[]));
}

#[test]
fn servers_on_a_new_database_create_one_token() {
    let (folder, database) = (tempfile::tempdir().unwrap(), TestDatabase::empty());
    let url = database.url();
    let servers: Vec<_> = thread::scope(|scope| {
        let starting = (0..4).map(|_| scope.spawn(|| serve(&folder, &url, &[])));
        let starting: Vec<_> = starting.collect();
        starting.into_iter().map(|server| server.join().unwrap()).collect()
    });
    let tokens = servers.iter().filter_map(Server::first_token).collect::<Vec<_>>();
    let [token] = &tokens[..] else { panic!("{tokens:?}") };
    for server in &servers {
        assert_eq!(server.batch(token, &people([1])).status, 200);
    }
}

#[test]
fn request_sent_to_another_server_is_answered_as_before() {
    let (folder, database) = (tempfile::tempdir().unwrap(), TestDatabase::empty());
    let url = database.url();
    let server = serve(&folder, &url, &[]);
    let token = server.first_token().expect("a first token");
    let other = serve(&folder, &url, &[]);
    let headers = [("WEAL-TOKEN", token.as_str()), ("Idempotency-Key", "8e03978e")];
    let send = |server: &Server| {
        server.post("/v1/contacts", &headers, r#"{"contactType": "PERSON", "lastName": "Rochat"}"#)
    };
    let created = send(&server);
    assert_eq!(created.status, 201, "{created:?}");
    let again = send(&other);
    assert_eq!((again.status, again.body), (201, created.body));
}

#[test]
fn search_finds_what_was_acknowledged_by_any_server() {
    let (folder, database) = (tempfile::tempdir().unwrap(), TestDatabase::empty());
    let url = database.url();
    let server = serve(&folder, &url, &[]);
    let token = server.first_token().expect("a first token");
    let other = serve(&folder, &url, &[]);
    assert_search_follows(&other, &token);
    server.stop();
}

#[test]
fn no_filter_logs_data_or_url() {
    let database = TestDatabase::empty();
    assert_no_filter_logs_data(&format!("{}&application_name=Zwetschgenmus", database.url()));
}

#[test]
fn server_starts_without_standby_and_logs_one_line() {
    let (folder, database) = (tempfile::tempdir().unwrap(), TestDatabase::empty());
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let standby = format!("postgres://hub:secret@{free}/hub");
    let arguments = ["--read-database-url", standby.as_str(), "--log", "warn"];
    let mut server = serve(&folder, &database.url(), &arguments);
    let token = server.first_token().unwrap();
    for _ in 0..3 {
        assert_eq!(server.get("/api/v1/contacts/items", &token).status, 200);
    }
    server.signal("TERM");
    let mut log = String::new();
    server.errors.read_to_string(&mut log).unwrap();
    let expected = format!("the standby is of no use standby=\"{free}\" cause=error connecting");
    assert!(
        log.lines().count() == 1 && log.contains(&expected) && !log.contains("secret"),
        "{log}"
    );
}

#[test]
fn durability_flag_warns_on_postgres() {
    let (folder, database) = (tempfile::tempdir().unwrap(), TestDatabase::migrated());
    for (durability, lines) in [("process", 1), ("power", 0)] {
        let arguments = ["--durability", durability, "--log", "contact_hub::startup::store=warn"];
        let mut server = serve(&folder, &database.url(), &arguments);
        server.signal("TERM");
        let mut log = String::new();
        server.errors.read_to_string(&mut log).unwrap();
        let warning = "`synchronous_commit` decides on PostgreSQL";
        assert_eq!((log.lines().count(), log.matches(warning).count()), (lines, lines), "{log}");
    }
}

#[test]
fn missing_right_is_refused_with_the_grant() {
    let database = TestDatabase::migrated();
    database.execute(
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO pg_monitor;
         GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO pg_monitor;
         REVOKE DELETE ON contact_alias FROM pg_monitor",
    );
    let url = format!("{}&options=-c%20role%3Dpg_monitor", database.url());
    let expected = format!(
        "the user lacks DELETE on contact_alias in the database `{}`; \
         GRANT DELETE ON contact_alias TO pg_monitor",
        database.name()
    );
    assert_eq!(refused(&["serve", "--no-migrate"], &url), expected);
}

#[test]
fn migrate_creates_the_schema_that_no_migrate_expects() {
    let (folder, database) = (tempfile::tempdir().unwrap(), TestDatabase::empty());
    let (name, url) = (database.name(), database.url());
    let newest = "2026-11-27-000600_respelling";
    assert_eq!(
        refused(&["serve", "--no-migrate"], &url),
        format!("the database `{name}` lacks the schema {newest}; run `contact-hub migrate`")
    );
    let migrate = ["migrate", "--database-url", &url];
    assert_eq!(done(folder.path(), &migrate), format!("made the schema {newest}"));
    assert_eq!(done(folder.path(), &migrate), "the schema is up to date");
    assert!(serve(&folder, &url, &["--no-migrate"]).first_token().is_some());
}

#[test]
fn schema_of_a_newer_release_is_refused() {
    let database = TestDatabase::migrated();
    database.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231000000')");
    let name = database.name();
    for arguments in [&["serve"][..], &["migrate"], &["token", "list"]] {
        assert_eq!(
            refused(arguments, &database.url()),
            format!(
                "the database `{name}` has the schema 29991231000000 of a newer release; \
                 start that release, or restore a backup"
            )
        );
    }
}

/// A server that asks for a password and accepts none.
fn refusing_server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut message = [0; 1024];
            // Asks for a plain password, then refuses it.
            let answers: [&[u8]; 2] =
                [b"R\0\0\0\x08\0\0\0\x03", b"E\0\0\0\x21SFATAL\0VFATAL\0C28P01\0Mwrong\0\0"];
            for answer in answers {
                assert_ne!(stream.read(&mut message).unwrap(), 0);
                stream.write_all(answer).unwrap();
            }
        }
    });
    address
}

#[test]
fn wrong_url_prints_one_line_without_password() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let refusing = refusing_server();
    for (url, line) in [
        (
            "postgres://hub:sec@ret@db/hub".to_owned(),
            "the database URL has an `@` too many; \
             in the user and the password, write @ as %40, / as %2F, ? as %3F"
                .to_owned(),
        ),
        (
            "postgres://hub:secret@db".to_owned(),
            "the database URL names no database; \
             write it as postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=verify-full"
                .to_owned(),
        ),
        (
            "mysql://hub:secret@db/hub".to_owned(),
            "the database URL has the scheme `mysql`, which this build does not support; \
             use sqlite://PATH or postgres://USER@HOST/DATABASE"
                .to_owned(),
        ),
        (
            format!("postgres://hub:secret@{free}/hub"),
            format!(
                "nothing listens on {free}; start PostgreSQL there, or correct the database URL"
            ),
        ),
        (
            format!("postgres://hub:secret@{refusing}/hub?sslmode=disable"),
            format!(
                "the database on {refusing} refuses the password of `hub`; \
                 correct user and password in the database URL"
            ),
        ),
        (
            "postgres://hub:secret@db.invalid/hub".to_owned(),
            "the database host is unknown: db.invalid:5432; \
             correct the host in the database URL"
                .to_owned(),
        ),
    ] {
        assert_eq!(refused(&["serve"], &url), line);
    }
}

#[test]
fn backup_names_the_pg_dump_command() {
    let line = refused(&["backup", "copy.dump"], "postgres://hub:secret@db.example.org/contacts");
    assert_eq!(
        line,
        "a PostgreSQL database is copied by its own program; run `pg_dump --format=custom \
         --file=copy.dump --host=db.example.org --port=5432 --username=hub --dbname=contacts`"
    );
}

#[test]
fn repair_works_while_a_server_runs() {
    let (folder, database) = (tempfile::tempdir().unwrap(), TestDatabase::empty());
    let url = database.url();
    let check = |arguments: &[&str]| {
        let output = run(folder.path(), &[&["check", "--database-url", &url], arguments].concat());
        (String::from_utf8(output.stdout).unwrap(), output.status.code())
    };
    let server = serve(&folder, &url, &[]);
    let token = server.first_token().expect("a first token");
    let created = server.batch(&token, &people(1..=1_500));
    assert_eq!(created.status, 200);
    let sound = "contacts checked: 1500, mended: 0, left as they are: 0\n";
    assert_eq!(check(&[]), (sound.to_owned(), Some(0)));

    database.execute(
        "UPDATE contact SET archived = true WHERE external_id IN ('ERP-3', 'ERP-1400');
         INSERT INTO contact_relation SELECT organization_id, 7, id FROM contact
          WHERE external_id = 'ERP-3'",
    );
    let ids = each(&created, "/freshRow/id");
    let found = |remedy: &str| {
        let line = |id: &serde_json::Value, what: &str| {
            format!(
                "organization 1, contact {id}: {what} does not follow from the document{remedy}\n"
            )
        };
        [line(ids[2], "archived"), line(ids[2], "relations"), line(ids[1_399], "archived")].concat()
    };
    let numbers = "contacts checked: 1500, mended: 0, left as they are: 2\n";
    assert_eq!(check(&[]), (found("") + numbers, Some(1)));
    let numbers = "contacts checked: 1500, mended: 2, left as they are: 0\n";
    assert_eq!(check(&["--repair"]), (found("; mended") + numbers, Some(0)));
    assert_eq!(check(&[]), (sound.to_owned(), Some(0)));
    assert_eq!(server.batch(&token, &people(1..=1_500)).body, unchanged(&created));
}

#[test]
fn check_creates_no_schema() {
    let database = TestDatabase::empty();
    let line = refused(&["check"], &database.url());
    assert!(line.ends_with("; run `contact-hub migrate`"), "{line}");
    assert_eq!(refused(&["check"], &database.url()), line, "it was not created");
}
