//! `GET /v1/contacts/export`.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Method;
use contacts_adapters_http::{Ports, Services, Settings, router};
use contacts_application::contact_list::{ContactExport, ContactPage};
use contacts_application::ledger::FeedPosition;
use contacts_application::ports::{MockContactList, StoreError};
use contacts_testing::{StoppedClock, now};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tower::ServiceExt as _;

use crate::app::{Answer, App, get, request, store_with_tokens};

async fn some(app: &App) {
    app.batch(json!([
        {"contactType": "PERSON", "externalId": "ada", "lastName": "Abt", "isStaff": true,
            "staff": {"contractType": "OPEN_ENDED"}},
        {"contactType": "PERSON", "externalId": "bob", "lastName": "Weber", "archived": true},
    ]))
    .await;
}

async fn export(app: &App, query: &str, accept: &str) -> Answer {
    let headers = [("weal-token", "all"), ("accept", accept)];
    let path = format!("/v1/contacts/export{query}");
    app.send(request(Method::GET, &path, &headers, Body::empty())).await
}

fn lines(answer: &Answer) -> Vec<Value> {
    answer.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn export_is_the_list_in_lines_or_as_array() {
    let app = App::new().await;
    some(&app).await;
    let list = app.get("/v1/contacts?sort=id").await.json()["items"].clone();
    for accept in ["*/*", "application/x-ndjson", "application/json, application/x-ndjson"] {
        let answer = export(&app, "", accept).await;
        assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
        assert!(answer.text().ends_with("}\n"));
        assert_eq!(Value::from(lines(&answer)), list);
    }
    let answer = export(&app, "", "application/json").await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.json(), list);
    let filtered = export(&app, "?archived=true", "application/json").await;
    assert_eq!(filtered.json(), json!([list[1]]));
}

#[tokio::test]
async fn empty_export_is_empty_or_an_empty_array() {
    let app = App::new().await;
    assert_eq!(export(&app, "", "*/*").await.text(), "");
    assert_eq!(export(&app, "", "application/json").await.text(), "[]");
}

#[tokio::test]
async fn feed_goes_on_from_the_token_of_an_export() {
    let app = App::new().await;
    some(&app).await;
    let answer = export(&app, "", "*/*").await;
    let token = answer.header("contact-hub-feed-token").unwrap().to_owned();
    let since = format!("/v1/contacts/changes?since={token}");
    assert_eq!(app.get(&since).await.json()["items"], json!([]));
    app.batch(json!([{"contactType": "PERSON", "externalId": "new", "lastName": "Zoe"}])).await;
    assert_eq!(app.get(&since).await.json()["items"][0]["contact"]["externalId"], "new");
}

#[tokio::test]
async fn export_hides_staff_and_refuses_strangers() {
    let app = App::new().await;
    some(&app).await;
    let seen = app.send(get("/v1/contacts/export", "reader")).await;
    assert!(lines(&seen).iter().all(|contact| contact.get("staff").is_none()));
    let refused = app.send(get("/v1/contacts/export", "writer")).await;
    assert_eq!(refused.problem(), (403, "ACTION_DENIED".into()));
    for query in ["?limit=1", "?cursor=x", "?sort=id", "?archived=1"] {
        let refused = export(&app, query, "*/*").await;
        assert_eq!(refused.problem(), (400, "VALIDATION_ERROR".into()), "{query}");
    }
}

/// A server whose store exports what comes through the channel.
async fn exporting() -> (Router, mpsc::Sender<Result<ContactPage, StoreError>>) {
    let (sender, pages) = mpsc::channel(1);
    let position = FeedPosition { hub: 1, last: None, listed_to: None };
    let mut list = MockContactList::new();
    let export = ContactExport { position, pages };
    list.expect_export().times(1).return_once(|_, _| Ok(export));
    let ports = Ports { list: Arc::new(list), ..Ports::of(store_with_tokens().await) };
    let services = Services::new(ports, Arc::new(StoppedClock(now())));
    (router(services, Settings::default()), sender)
}

#[tokio::test]
async fn export_that_fails_breaks_off() {
    let (router, sender) = exporting().await;
    sender.send(Err(StoreError::unavailable("gone"))).await.unwrap();
    let answer = router.oneshot(get("/v1/contacts/export", "all")).await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.into_body().collect().await.unwrap_err();
}

#[tokio::test]
async fn export_without_its_last_page_breaks_off() {
    let (router, sender) = exporting().await;
    drop(sender);
    let answer = router.oneshot(get("/v1/contacts/export", "all")).await.unwrap();
    answer.into_body().collect().await.unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn token_revoked_during_an_export_breaks_it_off() {
    let app = App::with_moving_clock().await;
    let items: Vec<_> = (0..1_001)
        .map(|number| json!({"contactType": "PERSON", "externalId": number.to_string()}))
        .collect();
    app.batch(json!(items)).await;
    let answer = app.router().oneshot(get("/v1/contacts/export", "all")).await.unwrap();
    let mut body = answer.into_body();
    let mut page = async || body.frame().await.unwrap().map(|frame| frame.into_data().unwrap());
    assert_eq!(page().await.unwrap().split(|byte| *byte == b'\n').count(), 1_000);
    app.revoke().await;
    tokio::time::advance(Duration::from_secs(1)).await;
    page().await.unwrap_err();
}

#[tokio::test]
async fn export_ends_with_its_reader() {
    let (router, sender) = exporting().await;
    let answer = router.oneshot(get("/v1/contacts/export", "all")).await.unwrap();
    assert!(!sender.is_closed());
    drop(answer);
    sender.closed().await;
}

#[tokio::test]
async fn third_export_of_a_token_is_503() {
    let app = App::new().await;
    some(&app).await;
    let send = || app.router().oneshot(get("/v1/contacts/export", "all"));
    let running = [send().await.unwrap(), send().await.unwrap()];
    let refused = app.get("/v1/contacts/export").await;
    assert_eq!(refused.problem(), (503, String::new()));
    drop(running);
    assert_eq!(app.get("/v1/contacts/export").await.status, 200);
}
