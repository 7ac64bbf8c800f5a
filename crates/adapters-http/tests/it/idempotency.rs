//! Requests with `Idempotency-Key`: done once, and answered as before.

mod large_answers;

use std::sync::{Arc, Mutex, mpsc};

use axum::body::Body;
use axum::http::{Method, Request};
use contacts_adapters_http::{Ports, Settings};
use contacts_application::ports::{KeptAnswers, MockKeptAnswers, OrganizationSettings};
use contacts_testing::MemoryStore;
use futures_util::FutureExt as _;
use serde_json::{Value, json};

use crate::app::{Answer, App, BATCH, app, post, request};
use crate::authorization::operations;

const LINK_ID: &str = "91c615e3-1040-4815-8ecb-039a18b756b1";

/// Stands for the id of the plan.
const PLAN: &str = "PLAN";

/// An operation, as a request that changes something.
struct Change {
    method: Method,
    path: String,
    media_type: &'static str,
    body: Value,
    /// Another body that it takes.
    other: Value,
}

impl Change {
    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    fn send(&self, headers: &[(&str, &str)], body: &Value) -> Request<Body> {
        let own = [("weal-token", "admin"), ("target-organization-id", "1")];
        let own = [&own[..], &[("content-type", self.media_type)], headers].concat();
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        request(self.method.clone(), &self.path, &own, body)
    }

    /// The same about the plan of that store.
    fn on(self, store: &MemoryStore) -> Self {
        let plans = store.plans();
        let head: Value = serde_json::from_slice(&plans[0].head).unwrap();
        Self { path: self.path.replace(PLAN, head["id"].as_str().unwrap()), ..self }
    }

    fn keyed(&self, key: &str, body: &Value) -> Request<Body> {
        self.send(&[("idempotency-key", key)], body)
    }
}

/// On a store with the living contacts 1 and 2, the first one with an entry of the directory, and the
/// deleted one 3, the archived one 4.
fn change(method: &Method, path: &str) -> Change {
    let person = |name: &str| json!({"contactType": "PERSON", "lastName": name});
    let entry = |name: &str| json!({"name": name, "type": "regular", "number": "0001-01-11-12"});
    let with_link = |name: &str| {
        let mut entry = entry(name);
        entry["link_id"] = json!(LINK_ID);
        json!({ "list_items": [entry] })
    };
    let is = |end: &str| path.ends_with(end);
    let (body, other) = match path {
        "/api-v1/contact/batch" | "/v1/contacts/batch" => {
            (json!([person("Abt"), person("")]), json!([person("Bär")]))
        }
        "/api-v1/contact/merging" => {
            (json!({"targetId": 1, "sourceId": 2}), json!({"targetId": 2, "sourceId": 1}))
        }
        "/v1/contacts/merge" => {
            (json!({"target": 1, "source": 2}), json!({"target": 2, "source": 1}))
        }
        "/v1/contacts/delete" => (json!({"ids": [1, 99]}), json!({"ids": [2]})),
        "/v1/contacts/plans" => (json!([person("Abt")]), json!([person("Bär")])),
        "/v1/organization" => (json!({"name": "Abt AG"}), json!({"name": "Bär AG"})),
        "/v1/contacts" | "/v1/contacts/{id}" if *method != Method::DELETE => {
            (person("Abt"), person("Bär"))
        }
        "/v1/contacts/{id}"
        | "/v1/contacts/{id}/archive"
        | "/v1/contacts/{id}/restore"
        | "/v1/contacts/{id}/unarchive"
        | "/v1/contacts/plans/{id}"
        | "/v1/contacts/plans/{id}/apply"
        | "/v1/runs/{id}/undo" => (Value::Null, Value::Null),
        _ if !path.starts_with("/api/") => panic!("{method} {path} has no request here"),
        _ if is("/link/delete") || (is("/link") && *method == Method::DELETE) => {
            (json!({"link_ids": [LINK_ID]}), json!({"link_ids": []}))
        }
        _ if is("/link") => (with_link("Abt"), with_link("Bär")),
        _ if *method == Method::DELETE => (Value::Null, Value::Null),
        _ => (entry("Abt"), entry("Bär")),
    };
    let id = match path.rsplit('/').next() {
        _ if path.starts_with("/v1/contacts/plans/") => PLAN,
        Some("restore") => "3",
        Some("unarchive") => "4",
        _ => "1",
    };
    let media_type = match *method == Method::PATCH && path.starts_with("/v1/") {
        true => "application/merge-patch+json",
        false => "application/json",
    };
    let path = path.replace("{id}", id).replace("{uid}", id);
    Change { method: method.clone(), path, media_type, body, other }
}

/// Every operation that may change something.
fn changes() -> Vec<Change> {
    let all = operations();
    let unsafe_ones = all.iter().filter(|operation| !operation.method.is_safe());
    unsafe_ones.map(|operation| change(&operation.method, operation.pattern())).collect()
}

async fn four_contacts() -> App {
    let app = App::new().await;
    fill(&app).await;
    app
}

async fn fill(app: &App) {
    let named = |name: &str| json!({"contactType": "PERSON", "lastName": name});
    let mut first = named("Rochat");
    first["linkId"] = json!(LINK_ID);
    first["intercom"] = json!({"name": "R", "type": "regular", "number": "0001-01-11-11"});
    app.batch(json!([first, named("Meier"), named("Gone"), named("Put aside")])).await;
    for (method, path) in
        [(Method::DELETE, "/v1/contacts/3"), (Method::POST, "/v1/contacts/4/archive")]
    {
        let headers = [("weal-token", "all")];
        let done = app.send(request(method, path, &headers, Body::empty())).await;
        assert!(done.status < 300, "{done:?}");
    }
    let plan = post("/v1/contacts/plans", "all", json!([named("Planned")]).to_string());
    assert_eq!(app.send(plan).await.status, 201);
}

/// What is stored in organization 1.
async fn stored(store: &MemoryStore) -> String {
    let organizations = store.organizations().await.unwrap();
    format!("{:?} {organizations:?} {:?}", store.records(), store.plans())
}

/// Status, headers and body, without what is new in an answer that is given again.
fn comparable(answer: &Answer) -> (u16, Vec<(String, String)>, String) {
    let headers = answer.headers.iter();
    let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().into()));
    let mut headers: Vec<_> = headers.filter(|(name, _)| name != "idempotency-replayed").collect();
    headers.sort_unstable();
    (answer.status, headers, answer.text().to_owned())
}

#[tokio::test]
async fn every_change_is_done_once() {
    for change in changes() {
        let (app, name) = (four_contacts().await, change.name());
        let change = change.on(&app.store);
        let before = stored(&app.store).await;
        let first = app.send(change.keyed("k", &change.body)).await;
        assert!(first.status < 300, "{name}: {first:?}");
        assert_eq!(first.header("idempotency-replayed"), None);
        let after = stored(&app.store).await;
        assert_ne!(after, before, "{name}");
        for key in ["k", "\"k\""] {
            let again = app.send(change.keyed(key, &change.body)).await;
            assert_eq!(again.header("idempotency-replayed"), Some("true"), "{name}: {again:?}");
            assert_eq!(comparable(&again), comparable(&first), "{name}");
        }
        let dry_run = [("idempotency-key", "k"), ("prefer", "dry-run")];
        let mut others = vec![change.send(&dry_run, &change.body)];
        if !change.other.is_null() {
            others.push(change.keyed("k", &change.other));
        }
        for other in others {
            let answer = app.send(other).await;
            assert_eq!(answer.status, 422, "{name}: {answer:?}");
        }
        assert_eq!(stored(&app.store).await, after, "{name}");
    }
}

/// A store that keeps answers only with the data, and does that before it writes contacts.
pub(crate) fn with_the_data(
    store: &Arc<MemoryStore>,
    before: impl Fn() + Send + Sync + 'static,
) -> MockKeptAnswers {
    let mut kept = MockKeptAnswers::new();
    let on = Arc::clone(store);
    kept.expect_kept_answer()
        .returning(move |home, key| on.kept_answer(home, key).now_or_never().unwrap());
    let on = Arc::clone(store);
    kept.expect_upsert_once().returning(move |batch| {
        before();
        on.upsert_once(batch).now_or_never().unwrap()
    });
    let on = Arc::clone(store);
    kept.expect_merge_once().returning(move |merge| on.merge_once(merge).now_or_never().unwrap());
    let on = Arc::clone(store);
    kept.expect_restore_once()
        .returning(move |restore| on.restore_once(restore).now_or_never().unwrap());
    let on = Arc::clone(store);
    kept.expect_undo_once().returning(move |undo| on.undo_once(undo).now_or_never().unwrap());
    let on = Arc::clone(store);
    kept.expect_change_settings_once().returning(move |id, change, contacts, keep| {
        on.change_settings_once(id, change, contacts, keep).now_or_never().unwrap()
    });
    kept
}

#[tokio::test]
async fn answer_is_kept_in_the_transaction_of_the_data() {
    for change in changes() {
        let before = four_contacts().await;
        let change = change.on(&before.store);
        let answers = Arc::new(with_the_data(&before.store, || {}));
        let ports = Ports { answers, ..Ports::of(before.store.clone()) };
        let router = app(ports, Settings::default());
        let first = Answer::of(router.clone(), change.keyed("k", &change.body)).await;
        assert!(first.status < 300, "{}: {first:?}", change.name());
        let again = Answer::of(router, change.keyed("k", &change.body)).await;
        assert_eq!(comparable(&again), comparable(&first), "{}", change.name());
    }
}

#[tokio::test]
async fn bad_key_is_400_and_nothing_stored() {
    let long = "k".repeat(129);
    for change in changes() {
        let app = four_contacts().await;
        let change = change.on(&app.store);
        let before = stored(&app.store).await;
        for key in ["", "\"\"", &long, "a\tb", "a b", "\"a", "\"a\"b"] {
            let answer = app.send(change.keyed(key, &change.body)).await;
            assert_eq!(answer.status, 400, "{} {key:?}: {answer:?}", change.name());
        }
        let twice = [("idempotency-key", "a"), ("idempotency-key", "b")];
        let answer = app.send(change.send(&twice, &change.body)).await;
        assert_eq!(answer.status, 400, "{}: {answer:?}", change.name());
        assert!(answer.text().contains("Idempotency-Key stands there twice"), "{answer:?}");
        assert_eq!(stored(&app.store).await, before, "{}", change.name());
    }
}

#[tokio::test]
async fn dry_run_is_answered_again_after_the_change() {
    for change in changes() {
        let app = four_contacts().await;
        let change = change.on(&app.store);
        let dry_run = || {
            let headers = [("idempotency-key", "k"), ("prefer", "dry-run")];
            change.send(&headers, &change.body)
        };
        let first = app.send(dry_run()).await;
        assert!(first.status < 300, "{}: {first:?}", change.name());
        assert!(app.send(change.send(&[], &change.body)).await.status < 300);
        let again = app.send(dry_run()).await;
        assert_eq!(again.header("idempotency-replayed"), Some("true"), "{again:?}");
        assert_eq!(comparable(&again), comparable(&first), "{}", change.name());
    }
}

/// Whoever thinks that `dryRun` is a parameter everywhere has to learn that it is not.
#[tokio::test]
async fn parameter_that_a_native_operation_does_not_know_is_400() {
    let app = four_contacts().await;
    let changes = changes().into_iter().filter(|change| change.path.starts_with("/v1/"));
    let gets = operations().into_iter().filter(|operation| {
        operation.method == Method::GET && operation.pattern().starts_with("/v1/")
    });
    let gets = gets.map(|operation| {
        let is_plan = operation.pattern().starts_with("/v1/contacts/plans");
        let path = operation.path_to(if is_plan { PLAN } else { "1" });
        let (media_type, body) = ("application/json", Value::Null);
        Change { method: Method::GET, path, media_type, other: body.clone(), body }
    });
    for change in changes.chain(gets) {
        let change = change.on(&app.store);
        let before = stored(&app.store).await;
        let path = format!("{}?dryrun=true", change.path);
        let refused = Change { path, ..change };
        let answer = app.send(refused.send(&[], &refused.body)).await;
        assert_eq!(answer.status, 400, "{}: {answer:?}", refused.name());
        assert!(answer.text().contains("there is no parameter dryrun"), "{answer:?}");
        assert_eq!(stored(&app.store).await, before, "{}", refused.name());
    }
}

fn v1(
    method: Method,
    path: &str,
    key: &str,
    headers: &[(&str, &str)],
    body: &Value,
) -> Request<Body> {
    let own =
        [("weal-token", "all"), ("idempotency-key", key), ("content-type", "application/json")];
    let body = if body.is_null() { String::new() } else { body.to_string() };
    request(method, path, &[&own, headers].concat(), body)
}

#[tokio::test]
async fn refusals_by_the_store_are_kept() {
    let app = four_contacts().await;
    app.batch(json!([{"contactType": "PERSON", "lastName": "Taken", "externalId": "A"}])).await;
    let taken = json!({"contactType": "PERSON", "lastName": "Other", "externalId": "A"});
    let bad = json!({"contactType": "PERSON", "lastName": "x", "email": "no"});
    let requests = || {
        [
            (409, v1(Method::POST, "/v1/contacts", "1", &[], &taken)),
            (422, v1(Method::POST, "/v1/contacts", "2", &[], &bad)),
            (404, v1(Method::DELETE, "/v1/contacts/99", "3", &[], &Value::Null)),
            (404, v1(Method::PUT, "/v1/contacts/3", "4", &[], &bad)),
            (
                412,
                v1(Method::DELETE, "/v1/contacts/1", "5", &[("if-match", "\"9\"")], &Value::Null),
            ),
            (404, v1(Method::POST, "/v1/contacts/99/restore", "6", &[], &Value::Null)),
        ]
    };
    let mut first = Vec::new();
    for (status, request) in requests() {
        let answer = app.send(request).await;
        assert_eq!(answer.status, status, "{answer:?}");
        first.push(answer);
    }
    // Now they would be done.
    assert!(
        app.send(v1(Method::DELETE, "/v1/contacts/5", "7", &[], &Value::Null)).await.status < 300
    );
    for ((_, request), first) in requests().into_iter().zip(first) {
        let again = app.send(request).await;
        assert_eq!(again.header("idempotency-replayed"), Some("true"), "{again:?}");
        assert_eq!(comparable(&again), comparable(&first));
    }
}

#[tokio::test]
async fn refused_request_may_be_mended_with_its_key() {
    let app = App::new().await;
    let person = json!({"contactType": "PERSON", "lastName": "Abt"});
    let refused = |media_type, token, body: &str| {
        let headers =
            [("weal-token", token), ("idempotency-key", "k"), ("content-type", media_type)];
        request(Method::POST, "/v1/contacts", &headers, body.to_owned())
    };
    let long = format!("\"{}\"", "x".repeat(1 << 20));
    for (status, request) in [
        (400, refused("application/json", "all", "")),
        (401, refused("application/json", "unknown", "{}")),
        (403, refused("application/json", "reader", "{}")),
        (413, refused("application/json", "all", &long)),
        (415, refused("text/plain", "all", "{}")),
    ] {
        assert_eq!(app.send(request).await.status, status);
    }
    let created = app.send(v1(Method::POST, "/v1/contacts", "k", &[], &person)).await;
    assert_eq!(created.status, 201, "{created:?}");
    assert_eq!(app.store.records().len(), 1);
}

#[tokio::test]
async fn keys_of_tokens_paths_and_organizations_are_apart() {
    let app = App::new().await;
    let items = json!([{"contactType": "PERSON", "lastName": "Abt"}]).to_string();
    for (path, token, organization) in [
        (BATCH, "all", "1"),
        (BATCH, "writer", "1"),
        (BATCH, "both", "1"),
        (BATCH, "both", "2"),
        ("/v1/contacts/batch", "all", "1"),
    ] {
        let mut request = post(path, token, items.clone());
        request.headers_mut().insert("idempotency-key", "k".parse().unwrap());
        request.headers_mut().insert("target-organization-id", organization.parse().unwrap());
        let answer = app.send(request).await;
        assert_eq!((answer.status, answer.header("idempotency-replayed")), (200, None));
    }
    assert_eq!(app.store.records().len(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn request_that_runs_is_409_with_retry_after() {
    let before = four_contacts().await;
    let (go_on, goes_on) = mpsc::channel();
    let goes_on = Mutex::new(goes_on);
    let answers = with_the_data(&before.store, move || goes_on.lock().unwrap().recv().unwrap());
    let ports = Ports { answers: Arc::new(answers), ..Ports::of(before.store.clone()) };
    let router = app(ports, Settings::default());
    let person = json!({"contactType": "PERSON", "lastName": "Abt"});
    let create = || v1(Method::POST, "/v1/contacts", "k", &[], &person);
    let answers = [(); 2].map(|()| tokio::spawn(Answer::of(router.clone(), create())));
    let [mut one, mut other] = answers;
    // Whichever came second is answered at once.
    let (running, first) = tokio::select! {
        running = &mut one => (running, other),
        running = &mut other => (running, one),
    };
    let running = running.unwrap();
    assert_eq!(running.problem().0, 409, "{running:?}");
    assert_eq!(running.header("retry-after"), Some("1"));
    go_on.send(()).unwrap();
    let first = first.await.unwrap();
    assert_eq!(first.status, 201, "{first:?}");
    let again = Answer::of(router, create()).await;
    assert_eq!(comparable(&again), comparable(&first));
    assert_eq!(before.store.records().len(), 5);
}

#[tokio::test]
async fn erased_answer_keeps_its_key() {
    let app = App::new().await;
    let person = json!({"contactType": "PERSON", "lastName": "Abt"});
    let create = || v1(Method::POST, "/v1/contacts", "k", &[], &person);
    let first = app.send(create()).await;
    assert_eq!(first.status, 201);
    let purge = v1(Method::DELETE, "/v1/contacts/1?purge=true", "other", &[], &json!(null));
    assert_eq!(app.send(purge).await.status, 204);
    let again = app.send(create()).await;
    assert_eq!((again.status, again.text()), (201, ""));
    assert_eq!(again.header("idempotency-replayed"), Some("without-documents"));
    assert_eq!(again.header("location"), first.header("location"));
    assert_eq!(app.store.records(), []);
}
