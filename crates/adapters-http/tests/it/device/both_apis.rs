//! The ERP and devices work on the same contacts.

use axum::http::Method;
use serde_json::{Value, json};

use super::{ITEMS, ask, item, link_id, send, upsert, with, words};
use crate::app::{App, BATCH, device, post};

/// A person as the ERP sends it, with an entry and other members.
fn person() -> Value {
    json!({
        "contactType": "PERSON", "externalId": "ERP-1", "firstName": "Amélie", "lastName": "Rochat",
        "email": "amelie.rochat@boulangerie-rhone.example", "mobile": "079 111 22 33",
        "isCustomer": true, "client": {"creditLimit": "1500.50", "vatNumber": "CHE-116.281.710"},
        "addresses": [{"name": "Domicile", "line1": "Rue de Carouge", "countryCode2": "CH"}],
        "tags": [{"name": "boulangerie"}], "customFields": {"floor": 1.50},
        "linkId": link_id(1).to_uppercase(),
        "intercom": {"name": "Rochat", "type": "regular", "number": "0001-01-11-11",
                     "isFavorite": true, "ringtone": "bell.wav"},
    })
}

async fn send_as_erp(app: &App, items: Value) -> Value {
    let answer = app.send(post(BATCH, "all", items.to_string())).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["items"].clone()
}

#[tokio::test]
async fn device_updates_a_person_send_as_erp() {
    let app = App::new().await;
    let imported = send_as_erp(&app, json!([person()])).await[0].clone();
    assert_eq!((&imported["error"], &imported["freshRow"]["version"]), (&json!(false), &json!(1)));
    let id = imported["freshRow"]["id"].as_i64().unwrap();
    let path = format!("/api-v1/contact/PERSON/{id}");
    let before = app.get(&path).await.json();

    let update = json!({
        "link_id": link_id(1), "name": "Mme Rochat", "type": "regular", "number": "0001-01-11-12",
        "auto_answer": true,
    });
    assert_eq!(upsert(&app, json!([update])).await, [(link_id(1), "updated".to_owned())]);

    let after = app.get(&path).await.json();
    let intercom = json!({
        "name": "Mme Rochat", "type": "regular", "number": "0001-01-11-12", "isFavorite": false,
        "autoAnswer": true, "inBlackList": false, "isP2p": false, "ringtone": "ring1.wav",
    });
    assert_eq!(after, with(before, json!({"intercom": intercom})), "nothing else changed");

    // Repeating the update writes nothing. The ERP sees the version, and the rest as it sent it.
    assert_eq!(words(&upsert(&app, json!([update])).await), ["updated"]);
    let again = with(person(), json!({"intercom": intercom}));
    let row = send_as_erp(&app, json!([again])).await[0]["freshRow"].clone();
    assert_eq!((&row["id"], &row["version"]), (&json!(id), &json!(2)));

    // The device sees what the ERP writes then.
    let renamed = json!({"externalId": "ERP-1", "intercom": {"name": "Rochat A."}});
    let row = send_as_erp(&app, json!([renamed])).await[0]["freshRow"].clone();
    assert_eq!(row["version"], 3);
    let shown = ask(&app, Method::GET, &format!("{ITEMS}/{id}")).await.json();
    let expected = with(
        update,
        json!({
            "name": "Rochat A.", "is_favorite": false, "in_black_list": false, "is_p2p": false,
            "ringtone": "ring1.wav", "item_uid": id,
        }),
    );
    assert_eq!(shown, expected);
}

#[tokio::test]
async fn device_adds_an_entry_to_a_person() {
    let app = App::new().await;
    let mut bare = person();
    bare.as_object_mut().unwrap().remove("intercom");
    let imported = send_as_erp(&app, json!([bare])).await[0]["freshData"].clone();
    assert_eq!(words(&upsert(&app, json!([item(1)])).await), ["updated"]);
    let after = app.get("/api-v1/contact/PERSON/1").await.json();
    let intercom = json!({
        "name": "Door 1", "type": "multi", "number": "0001-01-01", "isFavorite": false,
        "autoAnswer": false, "inBlackList": false, "isP2p": false, "ringtone": "ring1.wav",
    });
    assert_eq!(after, with(imported, json!({"intercom": intercom})));
}

#[tokio::test]
async fn stored_faults_elsewhere_refuse_no_device() {
    let app = App::new().await;
    let strange = with(person(), json!({"phone": "call me", "webSite": "none at all"}));
    let imported = send_as_erp(&app, json!([strange])).await;
    assert_eq!(imported[0]["error"], json!(false));
    assert_eq!(words(&upsert(&app, json!([item(1)])).await), ["updated"]);
}

#[tokio::test]
async fn endpoints_are_hidden_from_the_erp() {
    let app = App::new().await;
    upsert(&app, json!([item(1)])).await;
    for path in ["ORGANIZATION/1", "PERSON/1", "ENDPOINT/1", "PERSON/1/deleted"] {
        let answer = app.get(&format!("/api-v1/contact/{path}")).await;
        assert_eq!(answer.problem(), (404, "CONTACT_NOT_FOUND".to_owned()), "{path}");
    }
    let by_id = json!({"id": 1, "lastName": "Rochat"});
    let by_link_id = with(person(), json!({"linkId": link_id(1)}));
    let as_endpoint = json!({"contactType": "ENDPOINT", "linkId": link_id(2)});
    let answer = send_as_erp(&app, json!([by_id, by_link_id, as_endpoint])).await;
    let codes: Vec<_> = answer
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (&item["errorCode"]["errorCode"], &item["freshData"], &item["freshRow"]))
        .collect();
    let (nothing, rejected) = (&json!({}), &json!({"verdict": "rejected"}));
    assert_eq!(
        codes,
        [
            (&json!("CONTACT_NOT_FOUND"), nothing, rejected),
            (&json!("UNIQUE_VIOLATION"), nothing, rejected),
            (&json!("INVALID_TYPE"), nothing, rejected),
        ]
    );
    let merge = json!({"targetId": 1, "sourceId": 1}).to_string();
    assert_eq!(app.send(post(crate::app::MERGING, "all", merge)).await.problem().0, 400);
}

#[tokio::test]
async fn merged_link_id_leads_to_the_remaining_contact() {
    let app = App::new().await;
    let source = json!({"contactType": "PERSON", "externalId": "ERP-2", "linkId": link_id(2)});
    send_as_erp(&app, json!([person(), source])).await;
    let ids: Vec<_> = app.store.records().iter().map(|record| record.id.get()).collect();
    let merge = json!({"targetId": ids[0], "sourceId": ids[1]}).to_string();
    assert_eq!(app.send(post(crate::app::MERGING, "all", merge)).await.status, 200);

    let results = upsert(&app, json!([with(item(2), json!({"name": "Rochat"}))])).await;
    assert_eq!(results, [(link_id(2), "updated".to_owned())]);
    let shown = ask(&app, Method::GET, &format!("{ITEMS}/{}", ids[0])).await.json();
    assert_eq!((&shown["link_id"], &shown["name"]), (&json!(link_id(1)), &json!("Rochat")));

    let answer = send(&app, json!([item(1)])).await;
    assert_eq!(answer.json()["result"][0]["extended_info"], "updated");
    let create = device(Method::POST, ITEMS, "all", item(2).to_string());
    let (status, error) = app.send(create).await.envelope();
    assert!(status == 400 && error["data"]["link_id"].is_string(), "{error}");
}
