//! Purging contacts.

use axum::http::Method;
use serde_json::json;

use super::searching::index;
use super::writing::{a_person, send};
use crate::app::{Answer, App, post};

async fn delete(app: &App, path: &str, token: &str, headers: &[(&str, &str)]) -> Answer {
    app.send(send(Method::DELETE, path, token, headers, "")).await
}

async fn purge(app: &App, path: &str) -> Answer {
    delete(app, &format!("{path}?purge=true"), "all", &[]).await
}

#[tokio::test]
async fn purged_contact_is_nowhere() {
    let app = App::new().await;
    let start = app.get("/v1/contacts/changes").await.json()["token"].as_str().unwrap().to_owned();
    let path = a_person(&app, "A").await;
    let changed = json!({"lastName": "Marker"}).to_string();
    let patch = [("content-type", "application/merge-patch+json")];
    app.send(send(Method::PATCH, &path, "all", &patch, &changed)).await;
    let purged = purge(&app, &path).await;
    assert_eq!((purged.status, purged.body.len()), (204, 0));

    for path in [path.clone(), format!("{path}/history")] {
        assert_eq!(app.get(&path).await.problem(), (404, "CONTACT_NOT_FOUND".into()), "{path}");
    }
    let restored = app.send(send(Method::POST, &format!("{path}/restore"), "all", &[], "")).await;
    assert_eq!(restored.status, 404);
    assert_eq!(purge(&app, &path).await.problem(), (404, "CONTACT_NOT_FOUND".into()));
    assert_eq!(app.store.records(), []);

    let feed = app.get(&format!("/v1/contacts/changes?since={start}")).await.json();
    let expected = json!([{"change": "deleted", "id": 1, "version": 3, "contact": null}]);
    assert_eq!(feed["items"], expected);
    let runs = app.get("/v1/runs").await.json();
    let mut told = Vec::new();
    for run in runs["items"].as_array().unwrap() {
        let changes = app.get(&format!("/v1/runs/{}/changes", run["id"])).await.json();
        told.extend(changes["items"].as_array().unwrap().clone());
    }
    assert_eq!(
        json!(told),
        json!([
            {"id": 1, "version": 3, "change": "deleted"},
            {"id": 1, "version": 2, "change": "updated"},
            {"id": 1, "version": 1, "change": "created"},
        ])
    );
    let undo = format!("/v1/runs/{}/undo", runs["items"][1]["id"]);
    let undone = app.send(post(&undo, "all", "")).await.json();
    assert_eq!(undone["items"][0]["verdict"], "gone");
    assert_eq!(app.store.records(), []);
}

#[tokio::test]
async fn deleted_and_merged_contacts_are_purged() {
    let app = App::new().await;
    let (deleted, target) = (a_person(&app, "A").await, a_person(&app, "B").await);
    let source = a_person(&app, "C").await;
    delete(&app, &deleted, "all", &[]).await;
    let id = |path: &str| path.rsplit('/').next().unwrap().parse::<i64>().unwrap();
    let merge = json!({"target": id(&target), "source": id(&source)}).to_string();
    assert_eq!(app.send(post("/v1/contacts/merge", "all", merge)).await.status, 200);
    assert_eq!(purge(&app, &deleted).await.status, 204);
    assert_eq!(purge(&app, &source).await.status, 204);
    assert_eq!(app.store.records().len(), 1);
    let merged = app.get(&source).await;
    assert_eq!((merged.status, &merged.json()["mergedInto"]), (404, &json!(id(&target))));
    assert_eq!(purge(&app, &target).await.status, 204);
    assert_eq!(app.get(&source).await.json().get("mergedInto"), None);
}

#[tokio::test]
async fn refused_purge_changes_nothing() {
    let app = App::new().await;
    let path = a_person(&app, "A").await;
    let before = app.store.records();
    let purge = format!("{path}?purge=true");
    for (path, token, headers, expected) in [
        (&purge, "clerk", &[][..], 403),
        (&purge, "other", &[], 404),
        (&purge, "all", &[("if-match", "\"7\"")], 412),
        (&purge, "all", &[("if-match", "\"1\", \"2\"")], 400),
        (&purge, "all", &[("if-match", "1")], 400),
        (&format!("{path}?purge=yes"), "all", &[], 400),
        (&format!("{path}?purg=true"), "all", &[], 400),
    ] {
        let answer = delete(&app, path, token, headers).await;
        assert_eq!(answer.problem().0, expected, "{path} {token} {headers:?}");
        assert_eq!(app.store.records(), before);
    }
    let dry = delete(&app, &purge, "all", &[("prefer", "dry-run")]).await;
    assert_eq!(dry.status, 204);
    assert_eq!(app.store.records(), before);
    let right = delete(&app, &purge, "all", &[("if-match", "\"1\"")]).await;
    assert_eq!((right.status, app.store.records().len()), (204, 0));
}

#[tokio::test]
async fn many_are_purged_with_whole_answer() {
    let app = App::new().await;
    for key in ["A", "B", "C"] {
        a_person(&app, key).await;
    }
    delete(&app, "/v1/contacts/1", "all", &[]).await;
    let keys = json!({"ids": [1, 1, 9], "externalIds": ["A", "B"], "purge": true});
    let purged = app.send(post("/v1/contacts/delete", "all", keys.to_string())).await;
    insta::assert_snapshot!(purged.whole());
    let left: Vec<i64> = app.store.records().iter().map(|record| record.id.get()).collect();
    assert_eq!(left, [7]);
}

#[tokio::test]
async fn purge_with_a_key_is_answered_again() {
    let app = App::new().await;
    let path = a_person(&app, "A").await;
    let key = [("idempotency-key", "k")];
    let purge = format!("{path}?purge=true");
    assert_eq!(delete(&app, &purge, "all", &key).await.status, 204);
    let again = delete(&app, &purge, "all", &key).await;
    assert_eq!((again.status, again.header("idempotency-replayed")), (204, Some("true")));
    assert_eq!(delete(&app, &path, "all", &key).await.status, 422);
}

#[tokio::test]
async fn purge_forgets_plans_and_words() {
    let app = App::new().await;
    let (path, other) = (a_person(&app, "A").await, a_person(&app, "B").await);
    let mut plans = Vec::new();
    for keys in [["A", "C"], ["B", "D"]] {
        let items =
            keys.map(|key| json!({"contactType": "PERSON", "externalId": key, "lastName": "X"}));
        let plan = app.send(post("/v1/contacts/plans", "all", json!(items).to_string())).await;
        plans.push(format!("/v1/contacts/plans/{}", plan.json()["id"].as_str().unwrap()));
    }
    index(&app).await;
    assert_eq!(purge(&app, &path).await.status, 204);
    for request in [
        send(Method::GET, &plans[0], "all", &[], ""),
        send(Method::GET, &format!("{}/items", plans[0]), "all", &[], ""),
        send(Method::POST, &format!("{}/apply", plans[0]), "all", &[], ""),
    ] {
        assert_eq!(app.send(request).await.status, 404);
    }
    let applied =
        app.send(send(Method::POST, &format!("{}/apply", plans[1]), "all", &[], "")).await;
    assert_eq!(applied.header("contact-hub-summary"), Some("created=1, updated=1"));
    assert_eq!(app.store.plans().len(), 1);
    for _ in 0..2 {
        let found = app.get("/v1/contacts?q=a").await.json();
        assert_eq!(found["items"], json!([]));
        index(&app).await;
    }
    // What the other plan has made goes with it.
    assert_eq!(purge(&app, &other).await.status, 204);
    assert_eq!(app.store.plans(), []);
}
