//! The log: what it never holds, and that the server needs none.

use std::fs::{self, File, OpenOptions};
use std::io::pipe;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::program::{Server, done, people, program, run};

/// A command that serves in the folder.
fn serve(folder: &Path) -> Command {
    let mut command = program(folder);
    command.args(["serve", "--listen", "127.0.0.1:0"]);
    command
}

#[test]
fn requests_are_served_without_a_writable_log() {
    let full = || Stdio::from(OpenOptions::new().write(true).open("/dev/full").unwrap());
    let closed = || Stdio::from(pipe().unwrap().1);
    for log in [full(), closed()] {
        let folder = tempfile::tempdir().unwrap();
        done(folder.path(), &["migrate"]);
        let token = done(folder.path(), &["token", "create", "--organization", "1"]);
        let server = Server::spawn(serve(folder.path()).args(["--log", "trace"]).stderr(log));
        assert_eq!(server.get("/healthz", &token).status, 200);
        assert_eq!(server.batch(&token, &people([1])).status, 200);
        assert_eq!(server.get("/nowhere", &token).status, 404);
        server.stop();
    }
}

#[test]
fn failure_without_standard_error_exits_with_1() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&["token", "revoke", "7"][..], &["frobnicate"]] {
        let wanted = run(folder.path(), arguments).status.code();
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let status = program(folder.path()).args(arguments).stderr(full).status().unwrap();
        assert_eq!(status.code(), wanted, "{arguments:?}");
    }
}

#[test]
fn log_tells_who_sent_how_much() {
    let folder = tempfile::tempdir().unwrap();
    done(folder.path(), &["migrate"]);
    let named = ["token", "create", "--organization", "1", "--name", "nightly import"];
    let token = done(folder.path(), &named);
    let log = folder.path().join("log");
    let mut command = serve(folder.path());
    let options = ["--log-format", "json", "--max-items", "7"];
    let server = Server::spawn(command.args(options).stderr(File::create(&log).unwrap()));
    let body = people([1, 2]);
    for _ in 0..2 {
        assert_eq!(server.batch(&token, &body).status, 200);
    }
    assert_eq!(server.get("/healthz", &token).status, 200);
    server.stop();

    let log = fs::read_to_string(&log).unwrap();
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let (serving, rest): (Vec<Value>, _) = lines.partition(|line| line["message"] == "serving");
    let [serving] = &serving[..] else { panic!("{log}") };
    assert!(serving["version"].as_str().unwrap().starts_with("0.1.0 ("), "{serving}");
    assert_eq!(serving["store"], "SQLite");
    assert_eq!(serving["settings"], "log_format=json, listen=127.0.0.1:0, max_items=7");

    let answered: Vec<Value> =
        rest.into_iter().filter(|line| line["message"] == "answered").collect();
    assert_eq!(answered.len(), 2, "a probe is not logged: {log}");
    for (line, verdicts) in answered.iter().zip(["created=2", "unchanged=2"]) {
        assert!(line.get("span").is_none(), "each span once: {line}");
        let [request] = &line["spans"].as_array().unwrap()[..] else { panic!("{line}") };
        let shown = ["route", "organization", "token", "bytes", "items", "verdicts", "status"];
        let shown: Vec<&Value> = shown.iter().map(|field| &request[field]).collect();
        let expected =
            json!(["/api-v1/contact/batch", 1, "nightly import", body.len(), 2, verdicts, 200]);
        assert_eq!(json!(shown), expected);
    }
}

#[test]
fn log_believes_trusted_proxies_who_the_client_is() {
    for (trusted, wanted) in [(&[][..], "127.0.0.1"), (&["--trusted-proxy", "127.0.0.1"], CLIENT)] {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let mut command = serve(folder.path());
        command.args(["--log-format", "json"]).args(trusted);
        let server = Server::spawn(command.stderr(File::create(&log).unwrap()));
        server.post("/v1/contacts", &[("x-forwarded-for", CLIENT)], "");
        server.stop();
        let log = fs::read_to_string(&log).unwrap();
        let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let answered: Vec<Value> = lines.filter(|line| line["message"] == "answered").collect();
        let [answered] = &answered[..] else { panic!("{log}") };
        assert_eq!(answered["spans"][0]["client"], wanted, "{log}");
    }
}

const CLIENT: &str = "192.0.2.7";

/// In the values of every block, in a key, and in the name of a member.
pub(crate) const MARKER: &str = "Zwetschgenmus";

pub(crate) const ITEM: &str = r#"[{"contactType": "PERSON", "externalId": "Zwetschgenmus-1",
    "lastName": "Zwetschgenmus", "email": "Zwetschgenmus@rhone.example", "phone": "079 111 22 33",
    "customFields": {"Zwetschgenmus": "Zwetschgenmus"}, "Zwetschgenmus": 1,
    "addresses": [{"line1": "Zwetschgenmus"}], "staff": {"salary": "Zwetschgenmus"}}]"#;

const FILTERS: [&str; 6] = [
    "trace",
    "info,[request]=trace",
    "[{id}]=trace",
    "[request{method=POST}]=trace",
    "tokio_postgres=trace",
    "warn,hyper=trace,diesel=trace,tokio=trace,contact_hub=trace",
];

#[test]
fn no_filter_logs_data_of_requests() {
    assert_no_filter_logs_data("sqlite://contact-hub.db");
}

/// Stores the item by a batch and a stream of the native API, and finds both by filters and by search.
fn store_marked(server: &Server, token: &str, round: usize) {
    let item = |key: &str| ITEM.replace("Zwetschgenmus-1", key).replace('\n', " ");
    let [whole, line] = ["whole", "line"].map(|kind| format!("{MARKER}-{kind}-{round}"));
    let path = format!("/v1/contacts/batch?source={MARKER}&results=all");
    let by = ("weal-token", token);
    let batch = server.post(&path, &[by], &item(&whole));
    assert_eq!(batch.body["summary"]["created"], 1, "{batch:?}");
    let headers = [by, ("content-type", "application/x-ndjson")];
    let stream = server.post(&path, &headers, item(&line).trim_matches(['[', ']']));
    let answered = stream.body.as_str().unwrap();
    assert!(answered.contains("\"verdict\":\"created\""), "{answered}");
    let feed = server.get("/v1/contacts/changes", token).body["token"].clone();
    let search = format!("q={whole}&waitFor={}", feed.as_str().unwrap());
    for query in [format!("externalId={whole}"), format!("externalId={line}"), search] {
        let found = server.get(&format!("/v1/contacts?{query}"), token);
        assert_eq!(found.body["items"][0]["lastName"], MARKER, "{query}: {found:?}");
    }
}

/// Serves requests with personal data under each filter, and searches the log for it.
pub(crate) fn assert_no_filter_logs_data(url: &str) {
    let folder = tempfile::tempdir().unwrap();
    let url = [("CONTACT_HUB_DATABASE_URL", url)];
    assert!(program(folder.path()).arg("migrate").envs(url).output().unwrap().status.success());
    let create = ["token", "create", "--organization", "1"];
    let token = program(folder.path()).args(create).envs(url).output().unwrap().stdout;
    let token = String::from_utf8(token).unwrap().trim_end().to_owned();
    let digest = Sha256::digest(&token);
    let digest = digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    for (round, filter) in FILTERS.into_iter().enumerate() {
        let log = folder.path().join("log");
        let file = File::create(&log).unwrap();
        let mut command = serve(folder.path());
        let server = Server::spawn(command.args(["--log", filter]).envs(url).stderr(file));
        for body in [ITEM, r#"[{"lastName": "Zwetschgenmus"#] {
            assert!(server.batch(&token, body).status < 500);
        }
        store_marked(&server, &token, round);
        let path = format!("/api-v1/contact/PERSON/{MARKER}?of={MARKER}");
        assert_eq!(server.get(&path, &token).status, 404);
        assert_eq!(server.get("/api/v1/contacts?q=Zwetschgenmus", &token).status, 200);
        assert!(!server.text("/metrics").contains(MARKER));
        server.stop();

        let log = fs::read_to_string(&log).unwrap();
        assert_eq!(log.is_empty(), filter == "tokio_postgres=trace", "{filter}");
        let secrets = [MARKER, &MARKER.to_lowercase(), "791112233", &token, &digest, &digest[..16]];
        for secret in secrets {
            assert!(!log.contains(secret), "{secret} under {filter}:\n{log}");
        }
    }
}
