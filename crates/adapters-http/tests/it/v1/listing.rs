//! `GET /v1/contacts`.

use contacts_adapters_http::{Ports, Services, Settings, router};
use contacts_application::access::SettingsChange;
use contacts_application::ports::MockContactList;
use contacts_application::ports::{OrganizationSettings, StoreError, StoreErrorKind};
use contacts_domain::MatchBy;
use contacts_testing::{StoppedClock, now, organization};
use serde_json::{Value, json};
use std::sync::Arc;

use crate::app::{Answer, App, get, store_with_tokens};

/// Stores contacts of several kinds.
async fn various(app: &App) {
    app.batch(json!([
        {
            "contactType": "ORGANIZATION", "externalId": "firm", "name": "Müller & Co",
            "isCustomer": true, "email": "info@mueller.example", "phone": "021 555 12 12",
            "addresses": [{"city": "Genève", "countryCode2": "CH"}], "tags": [{"name": "Key"}],
        },
        {
            "contactType": "PERSON", "externalId": "ada", "firstName": "Ada", "lastName": "Rochat",
            "archived": true, "isStaff": true, "staff": {"contractType": "OPEN_ENDED"},
        },
        {"contactType": "PERSON", "externalId": "bob", "lastName": "Zoë", "isVendor": true},
    ]))
    .await;
}

async fn list(app: &App, query: &str) -> Answer {
    app.get(&format!("/v1/contacts{query}")).await
}

fn names(answer: &Answer) -> Vec<String> {
    let items = answer.json()["items"].as_array().unwrap().clone();
    items.iter().map(|item| item["externalId"].as_str().unwrap().to_owned()).collect()
}

/// The path of the next page.
fn next(answer: &Answer) -> Option<String> {
    let link = answer.header("link")?;
    Some(link.strip_prefix('<').unwrap().strip_suffix(">; rel=\"next\"").unwrap().to_owned())
}

#[tokio::test]
async fn list_has_whole_answer() {
    let app = App::new().await;
    various(&app).await;
    let answer = list(&app, "?total=true&limit=2").await;
    insta::assert_snapshot!(answer.whole());
}

#[tokio::test]
async fn empty_list_has_no_next_page() {
    let app = App::new().await;
    let answer = list(&app, "").await;
    assert_eq!((answer.status, answer.json()), (200, json!({"items": []})));
    assert_eq!(answer.header("link"), None);
}

#[tokio::test]
async fn links_lead_through_all_pages() {
    let app = App::new().await;
    various(&app).await;
    for (query, expected) in [
        ("?limit=1", "ada firm bob"),
        ("?limit=1&sort=-displayName", "bob firm ada"),
        ("?limit=2&sort=createdAt&organization=1", "firm ada bob"),
        ("?limit=2&sort=updatedAt", "firm ada bob"),
        ("?limit=1&sort=-updatedAt", "bob ada firm"),
        ("?limit=1&sort=-id", "bob ada firm"),
        ("?limit=1&isCustomer=false&fields=externalId", "ada bob"),
    ] {
        let mut path = format!("/v1/contacts{query}");
        let mut all = Vec::new();
        loop {
            let answer = app.get(&path).await;
            all.extend(names(&answer));
            let Some(next) = next(&answer) else { break };
            path = next;
        }
        assert_eq!(all.join(" "), expected, "{query}");
    }
}

#[tokio::test]
async fn filters_select_contacts() {
    let app = App::new().await;
    various(&app).await;
    for (query, expected) in [
        ("contactType=PERSON", "ada bob"),
        ("contactType=ENDPOINT", ""),
        ("archived=true", "ada"),
        ("archived=false", "firm bob"),
        ("isCustomer=true", "firm"),
        ("isVendor=true&isStaff=false", "bob"),
        ("isStaff=true", "ada"),
        ("tag=kEY", "firm"),
        ("countryCode2=CH", "firm"),
        ("countryCode2=FR", ""),
        ("updatedSince=2000-01-01T00:00:00Z", "ada firm bob"),
        ("updatedSince=2100-01-01T00:00:00%2B02:00", ""),
        ("externalId=%20bob%20", "bob"),
        ("email=INFO@mueller.example", "firm"),
        ("phone=%2B41%2021%20555%2012%2012", "firm"),
        ("phone=0215551212&contactType=PERSON", ""),
        ("deleted=true", ""),
        ("deleted=false&archived=true", "ada"),
    ] {
        let answer = list(&app, &format!("?{query}")).await;
        assert_eq!(names(&answer).join(" "), expected, "{query}");
    }
}

#[tokio::test]
async fn only_asked_members_are_shown() {
    let app = App::new().await;
    various(&app).await;
    let answer = list(&app, "?externalId=ada&fields=displayName,%20staff,version").await;
    let staff = json!({"id": 4, "contactId": 3, "contractType": "OPEN_ENDED"});
    let expected = json!([{"staff": staff, "version": 1, "displayName": "Ada Rochat"}]);
    assert_eq!(answer.json()["items"], expected);
}

#[tokio::test]
async fn staff_is_hidden_without_its_scope() {
    let app = App::new().await;
    various(&app).await;
    for query in ["?externalId=ada", "?externalId=ada&fields=staff,externalId"] {
        let seen = app.send(get(&format!("/v1/contacts{query}"), "reader")).await;
        assert!(seen.json()["items"][0].get("staff").is_none(), "{seen:?}");
        assert_eq!(names(&seen), ["ada"]);
    }
}

#[tokio::test]
async fn caller_without_read_is_403() {
    let app = App::new().await;
    let answer = app.send(get("/v1/contacts", "writer")).await;
    assert_eq!(answer.problem(), (403, "ACTION_DENIED".into()));
}

#[tokio::test]
async fn wrong_parameters_are_400_and_named() {
    let app = App::new().await;
    let details: Vec<Value> = futures_util::future::join_all(
        [
            "limit=0",
            "limit=1001",
            "limit=x",
            "sort=name",
            "sort=-displayname",
            "fields=emial",
            "archived=yes",
            "contactType=DOG",
            "countryCode2=ch",
            "updatedSince=2026-01-01",
            "email=ada",
            "phone=12",
            "linkId=1",
            "tag=%20",
            "vatNumber=%20-",
            "externalId=%20",
            "externalId=a%00",
            "cursor=x",
            "isCustomr=true",
            "query=ada",
            "limit=1&limit=2",
            "total=1",
        ]
        .map(async |query| {
            let answer = list(&app, &format!("?{query}")).await;
            assert_eq!(answer.status, 400, "{query}");
            json!([query, answer.detail()])
        }),
    )
    .await;
    insta::assert_snapshot!(crate::app::pretty(&json!(details)));
}

#[tokio::test]
async fn cursor_of_another_list_is_400() {
    let app = App::new().await;
    various(&app).await;
    let first = list(&app, "?limit=1").await;
    let next = next(&first).unwrap();
    let (_, cursor) = next.split_once("cursor=").unwrap();
    for query in [
        format!("?sort=-displayName&cursor={cursor}"),
        format!("?sort=id&cursor={cursor}"),
        format!("?isVendor=true&cursor={cursor}"),
        format!("?cursor={}", &cursor[1..]),
        format!("?cursor={cursor}A"),
        "?cursor=".to_owned(),
    ] {
        let answer = list(&app, &query).await;
        assert_eq!(answer.problem(), (400, "VALIDATION_ERROR".into()), "{query}");
    }
    let other = app.send(get(&next, "other")).await;
    assert_eq!(other.problem(), (400, "VALIDATION_ERROR".into()));
    // What does not change which contacts come is free.
    let free = list(&app, &format!("?limit=7&fields=externalId&total=true&cursor={cursor}")).await;
    assert_eq!(names(&free), ["firm", "bob"]);
}

/// A filter by each shared key.
const BY_SHARED_KEYS: [&str; 3] =
    ["?email=info@mueller.example", "?phone=0215551212", "?vatNumber=CHE-116.281.710"];

/// An organization of three contacts that has just been set to match by these keys, one after the other.
async fn matching_by(settings: &[MatchBy]) -> App {
    let app = App::new().await;
    for match_by in settings {
        let match_by = Some(*match_by);
        let change = SettingsChange { match_by, ..SettingsChange::default() };
        app.store.change_settings(organization(1).id, change, 3).await.unwrap();
    }
    various(&app).await;
    app
}

/// The answers to filters by each shared key.
async fn by_shared_keys(app: &App) -> String {
    let mut answers = Vec::new();
    for query in BY_SHARED_KEYS {
        answers.push(format!("{query}\n{}", list(app, query).await.whole()));
    }
    answers.join("\n\n")
}

#[tokio::test]
async fn filter_by_switched_off_key_is_400() {
    let app = matching_by(&[MatchBy::NONE]).await;
    insta::assert_snapshot!(by_shared_keys(&app).await);
    let app = matching_by(&["email".parse().unwrap()]).await;
    assert_eq!(names(&list(&app, BY_SHARED_KEYS[0]).await), ["firm"]);
}

#[tokio::test]
async fn filter_by_key_that_is_being_filled_is_409() {
    let app = matching_by(&[MatchBy::NONE, MatchBy::ALL]).await;
    insta::assert_snapshot!(by_shared_keys(&app).await);
    assert_eq!(names(&list(&app, "?externalId=firm").await), ["firm"]);
}

#[tokio::test]
async fn list_out_of_time_is_503_that_says_so() {
    let mut slow = MockContactList::new();
    let late = || StoreError::new(StoreErrorKind::OutOfTime, "SELECT");
    slow.expect_page().times(1).returning(move |_, _| Err(late()));
    let ports = Ports { list: Arc::new(slow), ..Ports::of(store_with_tokens().await) };
    let services = Services::new(ports, Arc::new(StoppedClock(now())));
    let answer =
        Answer::of(router(services, Settings::default()), get("/v1/contacts", "all")).await;
    insta::assert_snapshot!(answer.whole());
}
