//! Authentication, organizations, scopes and rate limits.

use std::num::NonZeroU32;
use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use contacts_adapters_http::Settings;
use serde_json::{Value, json};

use crate::app::{Answer, App, BATCH, MERGING, get, post, request};

const ITEM: &str = r#"[{"contactType": "PERSON", "externalId": "A", "lastName": "Rochat"}]"#;

async fn answer(headers: &[(&str, &str)]) -> (Answer, usize) {
    let app = App::new().await;
    let answer = app.send(request(Method::POST, BATCH, headers, ITEM)).await;
    (answer, app.store.records().len())
}

#[tokio::test]
async fn missing_token_is_unauthenticated() {
    let (answer, stored) = answer(&[]).await;
    insta::assert_snapshot!(answer.whole());
    assert_eq!(stored, 0);
}

#[tokio::test]
async fn only_valid_tokens_are_accepted() {
    for (header, token) in [
        ("weal-token", "unknown"),
        ("weal-token", "revoked"),
        ("weal-token", "expired"),
        ("authorization", "Bearer"),
        ("authorization", "Bearer unknown"),
        ("authorization", "Basic YWxsOg=="),
    ] {
        let (answer, stored) = answer(&[(header, token)]).await;
        assert_eq!(answer.problem(), (401, "ACTION_DENIED".into()), "{token}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        assert_eq!(stored, 0);
    }
    for (header, token) in [("weal-token", "all"), ("authorization", "bearer all")] {
        let (answer, stored) = answer(&[(header, token)]).await;
        assert_eq!((answer.status, stored), (200, 1), "{token}");
    }
}

#[tokio::test(start_paused = true)]
async fn token_revoked_after_a_request_is_refused_a_second_later() {
    let app = App::with_moving_clock().await;
    let status = async || app.send(post(BATCH, "all", ITEM)).await.status;
    assert_eq!(status().await, 200);
    app.revoke().await;
    tokio::time::advance(Duration::from_millis(999)).await;
    assert_eq!(status().await, 200, "it was looked up less than a second ago");
    tokio::time::advance(Duration::from_millis(1)).await;
    assert_eq!(status().await, 401);
}

#[tokio::test]
async fn two_different_tokens_are_refused() {
    let both = |other| [("weal-token", "all"), ("authorization", other)];
    assert_eq!(answer(&both("Bearer all")).await.0.status, 200);
    let (answer, stored) = answer(&both("Bearer other")).await;
    assert_eq!((answer.problem(), stored), ((400, "VALIDATION_ERROR".into()), 0));
}

#[tokio::test]
async fn organization_header_must_be_an_integer() {
    for id in ["", "0", "-1", "2147483648", "one", "1.0"] {
        let (answer, stored) =
            answer(&[("weal-token", "all"), ("target-organization-id", id)]).await;
        assert_eq!((answer.problem(), stored), ((400, "VALIDATION_ERROR".into()), 0), "{id}");
    }
}

#[tokio::test]
async fn token_acts_only_for_its_organizations() {
    for (token, organization, problem) in [
        ("all", "1", None),
        ("all", "2", Some((403, "ACTION_DENIED"))),
        ("all", "3", Some((403, "ACTION_DENIED"))),
        ("both", "2", None),
        ("both", "3", Some((403, "ACTION_DENIED"))),
        ("admin", "2", None),
        ("admin", "3", Some((404, "NOT_FOUND"))),
    ] {
        let headers = [("weal-token", token), ("target-organization-id", organization)];
        let (answer, stored) = answer(&headers).await;
        match problem {
            None => assert_eq!((answer.status, stored), (200, 1), "{headers:?}"),
            Some((status, code)) => {
                assert_eq!((answer.problem(), stored), ((status, code.into()), 0), "{headers:?}");
            }
        }
    }
}

#[tokio::test]
async fn token_of_several_organizations_must_name_one() {
    for token in ["both", "admin"] {
        let (answer, stored) = answer(&[("weal-token", token)]).await;
        assert_eq!((answer.problem(), stored), ((400, "FIELD_REQUIRED".into()), 0));
    }
}

#[tokio::test]
async fn each_operation_needs_its_scope() {
    let app = App::new().await;
    let id = app.batch(serde_json::from_str(ITEM).unwrap()).await["items"][0]["freshData"]["id"]
        .as_i64()
        .unwrap();
    let contact = format!("/api-v1/contact/PERSON/{id}");
    let merging = json!({"targetId": id, "sourceId": id + 1}).to_string();
    for (token, batch, show, merge) in [
        ("reader", 403, 200, 403),
        ("writer", 200, 403, 403),
        ("clerk", 200, 200, 403),
        ("all", 200, 200, 400),
    ] {
        let statuses = (
            app.send(post(BATCH, token, ITEM)).await.status,
            app.send(get(&contact, token)).await.status,
            app.send(post(MERGING, token, merging.clone())).await.status,
        );
        assert_eq!(statuses, (batch, show, merge), "{token}");
        let deleted = app.send(get(&format!("{contact}/deleted"), token)).await.status;
        assert_eq!(deleted == 403, show == 403, "{token}");
    }
    assert_eq!(app.store.records().len(), 1);
}

#[tokio::test]
async fn unauthorized_caller_is_refused_before_the_body() {
    let app = App::new().await;
    for token in ["unknown", "reader"] {
        let answer = app.send(post(BATCH, token, "not json")).await;
        assert!(matches!(answer.status, 401 | 403), "{answer:?}");
    }
}

#[tokio::test]
async fn contacts_of_other_organizations_are_not_found() {
    let app = App::new().await;
    let id =
        app.batch(serde_json::from_str(ITEM).unwrap()).await["items"][0]["freshData"]["id"].clone();
    let answer = app.send(get(&format!("/api-v1/contact/PERSON/{id}"), "other")).await;
    assert_eq!(answer.problem(), (404, "CONTACT_NOT_FOUND".into()));
    let item = json!([{"id": id, "lastName": "Stolen"}]).to_string();
    let answer = app.send(post(BATCH, "other", item)).await.json();
    assert_eq!(answer["items"][0]["errorCode"]["errorCode"], "CONTACT_NOT_FOUND");
    assert_eq!(answer["items"][0]["freshData"], json!({}));
}

const EMPLOYEE: &str = r#"[{"contactType": "PERSON", "externalId": "E", "lastName": "Rochat",
    "isStaff": true, "staff": {"jobTitle": "Comptable", "avsNumber": "756.0000.0000.00"}}]"#;

#[tokio::test]
async fn salary_data_is_shown_only_with_its_scope() {
    let app = App::new().await;
    let shown: Value = app.send(post(BATCH, "all", EMPLOYEE)).await.json()["items"][0].clone();
    assert_eq!(shown["freshData"]["staff"]["jobTitle"], "Comptable");
    assert!(shown["errorCode"].to_string().contains("staff.avsNumber"));

    let touched = r#"[{"externalId": "E", "lastName": "Favre"}]"#;
    let hidden = app.send(post(BATCH, "clerk", touched)).await;
    assert_eq!(hidden.json()["items"][0]["freshData"]["lastName"], "Favre");
    assert!(hidden.json()["items"][0]["freshData"].get("staff").is_none());
    assert!(!hidden.text().contains("756.0000.0000.00"), "{}", hidden.text());

    let path = format!("/api-v1/contact/PERSON/{}", shown["freshData"]["id"]);
    assert!(app.send(get(&path, "all")).await.json().get("staff").is_some());
    assert!(app.send(get(&path, "clerk")).await.json().get("staff").is_none());
}

#[tokio::test]
async fn salary_data_is_accepted_only_with_its_scope() {
    let app = App::new().await;
    let answer = app.send(post(BATCH, "clerk", EMPLOYEE)).await.json();
    assert_eq!(
        answer["items"][0]["errorCode"],
        json!({"errorCode": "ACTION_DENIED", "errorDetailValues": [{
            "data": "", "errorCode": "ACTION_DENIED", "fieldName": "staff", "isSevere": true
        }]})
    );
    assert!(app.store.records().is_empty());
}

#[tokio::test]
async fn writer_without_read_scope_gets_no_contacts() {
    let app = App::new().await;
    app.send(post(BATCH, "all", EMPLOYEE)).await;
    let update = r#"[{"externalId": "E", "phone": "12"}]"#;
    let answer = app.send(post(BATCH, "writer", update)).await.json();
    assert_eq!(
        answer["items"][0],
        json!({
            "error": false,
            "severeError": false,
            "errorCode": {"errorCode": "NO_ERROR", "errorDetailValues": [{
                "data": "", "errorCode": "VALIDATION_ERROR", "fieldName": "phone", "isSevere": false
            }]},
            "freshData": {},
            "freshRow": {"verdict": "updated"},
            "possibleWorkflows": [{"id": 1, "name": "ARCHIVE"}],
        })
    );
}

#[tokio::test]
async fn token_above_its_rate_gets_retry_after() {
    let once = Settings {
        requests_per_second: 1.try_into().ok(),
        rate_burst_seconds: NonZeroU32::MIN,
        ..Settings::default()
    };
    let app = App::with(once).await;
    let ask = |token| request(Method::POST, BATCH, &[("weal-token", token)], Body::from("[]"));
    assert_eq!(app.send(ask("all")).await.status, 200);
    let answer = app.send(ask("all")).await;
    assert_eq!(answer.problem(), (429, String::new()));
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(answer.header("ratelimit-policy"), Some("\"requests\";q=1;w=1"));
    assert_eq!(answer.header("ratelimit"), Some("\"requests\";r=0;t=1"));
    assert_eq!(app.send(ask("other")).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn items_above_the_rate_are_429_and_unstored() {
    let of = NonZeroU32::new;
    let two_a_second = Settings {
        requests_per_second: of(10),
        items_per_second: of(2),
        rate_burst_seconds: of(2).unwrap(),
        ..Settings::default()
    };
    let app = App::with(two_a_second).await;
    let items = |first: usize| {
        let items = (first..first + 3).map(
            |id| json!({"contactType": "PERSON", "externalId": id.to_string(), "lastName": "Abt"}),
        );
        Value::from(items.collect::<Vec<_>>()).to_string()
    };
    for path in [BATCH, "/v1/contacts/batch"] {
        let accepted = app.send(post(path, "all", items(0))).await;
        assert_eq!(accepted.status, 200);
        assert_eq!(accepted.header("ratelimit"), Some("\"requests\";r=19;t=1, \"items\";r=1;t=2"));
        let refused = app.send(post(path, "all", items(3))).await;
        assert_eq!(refused.problem(), (429, String::new()));
        assert_eq!(refused.detail(), "this token sends more items per second than it may");
        assert_eq!(refused.header("retry-after"), Some("1"));
        assert_eq!(refused.header("ratelimit"), Some("\"requests\";r=18;t=1, \"items\";r=1;t=1"));
        let policy = "\"requests\";q=20;w=2, \"items\";q=4;w=2;qu=\"items\"";
        assert_eq!(refused.header("ratelimit-policy"), Some(policy));
        assert_eq!(app.store.records().len(), 3);
        tokio::time::advance(Duration::from_secs(2)).await;
    }
    // A burst has four.
    assert_eq!(app.send(post(BATCH, "all", items(0).replace("]", ",{},{}]"))).await.status, 400);
}

#[tokio::test(start_paused = true)]
async fn single_writes_count_as_items() {
    let of = NonZeroU32::new;
    let rate_burst_seconds = of(1).unwrap();
    let four = Settings { items_per_second: of(4), rate_burst_seconds, ..Settings::default() };
    let app = App::with(four).await;
    let person = |key: &str| json!({"contactType": "PERSON", "externalId": key, "lastName": "Abt"});
    app.batch(json!([person("A"), person("B"), person("C")])).await;
    let link_id = "91c615e3-1040-4815-8ecb-039a18b756b1";
    let item =
        |name| json!({"name": name, "type": "multi", "number": "0001-01-01", "link_id": link_id});
    let (none, links) = (Value::Null, json!({"link_ids": [link_id, link_id]}));
    let items = json!({"list_items": [item("Door"), item("Gate"), item("Door")]});
    for (method, path, body, count) in [
        (Method::POST, "/v1/contacts", &person("D"), 1),
        (Method::PUT, "/v1/contacts/1", &person("A"), 1),
        (Method::PATCH, "/v1/contacts/1", &json!({"fax": "1"}), 1),
        (Method::POST, "/v1/contacts/1/archive", &none, 1),
        (Method::POST, "/v1/contacts/1/unarchive", &none, 1),
        (Method::DELETE, "/v1/contacts/1", &none, 1),
        (Method::POST, "/v1/contacts/1/restore", &none, 1),
        (Method::POST, "/v1/contacts/merge", &json!({"target": 1, "source": 2}), 2),
        (Method::POST, "/v1/runs/8/undo", &none, 1),
        (Method::POST, "/api-v1/contact/merging", &json!({"targetId": 1, "sourceId": 3}), 2),
        (Method::POST, "/api/v1/contacts/items/link", &items, 3),
        (Method::PUT, "/api/v1/contacts/items/5", &item("Door"), 1),
        (Method::DELETE, "/api/v1/contacts/items/link", &links, 2),
        (Method::POST, "/api/v1/contacts/items", &item("Hall"), 1),
        (Method::DELETE, "/api/v1/contacts/items/6", &none, 1),
    ] {
        let media_type = match method {
            Method::PATCH => "application/merge-patch+json",
            _ => "application/json",
        };
        let headers = [("weal-token", "all"), ("content-type", media_type)];
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let send = || app.send(request(method.clone(), path, &headers, body.clone()));
        tokio::time::advance(Duration::from_secs(1)).await;
        app.batch(json!([{}, {}, {}, {}])).await;
        let before = app.store.records();
        let refused = send().await;
        assert_eq!((refused.status, refused.header("retry-after")), (429, Some("1")), "{path}");
        assert_eq!(app.store.records(), before, "{path}");
        tokio::time::advance(Duration::from_secs(1)).await;
        let answer = send().await;
        let left = format!("\"items\";r={};t=1", 4 - count);
        assert!(answer.status < 300, "{path}: {answer:?}");
        assert_eq!(answer.header("ratelimit"), Some(&*left), "{path}");
    }
}
