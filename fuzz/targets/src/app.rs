//! The router on a store in memory.

use std::cell::RefCell;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use contacts_adapters_http::{Ports, Services, Settings, router};
use contacts_application::access::{NewToken, Reach, Scopes, TokenDigest};
use contacts_application::ports::AccessStore as _;
use contacts_testing::{MemoryStore, StoppedClock, now, organization};
use http_body_util::{BodyExt as _, Collected};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt as _;

const TOKEN: &str = "fuzz";

/// After so many inputs there is a new store, so that it does not grow.
const INPUTS: u32 = 1_000;

pub(crate) struct App {
    runtime: Runtime,
    router: Router,
    inputs: u32,
}

/// A whole answer.
#[derive(Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    /// The body as JSON, which all answers have.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

thread_local! {
    static APP: RefCell<App> = RefCell::new(App::new());
}

/// Lends an app to the work on one input, with a number that no other input to this app has.
pub(crate) fn with_app<T>(work: impl FnOnce(&App, u32) -> T) -> T {
    APP.with_borrow_mut(|app| {
        if app.inputs == INPUTS {
            *app = App::new();
        }
        app.inputs += 1;
        work(app, app.inputs)
    })
}

impl App {
    fn new() -> Self {
        let runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
        let store = Arc::new(MemoryStore::default());
        runtime.block_on(async {
            store.add_organization(organization(1)).await.expect("an organization");
            let reach = Reach::Organizations([organization(1).id].into_iter().collect());
            let token = NewToken {
                digest: TokenDigest(Sha256::digest(TOKEN).into()),
                prefix: TOKEN.to_owned(),
                name: TOKEN.to_owned(),
                reach,
                scopes: Scopes::all_but_admin(),
                created_at: now(),
                expires_at: None,
                replaces: None,
            };
            store.add_token(token).await.expect("a token");
        });
        let services = Services::new(Ports::of(store), Arc::new(StoppedClock(now())));
        Self { runtime, router: router(services, Settings::default()), inputs: 0 }
    }

    /// Sends a request, and expects an answer that blames the request at most. `None` if no HTTP
    /// request can have such a path or header.
    pub(crate) fn send(
        &self,
        method: Method,
        uri: &str,
        headers: &[(&str, &[u8])],
        body: impl Into<Body>,
    ) -> Option<Answer> {
        let mut request = Request::builder().method(method).uri(uri);
        request = request.header("host", "app").header("authorization", format!("Bearer {TOKEN}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body.into()).ok()?;
        let answer = self.runtime.block_on(async {
            let response = self.router.clone().oneshot(request).await.expect("infallible");
            let (parts, body) = response.into_parts();
            let body = body.collect().await.map(Collected::to_bytes);
            // A stream that ends early has no end.
            let body = body.unwrap_or_default();
            Answer { status: parts.status, headers: parts.headers, body }
        });
        assert!(!answer.status.is_server_error(), "{answer:?}");
        assert_ne!(answer.status, StatusCode::UNAUTHORIZED, "{answer:?}");
        Some(answer)
    }

    /// Posts JSON, with further headers.
    pub(crate) fn post(&self, uri: &str, headers: &[(&str, &[u8])], body: &[u8]) -> Option<Answer> {
        let json: (&str, &[u8]) = ("content-type", b"application/json");
        let headers: Vec<_> = headers.iter().copied().chain([json]).collect();
        self.send(Method::POST, uri, &headers, body.to_vec())
    }
}
