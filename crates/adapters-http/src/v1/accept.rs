//! The media types that a caller accepts.

use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::header::ACCEPT;
use axum::middleware::Next;
use axum::response::Response;

use crate::problem::{Kind, Problem};
use crate::request::media_type::JSON;

/// Refuses a request whose `Accept` (RFC 9110 §12.5.1) allows no JSON.
pub(crate) async fn require_json(request: Request, next: Next) -> Result<Response, Problem> {
    require(request.headers(), &[JSON])?;
    Ok(next.run(request).await)
}

/// Refuses a request whose `Accept` allows none of the media types of its answer.
pub(crate) fn require(headers: &HeaderMap, answers: &[&str]) -> Result<(), Problem> {
    if answers.iter().any(|media_type| accepts(headers, media_type)) {
        return Ok(());
    }
    let detail = format!("the answer is {}", answers.join(" or "));
    Err(Problem::new(Kind::NotAcceptable, detail))
}

/// Whether the headers allow that media type. The most specific range counts; without any,
/// everything is allowed.
pub(crate) fn accepts(headers: &HeaderMap, media_type: &str) -> bool {
    let sent = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let ranges = sent.flat_map(|value| value.split(','));
    let mut ranges = ranges.filter(|range| !range.trim().is_empty()).peekable();
    if ranges.peek().is_none() {
        return true;
    }
    let fitting = ranges.filter_map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let range = parts.next().unwrap_or_default();
        let specificity = match range.strip_suffix("/*") {
            _ if range.eq_ignore_ascii_case(media_type) => 2,
            Some("*") => 0,
            Some(kind) if media_type.split('/').next() == Some(kind) => 1,
            _ => return None,
        };
        let weight = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
        let is_refused = weight.is_some_and(|weight| weight.parse() == Ok(0.0_f32));
        Some((specificity, !is_refused))
    });
    fitting.max_by_key(|(specificity, _)| *specificity).is_some_and(|(_, is_allowed)| is_allowed)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn most_specific_range_decides() {
        for (sent, is_accepted) in [
            (&[][..], true),
            (&[""], true),
            (&["*/*"], true),
            (&["application/*;q=0.1"], true),
            (&["text/html, Application/JSON; q=0.5"], true),
            (&["text/html", "application/json"], true),
            (&["application/json;q=0, */*"], false),
            (&["*/*;q=0"], false),
            (&["text/html, application/xml"], false),
            (&["application/jsonp"], false),
        ] {
            let mut headers = HeaderMap::new();
            for value in sent {
                headers.append(ACCEPT, HeaderValue::from_static(value));
            }
            assert_eq!(accepts(&headers, JSON), is_accepted, "{sent:?}");
        }
    }
}
