//! A problem as a response.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use contacts_application::access::Scopes;

use super::{ACCEPT_POST, JSON, Kind, Problem};

impl IntoResponse for Problem {
    /// Sets the status and headers; the format writes the body later.
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.kind.status();
        let mut set = |name: HeaderName, value: HeaderValue| {
            response.headers_mut().insert(name, value);
        };
        set(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.kind == Kind::Unauthenticated {
            set(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(needed) = insufficient_scope(self.needed) {
            set(WWW_AUTHENTICATE, needed);
        }
        if self.kind == Kind::UnsupportedMediaType {
            // A name of a media type cannot fail.
            let accepted = HeaderValue::from_str(&self.accept_post.join(", "));
            set(ACCEPT_POST, accepted.unwrap_or(HeaderValue::from_static(JSON)));
        }
        if let Some(wait) = self.retry_after {
            set(RETRY_AFTER, whole_seconds(wait).into());
        }
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

/// Names the scopes that a request needs (RFC 6750 §3.1).
fn insufficient_scope(needed: Scopes) -> Option<HeaderValue> {
    let scopes = needed.to_string();
    let challenge = format!("Bearer error=\"insufficient_scope\", scope=\"{scopes}\"");
    if scopes.is_empty() { None } else { HeaderValue::try_from(challenge).ok() }
}

/// `Retry-After` has whole seconds (RFC 9110 §10.2.3): rounded up, so that a retry is not too early.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)).max(1)
}
