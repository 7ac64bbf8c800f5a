//! The device API.

mod bad_bodies;
mod bad_items;
mod bad_numbers;
mod both_apis;
mod deleting;
mod errors;
mod listing;
mod one_item;
mod paths;
mod upserting;

use axum::http::Method;
use contacts_domain::contact::Record;
use serde_json::{Value, json};

use crate::app::{Answer, App, device};

const ITEMS: &str = "/api/v1/contacts/items";
const LINK: &str = "/api/v1/contacts/items/link";

/// The link id of that number.
fn link_id(number: u32) -> String {
    format!("91c615e3-1040-4815-8ecb-{number:012x}")
}

/// A valid item under the link id of that number.
fn item(number: u32) -> Value {
    json!({
        "link_id": link_id(number),
        "name": format!("Door {number}"),
        "type": "multi",
        "number": "0001-01-01",
    })
}

/// The same item with other members.
fn with(mut item: Value, members: Value) -> Value {
    let Value::Object(members) = members else { panic!("{members}") };
    item.as_object_mut().unwrap().extend(members);
    item
}

/// The same item without a member.
fn without(mut item: Value, name: &str) -> Value {
    item.as_object_mut().unwrap().remove(name).unwrap();
    item
}

/// An item as it is shown, with the defaults of the members that it does not have.
fn shown(item: Value, uid: i64) -> Value {
    let defaults = json!({
        "is_favorite": false, "auto_answer": false, "in_black_list": false, "is_p2p": false,
        "ringtone": "ring1.wav", "item_uid": uid,
    });
    with(defaults, item)
}

/// Sends items as the token `all`.
async fn send(app: &App, items: Value) -> Answer {
    let body = json!({"list_items": items}).to_string();
    app.send(device(Method::POST, LINK, "all", body)).await
}

/// Sends items that have to be stored; returns the link id and the `extended_info` of each result.
async fn upsert(app: &App, items: Value) -> Vec<(String, String)> {
    let answer = send(app, items).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let results = answer.json()["result"].as_array().unwrap().clone();
    let result = |result: &Value| {
        assert_eq!(result["success"], true);
        let text = |name: &str| result[name].as_str().unwrap().to_owned();
        (text("link_id"), text("extended_info"))
    };
    results.iter().map(result).collect()
}

/// The `extended_info` of each result.
fn words(results: &[(String, String)]) -> Vec<&str> {
    results.iter().map(|(_, word)| word.as_str()).collect()
}

/// Sends a request without a body, as the token `all`.
async fn ask(app: &App, method: Method, path: &str) -> Answer {
    app.send(device(method, path, "all", "")).await
}

/// The living contacts with their documents.
fn living(app: &App) -> Vec<(Record, Value)> {
    let records = app.store.records().into_iter();
    let living = records.filter(|record| record.deleted_at.is_none());
    living
        .map(|record| {
            let document = serde_json::from_str(&record.document).unwrap();
            (record, document)
        })
        .collect()
}

/// The error with these `data`.
fn not_valid(data: Value) -> (u16, Value) {
    let error = json!({"code": "not_valid", "message": "Data validation error"});
    (400, with(error, [("data".to_owned(), data)].into_iter().collect()))
}
