//! A body of JSON in UTF-8, not compressed.

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::request::Parts;

use super::upload::Upload;
use crate::problem::{Kind, Problem};
use crate::state::AppState;

/// The bytes of a body within the limits of the settings, whose headers say that it is JSON in
/// UTF-8 or say nothing. A handler takes it last, so that no body is read for a refused caller.
pub(crate) struct JsonUpload(pub(crate) Vec<u8>);

impl FromRequestParts<AppState> for JsonUpload {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        require_json(&parts.headers)?;
        let upload = parts.extensions.get::<Upload>().cloned();
        let upload = upload
            .ok_or_else(|| Problem::internal("no middleware drains the body of this route"))?;
        Ok(Self(upload.read(&state.settings).await?))
    }
}

fn require_json(headers: &HeaderMap) -> Result<(), Problem> {
    let media_type = headers.get(CONTENT_TYPE).map(|value| value.to_str().unwrap_or_default());
    if !media_type.is_none_or(is_json) {
        let detail = "the body has to be application/json in UTF-8";
        return Err(Problem::new(Kind::UnsupportedMediaType, detail));
    }
    let encoding = headers.get(CONTENT_ENCODING).map(|value| value.to_str().unwrap_or_default());
    if !encoding.is_none_or(|encoding| encoding.eq_ignore_ascii_case("identity")) {
        let detail = "the body has to come without content coding";
        return Err(Problem::new(Kind::UnsupportedMediaType, detail));
    }
    Ok(())
}

/// Whether a `Content-Type` (RFC 9110 §8.3) is JSON in UTF-8.
fn is_json(media_type: &str) -> bool {
    let mut parts = media_type.split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("application/json"));
    is_json
        && parts.filter_map(|parameter| parameter.split_once('=')).all(|(name, value)| {
            !name.eq_ignore_ascii_case("charset")
                || value.trim_matches('"').eq_ignore_ascii_case("utf-8")
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
            "application/json; charset=UTF-8; profile=x",
            "application/json;",
        ] {
            assert!(is_json(media_type), "{media_type}");
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
