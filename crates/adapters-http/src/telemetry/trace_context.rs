//! The trace that a request belongs to: the header `traceparent` of W3C Trace Context
//! (<https://www.w3.org/TR/trace-context/#traceparent-header>).

use axum::http::HeaderMap;

const TRACEPARENT: &str = "traceparent";

/// The trace id of the caller: 32 digits of lower-case hexadecimal, not all 0. Unlike other headers,
/// one that is malformed is ignored, as the standard wants it.
pub(super) fn trace_id(headers: &HeaderMap) -> Option<&str> {
    let mut sent = headers.get_all(TRACEPARENT).iter();
    let (Some(only), None) = (sent.next(), sent.next()) else { return None };
    let mut parts = only.to_str().ok()?.split('-');
    let (version, trace, parent, flags) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_known = version == "00" && parts.next().is_none();
    let is_later = version != "00" && version != "ff";
    let is_valid = (is_known || is_later)
        && is_hexadecimal(version, 2)
        && is_hexadecimal(trace, 32)
        && is_hexadecimal(parent, 16)
        && is_hexadecimal(flags, 2)
        && [trace, parent].iter().all(|id| id.bytes().any(|digit| digit != b'0'));
    is_valid.then_some(trace)
}

fn is_hexadecimal(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    #[test]
    fn only_valid_traces_are_continued() {
        for (sent, is_valid) in [
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", true),
            ("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-later", true),
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-later", false),
            ("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false),
            ("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", false),
            ("00-00000000000000000000000000000000-00f067aa0ba902b7-01", false),
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", false),
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7", false),
            ("4bf92f3577b34da6a3ce929d0e0e4736", false),
            ("", false),
        ] {
            let headers =
                HeaderMap::from_iter([(TRACEPARENT.parse().unwrap(), sent.parse().unwrap())]);
            assert_eq!(trace_id(&headers), is_valid.then_some(TRACE), "{sent}");
        }
    }
}
