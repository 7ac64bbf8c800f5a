//! Answers that are too large to be kept: all but the documents is kept.

use axum::body::Body;
use axum::http::{Method, Request};
use contacts_adapters_http::Settings;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::app::{Answer, App, BATCH, request};

const NATIVE_BATCH: &str = "/v1/contacts/batch";

/// Keeps answers of up to 1,000 bytes.
async fn app() -> App {
    App::with(settings()).await
}

fn settings() -> Settings {
    Settings { max_kept_answer_bytes: 1_000, ..Settings::default() }
}

/// Three contacts with text that cannot be compressed much.
fn persons(name: &str, seed: u8) -> Value {
    let person = |number: u8| {
        let parts = (0..20).flat_map(|part: u8| Sha256::digest([number, part, seed]));
        let notes: String = parts.map(|byte| format!("{byte:x}")).collect();
        json!({
            "contactType": "PERSON", "externalId": format!("E-{number}"), "lastName": name,
            "customFields": {"notes": notes},
        })
    };
    (0..3).map(person).collect()
}

fn post(path: &str, headers: &[(&str, &str)], body: &Value) -> Request<Body> {
    let own = [("weal-token", "all"), ("content-type", "application/json")];
    let body = if body.is_null() { String::new() } else { body.to_string() };
    request(Method::POST, path, &[&own, headers].concat(), body)
}

/// Sends a request twice with a key. The second answer is the first one as `without` leaves it.
async fn assert_kept_without_documents(
    app: &App,
    path: &str,
    headers: &[(&str, &str)],
    body: &Value,
    without: impl Fn(&mut Value),
) {
    let headers = [&[("idempotency-key", path)], headers].concat();
    let first = app.send(post(path, &headers, body)).await;
    assert!(first.status < 300, "{path}: {first:?}");
    let mut expected = first.json();
    for item in expected["items"].as_array_mut().unwrap() {
        without(item);
    }
    assert_ne!(expected, first.json(), "{path}");
    let stored = app.store.records();
    let again = app.send(post(path, &headers, body)).await;
    assert_eq!(again.header("idempotency-replayed"), Some("without-documents"), "{path}");
    assert_eq!(again.json(), expected, "{path}");
    assert_eq!(head(&again), head(&first), "{path}");
    assert_eq!(app.store.records(), stored, "{path}");
}

/// The status, and the headers that do not depend on the length of the body.
fn head(answer: &Answer) -> (u16, Vec<(&str, &str)>) {
    let headers = answer.headers.iter();
    let headers = headers.map(|(name, value)| (name.as_str(), value.to_str().unwrap()));
    let own = ["content-length", "vary", "idempotency-replayed"];
    let mut headers: Vec<_> = headers.filter(|(name, _)| !own.contains(name)).collect();
    headers.sort_unstable();
    (answer.status, headers)
}

/// Leaves out these members.
fn leave_out(item: &mut Value, members: &[&str]) {
    let item = item.as_object_mut().unwrap();
    item.retain(|name, _| !members.contains(&name.as_str()));
}

/// A result of the ERP API as in a minimal answer.
fn minimal(item: &mut Value) {
    leave_out(item, &["changes"]);
    item["freshData"] = json!({});
    let row = item["freshRow"].as_object_mut().unwrap();
    row.retain(|name, _| ["id", "version", "verdict", "sameAs"].contains(&name.as_str()));
}

fn native(item: &mut Value) {
    leave_out(item, &["contact", "changes", "explain"]);
}

#[tokio::test]
async fn too_large_answer_is_kept_without_documents() {
    let items = persons("Abt", 1);
    let app = app().await;
    assert_kept_without_documents(&app, BATCH, &[], &items, minimal).await;
    // It changes nothing.
    let path = format!("{NATIVE_BATCH}?return=representation&explain=true");
    assert_kept_without_documents(&app, &path, &[], &items, native).await;
    assert_eq!(app.store.records().len(), 3);
}

#[tokio::test]
async fn too_large_answer_to_recognized_items_keeps_all_but_documents() {
    let (app, items) = (app().await, persons("Abt", 1));
    let path = format!("{NATIVE_BATCH}?return=representation");
    for _ in 0..2 {
        assert_eq!(app.send(post(&path, &[], &items)).await.status, 200);
    }
    assert_kept_without_documents(&app, &path, &[], &items, native).await;
}

#[tokio::test]
async fn too_large_dry_run_is_kept_without_documents() {
    let (app, items) = (app().await, persons("Abt", 1));
    let path = format!("{NATIVE_BATCH}?dryRun=true&return=representation&explain=true");
    assert_kept_without_documents(&app, &path, &[], &items, native).await;
    let prefer = [("prefer", "dry-run, detail=full")];
    assert_kept_without_documents(&app, BATCH, &prefer, &items, minimal).await;
    assert_eq!(app.store.records(), []);
}

#[tokio::test]
async fn too_large_plan_is_kept_without_documents() {
    let (app, items) = (app().await, persons("Abt", 1));
    assert_kept_without_documents(&app, "/v1/contacts/plans", &[], &items, native).await;
    assert_eq!(app.store.plans().len(), 1);
}

#[tokio::test]
async fn too_large_application_of_plan_is_kept_without_documents() {
    let (app, items) = (app().await, persons("Abt", 1));
    let path = "/v1/contacts/plans?return=representation&explain=true";
    let plan = app.send(post(path, &[], &items)).await;
    let apply = format!("{}/apply", plan.header("location").unwrap());
    assert_kept_without_documents(&app, &apply, &[], &Value::Null, native).await;
    assert_eq!(app.store.records().len(), 3);
}

#[tokio::test]
async fn too_large_answer_to_plan_that_was_applied_before_is_kept_without_documents() {
    let (app, items) = (App::new().await, persons("Abt", 1));
    let path = "/v1/contacts/plans?return=representation&explain=true";
    let plan = app.send(post(path, &[], &items)).await;
    let apply = format!("{}/apply", plan.header("location").unwrap());
    assert_eq!(app.send(post(&apply, &[], &Value::Null)).await.status, 200);
    let app = App::of(app.store, settings());
    assert_kept_without_documents(&app, &apply, &[], &Value::Null, native).await;
}

#[tokio::test]
async fn too_large_undo_is_kept_without_documents() {
    let app = app().await;
    for (name, seed) in [("Abt", 1), ("Amstutz", 2), ("Amstutz", 3)] {
        app.batch(persons(name, seed)).await;
    }
    let named_alone = |item: &mut Value| {
        leave_out(item, &["changes"]);
        for kept in item["kept"].as_array_mut().unwrap() {
            leave_out(kept, &["from", "to"]);
        }
    };
    for query in ["?dryRun=true", ""] {
        let path = format!("/v1/runs/2/undo{query}");
        assert_kept_without_documents(&app, &path, &[], &Value::Null, named_alone).await;
    }
}
