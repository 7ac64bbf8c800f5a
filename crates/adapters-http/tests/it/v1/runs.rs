//! `/v1/runs` and the history of a contact.

use std::sync::{Arc, Mutex, mpsc};

use contacts_adapters_http::{Ports, Settings};
use contacts_application::ports::Ledger as _;
use contacts_domain::Timestamp;
use contacts_testing::{now, organization};
use serde_json::{Value, json};
use tokio::sync::mpsc::unbounded_channel;

use crate::app::{Answer, App, app, get, post};
use crate::idempotency::with_the_data;

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
async fn history_is_read_page_by_page() {
    let app = app_with_three_runs().await;
    let path = "/v1/contacts/1/history";
    let whole = app.get(path).await.json();
    let items = whole["items"].as_array().unwrap();
    assert!(items.len() > 1, "{whole}");
    for (place, item) in items.iter().enumerate() {
        let before = match place {
            0 => String::new(),
            place => format!("&before={}", items[place - 1]["version"]),
        };
        let page = app.get(&format!("{path}?limit=1{before}")).await.json();
        assert_eq!(page, json!({"items": [item], "more": place + 1 < items.len()}));
    }
    let none = app.get(&format!("{path}?before=1")).await.json();
    assert_eq!(none, json!({"items": [], "more": false}));
    for limit in ["limit=0", "limit=1001", "before=0", "before=x"] {
        assert_eq!(app.get(&format!("{path}?{limit}")).await.status, 400, "{limit}");
    }
    for path in ["/v1/runs", "/v1/runs/1/changes"] {
        for limit in [0, 1001] {
            assert_eq!(app.get(&format!("{path}?limit={limit}")).await.status, 400, "{path}");
        }
    }
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

/// A run that changed a name and a phone number, and the phone number changed since.
async fn app_with_a_run_to_undo() -> App {
    let app = App::new().await;
    let item = |name: &str, phone: &str| json!({"contactType": "PERSON", "externalId": "A", "lastName": name, "phone": phone});
    app.batch(json!([item("Abt", "022 700 59 29")])).await;
    send(
        &app,
        json!([item("Amstutz", "079 123 45 67"), {"contactType": "PERSON", "lastName": "B"}]),
    )
    .await;
    app.batch(json!([item("Amstutz", "044 668 18 00")])).await;
    app
}

#[tokio::test]
async fn undo_has_whole_answer() {
    let app = app_with_a_run_to_undo().await;
    let dry = app.send(post("/v1/runs/2/undo?dryRun=true", "all", String::new())).await.json();
    assert_eq!(dry["run"], Value::Null);
    assert_eq!(app.get("/v1/contacts/2").await.status, 200, "nothing is changed");
    let done = app.send(post("/v1/runs/2/undo", "all", String::new())).await;
    insta::assert_snapshot!(done.whole());
    let mut as_done = dry["items"].clone();
    let changes = as_done.as_array_mut().unwrap().iter_mut();
    let changes = changes.map(|item| item.as_object_mut().unwrap().remove("changes").unwrap());
    let named = json!({"pointer": "/lastName", "from": "Amstutz", "to": "Abt"});
    assert_eq!(changes.collect::<Vec<_>>(), [json!([named]), json!([])]);
    assert_eq!(done.json()["items"], as_done);
    let contact = app.get("/v1/contacts/1").await.json();
    assert_eq!((&contact["lastName"], &contact["phone"]), (&json!("Abt"), &json!("044 668 18 00")));
    assert_eq!(app.get("/v1/contacts/2").await.status, 404);
    assert_eq!(app.get("/v1/runs/4").await.json()["undoes"], 2);
    let again = app.send(post("/v1/runs/2/undo", "all", String::new())).await.json();
    assert_eq!((&again["run"], &again["summary"]["gone"]), (&Value::Null, &json!(1)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn run_that_is_being_written_cannot_be_undone() {
    let before = app_with_a_run_to_undo().await;
    let (go_on, goes_on) = mpsc::channel();
    let goes_on = Mutex::new(goes_on);
    let (begins, mut begun) = unbounded_channel();
    let hold = move || {
        begins.send(()).unwrap();
        goes_on.lock().unwrap().recv().unwrap();
    };
    let answers = Arc::new(with_the_data(&before.store, hold));
    let router = app(Ports { answers, ..Ports::of(before.store.clone()) }, Settings::default());
    let undo = || Answer::of(router.clone(), post("/v1/runs/4/undo", "all", String::new()));
    let item = json!([{"externalId": "A", "lastName": "Bonnard"}]).to_string();
    let mut write = post("/v1/contacts/batch", "all", item);
    write.headers_mut().insert("idempotency-key", "k".parse().unwrap());

    let writing = tokio::spawn(Answer::of(router.clone(), write));
    begun.recv().await.unwrap();
    let stored = before.store.records();
    insta::assert_snapshot!(undo().await.whole());
    assert_eq!(before.store.records(), stored);
    go_on.send(()).unwrap();
    assert_eq!(writing.await.unwrap().json()["run"], 4);
    assert_eq!(undo().await.json()["summary"]["reverted"], 1);
}

#[tokio::test]
async fn run_that_is_not_kept_is_410() {
    let app = app_with_a_run_to_undo().await;
    let later = Timestamp::from_micros(now().micros() + 1);
    app.store.prune(organization(1).id, later).await.unwrap();
    let gone = app.send(post("/v1/runs/2/undo", "all", String::new())).await;
    assert_eq!(
        (gone.status, gone.json()["type"].as_str()),
        (410, Some("urn:contact-hub:problem:run-gone"))
    );
    for run in ["9", "x", "-1"] {
        let unknown = app.send(post(&format!("/v1/runs/{run}/undo"), "all", String::new())).await;
        assert_eq!(unknown.status, 404, "{run}");
    }
    let foreign = app.send(post("/v1/runs/3/undo", "other", String::new())).await;
    assert_eq!(foreign.status, 404);
    let wrong = app.send(post("/v1/runs/3/undo?dryRun=yes", "all", String::new())).await;
    assert_eq!(wrong.status, 400);
}
