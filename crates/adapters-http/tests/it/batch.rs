//! `POST /api-v1/contact/batch`: verdicts and answers.

use axum::http::{HeaderValue, Method};
use contacts_adapters_http::Settings;
use serde_json::{Value, json};

use crate::app::{App, BATCH, post, pretty, request};

const REALISTIC: &str = include_str!("../data/erp-batch-realistic.json");
const EVERY_FIELD: &str = include_str!("../data/erp-batch-every-field.json");
const RESPONSE_SHAPE: &str = include_str!("../data/erp-batch-response-shape.json");

#[tokio::test]
async fn realistic_batch_has_whole_answer() {
    let app = App::new().await;
    let answer = app.send(post(BATCH, "all", REALISTIC)).await;
    insta::assert_snapshot!(answer.whole());
}

#[tokio::test]
async fn batch_with_every_field_has_whole_answer() {
    let app = App::new().await;
    let answer = app.send(post(BATCH, "all", EVERY_FIELD)).await;
    insta::assert_snapshot!(answer.whole());
}

#[tokio::test]
async fn answer_above_its_limit_is_413() {
    let settings = Settings { max_batch_documents_bytes: 300, ..Settings::default() };
    let app = App::with(settings).await;
    let item = json!({"contactType": "PERSON", "externalId": "A", "lastName": "Rochat"});
    let items = Value::Array(vec![item; 4]).to_string();

    let answer = app.send(post(BATCH, "all", items.clone())).await;
    insta::assert_snapshot!(answer.whole());
    assert_eq!(app.store.records(), []);

    let mut minimal = post(BATCH, "all", items);
    minimal.headers_mut().insert("prefer", HeaderValue::from_static("return=minimal"));
    let answer = app.send(minimal).await;
    assert_eq!(answer.json()["items"][3]["error"], json!(false));
    assert_eq!(answer.json()["items"][3]["freshData"], json!({}));
    assert_eq!(app.store.records().len(), 1);
}

#[tokio::test]
async fn answer_has_exactly_the_published_members() {
    fn names(value: &Value) -> Vec<&str> {
        let mut names: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
        names.sort_unstable();
        names
    }
    let shape: Value = serde_json::from_str(RESPONSE_SHAPE).unwrap();
    let app = App::new().await;
    let answer = app.batch(json!([{"contactType": "PERSON", "email": "nobody"}])).await;
    assert_eq!(names(&answer), names(&shape));
    let (item, published) = (&answer["items"][0], &shape["items"][0]);
    assert_eq!(names(item), names(published));
    let (error, published) = (&item["errorCode"], &published["errorCode"]);
    assert_eq!(names(error), names(published));
    assert_eq!(names(&error["errorDetailValues"][0]), names(&published["errorDetailValues"][0]));
    let answer = app.batch(json!([{"contactType": "PERSON", "lastName": "Rochat"}])).await;
    assert_eq!(
        names(&answer["items"][0]["possibleWorkflows"][0]),
        names(&shape["items"][0]["possibleWorkflows"][0])
    );
}

#[tokio::test]
async fn repeated_batch_changes_nothing() {
    let app = App::new().await;
    let first = app.send(post(BATCH, "all", REALISTIC)).await;
    let stored = app.store.records();
    let second = app.send(post(BATCH, "all", REALISTIC)).await;
    assert_eq!(first.header("contact-hub-summary"), Some("created=2"));
    assert_eq!(second.header("contact-hub-summary"), Some("unchanged=2"));
    let found = r#""verdict":"unchanged","matchedBy":"externalId""#;
    assert_eq!(second.text(), first.text().replace(r#""verdict":"created""#, found));
    assert_eq!(app.store.records(), stored);
}

#[tokio::test]
async fn answer_can_be_posted_back() {
    let app = App::new().await;
    let first = app.send(post(BATCH, "all", REALISTIC)).await.json();
    let stored = app.store.records();
    let items: Vec<_> =
        first["items"].as_array().unwrap().iter().map(|i| &i["freshData"]).collect();
    let again = app.batch(json!(items)).await;
    for item in again["items"].as_array().unwrap() {
        assert_eq!(item["error"], json!(false), "{item}");
    }
    assert_eq!(app.store.records(), stored);
}

#[tokio::test]
async fn empty_array_has_empty_answer() {
    let app = App::new().await;
    assert_eq!(app.batch(json!([])).await, json!({"items": []}));
}

#[tokio::test]
async fn bad_items_leave_other_items_alone() {
    let app = App::new().await;
    let body = format!(
        r#"[
            {{"contactType": "PERSON", "externalId": "A", "lastName": "Rochat"}},
            null, {{}}, 7, "text", [], {{"contactType": "PERSON", "id": 1.5, "isStaff": "yes"}},
            {{"contactType": "PERSON", "lastName": "\ud800"}},
            {}{},
            {{"contactType": "PERSON", "externalId": "B", "creditLimit": 1e400}},
            {{"id": 4711, "email": "x"}},
            {{"contactType": "ORGANIZATION", "externalId": "Z", "name": "Last"}}
        ]"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let answer = app.send(post(BATCH, "all", body)).await;
    assert_eq!(answer.status, 200);
    let answer = answer.json();
    let items = answer["items"].as_array().unwrap();
    let codes: Vec<_> =
        items.iter().map(|item| item["errorCode"]["errorCode"].as_str().unwrap()).collect();
    assert_eq!(
        codes,
        [
            "NO_ERROR",
            "CONTENT_EMPTY",
            "CONTENT_EMPTY",
            "CONVERSION_ERROR",
            "CONVERSION_ERROR",
            "CONVERSION_ERROR",
            "CONVERSION_ERROR",
            "CONVERSION_ERROR",
            "CONVERSION_ERROR",
            "NO_ERROR",
            "CONTACT_NOT_FOUND",
            "NO_ERROR",
        ]
    );
    let stored: Vec<_> =
        app.store.records().into_iter().map(|record| record.projection.external_id).collect();
    assert_eq!(stored, [Some("A".into()), Some("B".into()), Some("Z".into())]);
    for item in items.iter().filter(|item| item["error"] == json!(true)) {
        assert_eq!(item["severeError"], json!(true));
        assert_eq!(item["freshData"], json!({}));
        assert_eq!(item["freshRow"], json!({"verdict": "rejected"}));
        assert_eq!(item["possibleWorkflows"], json!([]));
    }
    assert_eq!(
        items[6]["errorCode"]["errorDetailValues"],
        json!([
            {"data": "1.5", "errorCode": "CONVERSION_ERROR", "fieldName": "id", "isSevere": true},
            {"data": "yes", "errorCode": "CONVERSION_ERROR", "fieldName": "isStaff", "isSevere": true},
        ])
    );
}

#[tokio::test]
async fn refused_item_shows_the_stored_contact() {
    let app = App::new().await;
    let sent = json!([{"contactType": "PERSON", "externalId": "A", "lastName": "Rochat"}]);
    let fresh = app.batch(sent).await["items"][0]["freshData"].clone();
    let answer = app
        .batch(json!([{"externalId": "A", "addresses": [{"name": "Home", "countryCode2": "XX"}]}]))
        .await;
    insta::assert_snapshot!(pretty(&answer));
    assert_eq!(answer["items"][0]["freshData"], fresh);
}

#[tokio::test]
async fn item_for_another_version_is_stale() {
    let app = App::new().await;
    app.batch(json!([{"contactType": "PERSON", "externalId": "A", "lastName": "Rochat"}])).await;
    let answer = app.batch(json!([{"externalId": "A", "ifVersion": 7, "lastName": "Favre"}])).await;
    insta::assert_snapshot!(pretty(&answer));
}

#[tokio::test]
async fn archived_contact_can_be_restored() {
    let app = App::new().await;
    let item = json!([{
        "contactType": "PERSON", "externalId": "A", "lastName": "Rochat", "archived": true
    }]);
    let answer = app.batch(item).await;
    assert_eq!(
        answer["items"][0]["possibleWorkflows"],
        json!([{"id": 2, "name": "RESTORE"}, {"id": 3, "name": "MERGE"}, {"id": 4, "name": "DELETE"}])
    );
}

#[tokio::test]
async fn strict_caller_turns_warnings_into_errors() {
    let app = App::new().await;
    let item =
        json!([{"contactType": "PERSON", "externalId": "A", "lastName": "R", "phone": "12"}]);
    let strict = |handling: &str| {
        let headers = [("weal-token", "all"), ("prefer", handling)];
        request(Method::POST, BATCH, &headers, item.to_string())
    };
    let answer = app.send(strict("handling=strict")).await;
    assert_eq!(answer.header("preference-applied"), Some("handling=strict"));
    assert_eq!(answer.json()["items"][0]["errorCode"]["errorCode"], "VALIDATION_ERROR");
    assert!(app.store.records().is_empty());
    let answer = app.send(strict("handling=lenient")).await;
    assert_eq!(answer.header("preference-applied"), Some("handling=lenient"));
    let answer = answer.json();
    assert_eq!(answer["items"][0]["error"], json!(false));
    assert_eq!(
        answer["items"][0]["errorCode"],
        json!({"errorCode": "NO_ERROR", "errorDetailValues": [{
            "data": "12", "errorCode": "VALIDATION_ERROR", "fieldName": "phone", "isSevere": false
        }]})
    );
}

#[tokio::test]
async fn lenient_caller_keeps_the_contact() {
    let app = App::new().await;
    let send = |item: Value| {
        let headers = [("weal-token", "all"), ("prefer", "handling=lenient, handling=strict")];
        app.send(request(Method::POST, BATCH, &headers, json!([item]).to_string()))
    };
    send(json!({"contactType": "PERSON", "externalId": "A", "email": "a@b.example"})).await;
    let bad = json!({"externalId": "A", "email": "string", "title": 5, "firstName": "Anna"});
    for (verdict, version) in [("updated", 2), ("unchanged", 2)] {
        let answer = send(bad.clone()).await;
        assert_eq!(answer.header("preference-applied"), Some("handling=lenient"));
        let answer = &answer.json()["items"][0];
        assert_eq!(answer["freshRow"]["verdict"], verdict);
        assert_eq!(answer["freshRow"]["version"], version);
        assert_eq!(answer["freshData"]["firstName"], "Anna");
        assert_eq!(answer["freshData"]["email"], "a@b.example");
        assert_eq!(answer["freshData"].get("title"), None);
        let detail = |data: &str, code: &str, field: &str| json!({"data": data, "errorCode": code, "fieldName": field, "isSevere": false});
        let details = [
            detail("5", "CONVERSION_ERROR", "title"),
            detail("string", "VALIDATION_ERROR", "email"),
        ];
        let expected = json!({"errorCode": "NO_ERROR", "errorDetailValues": details});
        assert_eq!(answer["errorCode"], expected);
    }
}

#[tokio::test]
async fn minimal_answer_has_no_contacts() {
    let app = App::new().await;
    let headers =
        [("weal-token", "all"), ("prefer", "respond-async"), ("prefer", "return=minimal")];
    let answer = app.send(request(Method::POST, BATCH, &headers, REALISTIC)).await;
    assert_eq!(answer.header("preference-applied"), Some("return=minimal"));
    insta::assert_snapshot!(pretty(&answer.json()));
    assert_eq!(app.store.records().len(), 2);
}

#[tokio::test]
async fn amounts_and_large_numbers_keep_every_digit() {
    let app = App::new().await;
    let body = r#"[{"contactType":"ORGANIZATION","name":"A","client":{"creditLimit":"5000.00"},
        "customFields":{"long":0.1000000000000000000000001,"big":12345678901234567890}}]"#;
    let answer = app.send(post(BATCH, "all", body)).await;
    for exact in [r#""5000.00""#, "0.1000000000000000000000001", "12345678901234567890"] {
        assert!(answer.text().contains(exact), "{exact}");
    }
}

#[tokio::test]
async fn ten_thousand_items_are_answered_in_order() {
    let app = App::new().await;
    let items: Vec<_> = (0..10_000)
        .map(|n| json!({"contactType": "ORGANIZATION", "externalId": n.to_string(), "name": "A"}))
        .collect();
    let answer = app.batch(json!(items)).await;
    let items = answer["items"].as_array().unwrap();
    assert_eq!(items.len(), 10_000);
    for (n, item) in items.iter().enumerate() {
        assert_eq!(item["freshRow"]["externalId"], n.to_string());
        assert_eq!(item["freshData"]["id"], item["freshRow"]["id"]);
    }
}
