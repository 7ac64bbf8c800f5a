//! Readiness, and metrics at an address of their own and under load.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::thread::{self, ScopedJoinHandle};

use contacts_adapters_postgres::testing::TestDatabase;
use rusqlite::Connection;

use super::program::{Server, people, program, served};

#[test]
fn server_without_its_database_is_not_ready() {
    let (folder, server, token) = served();
    server.batch(&token, &people([1]));
    assert_eq!(server.text("/readyz"), "ok");
    drop(server);

    let server = Server::start(folder.path());
    fs::remove_file(folder.path().join("contact-hub.db")).unwrap();
    let answer = server.get("/readyz", "");
    assert_eq!((answer.status, &answer.body["status"]), (503, &503.into()), "{answer:?}");
    assert_eq!(server.get("/healthz", "").status, 200);
}

#[test]
fn server_whose_file_was_replaced_is_not_ready() {
    let (folder, server, token) = served();
    server.batch(&token, &people([1]));
    let file = folder.path().join("contact-hub.db");
    let copy = folder.path().join("copy.db");
    fs::copy(&file, &copy).unwrap();
    fs::rename(&copy, &file).unwrap();
    assert_eq!(server.get("/readyz", "").status, 503);
    assert_eq!(server.get("/healthz", "").status, 200);
}

#[test]
fn server_on_a_read_only_database_is_not_ready() {
    let (folder, database) = (tempfile::tempdir().unwrap(), TestDatabase::migrated());
    let log = folder.path().join("log");
    let mut command = program(folder.path());
    command.args(["serve", "--listen", "127.0.0.1:0", "--database-url", &database.url()]);
    let server = Server::spawn(command.stderr(File::create(&log).unwrap()));
    let name = database.name();
    database.execute(&format!("ALTER DATABASE {name} SET default_transaction_read_only = on"));
    database.end_connections();
    assert_eq!(server.get("/readyz", "").status, 503);
    assert_eq!(server.get("/healthz", "").status, 200);
    server.stop();
    let log = fs::read_to_string(&log).unwrap();
    assert!(log.contains("read-only"), "{log}");
}

#[test]
fn server_on_the_schema_of_a_newer_release_is_not_ready() {
    let newer = "INSERT INTO __diesel_schema_migrations (version) VALUES ('2099')";
    let database = TestDatabase::migrated();
    for url in ["sqlite://contact-hub.db", &database.url()] {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let mut command = program(folder.path());
        command.args(["serve", "--listen", "127.0.0.1:0", "--database-url", url]);
        let server = Server::spawn(command.stderr(File::create(&log).unwrap()));
        match url.starts_with("sqlite") {
            true => {
                let file = Connection::open(folder.path().join("contact-hub.db")).unwrap();
                file.execute_batch(newer).unwrap();
            }
            false => database.execute(newer),
        }
        assert_eq!(server.get("/readyz", "").status, 503, "{url}");
        assert_eq!(server.get("/healthz", "").status, 200, "{url}");
        server.stop();
        let log = fs::read_to_string(&log).unwrap();
        assert!(log.contains("has the schema 2099 of a newer release"), "{log}");
    }
}

#[test]
fn metrics_are_served_at_their_own_address_alone() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_with(folder.path(), &["--metrics-listen", "127.0.0.1:0"], &[]);
    let token = server.first_token().unwrap();
    server.batch(&token, &people([1, 2]));
    assert_eq!(server.get("/metrics", &token).status, 404);
    let greeting = server.greeting.clone();
    let url = greeting.lines().find_map(|line| line.strip_prefix("metrics on ")).unwrap();
    let metrics = ureq::get(url).call().unwrap().body_mut().read_to_string().unwrap();
    let created = r#"contact_hub_items_total{api="erp",verdict="created"} 2"#;
    assert!(metrics.contains(created), "{metrics}");
    assert!(metrics.contains("contact_hub_sqlite_committed_requests_total"), "{metrics}");
    server.stop();
}

/// The numbers of an answer in the format `OpenMetrics`, which has to be whole.
fn numbers(metrics: &str) -> BTreeMap<&str, f64> {
    let lines = metrics.strip_suffix("# EOF\n").expect(metrics).lines();
    let numbers = lines.filter(|line| !line.starts_with("# ")).map(|line| {
        let (name, number) = line.rsplit_once(' ').expect(line);
        (name, number.parse().expect(line))
    });
    numbers.collect()
}

#[test]
fn metrics_are_whole_while_connections_write() {
    let (_folder, server, token) = served();
    let counted = r#"contact_hub_items_total{api="erp",verdict="created"}"#;
    server.batch(&token, &people([1]));
    thread::scope(|scope| {
        let writers = [100, 200, 300].map(|hundred| {
            let (server, token) = (&server, &token);
            scope.spawn(move || {
                for id in hundred..hundred + 50 {
                    assert_eq!(server.batch(token, &people([id])).status, 200);
                }
            })
        });
        let mut before = 0.0;
        while !writers.iter().all(ScopedJoinHandle::is_finished) {
            let now = numbers(&server.text("/metrics"))[counted];
            assert!(now >= before, "{now} {before}");
            before = now;
        }
    });
    assert_eq!(numbers(&server.text("/metrics"))[counted], 151.0);
}
