//! Answers to browsers on pages of other origins (<https://fetch.spec.whatwg.org/#http-cors-protocol>).

use std::time::Duration;

use axum::http::{HeaderValue, Method};
use tower_http::cors::{AllowHeaders, AllowOrigin, Any, CorsLayer};

/// How long a browser remembers what it may send.
const MAX_AGE: Duration = Duration::from_secs(3_600);

/// Lets pages of these origins call every operation. They send tokens in headers; cookies there are
/// none.
pub(crate) fn allow(origins: &[HeaderValue]) -> CorsLayer {
    let origin = match origins.iter().any(|origin| origin == "*") {
        true => AllowOrigin::any(),
        false => AllowOrigin::list(origins.iter().cloned()),
    };
    let methods = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    CorsLayer::new()
        .allow_origin(origin)
        .allow_methods(methods)
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers(Any)
        .max_age(MAX_AGE)
}
