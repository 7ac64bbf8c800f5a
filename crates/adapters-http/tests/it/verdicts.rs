//! What an answer tells of each item: the verdict, and under `Prefer: detail=full` the rule.

use axum::http::Method;
use serde_json::{Value, json};

use crate::app::{Answer, App, BATCH, MERGING, device, post, request};

/// One item for each verdict of this API, and a repeated one.
fn all_verdicts() -> Value {
    json!([
        {"contactType": "PERSON", "externalId": "NEW", "lastName": "Rochat"},
        {"externalId": "A", "lastName": "Favre"},
        {"externalId": "B", "lastName": "Blanc"},
        {"externalId": "NEW", "lastName": "Rochat"},
        {"externalId": "A", "birthday": "1990-02-30"},
        {"externalId": "A", "organizationId": 2},
        {"externalId": "B", "ifVersion": 7, "lastName": "Noir"},
        {"id": 4711},
    ])
}

async fn answer(token: &str, preferences: &str) -> Answer {
    let app = App::new().await;
    app.batch(json!([
        {"contactType": "PERSON", "externalId": "A", "lastName": "Abt"},
        {"contactType": "PERSON", "externalId": "B", "lastName": "Blanc"},
    ]))
    .await;
    let headers = [("weal-token", token), ("prefer", preferences)];
    app.send(request(Method::POST, BATCH, &headers, all_verdicts().to_string())).await
}

fn rows(answer: &Answer) -> Vec<Value> {
    let items = answer.json()["items"].as_array().unwrap().clone();
    items.into_iter().map(|item| item["freshRow"].clone()).collect()
}

#[tokio::test]
async fn row_tells_the_verdict() {
    let answer = answer("all", "").await;
    let counts = "created=1, updated=1, unchanged=2, rejected=3, stale=1";
    assert_eq!(answer.header("contact-hub-summary"), Some(counts));
    let told: Vec<_> = rows(&answer)
        .iter()
        .map(|row| json!([row["verdict"], row["id"], row["matchedBy"], row["sameAs"]]))
        .collect();
    assert_eq!(
        told,
        [
            json!(["created", 3, null, null]),
            json!(["updated", 1, "externalId", null]),
            json!(["unchanged", 2, "externalId", null]),
            json!(["unchanged", 3, "externalId", 0]),
            json!(["rejected", 1, "externalId", 1]),
            json!(["rejected", 1, "externalId", 1]),
            json!(["stale", 2, "externalId", 2]),
            json!(["rejected", null, null, null]),
        ]
    );
    assert_eq!(rows(&answer)[7], json!({"verdict": "rejected"}));
}

#[tokio::test]
async fn minimal_row_has_four_members() {
    assert_eq!(
        rows(&answer("all", "return=minimal").await),
        [
            json!({"id": 3, "version": 1, "verdict": "created"}),
            json!({"id": 1, "version": 2, "verdict": "updated"}),
            json!({"id": 2, "version": 1, "verdict": "unchanged"}),
            json!({"id": 3, "version": 1, "verdict": "unchanged", "sameAs": 0}),
            json!({"id": 1, "version": 2, "verdict": "rejected", "sameAs": 1}),
            json!({"id": 1, "version": 2, "verdict": "rejected", "sameAs": 1}),
            json!({"id": 2, "version": 1, "verdict": "stale", "sameAs": 2}),
            json!({"verdict": "rejected"}),
        ]
    );
}

#[tokio::test]
async fn writer_without_read_scope_gets_verdicts_alone() {
    for preferences in ["", "return=minimal"] {
        let answer = answer("writer", preferences).await;
        let verdicts = [
            "created",
            "updated",
            "unchanged",
            "unchanged",
            "rejected",
            "rejected",
            "stale",
            "rejected",
        ];
        assert_eq!(rows(&answer), verdicts.map(|verdict| json!({"verdict": verdict})));
        let counts = "created=1, updated=1, unchanged=2, rejected=3, stale=1";
        assert_eq!(answer.header("contact-hub-summary"), Some(counts));
    }
}

#[tokio::test]
async fn empty_batch_has_no_summary() {
    let app = App::new().await;
    let answer = app.send(post(BATCH, "all", "[]")).await;
    assert_eq!(answer.header("contact-hub-summary"), None);
}

#[tokio::test]
async fn full_detail_has_rule_message_and_fix() {
    let app = App::new().await;
    let item = json!([{
        "contactType": "PERSON", "externalId": "A", "firstName": "R", "lastname": "Rochat",
        "email": "nobody",
    }]);
    let full = |token| {
        let headers = [("weal-token", token), ("prefer", "detail=full")];
        request(Method::POST, BATCH, &headers, item.to_string())
    };
    let answer = app.send(full("all")).await;
    assert_eq!(answer.header("preference-applied"), Some("detail=full"));
    insta::assert_snapshot!(crate::app::pretty(&answer.json()["items"][0]["errorCode"]));
    let answer = app.send(full("writer")).await;
    insta::assert_snapshot!(crate::app::pretty(&answer.json()["items"][0]["errorCode"]));
}

#[tokio::test]
async fn refused_merge_explains_its_details() {
    let app = App::new().await;
    let headers = [("weal-token", "all"), ("prefer", "detail=full")];
    let merge = json!({"targetId": 1, "sourceId": 1}).to_string();
    let answer = app.send(request(Method::POST, MERGING, &headers, merge)).await.json();
    assert_eq!(answer["errorDetailValues"][0]["rule"], "two-contacts");
}

#[tokio::test]
async fn device_answers_count_verdicts() {
    let app = App::new().await;
    let link_id = "91c615e3-1040-4815-8ecb-039a18b756b2";
    let other = "91c615e3-1040-4815-8ecb-039a18b756b1";
    let item = json!({"name": "Door", "type": "multi", "number": "0001-01-01", "link_id": link_id});
    let link = "/api/v1/contacts/items/link";
    let items = "/api/v1/contacts/items";
    let list = json!({"list_items": [item]}).to_string();
    let ids = json!({"link_ids": [link_id, other]}).to_string();
    let one = json!({"name": "Gate", "type": "multi", "number": "0001-01-02"}).to_string();
    let uid = format!("{items}/2");
    for (method, path, body, counts) in [
        (Method::POST, link, list.clone(), "created=1"),
        (Method::POST, link, list, "unchanged=1"),
        (Method::DELETE, link, ids, "deleted=1, rejected=1"),
        (Method::POST, items, one.clone(), "created=1"),
        (Method::PUT, &uid, one, "unchanged=1"),
        (Method::DELETE, &uid, String::new(), "deleted=1"),
    ] {
        let answer = app.send(device(method.clone(), path, "all", body)).await;
        assert_eq!(answer.header("contact-hub-summary"), Some(counts), "{method} {path}");
    }
}
