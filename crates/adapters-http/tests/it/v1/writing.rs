//! Creating, changing and replacing one contact.

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};

use crate::app::{Answer, App, pretty, request};

const MERGE_PATCH: &str = "application/merge-patch+json";
const JSON_PATCH: &str = "application/json-patch+json";

/// A request of a token with these headers.
pub(crate) fn send(
    method: Method,
    path: &str,
    token: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Request<Body> {
    let headers = [&[("weal-token", token)], headers].concat();
    request(method, path, &headers, body.to_owned())
}

/// Creates a contact as that token.
pub(crate) async fn create(app: &App, token: &str, prefer: &str, contact: &Value) -> Answer {
    let headers = [("content-type", "application/json"), ("prefer", prefer)];
    app.send(send(Method::POST, "/v1/contacts", token, &headers, &contact.to_string())).await
}

/// Creates a person with salary data, and answers its path.
pub(crate) async fn a_person(app: &App, key: &str) -> String {
    let person = json!({
        "contactType": "PERSON", "externalId": key, "lastName": "Rochat", "fax": "12",
        "addresses": [{"name": "Home", "city": "Bern"}],
        "isStaff": true, "staff": {"contractType": "OPEN_ENDED"},
    });
    let answer = create(app, "all", "", &person).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.header("location").unwrap().to_owned()
}

async fn patch(
    app: &App,
    path: &str,
    media_type: &str,
    more: &[(&str, &str)],
    body: &str,
) -> Answer {
    let headers = [&[("content-type", media_type)], more].concat();
    app.send(send(Method::PATCH, path, "all", &headers, body)).await
}

async fn put(app: &App, path: &str, token: &str, more: &[(&str, &str)], body: &Value) -> Answer {
    let headers = [&[("content-type", "application/json")], more].concat();
    app.send(send(Method::PUT, path, token, &headers, &body.to_string())).await
}

#[tokio::test]
async fn created_contact_has_whole_answer() {
    let app = App::new().await;
    let person = json!({"contactType": "PERSON", "externalId": "A", "lastName": "Rochat"});
    insta::assert_snapshot!(create(&app, "all", "", &person).await.whole());
}

#[tokio::test]
async fn warnings_are_counted_and_shown_in_full() {
    let app = App::new().await;
    let person = json!({"contactType": "PERSON", "externalId": "A", "lastName": "R", "emial": "x"});
    insta::assert_snapshot!(create(&app, "all", "detail=full", &person).await.whole());
    let person = json!({"contactType": "PERSON", "externalId": "B", "lastName": "R", "emial": "x"});
    let counted = create(&app, "all", "", &person).await;
    assert_eq!((counted.status, counted.header("contact-hub-warnings")), (201, Some("1")));
    assert!(counted.json().get("violations").is_none());
}

#[tokio::test]
async fn refused_contact_is_422_with_violations() {
    let app = App::new().await;
    let person =
        json!({"contactType": "PERSON", "externalId": "A", "birthday": "soon", "email": "x"});
    insta::assert_snapshot!(create(&app, "all", "", &person).await.whole());
    assert_eq!(app.store.records().len(), 0);
}

#[tokio::test]
async fn taken_key_is_409_with_its_owner() {
    let app = App::new().await;
    let owner = a_person(&app, "A").await;
    let before = app.store.records();
    let person = json!({"contactType": "PERSON", "externalId": "A", "lastName": "R"});
    insta::assert_snapshot!(create(&app, "all", "", &person).await.whole());
    let unseen = create(&app, "writer", "", &person).await;
    assert_eq!((unseen.status, unseen.json().get("id")), (409, None));
    assert_eq!(app.store.records(), before);

    let other = a_person(&app, "B").await;
    let taken = patch(&app, &other, MERGE_PATCH, &[], r#"{"externalId": "A"}"#).await;
    let id = owner.rsplit('/').next().unwrap().parse::<i64>().unwrap();
    assert_eq!(taken.problem(), (409, "UNIQUE_VIOLATION".into()));
    assert_eq!(taken.json()["id"], json!(id));
}

#[tokio::test]
async fn dry_run_creates_nothing() {
    let app = App::new().await;
    let person = json!({"contactType": "PERSON", "externalId": "A", "lastName": "Rochat"});
    let shown = create(&app, "all", "dry-run", &person).await;
    assert_eq!((shown.status, shown.header("location")), (201, None));
    assert_eq!(shown.header("preference-applied"), Some("dry-run"));
    assert_eq!(app.store.records().len(), 0);
    let stored = create(&app, "all", "", &person).await.json();
    let mut expected = shown.json();
    for name in ["id", "contactId"] {
        assert_eq!(expected[name].take(), json!(null));
        expected[name] = stored[name].clone();
    }
    assert_eq!(stored, expected);
}

#[tokio::test]
async fn writer_creates_and_sees_nothing() {
    let app = App::new().await;
    let person = json!({"contactType": "PERSON", "externalId": "A", "lastName": "Rochat"});
    let answer = create(&app, "writer", "", &person).await;
    assert_eq!((answer.status, answer.json()), (201, json!({})));
    let refused = create(&app, "reader", "", &person).await;
    assert_eq!(refused.problem(), (403, "ACTION_DENIED".into()));
}

#[tokio::test]
async fn merge_patch_keeps_clears_and_sets() {
    let app = App::new().await;
    let path = a_person(&app, "A").await;
    let body = r#"{"fax": null, "phone": "022 700 59 29"}"#;
    let answer = patch(&app, &path, MERGE_PATCH, &[], body).await;
    insta::assert_snapshot!(answer.whole());
    let again = patch(&app, &path, MERGE_PATCH, &[("if-match", "\"7\"")], body).await;
    assert_eq!((again.status, again.header("etag")), (200, Some("\"2\"")), "nothing changes");
}

#[tokio::test]
async fn json_patch_changes_the_contact_as_shown() {
    let app = App::new().await;
    let path = a_person(&app, "A").await;
    let body = json!([
        {"op": "test", "path": "/version", "value": 1},
        {"op": "remove", "path": "/addresses/0/city"},
        {"op": "add", "path": "/addresses/-", "value": {"name": "Work"}},
        {"op": "copy", "from": "/lastName", "path": "/firstName"},
        {"op": "move", "from": "/fax", "path": "/phone"},
    ]);
    let before = app.get(&path).await.json();
    let after = patch(&app, &path, JSON_PATCH, &[], &body.to_string()).await;
    assert_eq!(after.status, 200, "{after:?}");
    let after = after.json();
    assert_eq!(after["version"], 2);
    let home = json!({"id": before["addresses"][0]["id"], "name": "Home"});
    assert_eq!(after["addresses"][0], home);
    assert_eq!(after["addresses"][1]["name"], "Work");
    assert_eq!((&after["firstName"], &after["phone"]), (&json!("Rochat"), &json!("12")));
    assert_eq!((after.get("fax"), &after["staff"]), (None, &before["staff"]));
}

#[tokio::test]
async fn json_patch_that_does_not_fit_changes_nothing() {
    let app = App::new().await;
    let path = a_person(&app, "A").await;
    let before = app.store.records();
    for (patch_body, status, detail) in [
        (
            r#"[{"op": "test", "path": "/fax", "value": "13"}]"#,
            409,
            "operation 0: there is another value at \"/fax\"",
        ),
        (
            r#"[{"op": "remove", "path": "/phone"}]"#,
            422,
            "operation 0: there is nothing at \"/phone\"",
        ),
        (r#"[{"op": "replace", "path": "/id", "value": 7}]"#, 422, "/id cannot be changed"),
        (r#"[{"op": "remove", "path": "/contactId"}]"#, 422, "/contactId cannot be changed"),
        ("{}", 400, "the body is not a JSON Patch: it is an array of operations"),
        (
            r#"[{"op": "spread", "path": "/fax"}]"#,
            400,
            "the body is not a JSON Patch: operation 0 has an unknown op",
        ),
        (
            r#"[{"op": "replace", "path": "/email", "value": "x"}]"#,
            422,
            "operation 0: there is nothing at \"/email\"",
        ),
    ] {
        let answer = patch(&app, &path, JSON_PATCH, &[], patch_body).await;
        assert_eq!((answer.status, answer.detail().as_str()), (status, detail), "{patch_body}");
    }
    let add = r#"[{"op": "add", "path": "/email", "value": "x"}]"#;
    let refused = patch(&app, &path, JSON_PATCH, &[], add).await;
    assert_eq!(refused.json()["violations"][0]["pointer"], "/email");
    assert_eq!(app.store.records(), before);
}

#[tokio::test]
async fn put_replaces_all_but_hidden_blocks() {
    let app = App::new().await;
    let path = a_person(&app, "A").await;
    let before = app.get(&path).await.json();
    let body = json!({"lastName": "Rochat", "isStaff": true, "addresses": [{"name": "Home"}]});
    let answer = put(&app, &path, "clerk", &[("if-match", "\"1\"")], &body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    insta::assert_snapshot!(app.get(&path).await.whole());
    assert_eq!(app.get(&path).await.json()["staff"], before["staff"]);
}

#[tokio::test]
async fn json_patch_keeps_a_block_that_the_caller_cannot_see() {
    let app = App::new().await;
    let path = a_person(&app, "A").await;
    let before = app.get(&path).await.json();
    let headers = [("content-type", JSON_PATCH)];
    let body = r#"[{"op": "replace", "path": "/fax", "value": "13"}]"#;
    let answer = app.send(send(Method::PATCH, &path, "payroll", &headers, body)).await;
    assert_eq!((answer.status, answer.json().get("staff")), (200, None), "{answer:?}");
    let after = app.get(&path).await.json();
    assert_eq!((&after["fax"], &after["staff"]), (&json!("13"), &before["staff"]));
}

#[tokio::test]
async fn other_version_is_412_and_changes_nothing() {
    let app = App::new().await;
    let path = a_person(&app, "A").await;
    let before = app.store.records();
    for if_match in ["\"2\"", "\"x\"", "W/\"1\"", "\"2\", \"3\""] {
        let condition = [("if-match", if_match)];
        let body = json!({"lastName": "X"});
        let json_patch = r#"[{"op": "replace", "path": "/lastName", "value": "X"}]"#;
        for answer in [
            put(&app, &path, "all", &condition, &body).await,
            patch(&app, &path, MERGE_PATCH, &condition, &body.to_string()).await,
            patch(&app, &path, JSON_PATCH, &condition, json_patch).await,
            app.send(send(Method::DELETE, &path, "all", &condition, "")).await,
            app.send(send(Method::POST, &format!("{path}/archive"), "all", &condition, "")).await,
        ] {
            assert_eq!(answer.problem(), (412, "VALIDATION_ERROR".into()), "{if_match}");
        }
    }
    let malformed = patch(&app, &path, MERGE_PATCH, &[("if-match", "1")], "{}").await;
    assert_eq!(malformed.problem(), (400, "VALIDATION_ERROR".into()));
    assert_eq!(app.store.records(), before);
    for if_match in ["*", "\"1\", \"2\""] {
        let condition = [("if-match", if_match)];
        let body = json!({"lastName": if_match}).to_string();
        assert_eq!(patch(&app, &path, MERGE_PATCH, &condition, &body).await.status, 200);
    }
}

#[tokio::test]
async fn contact_that_is_not_there_is_404() {
    let app = App::new().await;
    let deleted = a_person(&app, "A").await;
    app.send(send(Method::DELETE, &deleted, "all", &[], "")).await;
    for path in [deleted.as_str(), "/v1/contacts/4711", "/v1/contacts/x"] {
        let body = json!({"lastName": "X"});
        for answer in [
            put(&app, path, "all", &[], &body).await,
            patch(&app, path, MERGE_PATCH, &[], &body.to_string()).await,
            patch(&app, path, JSON_PATCH, &[], "[]").await,
            app.send(send(Method::DELETE, path, "all", &[], "")).await,
            app.send(send(Method::POST, &format!("{path}/archive"), "all", &[], "")).await,
        ] {
            assert_eq!(answer.problem(), (404, "CONTACT_NOT_FOUND".into()), "{path}");
        }
    }
}

#[tokio::test]
async fn other_media_types_are_415() {
    let app = App::new().await;
    let path = a_person(&app, "A").await;
    let answer = patch(&app, &path, "application/json", &[], "{}").await;
    assert_eq!(answer.status, 415);
    let accepted = "application/merge-patch+json, application/json-patch+json";
    assert_eq!(answer.header("accept-post"), Some(accepted));
}

#[tokio::test]
async fn dry_run_in_full_shows_what_changes() {
    let app = App::new().await;
    let path = a_person(&app, "A").await;
    let before = app.store.records();
    let prefer = [("prefer", "dry-run, detail=full")];
    let answer = patch(&app, &path, MERGE_PATCH, &prefer, r#"{"fax": "13", "phone": "x"}"#).await;
    insta::assert_snapshot!(pretty(&answer.json()));
    assert_eq!(app.store.records(), before);
}
