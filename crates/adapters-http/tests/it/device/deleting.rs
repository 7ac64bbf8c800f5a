//! Deleting items by their link ids.

use axum::http::Method;
use serde_json::{Value, json};

use super::{ITEMS, LINK, ask, item, link_id, living, not_valid, upsert, with, words};
use crate::app::{Answer, App, device};

async fn delete(app: &App, link_ids: Value) -> Answer {
    let body = json!({"link_ids": link_ids}).to_string();
    app.send(device(Method::DELETE, LINK, "all", body)).await
}

fn deleted(link_id: &str) -> Value {
    json!({"link_id": link_id, "success": true, "extended_info": "deleted"})
}

fn not_found(link_id: &str) -> Value {
    json!({"link_id": link_id, "success": false, "extended_info": "entity_not_found"})
}

#[tokio::test]
async fn each_link_id_is_deleted_once_in_order() {
    let app = App::new().await;
    let upper = link_id(0xa).to_uppercase();
    upsert(&app, json!([item(1), item(2), with(item(3), json!({"link_id": upper}))])).await;
    let (one, lower, unknown) = (link_id(1), link_id(0xa), link_id(99));
    let answer = delete(&app, json!([one, unknown, lower, upper, one])).await;
    let result =
        [deleted(&one), not_found(&unknown), deleted(&lower), not_found(&upper), not_found(&one)];
    assert_eq!((answer.status, answer.json()), (200, json!({"result": result})));
    let names: Vec<_> = living(&app).into_iter().map(|(_, left)| left["linkId"].clone()).collect();
    assert_eq!(names, [json!(link_id(2))]);
    assert_eq!(app.store.records().len(), 3, "deleted contacts are kept");
}

#[tokio::test]
async fn empty_list_deletes_nothing() {
    let app = App::new().await;
    upsert(&app, json!([item(1)])).await;
    let answer = delete(&app, json!([])).await;
    assert_eq!((answer.status, answer.json()), (200, json!({"result": []})));
    assert_eq!(living(&app).len(), 1);
}

#[tokio::test]
async fn person_loses_only_the_entry_and_link_id() {
    let app = App::new().await;
    let person = json!({
        "contactType": "PERSON", "externalId": "ERP-1", "lastName": "Rochat", "linkId": link_id(1),
        "intercom": {"name": "Rochat", "type": "regular", "number": "0001-01-11-11"},
    });
    let without_entry = json!({
        "contactType": "ORGANIZATION", "externalId": "ERP-2", "name": "Rochat SA",
        "linkId": link_id(2),
    });
    app.batch(json!([person, without_entry])).await;
    let answer = delete(&app, json!([link_id(1), link_id(2)])).await;
    let result = [deleted(&link_id(1)), deleted(&link_id(2))];
    assert_eq!((answer.status, answer.json()), (200, json!({"result": result})));
    let left = living(&app);
    assert_eq!(
        left.iter().map(|(record, _)| record.version.get()).collect::<Vec<_>>(),
        [2, 2],
        "{left:?}"
    );
    assert_eq!(
        left.into_iter().map(|(_, document)| document).collect::<Vec<_>>(),
        [
            json!({
                "id": 1, "contactId": 1, "contactType": "PERSON", "organizationId": 1,
                "externalId": "ERP-1", "lastName": "Rochat",
            }),
            json!({
                "id": 2, "contactId": 2, "contactType": "ORGANIZATION", "organizationId": 1,
                "externalId": "ERP-2", "name": "Rochat SA",
            }),
        ]
    );
    assert_eq!(ask(&app, Method::GET, &format!("{ITEMS}/1")).await.status, 400);
    let again = delete(&app, json!([link_id(1)])).await;
    assert_eq!(again.json(), json!({"result": [not_found(&link_id(1))]}));
    let results = upsert(&app, json!([item(1)])).await;
    assert_eq!(words(&results), ["created"], "the link id is free");
}

#[tokio::test]
async fn item_of_another_organization_is_not_found() {
    let app = App::new().await;
    upsert(&app, json!([item(1)])).await;
    let body = json!({"link_ids": [link_id(1)]}).to_string();
    let answer = app.send(device(Method::DELETE, LINK, "other", body)).await;
    assert_eq!(answer.json(), json!({"result": [not_found(&link_id(1))]}));
    assert_eq!(living(&app).len(), 1);
}

#[tokio::test]
async fn malformed_link_ids_are_named_and_nothing_deleted() {
    let app = App::new().await;
    upsert(&app, json!([item(1)])).await;
    let answer = delete(
        &app,
        json!([link_id(1), null, 7, "x", {}, "00000000-0000-0000-0000-000000000000", ""]),
    )
    .await;
    let shape = "a link id must be a UUID in its hyphenated form of 36 characters";
    let data = json!({
        "link_ids[1]": "must be text",
        "link_ids[2]": "must be text",
        "link_ids[3]": shape,
        "link_ids[4]": "must be text",
        "link_ids[5]": "a link id must not be the nil UUID",
        "link_ids[6]": shape,
    });
    assert_eq!(answer.envelope(), not_valid(data));
    assert_eq!(living(&app).len(), 1);
    let answer = delete(&app, json!(vec!["x"; 101])).await;
    assert_eq!(answer.envelope().1["data"]["..."], "1 more");
}

#[tokio::test]
async fn two_thousand_items_are_deleted_in_one_request() {
    let app = App::new().await;
    let items: Vec<Value> = (1..=2_000).map(item).collect();
    upsert(&app, json!(items)).await;
    let link_ids: Vec<String> = (1..=2_000).map(link_id).collect();
    let answer = delete(&app, json!(link_ids)).await;
    let result: Vec<Value> = link_ids.iter().map(|link_id| deleted(link_id)).collect();
    assert_eq!((answer.status, answer.json()), (200, json!({"result": result})));
    assert!(living(&app).is_empty());
}
