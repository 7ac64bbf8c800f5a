//! Deleting, restoring, archiving and merging contacts.

use axum::http::Method;
use serde_json::{Value, json};

use super::writing::{a_person, create, send};
use crate::app::{Answer, App};

async fn post(app: &App, path: &str, prefer: &str, body: &str) -> Answer {
    let headers = [("content-type", "application/json"), ("prefer", prefer)];
    app.send(send(Method::POST, path, "all", &headers, body)).await
}

async fn delete(app: &App, path: &str, token: &str) -> Answer {
    app.send(send(Method::DELETE, path, token, &[], "")).await
}

fn id(path: &str) -> i64 {
    path.rsplit('/').next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn deleted_contact_is_restored_as_it_was() {
    let app = App::new().await;
    let path = a_person(&app, "A").await;
    let before = app.get(&path).await.json();
    assert_eq!(delete(&app, &path, "clerk").await.problem(), (403, "ACTION_DENIED".into()));
    let deleted = delete(&app, &path, "all").await;
    assert_eq!((deleted.status, deleted.body.len()), (204, 0));
    assert_eq!(app.get(&path).await.status, 404);

    let restored = post(&app, &format!("{path}/restore"), "", "").await;
    assert_eq!((restored.status, restored.header("etag")), (200, Some("\"3\"")));
    let mut expected = before;
    expected["version"] = json!(3);
    assert_eq!(restored.json(), expected);
    assert_eq!(app.get(&path).await.json(), expected);
    let again = post(&app, &format!("{path}/restore"), "", "").await;
    assert_eq!(again.json(), expected);
}

#[tokio::test]
async fn contact_without_its_key_is_not_restored() {
    let app = App::new().await;
    let path = a_person(&app, "A").await;
    delete(&app, &path, "all").await;
    let owner = a_person(&app, "A").await;
    let refused = post(&app, &format!("{path}/restore"), "", "").await;
    assert_eq!(refused.problem(), (409, "UNIQUE_VIOLATION".into()));
    assert_eq!(refused.json()["id"], json!(id(&owner)));
    assert_eq!(app.get(&path).await.status, 404);
}

#[tokio::test]
async fn dry_runs_store_nothing() {
    let app = App::new().await;
    let (path, other) = (a_person(&app, "A").await, a_person(&app, "B").await);
    let merge = json!({"target": id(&path), "source": id(&other)}).to_string();
    let before = app.store.records();
    let dry = [("prefer", "dry-run")];
    assert_eq!(app.send(send(Method::DELETE, &path, "all", &dry, "")).await.status, 204);
    let archived = post(&app, &format!("{path}/archive"), "dry-run", "").await;
    assert_eq!(archived.json()["archived"], true);
    let merged = post(&app, "/v1/contacts/merge", "dry-run", &merge).await;
    assert_eq!(merged.header("preference-applied"), Some("dry-run"));
    assert_eq!(app.store.records(), before);
    assert_eq!(post(&app, "/v1/contacts/merge", "", &merge).await.json(), merged.json());

    delete(&app, &path, "all").await;
    let before = app.store.records();
    let restored = post(&app, &format!("{path}/restore"), "dry-run", "").await;
    assert_eq!(restored.json()["version"], 4);
    assert_eq!(app.store.records(), before);
}

#[tokio::test]
async fn contact_is_archived_and_taken_back() {
    let app = App::new().await;
    let path = a_person(&app, "A").await;
    for (action, archived, version) in
        [("archive", true, 2), ("archive", true, 2), ("unarchive", false, 3)]
    {
        let answer = post(&app, &format!("{path}/{action}"), "", "").await.json();
        assert_eq!((&answer["archived"], &answer["version"]), (&json!(archived), &json!(version)));
    }
}

#[tokio::test]
async fn merged_contact_leads_to_its_survivor() {
    let app = App::new().await;
    let (target, source) = (a_person(&app, "A").await, a_person(&app, "B").await);
    let merge = json!({"target": id(&target), "source": id(&source)}).to_string();
    let merged = post(&app, "/v1/contacts/merge", "", &merge).await;
    assert_eq!((merged.status, merged.json()), (200, app.get(&target).await.json()));

    for answer in [
        app.get(&source).await,
        delete(&app, &source, "all").await,
        post(&app, &format!("{source}/archive"), "", "").await,
    ] {
        assert_eq!(answer.problem(), (404, "CONTACT_NOT_FOUND".into()));
        assert_eq!(answer.json()["mergedInto"], json!(id(&target)));
    }
    let restored = post(&app, &format!("{source}/restore"), "", "").await;
    assert_eq!(restored.problem(), (409, "ACTION_DENIED".into()));
    let named = restored.json();
    assert_eq!((&named["mergedInto"], &named["run"]), (&json!(id(&target)), &json!(3)));
    let blind =
        app.send(send(Method::POST, &format!("{source}/restore"), "sweeper", &[], "")).await;
    let named = blind.json();
    assert_eq!((named.get("mergedInto"), named.get("run")), (None, None), "{named}");
    assert_eq!(named["detail"], "the contact was merged into another one");
    let undone = post(&app, "/v1/runs/3/undo", "", "").await;
    assert_eq!((undone.status, app.get(&source).await.status), (200, 200));
}

#[tokio::test]
async fn dry_run_of_a_merge_shows_what_changes() {
    let app = App::new().await;
    let (target, source) = (a_person(&app, "A").await, a_person(&app, "B").await);
    let headers = [("content-type", "application/merge-patch+json")];
    let body = r#"{"city": "x", "firstName": "Luc"}"#;
    assert_eq!(app.send(send(Method::PATCH, &source, "all", &headers, body)).await.status, 200);
    let before = app.store.records();
    let ids = json!({"target": id(&target), "source": id(&source)});
    let in_body = json!({"target": id(&target), "source": id(&source), "dryRun": true});
    for (prefer, body) in [("dry-run, detail=full", ids), ("detail=full", in_body)] {
        let answer = post(&app, "/v1/contacts/merge", prefer, &body.to_string()).await.json();
        assert_eq!(answer["contact"]["firstName"], "Luc");
        assert_eq!(answer["changes"], json!([{"pointer": "/firstName", "to": "Luc"}]));
    }
    assert_eq!(app.store.records(), before);
}

#[tokio::test]
async fn refused_merge_is_422_with_violations() {
    let app = App::new().await;
    let target = a_person(&app, "A").await;
    for (source, code) in [(id(&target), "VALIDATION_ERROR"), (4_711, "CONTACT_NOT_FOUND")] {
        let merge = json!({"target": id(&target), "source": source}).to_string();
        let refused = post(&app, "/v1/contacts/merge", "", &merge).await;
        assert_eq!(refused.problem(), (422, code.into()));
        assert_eq!(refused.json()["violations"][0]["pointer"], "/source");
    }
    for body in [
        "{}",
        "[]",
        "[1, 4]",
        r#"{"target": 1, "source": "2"}"#,
        r#"{"target":1,"source":2,"x":3}"#,
    ] {
        assert_eq!(post(&app, "/v1/contacts/merge", "", body).await.status, 400, "{body}");
    }
}

#[tokio::test]
async fn many_contacts_are_deleted_by_their_keys() {
    let app = App::new().await;
    let first = a_person(&app, "A").await;
    a_person(&app, "B").await;
    let linked = json!({
        "contactType": "PERSON", "linkId": "6f9619ff-8b86-d011-b42d-00cf4fc964ff",
        "lastName": "Linked",
    });
    assert_eq!(create(&app, "all", "", &linked).await.status, 201);
    let keys = json!({
        "ids": [id(&first), 4_711], "externalIds": [" B ", "A"],
        "linkIds": ["6F9619FF-8b86-d011-b42d-00cf4fc964ff"],
    });
    let before = app.store.records();
    let path = "/v1/contacts/delete";
    let shown = post(&app, path, "dry-run", &keys.to_string()).await;
    assert_eq!(app.store.records(), before);
    let answer = post(&app, path, "", &keys.to_string()).await;
    let (mut run, dry) = (answer.json(), shown.json());
    assert_eq!((&run["run"], &dry["run"]), (&json!(4), &Value::Null));
    run["run"] = Value::Null;
    assert_eq!(run, dry);
    insta::assert_snapshot!(answer.whole());
    assert!(app.store.records().iter().all(|record| record.deleted_at.is_some()));
}

#[tokio::test]
async fn wrong_keys_delete_nothing() {
    let app = App::new().await;
    a_person(&app, "A").await;
    let before = app.store.records();
    for (body, detail) in [
        (r#"{"externalIds": ["A"], "ids": [0]}"#, "ids[0] has to be a positive integer below 2^53"),
        (r#"{"externalIds": ["A", " "]}"#, "externalIds[1] has to be a text that is not blank"),
        (r#"{"externalIds": ["A"], "linkIds": ["x"]}"#, "linkIds[0] has to be a UUID with hyphens"),
    ] {
        let answer = post(&app, "/v1/contacts/delete", "", body).await;
        assert_eq!((answer.status, answer.detail().as_str()), (400, detail));
    }
    for body in ["[]", r#"{"id": [1]}"#, r#"{"ids": 1}"#] {
        assert_eq!(post(&app, "/v1/contacts/delete", "", body).await.status, 400, "{body}");
    }
    assert_eq!(app.store.records(), before);
    let nothing = post(&app, "/v1/contacts/delete", "", "{}").await;
    assert_eq!((nothing.status, &nothing.json()["items"]), (200, &json!([])));
}
