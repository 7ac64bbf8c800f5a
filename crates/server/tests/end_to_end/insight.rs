//! Readiness, and metrics at an address of their own.

use std::fs;

use super::program::{Server, people, served};

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
