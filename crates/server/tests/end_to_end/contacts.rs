//! Batches of contacts.

use serde_json::{Value, json};

use super::program::{Answer, Server, each, people, served, unchanged};

const REALISTIC: &str = include_str!("../data/erp-batch-realistic.json");
const EVERY_FIELD: &str = include_str!("../data/erp-batch-every-field.json");
const SHAPE: &str = include_str!("../data/erp-batch-response-shape.json");

#[test]
fn batch_sent_again_changes_nothing() {
    let (folder, server, token) = served();
    let first = server.batch(&token, REALISTIC);
    assert_eq!(first.status, 200, "{first:?}");
    assert_eq!(each(&first, "/error"), [false, false]);
    assert_eq!(each(&first, "/freshRow/version"), [1, 1]);
    assert_eq!(each(&first, "/freshData/externalId"), ["ERP-10001", "ERP-10002"]);

    let again = server.batch(&token, REALISTIC);
    assert_eq!(again.body, unchanged(&first));

    // A restart keeps everything.
    server.stop();
    let server = Server::start(folder.path());
    assert_eq!(server.batch(&token, REALISTIC).body, unchanged(&first));
    let id = &first.body["items"][0]["freshData"]["id"];
    let read = server.get(&format!("/api-v1/contact/ORGANIZATION/{id}"), &token);
    assert_eq!(read.status, 200);
    assert_eq!(read.body["name"], "Boulangerie du Rhône SA");
}

#[test]
fn request_sent_again_after_a_restart_is_answered_as_before() {
    let (folder, server, token) = served();
    let headers = [("WEAL-TOKEN", token.as_str()), ("Idempotency-Key", "8e03978e")];
    let send = |server: &Server, name: &str| {
        let person = json!({ "contactType": "PERSON", "lastName": name }).to_string();
        server.post("/v1/contacts", &headers, &person)
    };
    let created = send(&server, "Rochat");
    assert_eq!(created.status, 201, "{created:?}");
    assert_eq!(send(&server, "Favre").status, 422);
    server.stop();
    let server = Server::start(folder.path());
    let again = send(&server, "Rochat");
    assert_eq!((again.status, &again.body), (201, &created.body));
    assert_eq!(send(&server, "Favre").status, 422);
    let id = created.body["id"].as_i64().unwrap();
    let read = server.get(&format!("/v1/contacts/{}", id + 1), &token);
    assert_eq!(read.status, 404, "{read:?}");
}

#[test]
fn answer_has_the_shape_of_the_contract() {
    let (_folder, server, token) = served();
    let shape: Value = serde_json::from_str(SHAPE).unwrap();
    let answer = server.batch(&token, REALISTIC).body;
    assert_eq!(members(&answer), members(&shape));
    assert_eq!(members(&answer["items"][0]), members(&shape["items"][0]));
    let code = "/items/0/errorCode";
    assert_eq!(members(answer.pointer(code).unwrap()), members(shape.pointer(code).unwrap()));
}

#[test]
fn placeholders_are_refused_field_by_field() {
    let (_folder, server, token) = served();
    let answer = server.batch(&token, EVERY_FIELD);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(each(&answer, "/error"), [true]);
    assert_eq!(each(&answer, "/freshData"), [&json!({})]);
    let details = answer.body["items"][0]["errorCode"]["errorDetailValues"].as_array().unwrap();
    assert!(!details.is_empty() && details.iter().all(|detail| detail["errorCode"].is_string()));
}

#[test]
fn bad_item_leaves_other_items_alone() {
    let (_folder, server, token) = served();
    let mut items: Value = serde_json::from_str(&people([1, 2, 3])).unwrap();
    items[1]["email"] = json!("nobody");
    let answer = server.batch(&token, &items.to_string());
    assert_eq!(each(&answer, "/error"), [false, true, false]);
    assert_eq!(each(&answer, "/freshRow/version"), [&json!(1), &Value::Null, &json!(1)]);
}

#[test]
fn two_servers_share_one_file() {
    let (folder, one, token) = served();
    let two = Server::start(folder.path());
    let created = one.batch(&token, &people(1..=50));
    let found = two.batch(&token, &people(1..=50));
    assert_eq!(
        found.body,
        unchanged(&created),
        "the second server finds the contacts of the first"
    );
    assert_eq!(each(&two.batch(&token, &people([51])), "/freshRow/version"), [1]);
    assert_eq!(each(&one.batch(&token, &people([51])), "/freshRow/version"), [1]);
}

#[test]
fn openapi_description_is_served() {
    let (_folder, server, token) = served();
    let description = server.get("/openapi.json", &token);
    assert_eq!(description.status, 200);
    assert!(description.body["openapi"].as_str().unwrap().starts_with("3.1"));
    assert!(description.body["paths"]["/api-v1/contact/batch"]["post"].is_object());
}

/// Plans a batch on a server, lets others change a contact, and applies the plan several times at once
/// and after a restart.
pub(crate) fn apply_plan_once(start: impl Fn() -> Server) {
    let server = start();
    let token = server.first_token().expect("a first token");
    let headers = [("weal-token", token.as_str())];
    server.batch(&token, &people(1..=3));
    let items: Value = serde_json::from_str(&people(1..=1_500)).unwrap();
    let mut renamed = items.clone();
    renamed[1]["lastName"] = json!("Planned");
    let planned = server.post("/v1/contacts/plans", &headers, &renamed.to_string());
    assert_eq!(planned.status, 201, "{planned:?}");
    assert_eq!(planned.body["summary"]["created"], 1_497);
    let mut meanwhile = json!([items[1]]);
    meanwhile[0]["lastName"] = json!("Other");
    server.batch(&token, &meanwhile.to_string());

    let plan = format!("/v1/contacts/plans/{}", planned.body["id"].as_str().unwrap());
    let apply = format!("{plan}/apply");
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let apply = || server.post(&apply, &headers, "");
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(apply)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    server.stop();
    let server = start();
    let last = server.post(&apply, &headers, "");
    assert_eq!(last.status, 200);
    for answer in answers {
        assert!(answer.status == 409 || answer.body == last.body, "{answer:?}");
    }
    let summary = &last.body["summary"];
    assert_eq!((&summary["created"], &summary["stale"]), (&json!(1_497), &json!(1)), "{summary}");
    let shown = server.get(&plan, &token).body;
    assert_eq!(
        (&shown["applied"]["summary"], &shown["applied"]["run"]),
        (summary, &last.body["run"])
    );
    let stale = server.get(&format!("{plan}/items?verdict=stale"), &token).body;
    assert_eq!(stale["items"][0]["applied"]["externalId"], "ERP-2");
    let found = server.batch(&token, &meanwhile.to_string());
    assert_eq!(each(&found, "/freshRow/verdict"), ["unchanged"], "what others wrote is there");
}

#[test]
fn plan_is_applied_once_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    apply_plan_once(|| Server::start(folder.path()));
}

fn members(object: &Value) -> Vec<&String> {
    let mut members = object.as_object().expect("an object").keys().collect::<Vec<_>>();
    members.sort();
    members
}
