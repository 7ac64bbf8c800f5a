//! The application under test: the router on a store in memory.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request};
use contacts_adapters_http::{Ports, Services, Settings, router};
use contacts_application::access::{NewToken, Reach, Scope, Scopes, TokenDigest, TokenId};
use contacts_application::ports::{AccessStore, Clock, ContactStore, IntercomDirectory};
use contacts_domain::Timestamp;
use contacts_testing::{MemoryStore, StoppedClock, now, organization};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::time::Instant;
use tower::ServiceExt;

pub(crate) const BATCH: &str = "/api-v1/contact/batch";
pub(crate) const MERGING: &str = "/api-v1/contact/merging";

/// Two organizations, 1 and 2, and these tokens:
///
/// | token | reach | scopes |
/// | --- | --- | --- |
/// | `all` | 1 | all scopes but `admin` |
/// | `other` | 2 | all scopes but `admin` |
/// | `both` | 1 and 2 | all scopes but `admin` |
/// | `admin` | everywhere | all scopes |
/// | `reader`, `writer`, `clerk` | 1 | `read`; `write`; `read write` |
/// | `payroll` | 1 | `read write staff:write` |
/// | `sweeper` | 1 | `write delete` |
/// | `revoked`, `expired` | 1 | all scopes but `admin` |
pub(crate) struct App {
    router: Router,
    pub(crate) store: Arc<MemoryStore>,
}

impl App {
    pub(crate) async fn new() -> Self {
        Self::with(Settings::default()).await
    }

    pub(crate) async fn with(settings: Settings) -> Self {
        Self::of(store_with_tokens().await, settings)
    }

    /// On this store, with the tokens that it has.
    pub(crate) fn of(store: Arc<MemoryStore>, settings: Settings) -> Self {
        Self { router: app(Ports::of(store.clone()), settings), store }
    }

    /// On another store of contacts, with the same tokens.
    pub(crate) async fn on(contacts: impl ContactStore + 'static) -> Self {
        Self::on_both(contacts, MemoryStore::default()).await
    }

    /// On another store of contacts and another directory, with the same tokens.
    pub(crate) async fn on_both(
        contacts: impl ContactStore + 'static,
        directory: impl IntercomDirectory + 'static,
    ) -> Self {
        let store = store_with_tokens().await;
        let (contacts, directory) = (Arc::new(contacts), Arc::new(directory));
        let ports = Ports { contacts, directory, ..Ports::of(store.clone()) };
        let router = app(ports, Settings::default());
        Self { router, store }
    }

    /// With a clock that moves with tokio's, which stands still until all tasks wait.
    pub(crate) async fn with_moving_clock() -> Self {
        let store = store_with_tokens().await;
        let services =
            Services::new(Ports::of(store.clone()), Arc::new(TokioClock(Instant::now())));
        Self { router: router(services, Settings::default()), store }
    }

    pub(crate) fn router(&self) -> Router {
        self.router.clone()
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        Answer::of(self.router(), request).await
    }

    /// Posts as the token `all` and expects success.
    pub(crate) async fn batch(&self, items: Value) -> Value {
        let answer = self.send(post(BATCH, "all", items.to_string())).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    /// Revokes the token `all`, the first one.
    pub(crate) async fn revoke(&self) {
        assert!(self.store.revoke_token(TokenId(1), now()).await.unwrap());
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(get(path, "all")).await
    }
}

/// The clock of the runtime, which a test can move.
pub(crate) struct TokioClock(pub(crate) Instant);

impl Clock for TokioClock {
    fn now(&self) -> Timestamp {
        now().later(self.0.elapsed())
    }
}

pub(crate) fn app(ports: Ports, settings: Settings) -> Router {
    router(Services::new(ports, Arc::new(StoppedClock(now()))), settings)
}

pub(crate) async fn store_with_tokens() -> Arc<MemoryStore> {
    let store = MemoryStore::default();
    for id in [1, 2] {
        assert!(store.add_organization(organization(id)).await.unwrap());
    }
    let in_organizations =
        |ids: &[i32]| Reach::Organizations(ids.iter().map(|id| organization(*id).id).collect());
    let scopes = |scopes: &[Scope]| scopes.iter().copied().collect::<Scopes>();
    let all_but_admin = Scopes::all_but_admin();
    for (token, reach, scopes) in [
        ("all", in_organizations(&[1]), all_but_admin),
        ("other", in_organizations(&[2]), all_but_admin),
        ("both", in_organizations(&[1, 2]), all_but_admin),
        ("admin", Reach::Everywhere, scopes(&Scope::ALL)),
        ("reader", in_organizations(&[1]), scopes(&[Scope::Read])),
        ("writer", in_organizations(&[1]), scopes(&[Scope::Write])),
        ("clerk", in_organizations(&[1]), scopes(&[Scope::Read, Scope::Write])),
        (
            "payroll",
            in_organizations(&[1]),
            scopes(&[Scope::Read, Scope::Write, Scope::StaffWrite]),
        ),
        ("sweeper", in_organizations(&[1]), scopes(&[Scope::Write, Scope::Delete])),
        ("expired", in_organizations(&[1]), all_but_admin),
        ("revoked", in_organizations(&[1]), all_but_admin),
    ] {
        let id = store
            .add_token(NewToken {
                digest: TokenDigest(Sha256::digest(token).into()),
                prefix: token.to_owned(),
                name: token.to_owned(),
                reach,
                scopes,
                created_at: now(),
                expires_at: (token == "expired").then(now),
                replaces: None,
            })
            .await
            .unwrap();
        if token == "revoked" {
            assert!(store.revoke_token(id, now()).await.unwrap());
        }
    }
    Arc::new(store)
}

/// JSON with line breaks.
pub(crate) fn pretty(json: &Value) -> String {
    serde_json::to_string_pretty(json).unwrap()
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The answer of a router to a request.
    pub(crate) async fn of(router: Router, request: Request<Body>) -> Self {
        let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Self { status: parts.status.as_u16(), headers: parts.headers, body: body.to_vec() }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Status, headers and body as text.
    pub(crate) fn whole(&self) -> String {
        let mut headers: Vec<_> = self
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        headers.sort_unstable();
        format!("{}\n{}\n\n{}", self.status, headers.join("\n"), pretty(&self.json()))
    }

    /// The status and the error code of a problem. Checks its members and media type.
    pub(crate) fn problem(&self) -> (u16, String) {
        let body = self.json();
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        assert_eq!(body["status"], json!(self.status), "{self:?}");
        assert_eq!(body["requestId"], json!(self.header("x-request-id").unwrap()), "{self:?}");
        for member in ["type", "title", "detail"] {
            assert!(body[member].as_str().is_some_and(|text| !text.is_empty()), "{self:?}");
        }
        (self.status, body["errorCode"].as_str().unwrap_or_default().to_owned())
    }

    /// The status and the error of an answer in the envelope of the device contract. Checks its members
    /// and media type.
    pub(crate) fn envelope(&self) -> (u16, Value) {
        let body = self.json();
        assert_eq!(self.header("content-type"), Some("application/json"), "{self:?}");
        assert_eq!(self.header("x-request-id"), Some("the-request"), "{self:?}");
        let members = |json: &Value| json.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(members(&body), ["error"], "{self:?}");
        let error = &body["error"];
        let members = members(error);
        assert!(members == ["code", "message"] || members == ["code", "message", "data"]);
        assert!(error["message"].as_str().is_some_and(|text| !text.is_empty()), "{self:?}");
        (self.status, error.clone())
    }

    /// The detail of a problem.
    pub(crate) fn detail(&self) -> String {
        self.json()["detail"].as_str().unwrap().to_owned()
    }
}

pub(crate) fn post(path: &str, token: &str, body: impl Into<Body>) -> Request<Body> {
    request(
        Method::POST,
        path,
        &[("weal-token", token), ("content-type", "application/json")],
        body,
    )
}

pub(crate) fn get(path: &str, token: &str) -> Request<Body> {
    request(Method::GET, path, &[("weal-token", token)], Body::empty())
}

/// A request as devices send it.
pub(crate) fn device(
    method: Method,
    path: &str,
    token: &str,
    body: impl Into<Body>,
) -> Request<Body> {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    request(method, path, &headers, body)
}

/// A request with the id `the-request`, so that answers are reproducible.
pub(crate) fn request(
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Body>,
) -> Request<Body> {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "hub.test")
        .header("x-request-id", "the-request");
    let request =
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    request.body(body.into()).unwrap()
}
