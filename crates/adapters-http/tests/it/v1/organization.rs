//! `GET` and `PUT /v1/organization`.

use axum::http::Method;
use serde_json::json;

use super::batch::upsert;
use super::writing::send;
use crate::app::{Answer, App, get};

async fn put(app: &App, token: &str, body: &str) -> Answer {
    let headers = [("content-type", "application/json"), ("target-organization-id", "1")];
    app.send(send(Method::PUT, "/v1/organization", token, &headers, body)).await
}

#[tokio::test]
async fn organization_is_shown_with_its_settings() {
    let app = App::new().await;
    insta::assert_snapshot!(app.send(get("/v1/organization", "reader")).await.whole());
}

#[tokio::test]
async fn organization_named_twice_is_said_so() {
    let app = App::new().await;
    for (uri, detail) in [
        ("/v1/organization?organization=2", "is given twice, with different values"),
        ("/v1/organization?organization=0", "has to be one integer from 1 to 2147483647"),
    ] {
        let headers: &[_] =
            if uri.ends_with('2') { &[("target-organization-id", "1")] } else { &[] };
        let refused = app.send(send(Method::GET, uri, "all", headers, "")).await;
        assert_eq!(refused.status, 400, "{refused:?}");
        assert_eq!(refused.json()["detail"], format!("the organization {detail}"));
    }
}

#[tokio::test]
async fn key_that_is_switched_on_is_being_filled() {
    let app = App::new().await;
    app.batch(json!([{"contactType": "PERSON", "externalId": "A", "lastName": "R"}])).await;
    let refused = put(&app, "all", r#"{"name": "New"}"#).await;
    assert_eq!(refused.problem(), (403, "ACTION_DENIED".into()));

    let none = put(&app, "admin", r#"{"name": "New", "matchBy": []}"#).await;
    assert_eq!((none.status, &none.json()["matchBy"]), (200, &json!([])), "{none:?}");
    let answer = put(&app, "admin", r#"{"region": "LI", "matchBy": ["phone", "email"]}"#).await;
    insta::assert_snapshot!(answer.whole());
}

#[tokio::test]
async fn dry_run_shows_the_organization_as_it_would_be() {
    let app = App::new().await;
    let before = app.send(get("/v1/organization", "reader")).await;
    let headers = [
        ("content-type", "application/json"),
        ("target-organization-id", "1"),
        ("prefer", "dry-run"),
    ];
    let body = r#"{"name": "New", "matchBy": ["phone"]}"#;
    let send =
        |headers: &[_]| app.send(send(Method::PUT, "/v1/organization", "admin", headers, body));
    let dry = send(&headers).await;
    assert_eq!((dry.status, dry.header("preference-applied")), (200, Some("dry-run")));
    assert_eq!(app.send(get("/v1/organization", "reader")).await.json(), before.json());
    assert_eq!(send(&headers[..2]).await.json(), dry.json());
}

/// What an ERP and a file spell in two ways, through every API.
#[tokio::test]
async fn organization_keeps_the_spelling_for_every_api() {
    let app = App::new().await;
    let person = |phone: &str| {
        json!({
            "contactType": "PERSON", "externalId": "A", "lastName": "R", "phone": phone,
            "linkId": "6f9619ff-8b86-d011-b42d-00cf4fc964ff",
        })
    };
    app.batch(json!([person("079 123 45 67")])).await;
    let kept = put(&app, "admin", r#"{"respelling": "keep"}"#).await;
    assert_eq!((kept.status, &kept.json()["respelling"]), (200, &json!("keep")), "{kept:?}");
    let stored = app.get("/v1/contacts/1").await.json();

    app.batch(json!([person("+41 79 123 45 67")])).await;
    assert_eq!(app.get("/v1/contacts/1").await.json(), stored);
    let answer = upsert(&app, "", &json!([person("0041791234567")])).await;
    assert_eq!(answer["items"][0]["verdict"], "unchanged");
    let headers = [("content-type", "application/merge-patch+json")];
    let body = r#"{"phone": "+41 79 123 45 67"}"#;
    let patched = app.send(send(Method::PATCH, "/v1/contacts/1", "all", &headers, body)).await;
    assert_eq!((patched.status, patched.json()), (200, stored));
    let answer = upsert(&app, "?respelling=take", &json!([person("+41 79 123 45 67")])).await;
    assert_eq!(answer["items"][0]["verdict"], "updated");
    assert_eq!(app.get("/v1/contacts/1").await.json()["phone"], "+41 79 123 45 67");
}

#[tokio::test]
async fn wrong_settings_change_nothing() {
    let app = App::new().await;
    let before = app.get("/v1/organization").await.json();
    for (body, detail) in [
        (
            r#"{"name": "New", "matchBy": ["Phone"]}"#,
            "matchBy: the words are email, phone, vatNumber; did you mean phone?",
        ),
        (
            r#"{"name": "New", "respelling": "Keep"}"#,
            "respelling: the words are take, keep; did you mean keep?",
        ),
        (
            r#"{"name": " "}"#,
            "name: a name has 1 to 100 characters, is not blank and has no control characters",
        ),
        (
            r#"{"name": "New", "region": "Schweiz"}"#,
            "region: a country code must be two upper-case letters assigned by ISO 3166-1, or XK",
        ),
    ] {
        let answer = put(&app, "admin", body).await;
        assert_eq!((answer.status, answer.detail().as_str()), (400, detail));
    }
    for body in ["[]", "", "1", r#"{"match_by": []}"#] {
        assert_eq!(put(&app, "admin", body).await.status, 400, "{body}");
    }
    assert_eq!(app.get("/v1/organization").await.json(), before);
}
