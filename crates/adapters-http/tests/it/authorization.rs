//! Every operation of the description, aliases included: who may call it.

use axum::body::Body;
use axum::http::{Method, Request};
use contacts_application::access::{NewToken, Reach, Scope, Scopes, TokenDigest};
use contacts_application::ports::AccessStore;
use contacts_testing::{now, organization};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::app::{Answer, App, post, request};

/// The operations that need no token.
const OPEN: [&str; 7] = [
    "GET /",
    "GET /docs",
    "GET /docs/{file}",
    "GET /healthz",
    "GET /metrics",
    "GET /openapi.json",
    "GET /readyz",
];

/// An operation of the description, at one path.
pub(crate) struct Operation {
    pub(crate) method: Method,
    path: String,
}

impl Operation {
    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// The path as it is described.
    pub(crate) fn pattern(&self) -> &str {
        &self.path
    }

    /// The path with a value for each of its members.
    pub(crate) fn path_to(&self, id: &str) -> String {
        let path = self.path.split('/').map(|part| match part {
            "{type}" => "PERSON",
            part if part.starts_with('{') => id,
            part => part,
        });
        path.collect::<Vec<_>>().join("/")
    }

    fn request(&self, headers: &[(&str, &str)], id: &str) -> Request<Body> {
        let media_type = match self.method == Method::PATCH && self.path.starts_with("/v1/") {
            true => "application/merge-patch+json",
            false => "application/json",
        };
        let json = [headers, &[("content-type", media_type)]].concat();
        request(self.method.clone(), &self.path_to(id), &json, "{}")
    }
}

pub(crate) fn operations() -> Vec<Operation> {
    let description = serde_json::to_value(contacts_adapters_http::openapi()).unwrap();
    let paths = description["paths"].as_object().unwrap().iter();
    let all = paths.flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().keys().map(|method| method.to_uppercase());
        let methods = methods.filter_map(|method| match method.as_str() {
            "GET" | "PUT" | "POST" | "DELETE" | "PATCH" => {
                Method::from_bytes(method.as_bytes()).ok()
            }
            _ => None,
        });
        methods.map(|method| Operation { method, path: path.clone() })
    });
    all.collect()
}

/// The operations that need a token.
fn guarded() -> Vec<Operation> {
    operations()
        .into_iter()
        .filter(|operation| !OPEN.contains(&operation.name().as_str()))
        .collect()
}

/// Adds a token for organization 1 that is called like its scopes.
async fn token(app: &App, scopes: Scopes) -> String {
    let name = format!("({scopes})");
    let digest = TokenDigest(Sha256::digest(&name).into());
    if app.store.token(digest).await.unwrap().is_none() {
        let token = NewToken {
            digest,
            prefix: String::new(),
            name: name.clone(),
            reach: Reach::Organizations(vec![organization(1).id]),
            scopes,
            created_at: now(),
            expires_at: None,
            replaces: None,
        };
        app.store.add_token(token).await.unwrap();
    }
    name
}

/// The scopes that a refusal names.
fn needed(answer: &Answer) -> Scopes {
    let challenge = answer.header("www-authenticate").unwrap_or_default();
    let scopes = challenge.strip_prefix(r#"Bearer error="insufficient_scope", scope=""#);
    scopes.and_then(|scopes| scopes.strip_suffix('"')).unwrap_or_default().parse().unwrap()
}

#[tokio::test]
async fn open_operations_are_described_as_such() {
    let description = serde_json::to_value(contacts_adapters_http::openapi()).unwrap();
    let mut open = Vec::new();
    for operation in operations() {
        let method = operation.method.as_str().to_lowercase();
        let described = &description["paths"][&operation.path][method];
        if described["security"] == json!([{}]) {
            open.push(operation.name());
        }
    }
    assert_eq!(open, OPEN);
}

#[tokio::test]
async fn every_operation_needs_a_valid_token() {
    let app = App::new().await;
    for operation in guarded() {
        let wrong = ["unknown", "expired", "revoked"].map(|token| vec![("weal-token", token)]);
        for headers in [Vec::new()].into_iter().chain(wrong) {
            let answer = app.send(operation.request(&headers, "1")).await;
            assert_eq!(answer.status, 401, "{} {headers:?}: {answer:?}", operation.name());
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        }
    }
}

#[tokio::test]
async fn every_operation_needs_each_of_its_scopes() {
    let app = App::new().await;
    let none = token(&app, Scopes::default()).await;
    for operation in guarded() {
        let name = operation.name();
        let refused = app.send(operation.request(&[("weal-token", &none)], "1")).await;
        let needed = needed(&refused);
        assert_eq!(refused.status, 403, "{name}: {refused:?}");
        assert_ne!(needed, Scopes::default(), "{name} declares no scope");

        let of_need = |scope: &Scope| needed.include(*scope);
        for missing in Scope::ALL.into_iter().filter(of_need) {
            let others = Scope::ALL.into_iter().filter(|scope| *scope != missing).collect();
            let token = token(&app, others).await;
            let answer = app.send(operation.request(&[("weal-token", &token)], "1")).await;
            assert_eq!(answer.status, 403, "{name} without {}", missing.as_str());
        }
        let token = token(&app, needed).await;
        let allowed = app.send(operation.request(&[("weal-token", &token)], "1")).await;
        assert!(!matches!(allowed.status, 401 | 403), "{name} with {needed}: {allowed:?}");
    }
}

/// Status and body, without a number that the request had.
fn comparable(answer: &Answer, number: &str) -> (u16, String) {
    (answer.status, answer.text().replace(number, "N"))
}

#[tokio::test]
async fn other_organizations_are_refused_like_missing_ones() {
    let app = App::new().await;
    for operation in guarded() {
        let mut answers = Vec::new();
        for organization in ["1", "3"] {
            let token = ("weal-token", "other");
            let named = ("target-organization-id", organization);
            let mut requests = vec![operation.request(&[token, named], "1")];
            if operation.path.starts_with("/v1/") {
                let mut request = operation.request(&[token], "1");
                let uri = format!("{}?organization={organization}", request.uri());
                *request.uri_mut() = uri.parse().unwrap();
                requests.push(request);
            }
            for request in requests {
                let answer = app.send(request).await;
                assert_eq!(answer.status, 403, "{}: {answer:?}", operation.name());
                answers.push(answer.body);
            }
        }
        answers.dedup();
        assert_eq!(answers.len(), 1, "{}", operation.name());
    }
}

#[tokio::test]
async fn contacts_of_other_organizations_are_like_missing_ones() {
    let app = App::new().await;
    let item = json!([{"contactType": "PERSON", "externalId": "A", "lastName": "Rochat"}]);
    let created = app.batch(item).await;
    let id = created["items"][0]["freshData"]["id"].to_string();
    let stored = app.store.records();
    for operation in guarded().iter().filter(|operation| operation.path.contains("id}")) {
        let headers = [("weal-token", "other")];
        let foreign = app.send(operation.request(&headers, &id)).await;
        let missing = app.send(operation.request(&headers, "987654")).await;
        let (foreign, missing) = (comparable(&foreign, &id), comparable(&missing, "987654"));
        assert_eq!(foreign, missing, "{}", operation.name());
    }
    assert_eq!(app.store.records(), stored);
}

#[tokio::test]
async fn ids_of_other_organizations_in_bodies_are_like_missing_ones() {
    let app = App::new().await;
    let item = json!([{"contactType": "PERSON", "externalId": "A", "lastName": "Rochat"}]);
    let created = app.batch(item.clone()).await;
    let id = created["items"][0]["freshData"]["id"].as_i64().unwrap();
    let own = app.send(post("/v1/contacts/batch", "other", item.to_string())).await.json();
    let own = &own["items"][0]["id"];
    let stored = app.store.records();
    let bodies = |id: i64| {
        let related =
            json!({"contactType": "PERSON", "lastName": "Abt", "relatedContactIds": [id]});
        [
            ("/api-v1/contact/batch", json!([{"id": id, "lastName": "Abt"}])),
            ("/api-v1/contact/batch", json!([related])),
            ("/api-v1/contact/merging", json!({"targetId": own, "sourceId": id})),
            ("/api-v1/contact/merging", json!({"targetId": id, "sourceId": own})),
            ("/v1/contacts/batch", json!([{"id": id, "lastName": "Abt"}])),
            ("/v1/contacts/batch", json!([{"id": id, "$": {"delete": true}}])),
            ("/v1/contacts/batch", json!([related])),
            ("/v1/contacts", related),
            ("/v1/contacts/merge", json!({"target": own, "source": id})),
            ("/v1/contacts/merge", json!({"target": id, "source": own})),
            ("/v1/contacts/delete", json!({"ids": [id]})),
            ("/v1/contacts/delete", json!({"ids": [id], "purge": true})),
        ]
    };
    for ((path, foreign), (_, missing)) in bodies(id).into_iter().zip(bodies(987_654)) {
        let [foreign, missing] =
            [foreign, missing].map(|body| post(path, "other", body.to_string()));
        let (foreign, missing) = (app.send(foreign).await, app.send(missing).await);
        let missing = (missing.status, missing.text().replace("987654", &id.to_string()));
        assert_eq!((foreign.status, foreign.text()), (missing.0, &*missing.1), "{path}");
    }
    assert_eq!(app.store.records(), stored);
}
