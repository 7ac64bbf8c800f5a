//! Malformed bodies: each is an error, nothing is stored, and the next request succeeds.

use axum::body::{Body, Bytes};
use axum::http::Method;
use contacts_adapters_http::Settings;
use serde_json::{Value, json};

use super::{ITEMS, LINK, item, link_id, not_valid, upsert, words};
use crate::app::{App, device, request};

fn requests() -> [(Method, String); 4] {
    [
        (Method::POST, LINK.to_owned()),
        (Method::DELETE, LINK.to_owned()),
        (Method::POST, ITEMS.to_owned()),
        (Method::PUT, format!("{ITEMS}/1")),
    ]
}

/// The answer to each request with the body, on a store with one item.
async fn refusals(body: impl Into<Bytes>) -> Vec<(u16, Value)> {
    let body = body.into();
    let app = App::new().await;
    upsert(&app, json!([item(1)])).await;
    let stored = app.store.records();
    let mut refusals = Vec::new();
    for (method, path) in requests() {
        let answer = app.send(device(method, &path, "all", body.clone())).await;
        refusals.push(answer.envelope());
    }
    assert_eq!(app.store.records(), stored);
    assert_eq!(words(&upsert(&app, json!([item(1), item(2)])).await), ["updated", "created"]);
    refusals
}

#[tokio::test]
async fn missing_or_non_json_body_is_refused() {
    for (body, place) in [
        (&b""[..], "has to be"),
        (b" \r\n", "has to be"),
        (b"list_items", "line 1 column 1"),
        (b"{\"list_items\": [", "line 1 column 16"),
        (b"{\"list_items\": []}\n}", "line 2 column 1"),
        (b"{\"list_items\": [\"caf\xe9\"]}", "not UTF-8 at line 1 column 21"),
        (b"<items/>", "line 1 column 1"),
        (b"\x00", "line 1 column 1"),
    ] {
        for (status, error) in refusals(body).await {
            assert_eq!((status, &error["code"]), (400, &json!("not_valid")), "{error}");
            assert_eq!(error.get("data"), None, "{error}");
            let message = error["message"].as_str().unwrap();
            assert!(message.contains(place), "{body:?}: {message}");
        }
    }
}

#[tokio::test]
async fn body_that_is_no_object_is_not_quoted() {
    for body in ["[]", "null", "7", "\"secret\"", "[{\"list_items\": []}]"] {
        for (status, error) in refusals(body).await {
            assert_eq!((status, &error["code"]), (400, &json!("not_valid")), "{error}");
            let message = error["message"].as_str().unwrap();
            assert!(message.starts_with("the body has to be ") && !message.contains("secret"));
        }
    }
}

#[tokio::test]
async fn missing_list_or_non_array_is_refused() {
    for (body, reason) in [
        ("{}", "is missing"),
        (r#"{"List_Items": [], "items": []}"#, "is missing"),
        (r#"{"list_items": null, "link_ids": null}"#, "must be an array"),
        (r#"{"list_items": {}, "link_ids": {}}"#, "must be an array"),
        (r#"{"list_items": 7, "link_ids": "all"}"#, "must be an array"),
    ] {
        let refusals = refusals(body).await;
        assert_eq!(refusals[0], not_valid(json!({"list_items": reason})), "{body}");
        assert_eq!(refusals[1], not_valid(json!({"link_ids": reason})), "{body}");
    }
}

#[tokio::test]
async fn empty_list_of_items_is_refused() {
    let app = App::new().await;
    let answer = app.send(device(Method::POST, LINK, "all", r#"{"list_items": []}"#)).await;
    assert_eq!(answer.envelope(), not_valid(json!({"list_items": "must not be empty"})));
}

#[tokio::test]
async fn ten_thousand_and_one_items_are_too_many() {
    let items: Vec<Value> = (1..=10_001).map(item).collect();
    let link_ids: Vec<String> = (1..=10_001).map(link_id).collect();
    let body = json!({"list_items": items, "link_ids": link_ids}).to_string();
    let refusals = refusals(body).await;
    let reason = "has more than 10000 elements";
    assert_eq!(refusals[0], not_valid(json!({"list_items": reason})));
    assert_eq!(refusals[1], not_valid(json!({"link_ids": reason})));
}

#[tokio::test]
async fn byte_order_mark_is_ignored() {
    let app = App::new().await;
    let list = format!("\u{feff}{}", json!({"list_items": [item(1)]}));
    let one = format!("\u{feff} {}\n", item(2));
    for (path, body) in [(LINK, list), (ITEMS, one)] {
        assert_eq!(app.send(device(Method::POST, path, "all", body)).await.status, 200);
    }
}

#[tokio::test]
async fn body_above_the_limit_is_413() {
    let app = App::with(Settings { max_body_bytes: 1_000, ..Settings::default() }).await;
    for (method, path) in requests() {
        let answer = app.send(device(method, &path, "all", " ".repeat(1_001))).await;
        let (status, error) = answer.envelope();
        let message = "the body may have at most 1000 bytes";
        assert_eq!((status, error), (413, json!({"code": "not_valid", "message": message})));
    }
}

#[tokio::test]
async fn only_json_and_absent_media_types_are_accepted() {
    let app = App::new().await;
    for (method, path) in requests() {
        for (name, value) in [
            ("content-type", "text/plain"),
            ("content-type", "application/x-www-form-urlencoded"),
            ("content-type", "application/json; charset=iso-8859-1"),
            ("content-encoding", "br"),
        ] {
            let headers = [("authorization", "Bearer all"), (name, value)];
            let answer = app.send(request(method.clone(), &path, &headers, "{}")).await;
            let (status, error) = answer.envelope();
            assert_eq!((status, &error["code"]), (415, &json!("not_valid")), "{value}");
            assert_eq!(answer.header("accept-post"), Some("application/json"));
        }
    }
    assert!(app.store.records().is_empty());
    let headers = [("authorization", "Bearer all")];
    let body = json!({"list_items": [item(1)]}).to_string();
    assert_eq!(app.send(request(Method::POST, LINK, &headers, Body::from(body))).await.status, 200);
}
