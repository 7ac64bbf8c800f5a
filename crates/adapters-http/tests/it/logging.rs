//! The log: what it shows of a request, and what neither it nor the metrics ever hold.

use std::io;
use std::sync::{Mutex, MutexGuard, Once};

use axum::http::Method;
use serde_json::{Value, json};

use crate::app::{Answer, App, BATCH, post, request};
use crate::authorization::operations;
use crate::insight::metrics;
use crate::v1::searching::index;

/// The log of all tests, on whichever thread.
static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Writes to the log.
struct Log;

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Self::lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// Logs everything from now on. One subscriber serves all tests: with several, a place that logs
    /// may have been seen by none.
    fn start() {
        static STARTED: Once = Once::new();
        STARTED.call_once(|| {
            tracing_subscriber::fmt()
                .with_max_level(tracing::Level::TRACE)
                .with_writer(|| Self)
                .with_ansi(false)
                .init();
        });
    }

    fn lock() -> MutexGuard<'static, Vec<u8>> {
        LOG.lock().unwrap()
    }

    fn text() -> String {
        String::from_utf8(Self::lock().clone()).unwrap()
    }
}

const MARKER: &str = "Zwetschgenmus";
const JSON: &str = "application/json";
const STREAM: &str = "application/x-ndjson";

/// Checks that neither the log nor the metrics hold the marker.
async fn assert_unmarked(app: &App) {
    let (log, marker) = (Log::text().to_lowercase(), MARKER.to_lowercase());
    let found = log.lines().find(|line| line.contains(&marker));
    assert_eq!(found, None);
    assert!(!metrics(app.router()).await.to_lowercase().contains(&marker));
}

/// Sends a request with the marker in its headers, and expects that status.
async fn send(
    app: &App,
    (method, path, media_type, body, status): (Method, &str, &str, Value, u16),
) -> Answer {
    let key = format!("{MARKER}:{media_type}:{path}:{status}");
    let mut headers =
        vec![("weal-token", "all"), ("content-type", media_type), ("user-agent", MARKER)];
    if media_type != STREAM {
        headers.push(("idempotency-key", &key));
    }
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let answer = app.send(request(method, path, &headers, body)).await;
    assert_eq!(answer.status, status, "{path}: {answer:?}");
    answer
}

/// A person with the marker in the keys, in values and in the names of members.
fn person(key: &str) -> Value {
    json!({"contactType": "PERSON", "externalId": format!("{MARKER}-{key}"), "lastName": MARKER,
        "email": format!("{MARKER}@rhone.example"), "addresses": [{"line1": MARKER}],
        "customFields": {MARKER: MARKER}, MARKER: MARKER})
}

fn entry(link_id: Option<&str>) -> Value {
    json!({"name": MARKER, "type": "p2p", "number": format!("sip:{MARKER}@rhone.example"),
        "ringtone": format!("{MARKER}.wav"), "link_id": link_id})
}

#[tokio::test]
async fn neither_log_nor_metrics_hold_what_is_stored() {
    Log::start();
    let app = App::new().await;
    let link_id = Some("91c615e3-1040-4815-8ecb-039a18b756b1");
    let native = format!("/v1/contacts/batch?source={MARKER}");
    let mut referred = person("native");
    referred["$"] = json!({"ref": MARKER});
    let mut invalid = person("invalid");
    invalid["contactType"] = json!(MARKER);
    let (post, put, patch) = (Method::POST, Method::PUT, Method::PATCH);
    let (path, link) = ("/v1/contacts/1", "/api/v1/contacts/items/link");
    let title = json!([{"op": "add", "path": "/title", "value": MARKER}]);
    let wrong = json!([{"op": "test", "path": "/lastName", "value": format!("{MARKER}x")}]);
    for case in [
        (post.clone(), BATCH, JSON, json!([person("erp"), invalid]), 200),
        (post.clone(), &native, JSON, json!([referred, invalid]), 200),
        (post.clone(), &native, STREAM, person("stream"), 200),
        (post.clone(), "/v1/contacts", JSON, person("single"), 201),
        (post.clone(), "/v1/contacts", JSON, person("single"), 409),
        (put.clone(), path, JSON, person("replaced"), 200),
        (patch.clone(), path, "application/merge-patch+json", json!({"fax": MARKER}), 200),
        (patch.clone(), path, "application/json-patch+json", title, 200),
        (patch, path, "application/json-patch+json", wrong, 409),
        (post.clone(), link, JSON, json!({"list_items": [entry(link_id), entry(None)]}), 200),
        (post.clone(), link, JSON, json!({"list_items": [entry(Some(MARKER))]}), 400),
    ] {
        send(&app, case).await;
    }
    let items = "/api/v1/contacts/items";
    let made = send(&app, (post.clone(), items, JSON, entry(None), 200)).await;
    let item = format!("{items}/{}", made.json()["uid"]);
    send(&app, (put, &item, JSON, entry(None), 200)).await;
    let planned = json!([person("planned")]);
    let plan = send(&app, (post.clone(), "/v1/contacts/plans", JSON, planned, 201)).await;
    let apply = format!("{}/apply", plan.header("location").unwrap());
    send(&app, (post, &apply, JSON, Value::Null, 200)).await;

    let stored = app.store.records();
    let marked = stored.iter().filter(|record| record.document.contains(MARKER));
    assert_eq!((stored.len(), marked.count()), (8, 8), "{stored:?}");
    index(&app).await;
    let filter = format!("filter=name%20eq%20'{MARKER}'");
    for (path, found) in [
        (format!("/v1/contacts?q={MARKER}"), 8),
        (format!("/v1/contacts/export?q={MARKER}"), 8),
        (format!("/v1/contacts?externalId={MARKER}-stream"), 1),
        (format!("/v1/contacts?email={MARKER}@rhone.example"), 5),
        (format!("{items}?{filter}"), 3),
        ("/v1/contacts/1".to_owned(), 1),
        ("/v1/contacts/1/history".to_owned(), 1),
        ("/v1/contacts/changes".to_owned(), 8),
    ] {
        let answer = app.get(&path).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        assert!(answer.text().matches(MARKER).count() >= found, "{path}: {answer:?}");
    }
    assert!(Log::text().contains("created=1, rejected=1"));
    assert_unmarked(&app).await;
}

#[tokio::test]
async fn neither_log_nor_metrics_hold_what_is_refused() {
    Log::start();
    let app = App::new().await;
    let item = json!({"contactType": "PERSON", "externalId": MARKER, "lastName": MARKER,
        "email": format!("{MARKER}@rhone.example"), MARKER: MARKER});
    let bodies = [
        item.clone(),
        json!([item]),
        json!({"items": [item]}),
        json!({"list_items": [{"name": MARKER, "link_id": MARKER, "number": MARKER}]}),
        json!({"link_ids": [MARKER]}),
        json!(MARKER),
    ];
    for operation in operations() {
        for id in ["1", MARKER] {
            let path = format!("{}?q={MARKER}&{MARKER}={MARKER}", operation.path_to(id));
            for body in &bodies {
                let headers = [
                    ("weal-token", "all"),
                    ("content-type", "application/json"),
                    ("user-agent", MARKER),
                    ("prefer", MARKER),
                ];
                let method = operation.method.clone();
                app.send(request(method, &path, &headers, body.to_string())).await;
            }
        }
    }
    assert_unmarked(&app).await;
}

#[tokio::test]
async fn trace_of_the_caller_is_logged() {
    Log::start();
    let app = App::new().await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let mut traced = post(BATCH, "all", "[]");
    let sent = format!("00-{trace}-00f067aa0ba902b7-01").parse().unwrap();
    traced.headers_mut().insert("traceparent", sent);
    app.send(traced).await;
    let log = Log::text();
    assert!(log.contains(&format!("trace=\"{trace}\"")), "{log}");
}
