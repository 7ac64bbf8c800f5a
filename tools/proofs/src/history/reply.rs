//! The answer to a batch.

use std::hash::{DefaultHasher, Hash, Hasher};

use anyhow::{Result, anyhow, bail};
use serde_json::Value;

use super::state::State;

/// The verdict on an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It was accepted, and this is the contact now.
    Stored(Stored),
    /// It was refused with that code.
    Refused(String),
}

/// A version of a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    /// The id.
    pub id: i64,
    /// The version.
    pub version: u64,
    /// The members of the document.
    pub state: State,
    /// A hash of the whole document: equal in all answers with the same version.
    pub fingerprint: u64,
}

/// Reads the answer to a batch of that many items.
///
/// # Errors
///
/// It is no such answer.
pub fn read_reply(body: &[u8], count: usize) -> Result<Vec<Verdict>> {
    let answer: Value = serde_json::from_slice(body)?;
    let items = answer.get("items").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    if items.len() != count {
        bail!("{} verdicts for {count} items", items.len());
    }
    items.iter().map(read_item).collect()
}

fn read_item(item: &Value) -> Result<Verdict> {
    let strange = || anyhow!("not a verdict: {item}");
    let code = item.pointer("/errorCode/errorCode").and_then(Value::as_str);
    let code = code.ok_or_else(strange)?;
    match (item.get("error").and_then(Value::as_bool), code) {
        (Some(true), code) if code != "NO_ERROR" => Ok(Verdict::Refused(code.to_owned())),
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
            Ok(Verdict::Stored(Stored {
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
    fn item_is_stored_or_refused() {
        let body = json!({ "items": [
            {
                "error": false,
                "errorCode": { "errorCode": "NO_ERROR" },
                "freshData": { "id": 7, "lastName": "writer 1 item 2" },
                "freshRow": { "id": 7, "version": 3 },
            },
            { "error": true, "errorCode": { "errorCode": "CONVERSION_ERROR" }, "freshData": {} },
        ] });
        let verdicts = read_reply(body.to_string().as_bytes(), 2).unwrap();
        let [Verdict::Stored(stored), Verdict::Refused(code)] = &verdicts[..] else {
            panic!("{verdicts:?}")
        };
        assert_eq!((stored.id, stored.version, code.as_str()), (7, 3, "CONVERSION_ERROR"));
        assert!(read_reply(body.to_string().as_bytes(), 3).is_err(), "a verdict is missing");
    }

    #[test]
    fn contradictory_verdict_is_an_error() {
        for (error, code) in [(true, "NO_ERROR"), (false, "CONVERSION_ERROR")] {
            let item = json!({ "error": error, "errorCode": { "errorCode": code } });
            let body = json!({ "items": [item] }).to_string();
            assert!(read_reply(body.as_bytes(), 1).is_err(), "{code}");
        }
    }
}
