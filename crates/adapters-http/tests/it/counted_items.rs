//! What the metrics count of each request: what became of its items, and the time of the store.

use std::collections::BTreeMap;

use axum::http::Method;
use serde_json::{Value, json};

use crate::app::{App, request};
use crate::insight::{lines, metrics};

const JSON: &str = "application/json";
const MERGE_PATCH: &str = "application/merge-patch+json";
const JSON_PATCH: &str = "application/json-patch+json";
const NDJSON: &str = "application/x-ndjson";
const LINK_ID: &str = "91c615e3-1040-4815-8ecb-039a18b756b1";

/// A request, its status, and the items that it adds.
type Case = (Method, &'static str, &'static str, Value, u16, &'static [&'static str]);

/// A number of each set of labels of a metric.
async fn counts(app: &App, name: &str) -> BTreeMap<String, u64> {
    let counts = lines(&metrics(app.router()).await, name);
    let counts = counts.iter().map(|line| line.rsplit_once(' ').unwrap());
    counts.map(|(labels, count)| (labels.to_owned(), count.parse().unwrap())).collect()
}

/// Sends a request. Returns its status, the items that it adds as `native created 1`, and how many times
/// of the store.
async fn send(app: &App, prefer: &str, case: &Case) -> (u16, Vec<String>, u64) {
    const STORE: &str = "step_duration_seconds_count{step=\"store\"}";
    let (method, path, media_type, body, ..) = case;
    let before = (counts(app, "items_total").await, counts(app, STORE).await);
    let headers = [("weal-token", "all"), ("content-type", media_type), ("prefer", prefer)];
    let body = match body {
        Value::Null => String::new(),
        body if *media_type == NDJSON => {
            body.as_array().unwrap().iter().map(|item| format!("{item}\n")).collect()
        }
        body => body.to_string(),
    };
    let answer = app.send(request(method.clone(), path, &headers, body)).await;
    let (items, stored) = (counts(app, "items_total").await, counts(app, STORE).await);
    let added = items.into_iter().filter_map(|(labels, count)| {
        let more = count - before.0.get(&labels).unwrap_or(&0);
        let words: Vec<_> = labels.split('"').skip(1).step_by(2).collect();
        (more > 0).then(|| format!("{} {more}", words.join(" ")))
    });
    let total = |counts: BTreeMap<String, u64>| counts.into_values().sum::<u64>();
    (answer.status, added.collect(), total(stored) - total(before.1))
}

fn person(key: &str) -> Value {
    json!({"contactType": "PERSON", "externalId": key, "lastName": "Abt"})
}

fn entry(name: &str, link_id: Option<&str>) -> Value {
    json!({"name": name, "type": "multi", "number": "0001-01-01", "link_id": link_id})
}

/// Every way to write, in an order that makes each of them possible. The person 1 is there.
fn writes() -> Vec<Case> {
    use Method as M;
    let none = || Value::Null;
    let (wrong, home) =
        (json!([{"op": "test", "path": "/fax", "value": "1"}]), json!({"fax": "12"}));
    let merge = |target: &str, source: &str| json!({target: 1, source: 2});
    vec![
        (M::POST, "/v1/contacts", JSON, person("B"), 201, &["native created 1"]),
        (M::POST, "/v1/contacts", JSON, person("B"), 409, &["native rejected 1"]),
        (M::PUT, "/v1/contacts/1", JSON, person("A2"), 200, &["native updated 1"]),
        (M::PATCH, "/v1/contacts/1", MERGE_PATCH, home, 200, &["native updated 1"]),
        (M::PATCH, "/v1/contacts/1", JSON_PATCH, json!([]), 200, &["native unchanged 1"]),
        (M::PATCH, "/v1/contacts/1", JSON_PATCH, wrong, 409, &[]),
        (M::POST, "/v1/contacts/1/archive", JSON, none(), 200, &["native updated 1"]),
        (M::POST, "/v1/contacts/1/unarchive", JSON, none(), 200, &["native updated 1"]),
        (M::DELETE, "/v1/contacts/1", JSON, none(), 204, &["native deleted 1"]),
        (M::DELETE, "/v1/contacts/1", JSON, none(), 404, &["native rejected 1"]),
        (M::POST, "/v1/contacts/1/restore", JSON, none(), 200, &["native restored 1"]),
        (M::POST, "/v1/contacts/9/restore", JSON, none(), 404, &["native rejected 1"]),
        (
            M::POST,
            "/v1/contacts/batch",
            JSON,
            json!([person("C"), person("C"), {}]),
            200,
            &["native created 1", "native rejected 1", "native unchanged 1"],
        ),
        (
            M::POST,
            "/v1/contacts/merge",
            JSON,
            merge("target", "source"),
            200,
            &["native merged 1", "native updated 1"],
        ),
        (
            M::POST,
            "/v1/contacts/merge",
            JSON,
            merge("target", "source"),
            422,
            &["native rejected 2"],
        ),
        (
            M::POST,
            "/v1/contacts/delete",
            JSON,
            json!({"ids": [3, 9]}),
            200,
            &["native deleted 1", "native rejected 1"],
        ),
        (M::POST, "/v1/runs/11/undo", JSON, none(), 200, &["native reverted 1"]),
        (M::POST, "/v1/runs/99/undo", JSON, none(), 404, &[]),
        (
            M::POST,
            "/api-v1/contact/batch",
            JSON,
            json!([person("D"), {}]),
            200,
            &["erp created 1", "erp rejected 1"],
        ),
        (
            M::POST,
            "/api-v1/contact/merging",
            JSON,
            merge("targetId", "sourceId"),
            400,
            &["erp rejected 2"],
        ),
        (
            M::POST,
            "/api/v1/contacts/items/link",
            JSON,
            json!({"list_items": [entry("Door", Some(LINK_ID)), entry("Gate", None)]}),
            200,
            &["device created 2"],
        ),
        (
            M::POST,
            "/api/v1/contacts/items/link",
            JSON,
            json!({"list_items": [entry("Door", Some(LINK_ID)), entry("", None)]}),
            400,
            &["device rejected 2"],
        ),
        (M::POST, "/api/v1/contacts/items", JSON, entry("Hall", None), 200, &["device created 1"]),
        (M::POST, "/api/v1/contacts/items", JSON, entry("", None), 400, &["device rejected 1"]),
        (M::PUT, "/api/v1/contacts/items/5", JSON, entry("Gate", None), 200, &["device updated 1"]),
        (M::DELETE, "/api/v1/contacts/items/99", JSON, none(), 400, &["device rejected 1"]),
        (
            M::DELETE,
            "/api/v1/contacts/items/link",
            JSON,
            json!({"link_ids": [LINK_ID, LINK_ID]}),
            200,
            &["device deleted 1", "device rejected 1"],
        ),
    ]
}

#[tokio::test]
async fn every_write_counts_its_items_and_its_time() {
    let app = App::new().await;
    app.batch(json!([person("A")])).await;
    for case in writes() {
        let (method, path, _, body, status, items) = &case;
        let (answered, added, stored) = send(&app, "", &case).await;
        let added: Vec<_> = added.iter().map(String::as_str).collect();
        assert_eq!((answered, &*added), (*status, *items), "{method} {path} {body}");
        assert_eq!(stored, 1, "{method} {path} {body}");
    }
}

#[tokio::test]
async fn dry_runs_count_no_items() {
    let app = App::new().await;
    app.batch(json!([person("A"), person("B")])).await;
    app.batch(json!([{"externalId": "A", "lastName": "Amstutz"}])).await;
    for case in writes() {
        let (method, path, _, body, ..) = &case;
        let (status, added, _) = send(&app, "dry-run", &case).await;
        assert_eq!((status < 500, added), (true, Vec::new()), "{method} {path} {body}");
    }
    let plan = (Method::POST, "/v1/contacts/plans", JSON, json!([person("E")]), 201, &[][..]);
    assert_eq!(send(&app, "", &plan).await, (201, Vec::new(), 1));
}

#[tokio::test]
async fn stream_counts_its_items_and_the_time_of_each_chunk() {
    let app = App::new().await;
    let items: Vec<_> = (0..1_500).map(|number| person(&format!("S-{number}"))).collect();
    let stream = (Method::POST, "/v1/contacts/batch", NDJSON, json!(items), 200, &[][..]);
    let read = "step_duration_seconds_count{step=\"read\"}";
    let (status, added, stored) = send(&app, "", &stream).await;
    assert_eq!((status, added), (200, vec!["native created 1500".to_owned()]));
    assert!(stored >= 2, "{stored}");
    assert_eq!(counts(&app, read).await.into_values().sum::<u64>(), stored);
}

#[tokio::test]
async fn every_read_is_timed() {
    let app = App::new().await;
    app.batch(json!([person("A")])).await;
    for path in [
        "/api-v1/contact/PERSON/1",
        "/api-v1/contact/PERSON/9",
        "/api/v1/contacts/items",
        "/api/v1/contacts/items/1",
        "/v1/contacts",
        "/v1/contacts/1",
        "/v1/contacts/1/history",
        "/v1/contacts/changes",
        "/v1/contacts/export",
        "/v1/runs",
        "/v1/runs/1",
        "/v1/runs/1/changes",
        "/v1/contacts/plans/01930f4e-5d5a-7c5e-8a43-3f5c8f5f5a10",
    ] {
        let case = (Method::GET, path, JSON, Value::Null, 0, &[][..]);
        let (status, added, stored) = send(&app, "", &case).await;
        assert_eq!((status < 500, added, stored), (true, Vec::new(), 1), "{path}");
    }
}
