//! Successful answers.

pub(crate) mod compression;
pub(crate) mod parts;
pub(crate) mod redaction;
pub(crate) mod summary;

use axum::body::Body;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::Response;
use serde::Serialize;

use crate::problem::Problem;
use crate::request::media_type::NDJSON;

/// An answer with a body that is JSON already. No cache may keep it: contacts are personal data.
pub(crate) fn json(body: impl Into<Body>) -> Response {
    of_json(body.into())
}

/// The same with a body that is not written yet.
pub(crate) fn of_json<B>(body: B) -> Response<B> {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// An answer with a JSON value in each line.
pub(crate) fn ndjson(body: Body) -> Response {
    let mut response = json(body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(NDJSON));
    response
}

/// An answer with `reply` as JSON.
pub(crate) fn to_json(reply: &impl Serialize) -> Result<Response, Problem> {
    Ok(json(serde_json::to_vec(reply).map_err(Problem::internal)?))
}
