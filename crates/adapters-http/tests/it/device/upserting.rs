//! `POST /contacts/items/link`: creating and updating items.

use axum::http::Method;
use contacts_adapters_http::Settings;
use contacts_domain::contact::ContactType;
use serde_json::{Value, json};
use std::collections::HashSet;

use super::{ITEMS, LINK, ask, item, link_id, living, send, shown, upsert, with, without, words};
use crate::app::{App, device};

const REQUEST: &str = include_str!("../../data/device-upsert.json");

#[tokio::test]
async fn repeated_contract_request_is_updated_without_a_write() {
    let app = App::new().await;
    let result = |word: &str| {
        let numbers = ["1", "2", "3", "4"].into_iter();
        let results = numbers.map(|number| {
            let link_id = format!("91c615e3-1040-4815-8ecb-039a18b756b{number}");
            json!({"link_id": link_id, "success": true, "extended_info": word})
        });
        json!({"result": results.collect::<Vec<_>>()})
    };
    let answer = app.send(device(Method::POST, LINK, "all", REQUEST)).await;
    assert_eq!((answer.status, answer.json()), (200, result("created")));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let stored = app.store.records();
    assert_eq!(stored.len(), 4);

    let answer = app.send(device(Method::POST, LINK, "all", REQUEST)).await;
    assert_eq!((answer.status, answer.json()), (200, result("updated")));
    assert_eq!(app.store.records(), stored);
}

#[tokio::test]
async fn new_item_is_an_endpoint_with_every_member() {
    let app = App::new().await;
    upsert(&app, json!([item(1)])).await;
    let [(record, document)] = &living(&app)[..] else { panic!() };
    assert_eq!(record.projection.contact_type, ContactType::Endpoint);
    assert_eq!((record.version.get(), &*record.projection.display_name), (1, "Door 1"));
    assert_eq!(
        *document,
        json!({
            "id": 1, "contactId": 1, "contactType": "ENDPOINT", "organizationId": 1,
            "linkId": link_id(1),
            "intercom": {
                "name": "Door 1", "type": "multi", "number": "0001-01-01", "isFavorite": false,
                "autoAnswer": false, "inBlackList": false, "isP2p": false, "ringtone": "ring1.wav",
            },
        })
    );
}

#[tokio::test]
async fn update_replaces_every_member_of_the_device() {
    let app = App::new().await;
    let full = json!({
        "name": "Café 楼 🏠", "type": "p2p", "number": "sip:door.1+a_b-c@10.0.0.5:5060",
        "is_favorite": true, "auto_answer": true, "in_black_list": false, "is_p2p": true,
        "ringtone": "bell.mp3",
    });
    upsert(&app, json!([with(item(1), full.clone())])).await;
    let answer = ask(&app, Method::GET, &format!("{ITEMS}/1")).await.json();
    assert_eq!(answer, with(full, json!({"link_id": link_id(1), "item_uid": 1})));

    assert_eq!(words(&upsert(&app, json!([item(1)])).await), ["updated"]);
    let reset = ask(&app, Method::GET, &format!("{ITEMS}/1")).await.json();
    assert_eq!(reset, shown(item(1), 1));
    assert_eq!(living(&app)[0].0.version.get(), 2);
}

#[tokio::test]
async fn null_counts_as_absent_in_optional_members() {
    let app = App::new().await;
    upsert(&app, json!([item(1)])).await;
    let stored = app.store.records();
    let nulls = json!({
        "is_favorite": null, "auto_answer": null, "in_black_list": null, "is_p2p": null,
        "ringtone": null,
    });
    assert_eq!(words(&upsert(&app, json!([with(item(1), nulls)])).await), ["updated"]);
    assert_eq!(app.store.records(), stored);
}

#[tokio::test]
async fn item_without_link_id_gets_one() {
    let app = App::new().await;
    let without_link_id = without(item(1), "link_id");
    let items = json!([without_link_id, with(without_link_id.clone(), json!({"link_id": null}))]);
    let first = upsert(&app, items.clone()).await;
    let again = upsert(&app, items).await;
    assert_eq!(words(&first), ["created", "created"]);
    assert_eq!(words(&again), ["created", "created"]);
    let given: HashSet<_> = first.iter().chain(&again).map(|(link_id, _)| link_id).collect();
    assert_eq!(given.len(), 4);
    for link_id in given {
        let uuid: uuid::Uuid = link_id.parse().unwrap();
        assert_eq!((uuid.get_version_num(), uuid.to_string()), (7, link_id.clone()));
    }

    let (link_id, _) = &first[0];
    let known = upsert(&app, json!([with(item(1), json!({"link_id": link_id}))])).await;
    assert_eq!(known, [(link_id.clone(), "updated".to_owned())]);
}

#[tokio::test]
async fn link_id_ignores_case_and_is_echoed() {
    let app = App::new().await;
    let upper = link_id(0xabcdef).to_uppercase();
    let in_upper = with(item(1), json!({"link_id": upper}));
    let in_lower = with(item(1), json!({"link_id": upper.to_lowercase()}));
    assert_eq!(upsert(&app, json!([in_upper])).await, [(upper.clone(), "created".to_owned())]);
    let stored = app.store.records();
    let again = upsert(&app, json!([in_lower])).await;
    assert_eq!(again, [(upper.to_lowercase(), "updated".to_owned())]);
    assert_eq!(app.store.records(), stored, "another spelling is no change");
}

#[tokio::test]
async fn repeated_item_is_applied_twice_in_order() {
    let app = App::new().await;
    let renamed = with(item(1), json!({"name": "Door 1, again"}));
    let results = upsert(&app, json!([item(1), item(2), renamed, item(2)])).await;
    assert_eq!(words(&results), ["created", "created", "updated", "updated"]);
    let names: Vec<_> = living(&app)
        .into_iter()
        .map(|(record, document)| (record.version.get(), document["intercom"]["name"].clone()))
        .collect();
    assert_eq!(names, [(2, json!("Door 1, again")), (1, json!("Door 2"))]);
}

#[tokio::test]
async fn deleted_link_id_is_created_anew() {
    let app = App::new().await;
    upsert(&app, json!([item(1)])).await;
    let body = json!({"link_ids": [link_id(1)]}).to_string();
    assert_eq!(app.send(device(Method::DELETE, LINK, "all", body)).await.status, 200);
    let results = upsert(&app, json!([item(1)])).await;
    assert_eq!(results, [(link_id(1), "created".to_owned())]);
    let ids: Vec<_> = app.store.records().iter().map(|record| record.id.get()).collect();
    assert_eq!((ids, living(&app).len()), (vec![1, 2], 1));
}

#[tokio::test]
async fn unknown_members_and_parameters_are_ignored() {
    let app = App::new().await;
    let unknown = json!({"uuid": 1, "Name": [], "isFavorite": "yes", "x": {"link_id": 1}});
    let body = json!({"list_items": [with(item(1), unknown)], "list_option": {"a": [1]}, "a": 1});
    let path = format!("{LINK}?verbose=1&link_id=x");
    let answer = app.send(device(Method::POST, &path, "all", body.to_string())).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(living(&app)[0].1["intercom"]["isFavorite"], false);
}

#[tokio::test]
async fn last_of_a_repeated_member_counts() {
    let app = App::new().await;
    let id = link_id(1);
    let item = format!(
        r#"{{"link_id": 5, "name": 1, "name": null, "name": "Door", "type": "multi",
            "is_favorite": true, "is_favorite": null, "number": "", "number": "0001-01-01",
            "link_id": "{id}"}}"#
    );
    let body = format!(r#"{{"list_items": null, "list_items": [7], "list_items": [{item}]}}"#);
    let answer = app.send(device(Method::POST, LINK, "all", body)).await;
    assert_eq!(answer.json()["result"][0]["link_id"], id, "{}", answer.text());
    let intercom = &living(&app)[0].1["intercom"];
    assert_eq!((&intercom["name"], &intercom["isFavorite"]), (&json!("Door"), &json!(false)));
}

#[tokio::test]
async fn texts_are_not_trimmed() {
    let app = App::new().await;
    let spaced = json!({"name": " Door ", "ringtone": " a b "});
    upsert(&app, json!([with(item(1), spaced)])).await;
    let intercom = &living(&app)[0].1["intercom"];
    let stored = (&intercom["name"], &intercom["ringtone"]);
    assert_eq!(stored, (&json!(" Door "), &json!(" a b ")));
}

#[tokio::test]
async fn ten_thousand_items_are_answered_in_order() {
    let app = App::new().await;
    let items: Vec<Value> = (1..=10_000).map(item).collect();
    for word in ["created", "updated"] {
        let results = upsert(&app, json!(items)).await;
        let expected: Vec<_> =
            (1..=10_000).map(|number| (link_id(number), word.to_owned())).collect();
        assert_eq!(results, expected);
    }
}

#[tokio::test]
async fn item_limit_is_a_setting() {
    let app = App::with(Settings { max_items: 1, ..Settings::default() }).await;
    assert_eq!(send(&app, json!([item(1)])).await.status, 200);
    assert_eq!(send(&app, json!([item(1), item(2)])).await.status, 400);
}
