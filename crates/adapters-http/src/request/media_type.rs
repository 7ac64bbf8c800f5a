//! The media type of a body.

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue};

use crate::problem::Problem;

pub(crate) use crate::problem::JSON;

pub(crate) const NDJSON: &str = "application/x-ndjson";
/// RFC 7396.
pub(crate) const MERGE_PATCH: &str = "application/merge-patch+json";
/// RFC 6902.
pub(crate) const JSON_PATCH: &str = "application/json-patch+json";

/// Which of the `known` media types, in UTF-8, the body has: the first of them where the headers say
/// nothing. Each repetition of the header counts.
pub(crate) fn of(
    headers: &HeaderMap,
    known: &'static [&'static str],
) -> Result<&'static str, Problem> {
    let sent = headers.get_all(CONTENT_TYPE);
    let found = known.iter().copied().find(|known| sent.iter().all(|value| is(value, known)));
    found.ok_or_else(|| Problem::unsupported_media_type(known))
}

/// Whether a `Content-Type` (RFC 9110 §8.3) is that media type in UTF-8.
fn is(sent: &HeaderValue, media_type: &str) -> bool {
    let mut parts = sent.to_str().unwrap_or_default().split(';').map(str::trim);
    parts.next().is_some_and(|name| name.eq_ignore_ascii_case(media_type))
        && parts.filter_map(|parameter| parameter.split_once('=')).all(|(name, value)| {
            !name.eq_ignore_ascii_case("charset")
                || ["utf-8", "utf8"].contains(&&*value.trim_matches('"').to_ascii_lowercase())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_json(sent: &[&'static str]) -> bool {
        let values = sent.iter().map(|value| (CONTENT_TYPE, HeaderValue::from_static(value)));
        of(&HeaderMap::from_iter(values), &[JSON]).is_ok()
    }

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
            assert!(is_json(&[media_type]), "{media_type}");
        }
        assert!(is_json(&[]), "nothing is said");
    }

    #[test]
    fn every_repeated_header_counts() {
        let (right, wrong) = ("application/json", "text/xml");
        assert!(!is_json(&[right, wrong]) && !is_json(&[wrong, right]));
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
            assert!(!is_json(&[media_type]), "{media_type}");
        }
    }

    #[test]
    fn first_fitting_type_is_found() {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(NDJSON))]);
        assert_eq!(of(&headers, &[JSON, NDJSON]).unwrap(), NDJSON);
        assert_eq!(of(&HeaderMap::new(), &[JSON, NDJSON]).unwrap(), JSON);
    }
}
