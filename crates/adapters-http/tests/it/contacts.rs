//! `GET /api-v1/contact/{type}/{id}` and `…/deleted`.

use serde_json::{Value, json};

use crate::app::{App, MERGING, post};

async fn two_people(app: &App) -> (Value, Value) {
    let answer = app
        .batch(json!([
            {"contactType": "PERSON", "externalId": "A", "lastName": "Rochat"},
            {"contactType": "PERSON", "externalId": "B", "lastName": "Rochat", "fax": "1"},
        ]))
        .await;
    (answer["items"][0]["freshData"].clone(), answer["items"][1]["freshData"].clone())
}

#[tokio::test]
async fn contact_equals_the_one_in_the_batch_answer() {
    let app = App::new().await;
    let (contact, _) = two_people(&app).await;
    let answer = app.get(&format!("/api-v1/contact/PERSON/{}", contact["id"])).await;
    assert_eq!(answer.json(), contact);
    insta::assert_snapshot!(answer.whole());
}

#[tokio::test]
async fn path_that_names_no_contact_is_404() {
    let app = App::new().await;
    let (contact, _) = two_people(&app).await;
    let id = &contact["id"];
    for path in [
        format!("/api-v1/contact/ORGANIZATION/{id}"),
        format!("/api-v1/contact/ENDPOINT/{id}"),
        format!("/api-v1/contact/person/{id}"),
        format!("/api-v1/contact/PERSON/{id}/deleted"),
        format!("/api-v1/contact/PERSON/+{id}"),
        format!("/api-v1/contact/PERSON/0{id}"),
        format!("/api-v1/contact/PERSON/{id}.0"),
        "/api-v1/contact/PERSON/4711".to_owned(),
        "/api-v1/contact/PERSON/0".to_owned(),
        "/api-v1/contact/PERSON/-1".to_owned(),
        "/api-v1/contact/PERSON/9007199254740992".to_owned(),
        "/api-v1/contact/PERSON/99999999999999999999".to_owned(),
        "/api-v1/contact/PERSON/x".to_owned(),
        "/api-v1/contact/PERSON/%FF".to_owned(),
    ] {
        let answer = app.get(&path).await;
        assert_eq!(answer.problem(), (404, "CONTACT_NOT_FOUND".into()), "{path}");
    }
}

#[tokio::test]
async fn deleted_contact_is_found_only_at_deleted() {
    let app = App::new().await;
    let (target, source) = two_people(&app).await;
    let merge = json!({"targetId": target["id"], "sourceId": source["id"]}).to_string();
    assert_eq!(app.send(post(MERGING, "all", merge)).await.status, 200);
    let path = format!("/api-v1/contact/PERSON/{}", source["id"]);
    assert_eq!(app.get(&path).await.problem(), (404, "CONTACT_NOT_FOUND".into()));
    let deleted = app.get(&format!("{path}/deleted")).await;
    assert_eq!((deleted.status, &deleted.json()["fax"]), (200, &json!("1")));
    let other_type = format!("/api-v1/contact/ORGANIZATION/{}/deleted", source["id"]);
    assert_eq!(app.get(&other_type).await.problem(), (404, "CONTACT_NOT_FOUND".into()));
}
