//! The header `Idempotency-Key`.

use axum::http::{HeaderMap, HeaderName};

use crate::problem::{Kind, Problem};

/// The key that a client gives a request, to send it again without doing it again.
pub(crate) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The most characters of a key.
const MAX_KEY: usize = 128;

/// The key of a request, if it has one.
pub(super) fn of(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let key = match values.next() {
        None => read(value.as_bytes()),
        Some(_) => Err("stands there twice".to_owned()),
    };
    let refused = |fault| Problem::new(Kind::BadHeader, format!("Idempotency-Key {fault}"));
    key.map(Some).map_err(refused)
}

/// The key in a value of the header: 1 to 128 characters, bare or as a string (RFC 9651). Both forms of
/// the same characters are the same key.
fn read(value: &[u8]) -> Result<String, String> {
    let text = value.trim_ascii();
    let (key, is_bare) = match text.strip_prefix(b"\"") {
        None => (text.iter().map(|byte| char::from(*byte)).collect(), true),
        Some(quoted) => (unquoted(quoted)?, false),
    };
    if let Some(other) = key.chars().find(|c| !(c.is_ascii_graphic() || *c == ' ' && !is_bare)) {
        return Err(format!("has the character {other:?}; it takes visible ASCII"));
    }
    match key.len() {
        0 => Err("is empty".to_owned()),
        1..=MAX_KEY => Ok(key),
        length => Err(format!("has {length} characters, of at most {MAX_KEY}")),
    }
}

/// A string without its quotes and escapes, after the first quote.
fn unquoted(quoted: &[u8]) -> Result<String, String> {
    let mut key = String::new();
    let mut bytes = quoted.iter();
    loop {
        match bytes.next() {
            None => return Err("has no closing quotation mark".to_owned()),
            Some(b'"') if bytes.as_slice().is_empty() => return Ok(key),
            Some(b'"') => return Err("goes on after its closing quotation mark".to_owned()),
            Some(b'\\') => match bytes.next() {
                Some(escaped @ (b'"' | b'\\')) => key.push(char::from(*escaped)),
                _ => return Err("escapes something other than \\ and \"".to_owned()),
            },
            Some(byte) => key.push(char::from(*byte)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_is_bare_or_quoted() {
        let longest = "k".repeat(MAX_KEY);
        for (value, expected) in [
            ("8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324"),
            ("\"8e03978e\"", "8e03978e"),
            (" a ", "a"),
            ("\"a b\"", "a b"),
            (r#""a\"\\""#, "a\"\\"),
            ("a\"b", "a\"b"),
            (&longest, &longest),
        ] {
            assert_eq!(read(value.as_bytes()).as_deref(), Ok(expected), "{value}");
        }
    }

    #[test]
    fn bad_key_is_named() {
        let long = "k".repeat(MAX_KEY + 1);
        for (value, problem) in [
            (&b""[..], "is empty"),
            (b"\"\"", "is empty"),
            (long.as_bytes(), "has 129 characters"),
            (b"a b", "has the character ' '"),
            (b"a\tb", "has the character '\\t'"),
            (b"\"a\x01\"", "has the character '\\u{1}'"),
            (b"\xc3\xa9", "has the character"),
            (b"\"a", "no closing"),
            (b"\"a\"b", "goes on after"),
            (b"\"a\\b\"", "escapes something"),
            (b"\"a\\", "escapes something"),
        ] {
            let refusal = read(value).unwrap_err();
            assert!(refusal.contains(problem), "{refusal}");
        }
    }
}
