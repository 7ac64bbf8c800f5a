//! `Prefer: dry-run`: the answer without the write.

use axum::http::Method;
use serde_json::{Value, json};

use crate::app::{Answer, App, BATCH, MERGING, request};

const LINK: &str = "/api/v1/contacts/items/link";
const ITEMS: &str = "/api/v1/contacts/items";
const KNOWN: &str = "91c615e3-1040-4815-8ecb-039a18b756b1";

async fn send(app: &App, method: Method, path: &str, prefer: &str, body: &Value) -> Answer {
    let headers = [("authorization", "Bearer all"), ("prefer", prefer)];
    app.send(request(method, path, &headers, body.to_string())).await
}

async fn batch(app: &App, prefer: &str, items: &Value) -> Answer {
    send(app, Method::POST, BATCH, prefer, items).await
}

fn entry(name: &str, link_id: &Value) -> Value {
    json!({"name": name, "type": "multi", "number": "0001-01-01", "link_id": link_id})
}

#[tokio::test]
async fn dry_run_has_whole_answer() {
    let app = App::new().await;
    let stored = json!([{"contactType": "PERSON", "externalId": "A", "lastName": "Abt"}]);
    app.batch(stored).await;
    let before = app.store.records();
    let items = json!([
        {"contactType": "PERSON", "externalId": "B", "firstName": "Luc", "isStaff": true,
         "addresses": [{"name": "Home"}], "staff": {"familyMembers": [{"firstName": "Zoé"}]}},
        {"externalId": "A", "title": "Dr.", "addresses": [{"name": "Home"}]},
        {"externalId": "B", "title": "Dr."},
        {"externalId": "A", "linkId": KNOWN, "email": "nobody"},
    ]);
    let answer = batch(&app, "dry-run", &items).await;
    insta::assert_snapshot!(answer.whole());
    let minimal = batch(&app, "dry-run, return=minimal", &items).await;
    assert_eq!(minimal.header("preference-applied"), Some("return=minimal, dry-run"));
    assert_eq!(
        minimal.json()["items"][2]["freshRow"],
        json!({"id": null, "version": 2, "verdict": "updated", "sameAs": 0})
    );
    assert_eq!(app.store.records(), before);
}

#[tokio::test]
async fn dry_run_in_full_shows_what_changes() {
    let app = App::new().await;
    let stored = json!([{"contactType": "PERSON", "externalId": "A", "lastName": "Abt",
        "isStaff": true, "staff": {"jobTitle": "Baker"}}]);
    app.batch(stored).await;
    let items = json!([{"externalId": "A", "lastName": "Bär", "staff": {"jobTitle": "Cook"}},
        {"externalId": "A", "lastName": "Bär"}, {"externalId": "A", "email": "nobody"}]);
    let answer = batch(&app, "dry-run, detail=full", &items).await.json();
    let change = |pointer, from, to| json!({"pointer": pointer, "from": from, "to": to});
    let changes =
        json!([change("/lastName", "Abt", "Bär"), change("/staff/jobTitle", "Baker", "Cook"),]);
    let shown = answer["items"].as_array().unwrap().iter().map(|item| &item["changes"]);
    assert_eq!(shown.collect::<Vec<_>>(), [&changes, &json!([]), &json!([])]);
    let stored = batch(&app, "detail=full", &items).await.json();
    assert_eq!(stored["items"][0].get("changes"), None);
}

#[tokio::test]
async fn misspelled_dry_run_stores_nothing() {
    let app = App::new().await;
    let items = json!([{"contactType": "PERSON", "externalId": "A", "lastName": "Abt"}]);
    for prefer in ["dryrun", "Dry-Run", "dry_run", "dry-run=false", "return=minimal; dry-run"] {
        let answer = batch(&app, prefer, &items).await;
        assert_eq!(answer.problem(), (400, "VALIDATION_ERROR".to_owned()), "{prefer}");
        let list = json!({"list_items": [entry("Door", &Value::Null)]});
        let answer = send(&app, Method::POST, LINK, prefer, &list).await;
        assert_eq!(answer.status, 400, "{prefer}");
    }
    assert_eq!(app.store.records(), []);
}

#[tokio::test]
async fn dry_run_of_a_merge_stores_nothing() {
    let app = App::new().await;
    let person = json!({"contactType": "PERSON", "lastName": "Abt"});
    let called = json!({"contactType": "PERSON", "lastName": "Abt", "phone": "0227005929"});
    app.batch(json!([person, called])).await;
    let before = app.store.records();
    let merge = json!({"targetId": 1, "sourceId": 2});
    let answer = send(&app, Method::POST, MERGING, "dry-run", &merge).await;
    assert_eq!((answer.status, answer.text()), (200, "{}"));
    assert_eq!(answer.header("preference-applied"), Some("dry-run"));
    let in_full = send(&app, Method::POST, MERGING, "dry-run, detail=full", &merge).await;
    let change = json!({"pointer": "/phone", "to": "0227005929"});
    assert_eq!(in_full.json(), json!({ "changes": [change] }));
    assert_eq!(app.store.records(), before);
}

#[tokio::test]
async fn device_dry_run_stores_nothing() {
    let app = App::new().await;
    let known = entry("Door", &json!(KNOWN));
    send(&app, Method::POST, LINK, "", &json!({"list_items": [known]})).await;
    let before = app.store.records();

    let list = json!({"list_items": [entry("Gate", &json!(KNOWN)), entry("Hall", &Value::Null)]});
    let answer = send(&app, Method::POST, LINK, "dry-run, return=minimal", &list).await;
    assert_eq!(answer.header("preference-applied"), Some("dry-run"));
    assert_eq!(answer.header("contact-hub-summary"), Some("created=1, updated=1"));
    let result =
        |link_id: Value, done| json!({"link_id": link_id, "success": true, "extended_info": done});
    let results = json!([result(json!(KNOWN), "updated"), result(Value::Null, "created")]);
    assert_eq!(answer.json(), json!({ "result": results }));

    let uid = format!("{ITEMS}/1");
    let ids = json!({"link_ids": [KNOWN]});
    for (method, path, body, answered) in [
        (Method::DELETE, LINK, &ids, json!({"result": [result(json!(KNOWN), "deleted")]})),
        (Method::POST, ITEMS, &entry("Hall", &Value::Null), json!({"uid": null})),
        (Method::PUT, &uid, &entry("Gate", &Value::Null), json!({"uid": 1})),
        (Method::DELETE, &uid, &Value::Null, json!({})),
    ] {
        let answer = send(&app, method.clone(), path, "dry-run", body).await;
        assert_eq!((answer.status, answer.json()), (200, answered), "{method} {path}");
        assert_eq!(answer.header("preference-applied"), Some("dry-run"), "{method} {path}");
    }
    let invalid = json!({"list_items": [entry("", &Value::Null)]});
    assert_eq!(send(&app, Method::POST, LINK, "dry-run", &invalid).await.status, 400);
    assert_eq!(app.store.records(), before);
}
