//! `GET /v1/contacts?q=…`.

use std::sync::Arc;
use std::time::Duration;

use contacts_application::ports::Ledger as _;
use contacts_application::use_cases::IndexContacts;
use contacts_domain::Timestamp;
use contacts_testing::{StoppedClock, now, organization};
use serde_json::{Value, json};

use crate::app::{Answer, App, get};

/// Indexes what is stored.
pub(crate) async fn index(app: &App) {
    let (store, clock) = (app.store.clone(), Arc::new(StoppedClock(now())));
    let index = IndexContacts::new(store.clone(), store.clone(), store, clock);
    let _awaiting = [1, 2].map(|id| index.hurry(organization(id).id));
    while index.execute().await.unwrap() {}
}

async fn three(app: &App) {
    let person = |key: &str, first: &str, last: &str| json!({"contactType": "PERSON", "externalId": key, "firstName": first, "lastName": last});
    app.batch(json!([
        person("a", "Zoë", "Müller"),
        person("b", "Anna", "Rochat"),
        person("c", "Ada", "Muller-Rochat"),
    ]))
    .await;
}

async fn search(app: &App, query: &str) -> Answer {
    app.get(&format!("/v1/contacts?{query}")).await
}

fn names(answer: &Answer) -> String {
    let items = answer.json()["items"].as_array().unwrap().clone();
    let names = items.iter().map(|item| item["externalId"].as_str().unwrap().to_owned());
    names.collect::<Vec<_>>().join(" ")
}

async fn token(app: &App) -> String {
    let feed: Value = app.get("/v1/contacts/changes").await.json();
    feed["token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn search_has_whole_answer() {
    let app = App::new().await;
    three(&app).await;
    index(&app).await;
    let answer =
        search(&app, "q=muller+zo%C3%AB&total=true&fields=id,externalId,displayName").await;
    insta::assert_snapshot!(answer.whole());
}

#[tokio::test]
async fn found_contacts_come_by_id_and_page_by_page() {
    let app = App::new().await;
    three(&app).await;
    index(&app).await;
    for (query, expected) in [
        ("q=mul", "a c"),
        ("q=M%C3%9CLLER", "a c"),
        ("q=mueller", "a"),
        ("q=mul&sort=displayName", "c a"),
        ("q=mul&sort=-id", "c a"),
        ("q=rochat&contactType=PERSON", "b c"),
        ("q=rochat&externalId=c", "c"),
        ("q=x", ""),
        ("q=mul&deleted=true", ""),
    ] {
        let mut path = format!("{query}&limit=1");
        let mut found = Vec::new();
        loop {
            let answer = search(&app, &path).await;
            assert_eq!(answer.header("contact-hub-search-lag"), Some("0"), "{query}");
            found.push(names(&answer));
            let Some(link) = answer.header("link") else { break };
            path = link.split_once('?').unwrap().1.split_once('>').unwrap().0.to_owned();
        }
        assert_eq!(found.join(" ").trim(), expected, "{query}");
    }
}

#[tokio::test]
async fn cursor_of_another_query_is_400() {
    let app = App::new().await;
    three(&app).await;
    index(&app).await;
    let first = search(&app, "q=mul&limit=1").await;
    let link = first.header("link").unwrap().to_owned();
    let cursor = link.split_once("cursor=").unwrap().1.split_once('>').unwrap().0;
    assert_eq!(names(&search(&app, &format!("q=mul&cursor={cursor}")).await), "c");
    for query in ["q=mull", "q=muller", "sort=id"] {
        assert_eq!(search(&app, &format!("{query}&cursor={cursor}")).await.status, 400, "{query}");
    }
}

#[tokio::test]
async fn lag_is_the_age_of_what_is_not_indexed() {
    let app = App::new().await;
    assert_eq!(search(&app, "q=muller").await.header("contact-hub-search-lag"), Some("0"));
    three(&app).await;
    let answer = search(&app, "q=muller").await;
    // The clock of tests stands still.
    assert_eq!(
        (names(&answer), answer.header("contact-hub-search-lag")),
        (String::new(), Some("0"))
    );
    assert_eq!(search(&app, "limit=1").await.header("contact-hub-search-lag"), None);
    let metrics = app.get("/metrics").await;
    assert!(metrics.text().contains("\ncontact_hub_search_lag_seconds 0\n"));
}

#[tokio::test(start_paused = true)]
async fn search_waits_until_the_lag_is_gone() {
    let app = App::with_moving_clock().await;
    three(&app).await;
    tokio::time::advance(Duration::from_millis(7_400)).await;
    let path = "q=mul&fields=externalId";
    let behind = search(&app, path).await;
    assert_eq!(behind.header("contact-hub-search-lag"), Some("8"), "rounded up: {behind:?}");
    assert_eq!(behind.json(), json!({"items": []}));
    let path = format!("{path}&waitFor={}", token(&app).await);
    // The runtime does not see the threads that find the words, and would let the 30 s pass.
    tokio::time::resume();
    let (answer, ()) = tokio::join!(biased; search(&app, &path), index(&app));
    assert_eq!(answer.header("contact-hub-search-lag"), Some("0"), "{answer:?}");
    assert_eq!(answer.json(), json!({"items": [{"externalId": "a"}, {"externalId": "c"}]}));
}

#[tokio::test]
async fn wrong_query_is_400() {
    let app = App::new().await;
    three(&app).await;
    let punctuation = "q=%27%22%2A%28%29-%3A%5E%7B%7D%5B%5D%5C%25_%26%7C%21%3C%3E%3B";
    let long = format!("q={}", "a".repeat(10_000));
    for query in ["q=", "q=+", punctuation, &long, "q=%00", "q=a&q=b", "q=%FF"] {
        let answer = search(&app, query).await;
        assert_eq!(answer.problem(), (400, "VALIDATION_ERROR".into()), "{query:.100}");
    }
    insta::assert_snapshot!(search(&app, "q=-").await.whole());
    for query in
        ["q=%D7%9E%D7%A9%D7%94", "q=a%27%3B+DROP+TABLE+contact%3B--", "q=a+OR+NEAR%28b%29", "q=a"]
    {
        let answer = search(&app, query).await;
        assert_eq!((answer.status, names(&answer).as_str()), (200, ""), "{query}");
    }
}

#[tokio::test]
async fn wrong_token_to_wait_for_is_400_and_old_one_410() {
    let app = App::new().await;
    three(&app).await;
    index(&app).await;
    let token = token(&app).await;
    for query in [
        "q=mul&waitFor=".to_owned(),
        "q=mul&waitFor=x".to_owned(),
        format!("q=mul&waitFor={token}A"),
        format!("q=mul&waitFor={}", &token[1..]),
        format!("waitFor={token}"),
    ] {
        let answer = search(&app, &query).await;
        assert_eq!(answer.problem(), (400, "VALIDATION_ERROR".into()), "{query}");
    }
    let path = format!("/v1/contacts?q=mul&waitFor={token}");
    let other = app.send(get(&path, "other")).await;
    assert_eq!(other.problem(), (400, "VALIDATION_ERROR".into()));
    assert_eq!(names(&app.get(&path).await), "a c");

    app.batch(json!([{"contactType": "PERSON", "lastName": "Muller"}])).await;
    let later = Timestamp::from_micros(now().micros() + 1);
    app.store.prune(organization(1).id, later).await.unwrap();
    insta::assert_snapshot!(app.get(&path).await.whole());
}

#[tokio::test(start_paused = true)]
async fn search_that_does_not_catch_up_is_503() {
    let app = App::new().await;
    three(&app).await;
    let path = format!("/v1/contacts?q=mul&waitFor={}", token(&app).await);
    insta::assert_snapshot!(app.get(&path).await.whole());
}

#[tokio::test]
async fn search_waits_for_a_token() {
    let app = App::new().await;
    three(&app).await;
    let path = format!("/v1/contacts?q=mul&waitFor={}", token(&app).await);
    let (answer, ()) = tokio::join!(biased; app.get(&path), index(&app));
    assert_eq!(
        (names(&answer), answer.header("contact-hub-search-lag")),
        ("a c".into(), Some("0"))
    );
    let export = app.get(&path.replace("contacts?", "contacts/export?")).await;
    assert_eq!(export.header("contact-hub-search-lag"), Some("0"));
    assert_eq!(export.text().lines().count(), 2);
}

#[tokio::test(start_paused = true)]
async fn token_revoked_while_a_search_waits_is_401() {
    for list in ["/v1/contacts", "/v1/contacts/export"] {
        let app = App::with_moving_clock().await;
        three(&app).await;
        let path = format!("{list}?q=mul&waitFor={}", token(&app).await);
        let revoke_and_index = async {
            app.revoke().await;
            tokio::time::sleep(Duration::from_secs(2)).await;
            index(&app).await;
        };
        let (answer, ()) = tokio::join!(biased; app.get(&path), revoke_and_index);
        assert_eq!(answer.problem(), (401, "ACTION_DENIED".into()), "{list}");
    }
}

#[tokio::test]
async fn caller_finds_nothing_by_what_it_may_not_see() {
    let app = App::new().await;
    app.batch(json!([{
        "contactType": "PERSON", "lastName": "Abt", "isStaff": true, "staff": {"jobTitle": "Baker"},
    }]))
    .await;
    index(&app).await;
    assert_eq!(search(&app, "q=baker").await.json(), json!({"items": []}));
    assert_eq!(app.send(get("/v1/contacts?q=abt", "writer")).await.status, 403);
}
