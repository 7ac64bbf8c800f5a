//! Creating, getting, updating and deleting one item.

use axum::http::Method;
use serde_json::{Value, json};

use super::{ITEMS, ask, item, link_id, living, not_valid, shown, upsert, with, without};
use crate::app::{Answer, App, device};

async fn create(app: &App, item: Value) -> Answer {
    app.send(device(Method::POST, ITEMS, "all", item.to_string())).await
}

async fn update(app: &App, uid: &str, item: Value) -> Answer {
    app.send(device(Method::PUT, &format!("{ITEMS}/{uid}"), "all", item.to_string())).await
}

async fn get(app: &App, uid: &str) -> Answer {
    ask(app, Method::GET, &format!("{ITEMS}/{uid}")).await
}

async fn delete(app: &App, uid: &str) -> Answer {
    ask(app, Method::DELETE, &format!("{ITEMS}/{uid}")).await
}

fn unknown_uid() -> (u16, Value) {
    not_valid(json!({"uid": "no contact of the directory has this id"}))
}

/// A person without an entry in the directory.
const PERSON: &str = r#"{"contactType": "PERSON", "lastName": "Rochat"}"#;

#[tokio::test]
async fn item_is_created_shown_updated_and_deleted() {
    let app = App::new().await;
    let answer = create(&app, item(1)).await;
    assert_eq!((answer.status, answer.json()), (200, json!({"uid": 1})));
    let answer = get(&app, "1").await;
    assert_eq!((answer.status, answer.json()), (200, shown(item(1), 1)));
    assert_eq!(answer.header("cache-control"), Some("no-store"));

    let renamed = with(item(1), json!({"name": "Door 1, renamed", "is_p2p": true}));
    for _ in 0..2 {
        let answer = update(&app, "1", renamed.clone()).await;
        assert_eq!((answer.status, answer.json()), (200, json!({"uid": 1})));
        assert_eq!(get(&app, "1").await.json(), shown(renamed.clone(), 1));
        assert_eq!(living(&app)[0].0.version.get(), 2);
    }

    let answer = delete(&app, "1").await;
    assert_eq!((answer.status, answer.json()), (200, json!({})));
    assert!(living(&app).is_empty());
    assert_eq!(get(&app, "1").await.envelope(), unknown_uid());
    assert_eq!(delete(&app, "1").await.envelope(), unknown_uid());
    assert_eq!(update(&app, "1", item(1)).await.envelope(), unknown_uid());
}

#[tokio::test]
async fn created_item_without_link_id_gets_one() {
    let app = App::new().await;
    for (uid, item) in
        [(1, without(item(1), "link_id")), (2, with(item(1), json!({"link_id": null})))]
    {
        assert_eq!(create(&app, item).await.json(), json!({"uid": uid}));
        let shown = get(&app, &uid.to_string()).await.json();
        let uuid: uuid::Uuid = shown["link_id"].as_str().unwrap().parse().unwrap();
        assert_eq!(uuid.get_version_num(), 7);
    }
}

#[tokio::test]
async fn known_link_id_is_not_created_again() {
    let app = App::new().await;
    upsert(&app, json!([item(1)])).await;
    let stored = app.store.records();
    let upper = with(item(1), json!({"link_id": link_id(1).to_uppercase()}));
    for item in [item(1), upper] {
        let data = json!({"link_id": "contact 1 has a key of this item"});
        assert_eq!(create(&app, item).await.envelope(), not_valid(data));
    }
    assert_eq!(app.store.records(), stored);
}

#[tokio::test]
async fn every_fault_of_an_item_names_its_member() {
    let app = App::new().await;
    upsert(&app, json!([item(1)])).await;
    let stored = app.store.records();
    let bad = json!({"link_id": "x", "name": " ", "type": "p2p", "number": "0001-01-01",
                     "is_p2p": 1, "auto_answer": true, "in_black_list": true, "ringtone": ""});
    let data = json!({
        "is_p2p": "must be true or false, not a number",
        "link_id": "a link id must be a UUID in its hyphenated form of 36 characters",
        "name": "an intercom entry needs a name",
        "number": "the number of an intercom of type p2p must be a SIP URI, as in sip:user@host",
        "in_black_list": "auto_answer and in_black_list must not both be true",
        "ringtone": "a ringtone must not be blank",
    });
    assert_eq!(create(&app, bad.clone()).await.envelope(), not_valid(data.clone()));
    assert_eq!(update(&app, "1", bad).await.envelope(), not_valid(data));
    for answer in [create(&app, json!({})).await, update(&app, "1", json!({})).await] {
        let data = json!({
            "name": "an intercom entry needs a name",
            "type": "an intercom entry needs a type",
            "number": "an intercom entry needs a number",
        });
        assert_eq!(answer.envelope(), not_valid(data));
    }
    assert_eq!(app.store.records(), stored);
    assert_eq!(create(&app, item(2)).await.json(), json!({"uid": 2}));
}

#[tokio::test]
async fn uid_of_no_item_is_not_valid() {
    let app = App::new().await;
    app.batch(json!([serde_json::from_str::<Value>(PERSON).unwrap()])).await;
    upsert(&app, json!([item(2)])).await;
    let stored = app.store.records();
    for uid in [
        "1",
        "99",
        "0",
        "-2",
        "+2",
        "02",
        "2.0",
        "2%20",
        "x",
        "9007199254740992",
        "99999999999999999999",
        "%FF",
    ] {
        assert_eq!(get(&app, uid).await.envelope(), unknown_uid(), "{uid}");
        assert_eq!(delete(&app, uid).await.envelope(), unknown_uid(), "{uid}");
        let update = update(&app, uid, without(item(2), "link_id")).await;
        assert_eq!(update.envelope(), unknown_uid(), "{uid}");
    }
    assert_eq!(app.store.records(), stored);
}

#[tokio::test]
async fn item_of_another_organization_is_unknown() {
    let app = App::new().await;
    upsert(&app, json!([item(1)])).await;
    let path = format!("{ITEMS}/1");
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let request = device(method.clone(), &path, "other", item(1).to_string());
        let (status, error) = app.send(request).await.envelope();
        assert!(status == 400 && error["data"]["uid"].is_string(), "{method}: {error}");
    }
    assert_eq!(living(&app)[0].0.version.get(), 1);
}

#[tokio::test]
async fn update_keeps_or_moves_the_link_id() {
    let app = App::new().await;
    upsert(&app, json!([item(1), item(2)])).await;
    for absent in [without(item(1), "link_id"), with(item(1), json!({"link_id": null}))] {
        assert_eq!(update(&app, "1", absent).await.status, 200);
        assert_eq!(get(&app, "1").await.json(), shown(item(1), 1));
    }
    assert_eq!(update(&app, "1", item(3)).await.json(), json!({"uid": 1}));
    assert_eq!(get(&app, "1").await.json(), shown(item(3), 1));

    let stored = app.store.records();
    let (status, error) = update(&app, "1", item(2)).await.envelope();
    let reason = "belongs to contact 2, and the item is about contact 1";
    assert_eq!((status, error), not_valid(json!({"link_id": reason})));
    assert_eq!(app.store.records(), stored);
    assert_eq!(create(&app, item(1)).await.status, 200, "the link id is free");
}

#[tokio::test]
async fn deleting_a_person_removes_only_the_entry() {
    let app = App::new().await;
    let person = json!({
        "contactType": "PERSON", "lastName": "Rochat",
        "intercom": {"name": "Rochat", "type": "regular", "number": "0001-01-11-11"},
    });
    app.batch(json!([person])).await;
    let entry = json!({
        "link_id": null, "name": "Rochat", "type": "regular", "number": "0001-01-11-11",
    });
    assert_eq!(get(&app, "1").await.json(), shown(entry, 1));
    assert_eq!(delete(&app, "1").await.json(), json!({}));
    let [(record, document)] = &living(&app)[..] else { panic!() };
    assert_eq!((record.version.get(), document.get("intercom")), (2, None));
    assert_eq!(delete(&app, "1").await.envelope(), unknown_uid());
}
