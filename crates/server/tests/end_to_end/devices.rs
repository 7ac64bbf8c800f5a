//! The device API.

use serde_json::{Value, json};

use super::program::{Server, served};

const UPSERT: &str = include_str!("../data/device-upsert.json");
const LINK: &str = "/api/v1/contacts/items/link";

#[test]
fn device_items_are_created_updated_and_kept() {
    let (folder, server, token) = served();
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str())];
    let sent: Value = serde_json::from_str(UPSERT).unwrap();
    let sent = sent["list_items"].as_array().unwrap();
    let results = |word: &str| {
        let result = |item: &Value| json!({"link_id": item["link_id"], "success": true, "extended_info": word});
        json!({"result": sent.iter().map(result).collect::<Vec<_>>()})
    };
    let first = server.post(LINK, &headers, UPSERT);
    assert_eq!((first.status, first.body), (200, results("created")));
    let again = server.post(LINK, &headers, UPSERT);
    assert_eq!((again.status, again.body), (200, results("updated")));

    server.stop();
    let server = Server::start(folder.path());
    let list = server.get("/api/v0/contacts?order_by=uid", &token);
    assert_eq!(list.status, 200, "{list:?}");
    let items = list.body["list_items"].as_array().unwrap();
    assert_eq!(items.len(), sent.len());
    for (item, sent) in items.iter().zip(sent) {
        let sent = sent.as_object().unwrap();
        assert!(sent.iter().all(|(name, value)| item[name] == *value), "{item}");
    }

    let delete = json!({"link_ids": [sent[0]["link_id"], sent[0]["link_id"]]}).to_string();
    let deleted = server.post("/api/v1/contacts/link/delete", &headers, &delete);
    let words: Vec<_> = deleted.body["result"].as_array().unwrap().iter().collect();
    assert_eq!(words[0]["extended_info"], "deleted");
    assert_eq!(words[1]["extended_info"], "entity_not_found");
}

#[test]
fn request_without_token_gets_the_error_envelope() {
    let (_folder, server, _) = served();
    let answer = server.post(LINK, &[], UPSERT);
    let error = json!({"error": {"code": "invalid_authentication", "message": "Log In"}});
    assert_eq!((answer.status, answer.body), (401, error));
}
