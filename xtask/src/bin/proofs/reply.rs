//! What the server said about a batch.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::Value;
use xtask::Failure;

use crate::state::State;

/// What became of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Said {
    /// It was taken, and this is the contact now.
    Stored(Stored),
    /// It was refused, with that code.
    Refused(String),
}

/// A contact at a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) id: i64,
    pub(crate) version: u64,
    pub(crate) state: State,
    /// Of the whole document: two answers with the same version have the same.
    pub(crate) fingerprint: u64,
}

/// The answer to a batch of so many items.
///
/// # Errors
///
/// When it is not one.
pub(crate) fn read(body: &[u8], count: usize) -> Result<Vec<Said>, Failure> {
    let answer: Value = serde_json::from_slice(body)?;
    let items = answer.get("items").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    if items.len() != count {
        return Err(Failure::Server(format!("{} verdicts for {count} items", items.len())));
    }
    items.iter().map(read_item).collect()
}

fn read_item(item: &Value) -> Result<Said, Failure> {
    let strange = || Failure::Server(format!("not a verdict: {item}"));
    let code = item.pointer("/errorCode/errorCode").and_then(Value::as_str);
    let code = code.ok_or_else(strange)?;
    match (item.get("error").and_then(Value::as_bool), code) {
        (Some(true), code) if code != "NO_ERROR" => Ok(Said::Refused(code.to_owned())),
        (Some(false), "NO_ERROR") => {
            let document = item.get("freshData").ok_or_else(strange)?;
            let number = |pointer| item.pointer(pointer).and_then(Value::as_i64);
            let id = number("/freshRow/id").ok_or_else(strange)?;
            let version = number("/freshRow/version").and_then(|version| version.try_into().ok());
            if document.get("id").and_then(Value::as_i64) != Some(id) {
                return Err(strange());
            }
            let mut hasher = DefaultHasher::new();
            document.to_string().hash(&mut hasher);
            Ok(Said::Stored(Stored {
                id,
                version: version.ok_or_else(strange)?,
                state: State::read(document)?,
                fingerprint: hasher.finish(),
            }))
        }
        _ => Err(strange()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_item_is_taken_or_refused() {
        let body = json!({ "items": [
            {
                "error": false,
                "errorCode": { "errorCode": "NO_ERROR" },
                "freshData": { "id": 7, "lastName": "writer 1 item 2" },
                "freshRow": { "id": 7, "version": 3 },
            },
            { "error": true, "errorCode": { "errorCode": "CONVERSION_ERROR" }, "freshData": {} },
        ] });
        let said = read(body.to_string().as_bytes(), 2).unwrap();
        let [Said::Stored(stored), Said::Refused(code)] = &said[..] else { panic!("{said:?}") };
        assert_eq!((stored.id, stored.version, code.as_str()), (7, 3, "CONVERSION_ERROR"));
        assert!(read(body.to_string().as_bytes(), 3).is_err(), "a verdict is missing");
    }

    #[test]
    fn a_verdict_that_contradicts_itself_is_none() {
        for (error, code) in [(true, "NO_ERROR"), (false, "CONVERSION_ERROR")] {
            let item = json!({ "error": error, "errorCode": { "errorCode": code } });
            let body = json!({ "items": [item] }).to_string();
            assert!(read(body.as_bytes(), 1).is_err(), "{code}");
        }
    }
}
