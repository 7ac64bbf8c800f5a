//! `/v1/runs` and the history of a contact.

use serde_json::{Value, json};

use crate::app::{App, get, post};

async fn send(app: &App, items: Value) {
    let batch = post("/v1/contacts/batch?source=shop", "all", items.to_string());
    assert_eq!(app.send(batch).await.status, 200);
}

async fn app_with_three_runs() -> App {
    let app = App::new().await;
    let person = json!({"contactType": "PERSON", "externalId": "A", "lastName": "Abt"});
    app.batch(json!([person])).await;
    send(
        &app,
        json!([{"externalId": "A", "lastName": "Amstutz", "isStaff": true,
        "staff": {"contractType": "OPEN_ENDED"}}]),
    )
    .await;
    send(&app, json!([{"externalId": "A", "$": {"delete": true}}])).await;
    app
}

#[tokio::test]
async fn runs_have_whole_answers() {
    let app = app_with_three_runs().await;
    insta::assert_snapshot!(app.get("/v1/runs?limit=2").await.whole());
    let runs = app.get("/v1/runs").await.json()["items"].as_array().unwrap().clone();
    assert_eq!(runs.len(), 3);
    let last = &runs[0]["id"];
    assert_eq!(app.get(&format!("/v1/runs/{last}")).await.json(), runs[0]);
    assert_eq!(app.get(&format!("/v1/runs?before={last}")).await.json()["items"], json!(runs[1..]));
    let changes = app.get(&format!("/v1/runs/{last}/changes")).await.json();
    assert_eq!(changes, json!({"items": [{"id": 1, "version": 3, "change": "deleted"}]}));
}

#[tokio::test]
async fn history_has_whole_answer() {
    let app = app_with_three_runs().await;
    insta::assert_snapshot!(app.get("/v1/contacts/1/history").await.whole());
    let seen = app.send(get("/v1/contacts/1/history", "reader")).await.json();
    let fields = seen["items"][1]["fields"].as_array().unwrap();
    assert!(fields.iter().all(|field| !field["pointer"].as_str().unwrap().starts_with("/staff")));
}

#[tokio::test]
async fn unknown_run_is_404() {
    let app = app_with_three_runs().await;
    for path in ["/v1/runs/9", "/v1/runs/x", "/v1/runs/4711/changes", "/v1/contacts/2/history"] {
        assert_eq!(app.get(path).await.status, 404, "{path}");
    }
    assert_eq!(app.send(get("/v1/runs", "other")).await.json(), json!({"items": []}));
    assert_eq!(app.send(get("/v1/runs", "writer")).await.status, 403);
}
