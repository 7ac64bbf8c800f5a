//! Searches follow writes, on both stores.

use super::program::{Server, served};
use serde_json::{Value, json};

#[test]
fn search_finds_what_was_acknowledged() {
    let (folder, server, token) = served();
    assert_search_follows(&server, &token);
    server.stop();
    let server = Server::start(folder.path());
    assert_eq!(found(&server, &token, "q=weber"), ["b"]);
}

/// Writes, waits for the feed's token, and finds what was written.
pub(super) fn assert_search_follows(server: &Server, token: &str) {
    let person = |key: &str, last_name: &str| json!({"contactType": "PERSON", "externalId": key, "lastName": last_name, "mobile": "079 111 22 33"});
    let write = |items: Value| {
        let answer = server.batch(token, &items.to_string());
        assert_eq!(answer.status, 200, "{answer:?}");
        server.get("/v1/contacts/changes", token).body["token"].as_str().unwrap().to_owned()
    };
    let after = write(json!([person("a", "Müller"), person("b", "Muller"), person("c", "Łukasz")]));
    for (query, keys) in [
        ("muller", &["a", "b"][..]),
        ("mueller", &["a"]),
        ("lukasz", &["c"]),
        ("%2B41+79+111", &["a", "b", "c"]),
        ("NEAR(muller*)+OR+%22b", &[]),
    ] {
        assert_eq!(found(server, token, &format!("q={query}&waitFor={after}")), keys, "{query}");
    }
    let after = write(json!([person("b", "Weber")]));
    assert_eq!(found(server, token, &format!("q=muller&waitFor={after}")), ["a"]);
    assert_eq!(found(server, token, &format!("q=web&waitFor={after}")), ["b"]);
}

/// The external ids of what a search finds.
fn found(server: &Server, token: &str, query: &str) -> Vec<String> {
    let answer = server.get(&format!("/v1/contacts?{query}"), token);
    assert_eq!(answer.status, 200, "{answer:?}");
    let items = answer.body["items"].as_array().unwrap().iter();
    items.map(|item| item["externalId"].as_str().unwrap().to_owned()).collect()
}
