//! Which bodies are taken: JSON in UTF-8, not compressed.

use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};

use crate::problem::{Kind, Problem};

/// Turns a body away that says it is not JSON in UTF-8. One that says nothing is taken.
///
/// # Errors
///
/// When `Content-Type` or `Content-Encoding` names anything else.
pub(crate) fn require_json(headers: &HeaderMap) -> Result<(), Problem> {
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
    fn json_in_utf_8_is_taken_however_it_is_spelled() {
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
    fn nothing_else_is_taken() {
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
