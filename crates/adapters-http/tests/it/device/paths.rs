//! Every path of the table is served, under both prefixes, by its operation.

use axum::body::Body;
use axum::http::Method;
use contacts_adapters_http::{DEVICE_PATHS, DEVICE_PREFIXES, DeviceOperation, DevicePath};
use serde_json::{Value, json};

use super::{item, link_id, shown, upsert};
use crate::app::{App, device, request};

/// The body and the answer of a request for the operation, on a store with item 1.
fn exchange(operation: DeviceOperation) -> (Value, Value) {
    let result = |word: &str| json!({"result": [{"link_id": link_id(1), "success": true, "extended_info": word}]});
    let shown = shown(item(1), 1);
    match operation {
        DeviceOperation::UpsertItems => (json!({"list_items": [item(1)]}), result("updated")),
        DeviceOperation::DeleteItems => (json!({"link_ids": [link_id(1)]}), result("deleted")),
        DeviceOperation::ListItems => {
            let pagination = json!({
                "total_items": 1, "items_limit": 10, "total_pages": 1, "current_page": 1,
            });
            let option = json!({"pagination": pagination});
            (json!({}), json!({"list_items": [shown], "list_option": option}))
        }
        DeviceOperation::CreateItem => (item(2), json!({"uid": 2})),
        DeviceOperation::GetItem => (json!({}), shown),
        DeviceOperation::UpdateItem => (item(1), json!({"uid": 1})),
        DeviceOperation::DeleteItem => (json!({}), json!({})),
    }
}

#[tokio::test]
async fn every_path_is_served_under_every_prefix() {
    let mut answered = 0;
    for DevicePath { operation, methods, path } in DEVICE_PATHS {
        for prefix in DEVICE_PREFIXES {
            for method in *methods {
                let path = format!("{prefix}{}", path.replace("{uid}", "1"));
                let app = App::new().await;
                upsert(&app, json!([item(1)])).await;
                let (sent, expected) = exchange(*operation);
                let answer = app.send(device(method.clone(), &path, "all", sent.to_string())).await;
                let result = (answer.status, answer.json());
                assert_eq!(result, (200, expected), "{method} {path}");
                answered += 1;
            }
        }
    }
    assert_eq!(answered, 40);
}

#[tokio::test]
async fn path_table_matches_the_contract() {
    let table: Vec<String> = DEVICE_PATHS
        .iter()
        .map(|DevicePath { operation, methods, path }| {
            let methods: Vec<_> = methods.iter().map(Method::as_str).collect();
            format!("{operation:?} {} {path}", methods.join(" "))
        })
        .collect();
    assert_eq!(
        table,
        [
            "UpsertItems POST PUT PATCH /contacts/items/link",
            "UpsertItems POST PUT PATCH /contacts/link",
            "DeleteItems DELETE /contacts/items/link",
            "DeleteItems POST /contacts/link/delete",
            "ListItems GET /contacts/items",
            "ListItems GET /contacts",
            "CreateItem POST /contacts/items",
            "CreateItem POST /contacts",
            "GetItem GET /contacts/items/{uid}",
            "GetItem GET /contacts/{uid}",
            "UpdateItem PUT PATCH /contacts/items/{uid}",
            "UpdateItem PUT PATCH /contacts/{uid}",
            "DeleteItem DELETE /contacts/items/{uid}",
            "DeleteItem DELETE /contacts/{uid}",
        ]
    );
    assert_eq!(DEVICE_PREFIXES, ["/api/v0", "/api/v1"]);
}

#[tokio::test]
async fn wrong_method_is_405_with_allow() {
    let app = App::new().await;
    for (method, path, allow) in [
        (Method::GET, "/contacts/items/link", "DELETE,PATCH,POST,PUT"),
        (Method::DELETE, "/contacts/link", "PATCH,POST,PUT"),
        (Method::GET, "/contacts/link/delete", "POST"),
        (Method::DELETE, "/contacts/items", "GET,HEAD,POST"),
        (Method::PUT, "/contacts", "GET,HEAD,POST"),
        (Method::POST, "/contacts/items/1", "DELETE,GET,HEAD,PATCH,PUT"),
        (Method::OPTIONS, "/contacts/1", "DELETE,GET,HEAD,PATCH,PUT"),
    ] {
        for prefix in DEVICE_PREFIXES {
            let path = format!("{prefix}{path}");
            let answer = app.send(request(method.clone(), &path, &[], Body::empty())).await;
            let message = format!("{method} is not allowed here; the header Allow names what is");
            let error = json!({"code": "not_valid", "message": message});
            assert_eq!(answer.envelope(), (405, error), "{path}");
            let mut allowed: Vec<_> = answer.header("allow").unwrap().split(',').collect();
            allowed.sort_unstable();
            assert_eq!(allowed.join(","), allow, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn unknown_path_below_a_prefix_is_404_envelope() {
    let app = App::new().await;
    for path in ["", "/", "/contact", "/contacts/", "/contacts/items/", "/contacts/items/1/x"] {
        for prefix in DEVICE_PREFIXES {
            let path = format!("{prefix}{path}");
            let answer = app.send(request(Method::GET, &path, &[], Body::empty())).await;
            let message = format!("there is nothing at {path}");
            let error = json!({"code": "not_valid", "message": message});
            assert_eq!(answer.envelope(), (404, error), "{path}");
        }
    }
    for path in ["/api", "/api/v2/contacts", "/api/v10/contacts"] {
        let answer = app.send(request(Method::GET, path, &[], Body::empty())).await;
        assert_eq!(answer.problem(), (404, "NOT_FOUND".to_owned()), "{path}");
    }
}
