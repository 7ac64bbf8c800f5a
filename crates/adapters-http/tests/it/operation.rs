//! Paths, methods, request ids, health.

use axum::body::Body;
use axum::http::Method;
use contacts_adapters_http::Settings;

use crate::app::{App, BATCH, get, request};

#[tokio::test]
async fn unknown_path_is_a_problem() {
    let app = App::new().await;
    insta::assert_snapshot!(app.get("/api-v1/contacts").await.whole());
    for path in
        ["/docs/", "/docs/LICENSE", "/api-v1/contact", "/api-v1/contact/batch/", "/v1/contact"]
    {
        assert_eq!(app.get(path).await.problem(), (404, "NOT_FOUND".into()), "{path}");
    }
}

#[tokio::test]
async fn wrong_method_is_405_with_allow() {
    let app = App::new().await;
    for (method, path, allow) in [
        (Method::GET, BATCH, "POST"),
        (Method::PUT, BATCH, "POST"),
        (Method::OPTIONS, BATCH, "POST"),
        (Method::DELETE, "/api-v1/contact/PERSON/1", "GET,HEAD"),
        (Method::POST, "/api-v1/contact/PERSON/1/deleted", "GET,HEAD"),
        (Method::GET, "/api-v1/contact/merging", "POST"),
    ] {
        let answer = app.send(request(method.clone(), path, &[], Body::empty())).await;
        assert_eq!(answer.problem(), (405, String::new()), "{method} {path}");
        assert_eq!(answer.header("allow"), Some(allow), "{method} {path}");
    }
}

#[tokio::test]
async fn head_is_get_without_a_body() {
    let app = App::new().await;
    for path in ["/healthz", "/api-v1/contact/PERSON/1"] {
        let get = app.get(path).await;
        let head = request(Method::HEAD, path, &[("weal-token", "all")], Body::empty());
        let head = app.send(head).await;
        assert_eq!((head.status, head.body.len()), (get.status, 0), "{path}");
        assert_eq!(head.header("content-length"), get.header("content-length"), "{path}");
    }
}

#[tokio::test]
async fn health_is_ok_while_the_server_is_full() {
    let app = App::with(Settings { max_in_flight: 0, ..Settings::default() }).await;
    let answer = app.send(request(Method::GET, "/healthz", &[], Body::empty())).await;
    assert_eq!((answer.status, answer.text()), (200, "ok"));
    let answer = app.send(get("/api-v1/contact/PERSON/1", "all")).await;
    assert_eq!(answer.problem(), (503, String::new()));
    assert_eq!(answer.header("retry-after"), Some("1"));
}

#[tokio::test]
async fn every_answer_has_the_request_id() {
    let app = App::new().await;
    for path in ["/healthz", "/openapi.json", "/nowhere", "/api-v1/contact/PERSON/1"] {
        assert_eq!(app.get(path).await.header("x-request-id"), Some("the-request"), "{path}");
    }
    let mut request = get("/nowhere", "all");
    request.headers_mut().insert("x-request-id", "not harmless".parse().unwrap());
    let answer = app.send(request).await;
    assert_eq!(answer.header("x-request-id").map(str::len), Some(36));
    answer.problem();
}

#[tokio::test]
async fn long_path_and_method_are_cut() {
    let app = App::new().await;
    let (path, method) = (format!("/{}", "p".repeat(60_000)), "M".repeat(60_000));
    let problem = app.get(&path).await.detail();
    assert_eq!(problem, format!("there is nothing at /{}…", "p".repeat(99)));
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let problem = app.send(request(method, BATCH, &[], Body::empty())).await.detail();
    assert!(problem.starts_with(&format!("{}… is not allowed", "M".repeat(32))), "{problem}");
}
