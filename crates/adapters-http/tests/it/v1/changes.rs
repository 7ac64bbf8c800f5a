//! `GET /v1/contacts/changes`.

use std::time::Duration;

use axum::http::Method;
use contacts_adapters_http::Settings;
use contacts_application::ports::Ledger as _;
use contacts_domain::Timestamp;
use contacts_testing::{now, organization};
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::app::{App, BATCH, get, post, request};

const CHANGES: &str = "/v1/contacts/changes";

fn person(key: &str, name: &str) -> Value {
    json!({"contactType": "PERSON", "externalId": key, "lastName": name})
}

async fn read(app: &App, query: &str) -> Value {
    let answer = app.get(&format!("{CHANGES}?{query}")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

/// The changes of a page in a line each, and its token.
fn shown(page: &Value) -> (Vec<String>, String) {
    let items = page["items"].as_array().unwrap().iter();
    let line = |item: &Value| {
        let name = &item["contact"]["lastName"];
        format!("{} {} {} {name}", item["change"].as_str().unwrap(), item["id"], item["version"])
    };
    (items.map(line).collect(), page["token"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn feed_begins_with_everything_and_goes_on() {
    let app = App::new().await;
    app.batch(json!([person("A", "Abt"), person("B", "Bär")])).await;
    let first = read(&app, "limit=1").await;
    assert_eq!((&first["more"], &first["retentionDays"]), (&json!(true), &json!(90)));
    let (lines, token) = shown(&first);
    assert_eq!(lines, ["created 1 1 \"Abt\""]);
    let (lines, token) = shown(&read(&app, &format!("since={token}")).await);
    assert_eq!(lines, ["created 2 1 \"Bär\""]);
    app.batch(json!([person("A", "Amstutz"), person("C", "Caduff")])).await;
    let page = read(&app, &format!("since={token}")).await;
    let (lines, token) = shown(&page);
    assert_eq!(lines, ["updated 1 2 \"Amstutz\"", "created 3 1 \"Caduff\""]);
    assert_eq!(page["more"], false);
    let (lines, same) = shown(&read(&app, &format!("since={token}")).await);
    assert_eq!((lines.len(), same), (0, token));
}

#[tokio::test]
async fn wrong_token_is_400_and_old_one_410() {
    let app = App::new().await;
    app.batch(json!([person("A", "Abt")])).await;
    let (_, token) = shown(&read(&app, "").await);
    for since in ["", "x", &token[1..], &format!("{token}A")] {
        let answer = app.get(&format!("{CHANGES}?since={since}")).await;
        assert_eq!(answer.problem(), (400, "VALIDATION_ERROR".into()), "{since}");
    }
    let other = app.send(get(&format!("{CHANGES}?since={token}"), "other")).await;
    assert_eq!(other.problem(), (400, "VALIDATION_ERROR".into()));
    for query in ["limit=0", "limit=1001", "wait=61", "wait=-1", "after=1"] {
        assert_eq!(app.get(&format!("{CHANGES}?{query}")).await.status, 400, "{query}");
    }

    app.batch(json!([person("A", "Amstutz")])).await;
    let later = Timestamp::from_micros(now().micros() + 1);
    app.store.prune(organization(1).id, later).await.unwrap();
    let gone = app.get(&format!("{CHANGES}?since={token}")).await;
    insta::assert_snapshot!(gone.whole());
}

#[tokio::test]
async fn caller_without_scopes_sees_no_contacts_and_no_staff() {
    let app = App::new().await;
    let staff = json!({"contactType": "PERSON", "lastName": "Abt", "isStaff": true,
        "staff": {"contractType": "OPEN_ENDED"}});
    app.batch(json!([staff])).await;
    assert_eq!(app.send(get(CHANGES, "writer")).await.status, 403);
    let seen = app.send(get(CHANGES, "reader")).await.json();
    assert_eq!(seen["items"][0]["contact"].get("staff"), None);
}

#[tokio::test(start_paused = true)]
async fn waiting_reader_gets_a_change_or_an_empty_page() {
    let app = App::new().await;
    let (_, token) = shown(&read(&app, "").await);
    let query = format!("since={token}&wait=30");
    let (lines, token) = shown(&read(&app, &query).await);
    assert_eq!(lines, Vec::<String>::new());
    let write = post(BATCH, "all", json!([person("A", "Abt")]).to_string());
    let query = format!("since={token}&wait=30");
    let (page, written) = tokio::join!(biased; read(&app, &query), app.send(write));
    assert_eq!(written.status, 200);
    assert_eq!(shown(&page).0, ["created 1 1 \"Abt\""]);
}

#[tokio::test(start_paused = true)]
async fn token_revoked_while_it_waits_is_401() {
    let app = App::with_moving_clock().await;
    let (_, token) = shown(&read(&app, "").await);
    let path = format!("{CHANGES}?since={token}&wait=30");
    let revoke_and_write = async {
        app.revoke().await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        let headers = [("weal-token", "both"), ("target-organization-id", "1")];
        let body = json!([person("A", "Abt")]).to_string();
        app.send(request(Method::POST, BATCH, &headers, body)).await
    };
    let (answer, written) = tokio::join!(biased; app.get(&path), revoke_and_write);
    assert_eq!(written.status, 200);
    assert_eq!(answer.problem(), (401, "ACTION_DENIED".into()));
}

#[tokio::test(start_paused = true)]
async fn token_with_too_many_waiting_requests_is_503() {
    let app = App::with(Settings { max_long_polls: 20, ..Settings::default() }).await;
    let (_, token) = shown(&read(&app, "").await);
    let path = format!("{CHANGES}?since={token}&wait=5");
    let (first, second) = tokio::join!(app.get(&path), app.get(&path));
    assert_eq!((first.status, second.status), (200, 503));
}

#[tokio::test(start_paused = true)]
async fn waiting_readers_leave_their_places_to_others() {
    let app = App::with(Settings { max_in_flight: 2, ..Settings::default() }).await;
    let (_, token) = shown(&read(&app, "").await);
    let path = format!("{CHANGES}?since={token}&wait=30");
    let waiting = join_all((0..10).map(|_| app.get(&path)));
    let write = app.send(post(BATCH, "all", json!([person("A", "Abt")]).to_string()));
    let (waited, written) = tokio::join!(biased; waiting, write);
    assert_eq!(written.status, 200);
    for answer in waited {
        assert_eq!((answer.status, shown(&answer.json()).0.len()), (200, 1), "{answer:?}");
    }
}
