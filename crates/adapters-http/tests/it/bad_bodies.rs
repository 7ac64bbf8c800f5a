//! Malformed batches: each is a problem, and nothing is stored.

use axum::body::{Body, Bytes};
use axum::http::Method;
use contacts_adapters_http::Settings;
use serde_json::json;

use crate::app::{Answer, App, BATCH, post, request};

/// The answer to a malformed body, whose first item alone would be stored.
async fn refusal(body: impl Into<Body>) -> Answer {
    let app = App::new().await;
    let answer = app.send(post(BATCH, "all", body)).await;
    answer.problem();
    assert!(app.store.records().is_empty(), "{answer:?}");
    answer
}

const GOOD: &str = r#"{"contactType": "PERSON", "externalId": "A", "lastName": "Rochat"}"#;

#[tokio::test]
async fn truncated_body_is_refused_with_its_position() {
    let answer = refusal(format!("[{GOOD},\n {{\"contactType\"")).await;
    insta::assert_snapshot!(answer.whole());
}

#[tokio::test]
async fn non_json_body_is_refused_with_its_position() {
    for (body, place) in [
        ("contact", "line 1 column 1"),
        (&format!("[{GOOD},]"), "line 1 column 69"),
        (&format!("[{GOOD}\n{GOOD}]"), "line 2 column 1"),
        (&format!("[{GOOD}] x"), "line 1 column 70"),
        ("<contacts/>", "line 1 column 1"),
    ] {
        let answer = refusal(body.to_owned()).await;
        assert_eq!(answer.problem(), (400, "CONVERSION_ERROR".into()), "{body}");
        assert!(answer.detail().contains(place), "{body}: {}", answer.detail());
    }
}

#[tokio::test]
async fn body_that_is_no_array_is_not_quoted() {
    for body in [GOOD, r#"{"items": []}"#, "null", "7", r#""secret""#] {
        let answer = refusal(body).await;
        assert_eq!(answer.problem(), (400, "CONVERSION_ERROR".into()), "{body}");
        assert!(answer.detail().starts_with("the body has to be a JSON array of contacts"));
        assert!(!answer.text().contains("secret"));
    }
}

#[tokio::test]
async fn empty_body_is_a_problem() {
    for body in ["", " \r\n"] {
        assert_eq!(refusal(body).await.problem(), (400, "CONTENT_EMPTY".into()));
    }
}

#[tokio::test]
async fn non_utf8_body_is_refused_with_its_position() {
    let answer = refusal(
        format!("[{GOOD},\n\"caf").into_bytes().into_iter().chain(*b"\xe9\"]").collect::<Bytes>(),
    )
    .await;
    assert_eq!(answer.problem(), (400, "CONVERSION_ERROR".into()));
    assert_eq!(answer.detail(), "a byte is not UTF-8 at line 2 column 5");
}

#[tokio::test]
async fn byte_order_mark_is_ignored() {
    let app = App::new().await;
    let answer = app.send(post(BATCH, "all", format!("\u{feff}[{GOOD}]"))).await;
    assert_eq!((answer.status, app.store.records().len()), (200, 1));
}

#[tokio::test]
async fn ten_thousand_and_one_items_are_too_many() {
    let answer = refusal(format!("[{GOOD}{}]", ",{}".repeat(10_000))).await;
    assert_eq!(answer.problem(), (400, "VALIDATION_ERROR".into()));
    assert_eq!(answer.detail(), "a batch may have at most 10000 items");
}

#[tokio::test]
async fn item_limit_is_a_setting() {
    let app = App::with(Settings { max_items: 1, ..Settings::default() }).await;
    assert_eq!(app.send(post(BATCH, "all", "[null]")).await.status, 200);
    assert_eq!(app.send(post(BATCH, "all", "[null, null]")).await.status, 400);
}

#[tokio::test]
async fn body_of_33_mib_is_too_large() {
    let answer = refusal(format!("[{GOOD}]{}", " ".repeat(33 << 20))).await;
    assert_eq!(answer.problem(), (413, "VALIDATION_ERROR".into()));
    assert_eq!(answer.detail(), "the body may have at most 33554432 bytes");
}

#[tokio::test]
async fn other_media_types_are_415_with_accept_post() {
    let app = App::new().await;
    for (name, value) in [
        ("content-type", "text/plain"),
        ("content-type", "application/json; charset=iso-8859-1"),
        ("content-encoding", "br"),
        ("content-encoding", "gzip, gzip"),
    ] {
        let headers = [("weal-token", "all"), (name, value)];
        let answer = app.send(request(Method::POST, BATCH, &headers, format!("[{GOOD}]"))).await;
        assert_eq!(answer.problem(), (415, String::new()), "{value}");
        assert_eq!(answer.header("accept-post"), Some("application/json"));
    }
    assert!(app.store.records().is_empty());
}

#[tokio::test]
async fn absent_media_type_is_read_as_json() {
    let app = App::new().await;
    let body = json!([serde_json::from_str::<serde_json::Value>(GOOD).unwrap()]).to_string();
    let answer = app.send(request(Method::POST, BATCH, &[("weal-token", "all")], body)).await;
    assert_eq!((answer.status, app.store.records().len()), (200, 1));
}

#[tokio::test]
async fn next_request_succeeds_after_bad_bodies() {
    let app = App::new().await;
    for body in ["", "[", "{", "[[[[", "\u{0}"] {
        app.send(post(BATCH, "all", body)).await.problem();
    }
    assert_eq!(app.send(post(BATCH, "all", format!("[{GOOD}]"))).await.status, 200);
}
