//! A body of JSON in UTF-8, not compressed.

use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};
use tokio::time::Instant;

use super::authorized::{Credentials, layered};
use super::upload::Upload;
use crate::limits::{Room, weigh};
use crate::problem::{Kind, Problem};
use crate::state::AppState;
use crate::telemetry;

/// The largest body with a single item or a merge, in bytes.
const MAX_SINGLE_BODY: usize = 1 << 20;

/// A token is looked up again after a body that took longer: it may have been revoked meanwhile.
const CHECKED_FOR: Duration = Duration::from_secs(5);

/// The bytes of a body within the limits of the settings, whose headers say that it is JSON in
/// UTF-8 or say nothing, and the room to read it in. A handler takes it last, so that no body is read
/// for a refused caller. From here on the request has its place among those that are worked on.
pub(crate) struct JsonUpload(pub(crate) Vec<u8>, pub(crate) Room);

/// The same for a body with one item, which may be 1 MiB long. Its memory is taken.
pub(crate) struct SingleUpload(pub(crate) Vec<u8>, pub(crate) Room);

impl FromRequestParts<AppState> for JsonUpload {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        receive(parts, state, state.settings.max_body_bytes).await
    }
}

impl FromRequestParts<AppState> for SingleUpload {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let limit = state.settings.max_body_bytes.min(MAX_SINGLE_BODY);
        let JsonUpload(body, room) = receive(parts, state, limit).await?;
        room.take(weigh(&body)).await?;
        Ok(Self(body, room))
    }
}

async fn receive(parts: &Parts, state: &AppState, limit: usize) -> Result<JsonUpload, Problem> {
    require_json(&parts.headers)?;
    let room: Room = layered(parts)?;
    let begun = Instant::now();
    let body = layered::<Upload>(parts)?.read(&state.settings, limit, &room).await?;
    telemetry::note_bytes(body.len());
    if begun.elapsed() > CHECKED_FOR {
        layered::<Credentials>(parts)?.check_again(state).await?;
    }
    room.work()?;
    Ok(JsonUpload(body, room))
}

fn require_json(headers: &HeaderMap) -> Result<(), Problem> {
    let refused = |detail| Err(Problem::new(Kind::UnsupportedMediaType, detail));
    if !every(headers, &CONTENT_TYPE, is_json) {
        return refused("the body has to be application/json in UTF-8");
    }
    if !every(headers, &CONTENT_ENCODING, |coding| coding.eq_ignore_ascii_case("identity")) {
        return refused("the body has to come without content coding");
    }
    Ok(())
}

/// Whether each value of a header is right; also where there is none.
fn every(headers: &HeaderMap, name: &HeaderName, is_right: impl Fn(&str) -> bool) -> bool {
    headers.get_all(name).iter().all(|value| is_right(value.to_str().unwrap_or_default()))
}

/// Whether a `Content-Type` (RFC 9110 §8.3) is JSON in UTF-8.
fn is_json(media_type: &str) -> bool {
    let mut parts = media_type.split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("application/json"));
    is_json
        && parts.filter_map(|parameter| parameter.split_once('=')).all(|(name, value)| {
            !name.eq_ignore_ascii_case("charset")
                || ["utf-8", "utf8"].contains(&&*value.trim_matches('"').to_ascii_lowercase())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_in_utf_8_is_accepted_in_every_spelling() {
        for media_type in [
            "application/json",
            "Application/JSON",
            "application/json; charset=utf-8",
            "application/json;charset=\"UTF-8\"",
            "application/json;charset=utf8",
            "application/json; charset=UTF-8; profile=x",
            "application/json;",
        ] {
            assert!(is_json(media_type), "{media_type}");
        }
    }

    #[test]
    fn every_repeated_header_counts() {
        for (name, right, wrong) in
            [(CONTENT_TYPE, "application/json", "text/xml"), (CONTENT_ENCODING, "identity", "gzip")]
        {
            for values in [[right, wrong], [wrong, right]] {
                let mut headers = HeaderMap::new();
                for value in values {
                    headers.append(&name, value.parse().unwrap());
                }
                assert!(require_json(&headers).is_err(), "{values:?}");
            }
        }
    }

    #[test]
    fn other_media_types_are_refused() {
        for media_type in [
            "",
            "text/json",
            "application/x-ndjson",
            "application/jsonp",
            "application/json; charset=latin1",
            "multipart/form-data; boundary=application/json",
        ] {
            assert!(!is_json(media_type), "{media_type}");
        }
    }
}
