//! `GET /v1/contacts/{id}`.

use axum::body::Body;
use axum::http::Method;
use serde_json::json;

use crate::app::{Answer, App, MERGING, device, get, post, request};

/// Stores a person with salary data, and answers its id.
async fn a_person(app: &App) -> i64 {
    let person = json!({
        "contactType": "PERSON", "externalId": "ERP-1", "firstName": "Amélie", "lastName": "Rochat",
        "isStaff": true, "staff": {"contractType": "OPEN_ENDED"},
    });
    let answer = app.batch(json!([person])).await;
    answer["items"][0]["freshData"]["id"].as_i64().unwrap()
}

/// Reads a contact that the client may have in these versions.
async fn read(app: &App, id: i64, if_none_match: &str) -> Answer {
    let headers = [("weal-token", "all"), ("if-none-match", if_none_match)];
    let path = format!("/v1/contacts/{id}");
    app.send(request(Method::GET, &path, &headers, Body::empty())).await
}

#[tokio::test]
async fn contact_has_whole_answer() {
    let app = App::new().await;
    let id = a_person(&app).await;
    let answer = app.get(&format!("/v1/contacts/{id}")).await;
    insta::assert_snapshot!(answer.whole());
}

#[tokio::test]
async fn contact_without_staff_for_caller_without_scope() {
    let app = App::new().await;
    let id = a_person(&app).await;
    let path = format!("/v1/contacts/{id}");
    let mut whole = app.get(&path).await.json();
    let seen = app.send(get(&path, "reader")).await.json();
    assert!(whole.as_object_mut().unwrap().remove("staff").is_some());
    assert_eq!(seen, whole);
}

#[tokio::test]
async fn known_version_is_304_without_body() {
    let app = App::new().await;
    let id = a_person(&app).await;
    for known in ["\"1\"", "W/\"1\"", "\"0\", \"1\"", "*"] {
        let answer = read(&app, id, known).await;
        let etag = answer.headers["etag"].to_str().unwrap();
        assert_eq!((answer.status, etag, answer.body.len()), (304, "\"1\"", 0), "{known}");
    }
    for other in ["\"2\"", "\"x\""] {
        assert_eq!(read(&app, id, other).await.status, 200, "{other}");
    }
    assert_eq!(read(&app, id, "1").await.problem(), (400, "VALIDATION_ERROR".into()));
}

#[tokio::test]
async fn endpoint_is_shown() {
    let app = App::new().await;
    let item = json!({"name": "Door", "type": "multi", "number": "0001-01-01"});
    let made = device(Method::POST, "/api/v1/contacts/items", "all", item.to_string());
    let id = app.send(made).await.json()["uid"].clone();
    let answer = app.get(&format!("/v1/contacts/{id}")).await.json();
    assert_eq!(
        (&answer["contactType"], &answer["displayName"]),
        (&json!("ENDPOINT"), &json!("Door"))
    );
}

#[tokio::test]
async fn merged_contact_is_404_with_its_survivor() {
    let app = App::new().await;
    let source = a_person(&app).await;
    let other = app.batch(json!([{"contactType": "PERSON", "externalId": "B", "lastName": "B"}]));
    let target = other.await["items"][0]["freshData"]["id"].as_i64().unwrap();
    let merge = json!({"targetId": target, "sourceId": source}).to_string();
    assert_eq!(app.send(post(MERGING, "all", merge)).await.status, 200);
    insta::assert_snapshot!(app.get(&format!("/v1/contacts/{source}")).await.whole());
}

#[tokio::test]
async fn id_without_living_contact_is_404() {
    let app = App::new().await;
    let id = a_person(&app).await;
    for path in ["4711", "0", "x", "-1", "9007199254740992", "%FF", &format!("0{id}")] {
        let answer = app.get(&format!("/v1/contacts/{path}")).await;
        assert_eq!(answer.problem(), (404, "CONTACT_NOT_FOUND".into()), "{path}");
    }
    let other = app.send(get(&format!("/v1/contacts/{id}"), "other")).await;
    assert_eq!(other.problem(), (404, "CONTACT_NOT_FOUND".into()));
}
