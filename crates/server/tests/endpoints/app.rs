//! The application under test: the router on a store.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::header::CONTENT_LENGTH;
use axum::http::{HeaderMap, Request};
use contacts_adapters_http::{Ports, Services, Settings, router};
use contacts_application::access::{NewToken, Reach, Scope, TokenDigest};
use contacts_application::use_cases::IndexContacts;
use contacts_testing::{StoppedClock, now, organization};
use http_body_util::BodyExt as _;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tower::ServiceExt as _;

use crate::steps::{Call, STEPS};

const TOKEN: &str = "admin";

/// An application with two organizations and one token, which may do everything.
pub(crate) struct App {
    router: Router,
    ports: Ports,
    /// What differs from store to store, with a name for it: later requests use it by its name.
    named: Vec<(&'static str, String)>,
    /// The id of the first run; in memory it is 1.
    first_run: Option<usize>,
}

impl App {
    pub(crate) async fn new(ports: Ports) -> Self {
        for id in [1, 2] {
            assert!(ports.access.add_organization(organization(id)).await.unwrap());
        }
        let token = NewToken {
            digest: TokenDigest(Sha256::digest(TOKEN).into()),
            prefix: TOKEN.to_owned(),
            name: TOKEN.to_owned(),
            reach: Reach::Everywhere,
            scopes: Scope::ALL.into_iter().collect(),
            created_at: now(),
            expires_at: None,
            replaces: None,
        };
        ports.access.add_token(token).await.unwrap();
        let services = Services::new(ports.clone(), Arc::new(StoppedClock(now())));
        let router = router(services, Settings::default());
        Self { router, ports, named: Vec::new(), first_run: None }
    }

    /// Indexes what is stored.
    pub(crate) async fn index(&self) {
        let Ports { search, ledger, access, .. } = self.ports.clone();
        let index = IndexContacts::new(search, ledger, access, Arc::new(StoppedClock(now())));
        let _awaiting = index.hurry(organization(1).id);
        while index.execute().await.unwrap() {}
    }

    /// The whole answer: status, headers and body. What differs from store to store has its name instead.
    pub(crate) async fn call(&mut self, call: &Call) -> String {
        let first_run = self.first_run.unwrap_or_default().to_string();
        let filled = |text: &str| {
            let text = text.replace("RUN", &first_run);
            self.named.iter().fold(text, |text, (name, value)| text.replace(name, value))
        };
        let request = Request::builder()
            .method(call.method)
            .uri(filled(call.path))
            .header("host", "hub.test")
            .header("x-request-id", "the-request")
            .header("weal-token", TOKEN)
            .header("target-organization-id", "1");
        let headers = call.headers.iter();
        let request = headers.fold(request, |request, (name, value)| request.header(*name, *value));
        let request = request.body(Body::from(filled(call.body))).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let text = String::from_utf8(body.to_vec()).unwrap();
        self.name(&headers, &text).await;
        // Lengths depend on what is named.
        let mut headers: Vec<String> = headers
            .iter()
            .filter(|(name, _)| *name != CONTENT_LENGTH)
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        headers.sort_unstable();
        let whole = format!("{status}\n{}\n\n{text}", headers.join("\n"));
        let whole =
            self.named.iter().fold(whole, |whole, (name, value)| whole.replace(value, name));
        let first = self.first_run.unwrap_or(1);
        let runs = (0..STEPS.len()).map(|number| (first + number, 1 + number));
        runs.fold(whole, |whole, (here, in_memory)| {
            whole.replace(&here.to_string(), &in_memory.to_string())
        })
    }

    /// Names the ids of plans, the tokens of the feed, the cursors of an answer, and the first run.
    async fn name(&mut self, headers: &HeaderMap, body: &str) {
        let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap());
        let location = header("location").and_then(|path| path.strip_prefix("/v1/contacts/plans/"));
        let cursor = header("link").and_then(|link| link.split_once("cursor=")?.1.split_once('>'));
        let body: Value = serde_json::from_str(body).unwrap_or_default();
        let token = body.get("token").and_then(Value::as_str);
        let token = token.or(header("contact-hub-feed-token"));
        let found =
            [("PLAN", location), ("TOKEN", token), ("CURSOR", cursor.map(|(found, _)| found))];
        if self.first_run.is_none()
            && let [first] = &*self.ports.ledger.runs(organization(1).id, None, 1).await.unwrap()
        {
            self.first_run = usize::try_from(first.id.get()).ok();
        }
        for (name, value) in found.into_iter().filter_map(|(name, value)| Some((name, value?))) {
            self.named.retain(|(known, _)| *known != name);
            self.named.push((name, value.to_owned()));
        }
    }
}
