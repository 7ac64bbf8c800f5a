//! `POST /api-v1/contact/merging`.

use serde_json::{Value, json};

use crate::app::{App, MERGING, post};

async fn three_contacts(app: &App) -> [Value; 3] {
    let answer = app
        .batch(json!([
            {"contactType": "PERSON", "externalId": "A", "lastName": "Rochat"},
            {"contactType": "PERSON", "externalId": "B", "lastName": "Rochat", "fax": "1"},
            {"contactType": "ORGANIZATION", "externalId": "C", "name": "Rochat SA"},
        ]))
        .await;
    [0, 1, 2].map(|item| answer["items"][item]["freshData"]["id"].clone())
}

#[tokio::test]
async fn merge_fills_the_target_and_keeps_source_keys() {
    let app = App::new().await;
    let [target, source, _] = three_contacts(&app).await;
    let body = json!({"targetId": target, "sourceId": source}).to_string();
    let answer = app.send(post(MERGING, "all", body)).await;
    assert_eq!((answer.status, answer.json()), (200, json!({})));
    let merged = app.get(&format!("/api-v1/contact/PERSON/{target}")).await.json();
    assert_eq!(merged["fax"], "1");
    let by_source_key = app.batch(json!([{"externalId": "B", "lastName": "Rochat"}])).await;
    assert_eq!(by_source_key["items"][0]["freshData"]["id"], target);
}

#[tokio::test]
async fn merged_contact_is_404_with_its_survivor() {
    let app = App::new().await;
    let [target, source, organization] = three_contacts(&app).await;
    let body = json!({"targetId": target, "sourceId": source}).to_string();
    app.send(post(MERGING, "all", body)).await;

    let answer = app.get(&format!("/api-v1/contact/PERSON/{source}")).await;
    let mut problem = answer.json();
    assert!(problem["requestId"].take().is_string());
    let expected = json!({
        "type": "urn:contact-hub:problem:unknown-contact",
        "title": "the contact does not exist",
        "status": 404,
        "detail": format!("the contact was merged into contact {target}"),
        "errorCode": "CONTACT_NOT_FOUND",
        "mergedInto": target,
        "requestId": null,
    });
    assert_eq!((answer.status, problem), (404, expected));
    for path in [format!("ORGANIZATION/{source}"), format!("PERSON/{organization}")] {
        let answer = app.get(&format!("/api-v1/contact/{path}")).await;
        assert_eq!((answer.status, answer.json().get("mergedInto")), (404, None), "{path}");
    }

    let nightly = json!([{"id": source, "externalId": "B", "title": "Dr"}]);
    let row = &app.batch(nightly).await["items"][0]["freshRow"];
    assert_eq!((&row["id"], &row["externalId"]), (&target, &json!("A")));
}

#[tokio::test]
async fn refused_merge_changes_nothing() {
    let app = App::new().await;
    let [target, _, organization] = three_contacts(&app).await;
    let stored = app.store.records();
    for (target, source, code) in [
        (target.clone(), target.clone(), "VALIDATION_ERROR"),
        (target.clone(), json!(4711), "CONTACT_NOT_FOUND"),
        (json!(0), target.clone(), "CONTACT_NOT_FOUND"),
        (target.clone(), organization, "INVALID_TYPE"),
    ] {
        let body = json!({"targetId": target, "sourceId": source}).to_string();
        let answer = app.send(post(MERGING, "all", body.clone())).await;
        assert_eq!(answer.problem(), (400, code.into()), "{body}: {}", answer.text());
        assert_eq!(answer.json()["errorDetailValues"][0]["errorCode"], code);
    }
    assert_eq!(app.store.records(), stored);
}

#[tokio::test]
async fn refused_merge_has_whole_answer() {
    let app = App::new().await;
    let [target, ..] = three_contacts(&app).await;
    let body = json!({"targetId": target, "sourceId": 4711}).to_string();
    insta::assert_snapshot!(app.send(post(MERGING, "all", body)).await.whole());
}

#[tokio::test]
async fn malformed_merge_body_is_a_problem() {
    let app = App::new().await;
    for (body, code, expected) in [
        ("", "CONTENT_EMPTY", "targetId"),
        ("{", "CONVERSION_ERROR", "line 1 column 1"),
        ("[1, 2]", "CONVERSION_ERROR", "sourceId"),
        ("{}", "FIELD_REQUIRED", "targetId is missing"),
        (r#"{"targetId": 1, "sourceId": null}"#, "FIELD_REQUIRED", "sourceId is missing"),
        (
            r#"{"targetId": "1", "sourceId": 2}"#,
            "CONVERSION_ERROR",
            "targetId has to be an integer",
        ),
        (
            r#"{"targetId": 1, "sourceId": 2.5}"#,
            "CONVERSION_ERROR",
            "sourceId has to be an integer",
        ),
    ] {
        let answer = app.send(post(MERGING, "all", body)).await;
        assert_eq!(answer.problem(), (400, code.into()), "{body}");
        assert!(answer.detail().contains(expected), "{body}: {}", answer.detail());
    }
}
