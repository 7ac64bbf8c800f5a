//! `POST /v1/contacts/batch` with JSON.

use axum::http::Method;
use contacts_application::access::SettingsChange;
use contacts_application::ports::OrganizationSettings as _;
use contacts_domain::MatchBy;
use contacts_testing::organization;
use serde_json::{Value, json};

use crate::app::{Answer, App, get, post, request};

const PATH: &str = "/v1/contacts/batch";
const LINK: &str = "91c615e3-1040-4815-8ecb-039a18b756b1";

async fn send(app: &App, query: &str, body: &Value) -> Answer {
    app.send(post(&format!("{PATH}{query}"), "all", body.to_string())).await
}

/// The answer to a batch that is processed.
pub(crate) async fn upsert(app: &App, query: &str, body: &Value) -> Value {
    let answer = send(app, query, body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

/// An organization that matches by e-mail, and not by phone.
async fn without_phone() -> App {
    let app = App::new().await;
    let change = SettingsChange { match_by: Some(MatchBy::default()), ..SettingsChange::default() };
    app.store.change_settings(organization(1).id, change, 0).await.unwrap();
    app
}

fn person(external_id: &str) -> Value {
    json!({"contactType": "PERSON", "externalId": external_id, "lastName": "Rochat"})
}

fn verdicts(answer: &Value) -> Vec<&str> {
    let items = answer["items"].as_array().unwrap();
    items.iter().map(|item| item["verdict"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn batch_has_whole_answer() {
    let app = App::new().await;
    upsert(&app, "", &json!([person("A"), person("B"), person("C")])).await;
    let answer = send(
        &app,
        "",
        &json!({"items": [
            {"contactType": "ORGANIZATION", "externalId": "D", "name": "Kauz AG", "linkId": LINK,
             "$": {"ref": "row 1"}},
            {"externalId": "A", "lastName": "Favre", "$": {"ref": "row 2", "ifVersion": 1}},
            {"externalId": "B", "lastName": "Favre", "$": {"ref": "row 3", "ifVersion": 7}},
            {"externalId": "C", "$": {"delete": true}},
            {"externalId": "A", "lastName": "Favre"},
            {"externalId": "A", "phone": "12", "email": "nobody", "addresses": [{"countryCode2": "ch"}]},
            null,
        ]}),
    )
    .await;
    insta::assert_snapshot!(answer.whole());
}

#[tokio::test]
async fn representation_shows_the_contact() {
    let app = App::new().await;
    let items = json!([{"contactType": "ENDPOINT", "linkId": LINK, "intercom": {"name": "Gate",
        "type": "multi", "number": "0001-01-01"}, "$": {"ref": "gate"}}]);
    let answer = send(&app, "?return=representation", &items).await;
    insta::assert_snapshot!(answer.whole());
}

#[tokio::test]
async fn options_of_query_and_body_are_the_same() {
    for (query, body) in [
        ("?mode=create&matchBy=externalId,id&source=crm", json!([person("A")])),
        (
            "",
            json!({"items": [person("A")], "options":
            {"mode": "create", "matchBy": ["externalId", "id"], "source": "crm"}}),
        ),
        (
            "?mode=create&organization=1",
            json!({"items": [person("A")], "options":
            {"mode": "create", "matchBy": ["externalId", "id"], "explain": null}}),
        ),
    ] {
        let app = App::new().await;
        upsert(&app, "", &json!([person("A")])).await;
        let before = app.store.records();
        let answer = upsert(&app, query, &body).await;
        assert_eq!(answer["items"][0]["violations"][0]["code"], "DUPLICATION_ERROR", "{answer}");
        assert_eq!(app.store.records(), before);
    }
}

#[tokio::test]
async fn wrong_option_is_refused_by_name() {
    let app = without_phone().await;
    let items = json!([person("A")]);
    for (query, options, expected) in [
        ("?mod=create", json!({}), "there is no parameter mod; did you mean mode?"),
        ("?mode=Create", json!({}), "did you mean create?"),
        ("?matchBy=id,externalid", json!({}), "did you mean externalId?"),
        ("?matchBy=id,id", json!({}), "id comes twice"),
        ("?matchBy=", json!({}), "matchBy has to be one of id"),
        ("?dryRun=yes", json!({}), "dryRun has to be one of true, false"),
        ("?source=", json!({}), "source has to be a text of 1 to 100 characters"),
        ("?mode=create", json!({"mode": "update"}), "mode is given twice, with different values"),
        ("", json!({"dryRun": 1}), "dryRun has to be one of true, false"),
        ("", json!({"onAmbiguous": {}}), "onAmbiguous has to be one of reject, oldest, next"),
        ("", json!({"matchby": ["id"]}), "did you mean matchBy?"),
        ("", json!([]), "options has to be an object"),
        ("?matchBy=phone", json!({}), "organization 1 does not match by phone"),
    ] {
        let answer = send(&app, query, &json!({"items": items, "options": options})).await;
        assert_eq!(answer.problem(), (400, "VALIDATION_ERROR".into()), "{query} {options}");
        assert!(answer.detail().contains(expected), "{query} {options}: {}", answer.detail());
    }
    assert_eq!(app.store.records(), []);
}

#[tokio::test]
async fn preferences_are_options() {
    let app = App::new().await;
    let send = async |prefer, query| {
        let headers = [("weal-token", "all"), ("prefer", prefer)];
        let body = json!([{"externalId": "A", "contactType": "PERSON", "phone": "12"}]).to_string();
        app.send(request(Method::POST, &format!("{PATH}{query}"), &headers, body)).await
    };
    let answer = send("dry-run, return=representation, detail=full", "?dryRun=true").await;
    assert_eq!(answer.header("preference-applied"), Some("return=representation, dry-run"));
    assert_eq!(answer.json()["items"][0]["contact"]["phone"], "12");
    let answer = send("handling=strict", "").await;
    assert_eq!(answer.json()["items"][0]["verdict"], "rejected");
    for (prefer, query) in
        [("dry-run", "?dryRun=false"), ("handling=strict", "?handling=lenient"), ("dryrun", "")]
    {
        assert_eq!(send(prefer, query).await.status, 400, "{prefer} {query}");
    }
    assert_eq!(app.store.records(), []);
}

#[tokio::test]
async fn wrong_item_options_refuse_the_item() {
    let app = without_phone().await;
    upsert(&app, "", &json!([person("A")])).await;
    let before = app.store.records();
    for (options, pointer, code) in [
        (json!(7), "/$", "CONVERSION_ERROR"),
        (json!([]), "/$", "CONVERSION_ERROR"),
        (json!({"ref": 7}), "/$/ref", "CONVERSION_ERROR"),
        (json!({"ref": "x".repeat(129)}), "/$/ref", "VALIDATION_ERROR"),
        (json!({"ifVersion": "1"}), "/$/ifVersion", "CONVERSION_ERROR"),
        (json!({"ifVersion": 1.5}), "/$/ifVersion", "CONVERSION_ERROR"),
        (json!({"delete": "true"}), "/$/delete", "CONVERSION_ERROR"),
        (json!({"matchBy": "id"}), "/$/matchBy", "CONVERSION_ERROR"),
        (json!({"matchBy": []}), "/$/matchBy", "INVALID_TYPE"),
        (json!({"matchBy": ["externalID"]}), "/$/matchBy", "INVALID_TYPE"),
        (json!({"matchBy": ["id", "email", "id"]}), "/$/matchBy", "INVALID_TYPE"),
        (json!({"matchBy": ["phone"]}), "/$/matchBy", "INVALID_TYPE"),
        (json!({"delte": true}), "/$/delte", "VALIDATION_ERROR"),
        (json!({"a/b": 1}), "/$/a~1b", "VALIDATION_ERROR"),
    ] {
        let items = json!([{"externalId": "A", "lastName": "Favre", "$": options}, person("A")]);
        let answer = upsert(&app, "", &items).await;
        assert_eq!(verdicts(&answer), ["rejected", "unchanged"], "{options}");
        let violations = answer["items"][0]["violations"].as_array().unwrap();
        let [violation] = violations.as_slice() else { panic!("{options}: {violations:?}") };
        assert_eq!((&violation["pointer"], &violation["code"]), (&json!(pointer), &json!(code)));
    }
    assert_eq!(app.store.records(), before);
}

#[tokio::test]
async fn item_options_are_found_however_they_are_written() {
    for item in [
        r#"{"externalId":"A","$":{"delete":true}}"#,
        r#"{"\u0024" : {"delete":true}, "externalId":"A"}"#,
        r#"{"$":{"delete":false},"externalId":"A","lastName":"{\"$\":{}}","$":{"delete":true}}"#,
    ] {
        let app = App::new().await;
        upsert(&app, "", &json!([person("A")])).await;
        let answer = app.send(post(PATH, "all", format!("[{item}]"))).await.json();
        assert_eq!(verdicts(&answer), ["deleted"], "{item}: {answer}");
    }
}

#[tokio::test]
async fn item_sent_again_with_options_is_not_recognized() {
    let app = App::new().await;
    let items: Vec<Value> = (0..32).map(|index| person(&format!("A{index}"))).collect();
    upsert(&app, "", &json!(items)).await;
    let again = upsert(&app, "", &json!(items)).await;
    assert_eq!(again["summary"]["unchanged"], 32);
    let with = |options: fn(usize) -> Value| {
        let with_options = |(index, item): (usize, &Value)| {
            let mut item = item.clone();
            item["$"] = options(index);
            item
        };
        json!(items.iter().enumerate().map(with_options).collect::<Vec<_>>())
    };
    let named = with(|index| json!({"ref": format!("r{index}")}));
    let answer = upsert(&app, "", &named).await;
    assert_eq!(answer["summary"]["unchanged"], 32);
    assert_eq!(answer["items"][31]["ref"], "r31");
    let answer = upsert(&app, "?mode=create", &json!(items)).await;
    assert_eq!(answer["summary"]["rejected"], 32);
    let answer = upsert(&app, "", &with(|_| json!({"delete": true}))).await;
    assert_eq!(answer["summary"]["deleted"], 32);
}

#[tokio::test]
async fn items_relate_to_each_other_by_name() {
    let app = App::new().await;
    let items = json!([
        {"contactType": "PERSON", "externalId": "E", "lastName": "Abt", "$": {"ref": "employee"},
         "relatedOrganizationContactIds": [{"ref": "company"}]},
        {"contactType": "ORGANIZATION", "name": "Kauz AG", "externalId": "C",
         "$": {"ref": "company"}, "relatedContactIds": [{"externalId": "E"}]},
        {"contactType": "PERSON", "externalId": "F", "lastName": "Abt",
         "relatedContactIds": [{"ref": "nobody"}], "$": {"ref": "company"}},
    ]);
    let answer = upsert(&app, "?return=representation", &items).await;
    assert_eq!(verdicts(&answer), ["created", "created", "rejected"]);
    let related = |item: usize, list: &str| answer["items"][item]["contact"][list].clone();
    assert_eq!(related(0, "relatedOrganizationContactIds"), json!([answer["items"][1]["id"]]));
    assert_eq!(related(1, "relatedContactIds"), json!([answer["items"][0]["id"]]));
    let again = upsert(&app, "", &json!([items[0], items[1]])).await;
    assert_eq!(verdicts(&again), ["unchanged", "unchanged"]);
}

#[tokio::test]
async fn only_problems_are_listed_on_request() {
    let app = App::new().await;
    let warned =
        json!({"contactType": "PERSON", "externalId": "B", "lastName": "Abt", "phone": "12"});
    let answer = upsert(&app, "?results=problems", &json!([person("A"), warned, null])).await;
    let indexes: Vec<_> =
        answer["items"].as_array().unwrap().iter().map(|item| item["index"].clone()).collect();
    assert_eq!(indexes, [1, 2]);
    assert_eq!(answer["summary"]["created"], 2);
}

#[tokio::test]
async fn dry_run_answers_the_same_and_stores_nothing() {
    let app = App::new().await;
    upsert(&app, "", &json!([person("A")])).await;
    let before = app.store.records();
    let items = json!([person("A"), {"externalId": "A", "lastName": "Favre", "phone": "12"}, null,
        {"externalId": "A", "$": {"delete": true}}]);
    let mut dry = upsert(&app, "?dryRun=true", &items).await;
    assert_eq!(app.store.records(), before);
    let changes = json!([{"pointer": "/lastName", "from": "Rochat", "to": "Favre"},
        {"pointer": "/phone", "to": "12"}]);
    assert_eq!(dry["items"][1]["changes"], changes);
    for item in dry["items"].as_array_mut().unwrap() {
        item.as_object_mut().unwrap().remove("changes");
    }
    let mut run = upsert(&app, "", &items).await;
    assert_eq!((&dry["run"], run["run"].is_i64()), (&Value::Null, true));
    run["run"] = Value::Null;
    assert_eq!(dry, run);
}

#[tokio::test]
async fn explained_item_says_how_it_was_matched_and_why() {
    let app = App::new().await;
    upsert(
        &app,
        "",
        &json!([{"contactType": "PERSON", "externalId": "A", "phone": "079 111 22 33"}]),
    )
    .await;
    let item = json!([{"externalId": "A", "phone": "+41791112233", "lastName": "Abt"}]);
    let answer = upsert(&app, "?explain=true&respelling=keep&mode=fill", &item).await;
    insta::assert_json_snapshot!(answer["items"][0]);
}

#[tokio::test]
async fn atomic_batch_with_a_bad_item_stores_nothing() {
    let app = App::new().await;
    let answer = upsert(&app, "?atomicity=batch", &json!([person("A"), null])).await;
    assert_eq!(verdicts(&answer), ["rejected", "rejected"]);
    assert_eq!(answer["items"][0]["violations"][0]["code"], "ACTION_DENIED");
    assert_eq!(app.store.records(), []);
}

#[tokio::test]
async fn ambiguous_item_lists_its_candidates() {
    let app = App::new().await;
    let same =
        |id: &str| json!({"contactType": "PERSON", "externalId": id, "email": "info@kauz.example"});
    upsert(&app, "", &json!([same("A"), same("B")])).await;
    let item = json!([{"email": "info@kauz.example", "lastName": "Abt"}]);
    let answer = upsert(&app, "?matchBy=email", &item).await;
    assert_eq!(verdicts(&answer), ["ambiguous"]);
    assert_eq!(answer["items"][0]["candidates"].as_array().unwrap().len(), 2);
    let answer = upsert(&app, "?matchBy=email&onAmbiguous=oldest", &item).await;
    assert_eq!(
        (&answer["items"][0]["externalId"], &answer["items"][0]["matchedBy"]),
        (&json!("A"), &json!("email"))
    );
}

#[tokio::test]
async fn caller_sees_what_its_scopes_allow() {
    let app = App::new().await;
    let staff = json!([{"contactType": "PERSON", "externalId": "E", "lastName": "Rochat",
        "isStaff": true, "staff": {"jobTitle": "Comptable", "avsNumber": "756.0000.0000.00"}}]);
    upsert(&app, "", &staff).await;
    let touched = json!([{"externalId": "E", "phone": "12", "$": {"ref": "r"}}]).to_string();
    let path = format!("{PATH}?return=representation");
    let clerk = app.send(post(&path, "clerk", touched.clone())).await;
    assert_eq!(clerk.json()["items"][0]["contact"]["lastName"], "Rochat");
    assert!(!clerk.text().contains("756.0000.0000.00"), "{}", clerk.text());

    let touched = touched.replace("12", "13");
    let writer = app.send(post(&path, "writer", touched)).await.json();
    insta::assert_json_snapshot!(writer["items"]);

    let delete = json!([{"externalId": "E", "$": {"delete": true}}]).to_string();
    let answer = app.send(post(PATH, "clerk", delete)).await.json();
    assert_eq!(verdicts(&answer), ["rejected"]);
    assert_eq!(answer["items"][0]["violations"][0]["code"], "ACTION_DENIED");
    assert_eq!(app.send(post(PATH, "reader", "[]")).await.status, 403);
    assert_eq!(app.send(post(&format!("{PATH}?organization=2"), "all", "[]")).await.status, 403);
    assert_eq!(app.send(post(&format!("{PATH}?organization=2"), "both", "[]")).await.status, 200);
}

#[tokio::test]
async fn request_of_another_form_is_a_problem() {
    let app = App::new().await;
    let body = json!([person("A")]).to_string();
    let with = |headers: &[(&str, &str)]| {
        let token = [("weal-token", "all")];
        request(Method::POST, PATH, &[&token, headers].concat(), body.clone())
    };
    let answer = app.send(with(&[("accept", "text/html, application/xml")])).await;
    assert_eq!(answer.problem(), (406, String::new()));
    let lines = [("content-type", "application/x-ndjson"), ("accept", "application/json")];
    let ndjson = [("weal-token", "all"), ("accept", "application/x-ndjson")];
    let list = request(Method::GET, "/v1/contacts", &ndjson, String::new());
    for sent in [with(&lines), with(&[("accept", "application/x-ndjson")]), list] {
        assert_eq!(app.send(sent).await.problem(), (406, String::new()));
    }
    assert_eq!(app.store.records(), []);
    let answer = app.send(with(&[("content-type", "text/csv")])).await;
    assert_eq!(answer.problem(), (415, String::new()));
    assert_eq!(answer.header("accept-post"), Some("application/json, application/x-ndjson"));
    let answer = app.send(get(PATH, "all")).await;
    assert_eq!((answer.problem(), answer.header("allow")), ((405, String::new()), Some("POST")));
    for (body, code) in [
        ("", "CONTENT_EMPTY"),
        ("[1", "CONVERSION_ERROR"),
        ("7", "CONVERSION_ERROR"),
        ("{\"items\": {}}", "CONVERSION_ERROR"),
        ("{\"options\": {}}", "FIELD_REQUIRED"),
        ("{\"items\": [], \"option\": {}}", "CONVERSION_ERROR"),
    ] {
        assert_eq!(app.send(post(PATH, "all", body)).await.problem(), (400, code.into()), "{body}");
    }
    assert_eq!(app.store.records(), []);
}
