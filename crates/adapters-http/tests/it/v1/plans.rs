//! `/v1/contacts/plans`: dry runs that are kept, reviewed and applied.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use contacts_adapters_http::{Ports, Services, Settings, router};
use contacts_application::plans::PlanChange;
use contacts_application::ports::KeptPlans as _;
use contacts_domain::decision::RequestKey;
use contacts_testing::{StoppedClock, now, organization};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::task::JoinSet;

use crate::app::{Answer, App, get, post, pretty, request};

const PLANS: &str = "/v1/contacts/plans";

fn person(key: &str, name: &str) -> Value {
    json!({"contactType": "PERSON", "externalId": key, "lastName": name})
}

/// Two contacts, the first one with salary data.
async fn two_contacts() -> App {
    let app = App::new().await;
    let mut first = person("A", "Abt");
    first["isStaff"] = json!(true);
    first["staff"] = json!({"jobTitle": "Clerk"});
    app.batch(json!([first, person("B", "Blanc")])).await;
    app
}

/// A change of each kind, and an item that is refused.
fn items() -> Value {
    json!([
        {"externalId": "A", "lastName": "Amstutz", "staff": {"jobTitle": "Boss"}},
        {"externalId": "B", "$": {"delete": true, "ref": "gone"}},
        person("C", "Chappuis"),
        {"externalId": "C", "email": "none"},
        {"externalId": "A", "lastName": "Amstutz"},
    ])
}

async fn plan(app: &App, query: &str, items: &Value) -> (Answer, String) {
    let answer = app.send(post(&format!("{PLANS}{query}"), "all", items.to_string())).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(answer.header("location"), Some(&*format!("{PLANS}/{id}")));
    (answer, id)
}

async fn apply(app: &App, id: &str) -> Answer {
    app.send(post(&format!("{PLANS}/{id}/apply"), "all", Body::empty())).await
}

async fn shown(app: &App, path: &str, token: &str) -> Value {
    let answer = app.send(get(&format!("{PLANS}/{path}"), token)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

fn verdicts(answer: &Value) -> Vec<&str> {
    let items = answer["items"].as_array().unwrap().iter();
    items.map(|item| item["verdict"].as_str().unwrap()).collect()
}

/// The problem of an answer in one word.
fn problem(answer: &Answer) -> (u16, String) {
    let kind = answer.json()["type"].as_str().unwrap_or_default().to_owned();
    (answer.status, kind.trim_start_matches("urn:contact-hub:problem:").to_owned())
}

#[tokio::test]
async fn plan_has_whole_answers_and_stores_nothing() {
    let app = two_contacts().await;
    let before = app.store.records();
    let (answer, id) = plan(&app, "?source=crm", &items()).await;
    insta::assert_snapshot!(answer.whole().replace(&id, "THE-PLAN"));
    assert_eq!(app.store.records(), before);
    let head = pretty(&shown(&app, &id, "all").await).replace(&id, "THE-PLAN");
    insta::assert_snapshot!(head);
    let listed = shown(&app, &format!("{id}/items"), "all").await;
    assert_eq!(listed["items"], answer.json()["items"]);
}

#[tokio::test]
async fn plan_is_the_dry_run_and_its_application_the_request() {
    let app = two_contacts().await;
    let (planned, id) = plan(&app, "", &items()).await;
    let direct = two_contacts().await;
    let batch = "/v1/contacts/batch";
    let dry_run = format!("{batch}?dryRun=true");
    let dry_run = direct.send(post(&dry_run, "all", items().to_string())).await.json();
    for member in ["summary", "run", "items"] {
        assert_eq!(planned.json()[member], dry_run[member], "{member}");
    }
    let expected = direct.send(post(batch, "all", items().to_string())).await;
    let applied = apply(&app, &id).await;
    assert_eq!(applied.whole(), expected.whole());
    assert_eq!(app.store.records(), direct.store.records());
}

#[tokio::test]
async fn application_is_done_once_and_shown() {
    let app = two_contacts().await;
    let (_, id) = plan(&app, "", &items()).await;
    let first = apply(&app, &id).await;
    insta::assert_snapshot!(first.whole());
    let stored = app.store.records();
    let again = apply(&app, &id).await;
    assert_eq!(again.whole(), first.whole(), "{again:?}");
    assert_eq!(app.store.records(), stored);
    let head = pretty(&shown(&app, &id, "all").await).replace(&id, "THE-PLAN");
    insta::assert_snapshot!(head);
    let listed = shown(&app, &format!("{id}/items"), "all").await;
    insta::assert_snapshot!(pretty(&listed));

    let run = first.json()["run"].to_string();
    let undone = app.send(post(&format!("/v1/runs/{run}/undo"), "all", Body::empty())).await;
    assert_eq!(undone.json()["summary"]["reverted"], 2, "{undone:?}");
    assert_eq!(apply(&app, &id).await.whole(), first.whole());
}

#[tokio::test]
async fn run_of_an_applied_plan_has_its_source() {
    let app = two_contacts().await;
    let in_body = json!({"items": items(), "options": {"source": "crm"}});
    for (query, body) in [("?source=crm", items()), ("", in_body)] {
        let (_, id) = plan(&app, query, &body).await;
        let run = apply(&app, &id).await.json()["run"].clone();
        let shown = app.get(&format!("/v1/runs/{run}")).await;
        insta::assert_snapshot!(shown.whole());
        app.send(post(&format!("/v1/runs/{run}/undo"), "all", Body::empty())).await;
    }
}

#[tokio::test]
async fn item_whose_contact_moved_is_stale() {
    let app = two_contacts().await;
    let items = json!([person("A", "Amstutz"), person("B", "Bonnard"), person("C", "Chappuis")]);
    let (_, id) = plan(&app, "", &items).await;
    app.batch(json!([person("A", "Other"), person("C", "Other")])).await;
    let before = app.store.records();
    let dry = post(&format!("{PLANS}/{id}/apply"), "all", Body::empty());
    let (mut parts, body) = dry.into_parts();
    parts.headers.insert("prefer", "dry-run".parse().unwrap());
    let dry = app.send(axum::http::Request::from_parts(parts, body)).await;
    assert_eq!(verdicts(&dry.json()), ["stale", "updated", "stale"]);
    assert_eq!(app.store.records(), before);
    let applied = apply(&app, &id).await;
    insta::assert_snapshot!(applied.whole());
    let names: Vec<_> =
        app.store.records().iter().map(|record| record.document.contains("Other")).collect();
    assert_eq!(names, [true, false, true]);
    let stale = shown(&app, &format!("{id}/items?verdict=stale"), "all").await;
    let indexes: Vec<_> = stale["items"].as_array().unwrap().iter().map(|i| &i["index"]).collect();
    assert_eq!(indexes, [0, 2]);
}

#[tokio::test]
async fn stale_item_stops_an_atomic_plan() {
    let app = two_contacts().await;
    let items = json!([person("A", "Amstutz"), person("B", "Bonnard")]);
    let (_, id) = plan(&app, "?atomicity=batch", &items).await;
    app.batch(json!([person("A", "Other")])).await;
    let before = app.store.records();
    for _ in 0..2 {
        let applied = apply(&app, &id).await.json();
        assert_eq!(verdicts(&applied), ["stale", "rejected"]);
        assert_eq!(applied["run"], Value::Null);
    }
    assert_eq!(app.store.records(), before);
}

#[tokio::test]
async fn lines_are_planned_like_an_array() {
    let app = two_contacts().await;
    let lines = "\u{feff}{\"externalId\":\"A\",\"lastName\":\"Amstutz\"}\r\n\n7\n{\"externalId\":\"B\",\"$\":{\"ref\":\"b\"},\"lastName\":\"Bonnard\"}";
    let send = |query: &str, lines: &str| {
        let headers = [("weal-token", "all"), ("content-type", "application/x-ndjson")];
        request(Method::POST, &format!("{PLANS}{query}"), &headers, lines.to_owned())
    };
    let answer = app.send(send("?onRepeat=last", lines)).await;
    let planned = answer.json();
    assert_eq!(verdicts(&planned), ["updated", "rejected", "updated"], "{answer:?}");
    let lines: Vec<_> = planned["items"].as_array().unwrap().iter().map(|i| &i["line"]).collect();
    assert_eq!(lines, [1, 3, 4]);
    let applied = apply(&app, planned["id"].as_str().unwrap()).await.json();
    assert_eq!(verdicts(&applied), ["updated", "rejected", "updated"]);
    assert_eq!(applied["items"][2]["ref"], "b");
    for (body, expected) in [("", "body-empty"), ("{}\n\u{fffd}", "")] {
        let answer = app.send(send("", body)).await;
        assert_eq!(problem(&answer).1, expected);
    }
    let app = App::with(Settings { max_items: 2, ..Settings::default() }).await;
    assert_eq!(app.send(send("", "{}\n\n{}\n")).await.status, 201);
    assert_eq!(problem(&app.send(send("", "{}\n{}\n{}")).await), (400, "too-many-items".into()));
}

#[tokio::test]
async fn pages_have_each_item_once() {
    let app = two_contacts().await;
    let items: Vec<_> = (0..7).map(|number| person(&format!("{}", number % 4), "x")).collect();
    let (answer, id) = plan(&app, "", &json!(items)).await;
    let (_, other) = plan(&app, "", &json!(items)).await;
    for (query, expected) in
        [("", vec![0, 1, 2, 3, 4, 5, 6]), ("verdict=unchanged&", vec![4, 5, 6])]
    {
        let (mut path, mut found) = (format!("{PLANS}/{id}/items?{query}limit=2"), Vec::new());
        loop {
            let page = app.send(get(&path, "all")).await;
            found.extend(page.json()["items"].as_array().unwrap().clone());
            let Some(next) = page.header("link") else { break };
            path = next.trim_start_matches('<').split_once(">;").unwrap().0.to_owned();
        }
        let expected: Vec<_> = expected
            .into_iter()
            .map(|index: usize| answer.json()["items"][index].clone())
            .collect();
        assert_eq!(found, expected);
    }
    let link = app.send(get(&format!("{PLANS}/{id}/items?limit=1"), "all")).await;
    let cursor =
        link.header("link").unwrap().split_once("cursor=").unwrap().1.split_once('>').unwrap().0;
    let with =
        |id: &str, query: &str| get(&format!("{PLANS}/{id}/items?{query}cursor={cursor}"), "all");
    assert_eq!(app.send(with(&id, "")).await.status, 200);
    assert_eq!(app.send(with(&other, "")).await.status, 400);
    assert_eq!(app.send(with(&id, "verdict=created&")).await.status, 400);
    for query in
        ["limit=0", "limit=1001", "verdict=stail", "verdict=", "cursor=", "cursor=AAAA", "x=1"]
    {
        let answer = app.send(get(&format!("{PLANS}/{id}/items?{query}"), "all")).await;
        assert_eq!(problem(&answer), (400, "bad-parameter".into()), "{query}");
    }
    apply(&app, &id).await;
    assert_eq!(app.send(with(&id, "")).await.status, 400, "what is shown has changed");
}

#[tokio::test]
async fn each_caller_sees_what_the_scopes_allow() {
    let app = two_contacts().await;
    let (_, id) = plan(&app, "?return=representation", &items()).await;
    let whole = shown(&app, &format!("{id}/items"), "all").await;
    assert_eq!(whole["items"][0]["contact"]["staff"]["jobTitle"], "Boss");
    assert!(whole.to_string().contains("/staff/jobTitle"));
    let seen = shown(&app, &format!("{id}/items"), "reader").await;
    assert!(!seen.to_string().contains("staff\""), "{seen}");
    assert_eq!(seen["items"][0]["contact"]["lastName"], "Amstutz");

    // A token for writing alone neither reads plans nor sees what it applies.
    assert_eq!(app.send(get(&format!("{PLANS}/{id}"), "writer")).await.status, 403);
    let bare = app.send(post(&format!("{PLANS}/{id}/apply"), "writer", Body::empty())).await.json();
    assert_eq!(
        bare["items"][1],
        json!({
            "index": 1, "ref": "gone", "verdict": "stale",
            "violations": bare["items"][1]["violations"].clone(),
        })
    );
    assert_eq!(verdicts(&bare), ["stale", "stale", "created", "rejected", "stale"]);
    let again = app.send(post(&format!("{PLANS}/{id}/apply"), "writer", Body::empty())).await;
    assert_eq!(again.json(), bare);
    let (_, id) = plan(&app, "?return=representation", &items()).await;
    let whole = apply(&app, &id).await.json();
    assert_eq!(whole["items"][0]["contact"]["staff"]["jobTitle"], "Boss");
    let seen = app.send(post(&format!("{PLANS}/{id}/apply"), "clerk", Body::empty())).await;
    assert_eq!(seen.json()["items"][0]["contact"]["lastName"], "Amstutz");
    assert!(!seen.text().contains("staff\""), "{seen:?}");
}

#[tokio::test]
async fn unknown_expired_and_foreign_plans_are_404() {
    let app = two_contacts().await;
    let (_, id) = plan(&app, "", &items()).await;
    let before = app.store.records();
    let of = |router, token: &'static str, id: &str| {
        let requests = [
            get(&format!("{PLANS}/{id}"), token),
            get(&format!("{PLANS}/{id}/items"), token),
            post(&format!("{PLANS}/{id}/apply"), token, Body::empty()),
            request(
                Method::DELETE,
                &format!("{PLANS}/{id}"),
                &[("weal-token", token)],
                Body::empty(),
            ),
        ];
        async move {
            let router: axum::Router = router;
            for request in requests {
                let answer = Answer::of(router.clone(), request).await;
                assert_eq!(problem(&answer), (404, "unknown-plan".into()));
            }
        }
    };
    of(app.router(), "other", &id).await;
    for unknown in ["1", "x", "00000000-0000-0000-0000-000000000000"] {
        of(app.router(), "all", unknown).await;
    }
    let later = |hours: u64, minus: u64| {
        let clock = StoppedClock(now().later(Duration::from_secs(hours * 3_600 - minus)));
        let services = Services::new(Ports::of(app.store.clone()), Arc::new(clock));
        router(services, Settings::default())
    };
    of(later(24, 0), "all", &id).await;
    let last = Answer::of(later(24, 1), get(&format!("{PLANS}/{id}"), "all")).await;
    assert_eq!(last.status, 200);
    let delete = || {
        request(Method::DELETE, &format!("{PLANS}/{id}"), &[("weal-token", "all")], Body::empty())
    };
    let (mut parts, body) = delete().into_parts();
    parts.headers.insert("prefer", "dry-run".parse().unwrap());
    assert_eq!(app.send(axum::http::Request::from_parts(parts, body)).await.status, 204);
    assert_eq!(app.send(delete()).await.status, 204);
    of(app.router(), "all", &id).await;
    assert_eq!(app.store.records(), before);
}

#[tokio::test]
async fn plan_applied_at_once_by_many_is_done_once() {
    let app = Arc::new(App::new().await);
    let (_, id) = plan(&app, "", &json!([{"contactType": "PERSON", "lastName": "x"}])).await;
    let mut requests = JoinSet::new();
    for _ in 0..32 {
        let (app, id) = (Arc::clone(&app), id.clone());
        requests.spawn(async move { apply(&app, &id).await });
    }
    let answers = requests.join_all().await;
    let first = apply(&app, &id).await.json();
    for answer in answers {
        match answer.status {
            200 => assert_eq!(answer.json(), first),
            _ => {
                assert_eq!(problem(&answer), (409, "request-running".into()));
                assert_eq!(answer.header("retry-after"), Some("1"));
            }
        }
    }
    assert_eq!(app.store.records().len(), 1);
}

#[tokio::test]
async fn plans_of_an_organization_take_so_much_room() {
    let app = App::new().await;
    let one = || post(PLANS, "all", "[]");
    assert_eq!(app.send(one()).await.status, 201);
    let plan = &app.store.plans()[0];
    for number in 2..=1_024_u64 {
        let key = RequestKey(Sha256::digest(number.to_be_bytes()).into());
        let add = PlanChange::Add { plan: plan.clone(), bytes_at_most: i64::MAX };
        app.store.change_plan(organization(1).id, key, add, None).await.unwrap();
    }
    assert_eq!(problem(&app.send(one()).await), (409, "too-many-plans".into()));
    assert_eq!(app.send(post(PLANS, "other", "[]")).await.status, 201);
}

#[tokio::test]
async fn wrong_options_are_400_and_keep_nothing() {
    let app = App::new().await;
    for (query, body) in [
        ("?matchBy=mail", "[]"),
        ("?dryrun=true", "[]"),
        ("?mode=upsert", r#"{"items": [], "options": {"mode": "create"}}"#),
        ("", "{}"),
        ("", "[1"),
        ("", ""),
    ] {
        let answer = app.send(post(&format!("{PLANS}{query}"), "all", body)).await;
        assert_eq!(answer.status, 400, "{query} {body}: {answer:?}");
    }
    let headers = [("weal-token", "all"), ("content-type", "text/csv")];
    let answer = app.send(request(Method::POST, PLANS, &headers, "a;b")).await;
    assert_eq!(problem(&answer), (415, "unsupported-media-type".into()));
    assert_eq!(answer.header("accept-post"), Some("application/json, application/x-ndjson"));
    assert!(app.store.plans().is_empty());
    let (_, id) = plan(&app, "?dryRun=true", &json!([person("A", "Abt")])).await;
    assert_eq!(verdicts(&apply(&app, &id).await.json()), ["created"]);
    let answer = app.send(post(&format!("{PLANS}/{id}/apply?dryRun=true"), "all", Body::empty()));
    assert_eq!(problem(&answer.await), (400, "bad-parameter".into()));
}
