//! Every error is in the envelope of the contract.

use std::num::NonZeroU32;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, Request};
use contacts_adapters_http::{Ports, Settings};
use contacts_application::ports::{
    MockAccessStore, MockContactStore, MockIntercomDirectory, StoreError,
};
use contacts_domain::Rule;
use contacts_domain::Violation;
use contacts_domain::path::Path;
use contacts_domain::upsert::{Outcome, Verdict};
use contacts_testing::MemoryStore;
use serde_json::{Value, json};

use super::{ITEMS, LINK, item, link_id, upsert};
use crate::app::{Answer, App, app, device, request};
use crate::failures::SECRET;

/// One request of each operation, as that token.
fn requests(token: &str) -> Vec<Request<Body>> {
    let one = format!("{ITEMS}/1");
    [
        (Method::POST, LINK, json!({"list_items": [item(1)]})),
        (Method::DELETE, LINK, json!({"link_ids": [link_id(1)]})),
        (Method::GET, ITEMS, json!({})),
        (Method::POST, ITEMS, item(2)),
        (Method::GET, &one, json!({})),
        (Method::PUT, &one, item(1)),
        (Method::DELETE, &one, json!({})),
    ]
    .into_iter()
    .map(|(method, path, body)| device(method, path, token, body.to_string()))
    .collect()
}

fn error(code: &str, message: &str) -> Value {
    json!({"code": code, "message": message})
}

/// The application on a store whose every method fails.
async fn on_a_failing_store(fail: fn() -> StoreError) -> App {
    let mut contacts = MockContactStore::new();
    contacts.expect_upsert().returning(move |_| Err(fail()));
    contacts.expect_contact().returning(move |_, _, _| Err(fail()));
    let mut directory = MockIntercomDirectory::new();
    directory.expect_entries().returning(move |_, _| Err(fail()));
    App::on_both(contacts, directory).await
}

#[tokio::test]
async fn invalid_token_is_401_log_in() {
    let app = App::new().await;
    for (headers, challenge) in [
        (&[][..], Some("Bearer")),
        (&[("authorization", "Bearer")], Some("Bearer")),
        (&[("authorization", "Bearer nobody")], Some("Bearer")),
        (&[("authorization", "Bearer expired")], Some("Bearer")),
        (&[("authorization", "Bearer revoked")], Some("Bearer")),
        (&[("authorization", "Basic YWxsOg==")], Some("Bearer")),
    ] {
        for request_of_all in requests("all") {
            let (parts, body) = request_of_all.into_parts();
            let request = request(parts.method, parts.uri.path(), headers, body);
            let answer = app.send(request).await;
            assert_eq!(answer.status, 401, "{headers:?}");
            assert_eq!(
                answer.text(),
                r#"{"error":{"code":"invalid_authentication","message":"Log In"}}"#
            );
            assert_eq!(answer.header("www-authenticate"), challenge);
            answer.envelope();
        }
    }
    assert!(app.store.records().is_empty());
}

#[tokio::test]
async fn missing_scope_is_403_before_the_body() {
    let app = App::new().await;
    upsert(&app, json!([item(1)])).await;
    let stored = app.store.records();
    let needed = ["write", "delete", "read", "write", "read", "write", "delete"];
    for (token, allowed) in [("reader", &[2, 4][..]), ("writer", &[0, 3, 5])] {
        for (position, request) in requests(token).into_iter().enumerate() {
            if allowed.contains(&position) {
                assert_eq!(app.send(request).await.status, 200, "{token} {position}");
                continue;
            }
            let (mut parts, _) = request.into_parts();
            let path = format!("{}?limit=x", parts.uri.path().replace("/1", "/x"));
            parts.uri = path.parse().unwrap();
            let answer = app.send(Request::from_parts(parts, Body::from("not JSON"))).await;
            let needed = needed[position];
            let message = format!("the token may not do this: it takes the scope {needed}");
            let denied = (403, error("permission_denied", &message));
            assert_eq!(answer.envelope(), denied, "{token} {position}");
        }
    }
    assert_eq!(app.store.records()[0], stored[0]);
}

#[tokio::test]
async fn organization_comes_from_the_token_or_header() {
    let app = App::new().await;
    let list = |token: &str, organization: Option<&'static str>| {
        let mut request = device(Method::GET, ITEMS, token, "");
        if let Some(organization) = organization {
            request.headers_mut().insert("target-organization-id", organization.parse().unwrap());
        }
        request
    };
    for (token, organization) in
        [("all", None), ("all", Some("1")), ("both", Some("2")), ("admin", Some("1"))]
    {
        assert_eq!(app.send(list(token, organization)).await.status, 200, "{token}");
    }
    let several = "the token is valid for several organizations, so the request has to name one";
    let bad = "TARGET-ORGANIZATION-ID has to be one integer from 1 to 2147483647";
    let forbidden = "the token may not act for this organization";
    for (token, organization, status, expected) in [
        ("both", None, 400, error("not_valid", several)),
        ("all", Some("x"), 400, error("not_valid", bad)),
        ("all", Some("2"), 403, error("permission_denied", forbidden)),
        ("admin", Some("9"), 404, error("not_valid", "organization 9 does not exist")),
    ] {
        let answer = app.send(list(token, organization)).await;
        assert_eq!(answer.envelope(), (status, expected), "{token} {organization:?}");
    }
    let mut two_tokens = list("all", None);
    two_tokens.headers_mut().insert("weal-token", "other".parse().unwrap());
    let message = "the request carries two tokens, and they differ";
    assert_eq!(app.send(two_tokens).await.envelope(), (400, error("not_valid", message)));
}

#[tokio::test]
async fn unavailable_store_is_503_with_retry_after() {
    for fail in [|| StoreError::unavailable(SECRET), || StoreError::contention(SECRET)] {
        let app = on_a_failing_store(fail).await;
        for request in requests("all") {
            let answer = app.send(request).await;
            let message = "sending the request again later is safe";
            assert_eq!(answer.envelope(), (503, error("system_error", message)));
            assert_eq!(answer.header("retry-after"), Some("1"));
            assert!(!format!("{answer:?}").contains("10.0.0.7"));
        }
    }
}

#[tokio::test]
async fn broken_store_is_500_without_its_cause() {
    for fail in [|| StoreError::corrupt(SECRET), || StoreError::internal(SECRET)] {
        let app = on_a_failing_store(fail).await;
        for request in requests("all") {
            let answer = app.send(request).await;
            let message = "quote the request id to whoever runs this server";
            assert_eq!(answer.envelope(), (500, error("system_error", message)));
            assert!(!answer.text().contains("10.0.0.7"));
        }
    }
}

#[tokio::test]
async fn panic_is_500_and_the_next_request_succeeds() {
    let mut contacts = MockContactStore::new();
    contacts.expect_upsert().returning(|_| panic!("{SECRET}"));
    contacts.expect_contact().returning(|_, _, _| panic!("{SECRET}"));
    let mut directory = MockIntercomDirectory::new();
    directory.expect_entries().returning(|_, _| panic!("{SECRET}"));
    let app = App::on_both(contacts, directory).await;
    for request in requests("all") {
        let answer = app.send(request).await;
        let message = "quote the request id to whoever runs this server";
        assert_eq!(answer.envelope(), (500, error("system_error", message)));
        assert!(!answer.text().contains("10.0.0.7"));
    }
    assert_eq!(app.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn failed_token_lookup_is_503_not_401() {
    let mut access = MockAccessStore::new();
    access.expect_token().returning(|_| Err(StoreError::unavailable(SECRET)));
    let store = Arc::new(MemoryStore::default());
    let ports = Ports { access: Arc::new(access), ..Ports::of(store) };
    let router = app(ports, Settings::default());
    for request in requests("all") {
        let answer = Answer::of(router.clone(), request).await;
        let (status, error) = answer.envelope();
        assert_eq!((status, &error["code"]), (503, &json!("system_error")));
    }
}

#[tokio::test]
async fn full_server_is_503_and_rate_limit_429() {
    let full = App::with(Settings { max_in_flight: 0, ..Settings::default() }).await;
    for request in requests("all") {
        let answer = full.send(request).await;
        let message = "sending the request again later is safe";
        assert_eq!(answer.envelope(), (503, error("system_error", message)));
        assert_eq!(answer.header("retry-after"), Some("1"));
    }
    let slow = Settings {
        requests_per_second: NonZeroU32::new(1),
        rate_burst_seconds: NonZeroU32::MIN,
        ..Settings::default()
    };
    let slow = App::with(slow).await;
    assert_eq!(slow.send(device(Method::GET, ITEMS, "all", "")).await.status, 200);
    let answer = slow.send(device(Method::GET, ITEMS, "all", "")).await;
    let message = "this token makes more requests per second than it may";
    assert_eq!(answer.envelope(), (429, error("system_error", message)));
    assert_eq!(answer.header("retry-after"), Some("1"));
}

/// A race that was lost is not what was sent.
fn outcome(rule: Rule, path: &str) -> Outcome {
    Outcome {
        verdict: Verdict::Rejected,
        matched_by: None,
        same_as: None,
        candidates: Vec::new(),
        changes: Vec::new(),
        explanation: None,
        violations: Violation::new(rule, Path::of(path), "", SECRET).into(),
        contact: None,
    }
}

#[tokio::test]
async fn lost_race_and_corrupt_contact_are_system_errors() {
    for (rule, status) in [(Rule::LostRace, 503), (Rule::StoredReadable, 500)] {
        let mut contacts = MockContactStore::new();
        contacts.expect_upsert().returning(move |_| Ok(Ok(vec![outcome(rule, "linkId")])));
        let app = App::on_both(contacts, MockIntercomDirectory::new()).await;
        for (position, request) in requests("all").into_iter().enumerate() {
            if [2, 4].contains(&position) {
                continue;
            }
            let answer = app.send(request).await;
            let (answered, error) = answer.envelope();
            assert_eq!((answered, &error["code"]), (status, &json!("system_error")), "{position}");
            assert_eq!(answer.header("retry-after"), (status == 503).then_some("1"));
            assert!(!answer.text().contains("10.0.0.7"));
        }
    }
}

#[tokio::test]
async fn faults_are_reported_before_a_lost_race() {
    let mut contacts = MockContactStore::new();
    contacts.expect_upsert().returning(|_| {
        let together = outcome(Rule::Together, "linkId");
        let wrong = outcome(Rule::ClosedList, "type");
        Ok(Ok(vec![outcome(Rule::LostRace, "linkId"), together, wrong]))
    });
    let app = App::on_both(contacts, MockIntercomDirectory::new()).await;
    let body = json!({"list_items": [item(1), item(2), item(3)]}).to_string();
    let answer = app.send(device(Method::POST, LINK, "all", body)).await;
    assert_eq!(answer.envelope(), super::not_valid(json!({"list_items[2].type": SECRET})));
}

#[tokio::test]
async fn request_id_is_only_in_the_header() {
    let app = App::new().await;
    for path in ["/api/v1/nowhere", ITEMS] {
        let answer = app.send(request(Method::GET, path, &[], Body::empty())).await;
        assert!(!answer.text().contains("the-request"), "{}", answer.text());
        assert_eq!(answer.header("x-request-id"), Some("the-request"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
}
