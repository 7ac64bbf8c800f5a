//! What the device door is asked, and that it answered right.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use xtask::Failure;
use xtask::client::{Connection, Prepared};

use crate::entries::{entry, link_id};
use crate::load::{Expected, Request, wrong};

const BULK: &str = "/api/v1/contacts/items/link";
const ITEMS: &str = "/api/v1/contacts/items";
/// The largest page of a list.
const PAGE: usize = 100;

/// What is to be said of each link id.
pub(crate) struct Results {
    said: &'static str,
    link_ids: Vec<String>,
}

/// The contact that was to be updated.
pub(crate) struct Uid(u64);

/// One request of so many entries as they are after that many changes, of each of which this is to
/// be said.
pub(crate) fn bulk(count: u32, changes: u32, said: &'static str, token: &str) -> Request<Results> {
    let entries = (0..count).map(|number| entry(number, changes)).collect::<Vec<_>>();
    let body = json!({ "list_items": entries }).to_string();
    let link_ids = (0..count).map(link_id).collect();
    Request { bytes: Prepared::post(BULK, token, &body), expected: Results { said, link_ids } }
}

/// A request for each of the entries, which changes it once more than `bulk` did. Asks the server
/// which contact each is.
///
/// # Errors
///
/// When the server does not list as many.
pub(crate) fn singles(
    connection: &mut Connection,
    count: u32,
    changes: u32,
    token: &str,
) -> Result<Vec<Request<Uid>>, Failure> {
    let listed = list(connection, token)?;
    let requests = (0..count).map(|number| {
        let Some((uid, _)) = listed.get(&link_id(number)) else {
            return wrong(&format!("entry {number} is not listed"));
        };
        let path = format!("{ITEMS}/{uid}");
        let bytes = Prepared::put(&path, token, &entry(number, changes).to_string());
        Ok(Request { bytes, expected: Uid(*uid) })
    });
    requests.collect()
}

/// Sees that the entries are stored as they are after that many changes.
///
/// # Errors
///
/// When one is not.
pub(crate) fn verify(
    connection: &mut Connection,
    count: u32,
    changes: u32,
    token: &str,
) -> Result<(), Failure> {
    let listed = list(connection, token)?;
    for number in 0..count {
        let sent = entry(number, changes);
        let found = listed.get(&link_id(number)).map(|(_, entry)| entry);
        let member = |name: &str| found.and_then(|entry| entry.get(name));
        let same = sent
            .as_object()
            .is_some_and(|sent| sent.iter().all(|(name, value)| member(name) == Some(value)));
        if !same {
            return wrong(&format!("{sent} was sent, {found:?} is listed"));
        }
    }
    Ok(())
}

/// Every entry under its link id, with its uid.
fn list(
    connection: &mut Connection,
    token: &str,
) -> Result<BTreeMap<String, (u64, Value)>, Failure> {
    let mut listed = BTreeMap::new();
    for page in 1.. {
        let path = format!("{ITEMS}?limit={PAGE}&page_number={page}");
        let answer = connection.send(&Prepared::get(&path, token))?;
        if answer.status != 200 {
            return wrong(&format!("a list was answered {}", answer.status));
        }
        let body: Value = serde_json::from_slice(answer.body)?;
        let entries = body.get("list_items").and_then(Value::as_array);
        let entries = entries.map_or(&[][..], Vec::as_slice);
        for entry in entries {
            let link_id = entry.get("link_id").and_then(Value::as_str);
            let uid = entry.get("item_uid").and_then(Value::as_u64);
            let Some((link_id, uid)) = link_id.zip(uid) else {
                return wrong(&format!("an entry without ids: {entry}"));
            };
            listed.insert(link_id.to_owned(), (uid, entry.clone()));
        }
        if entries.len() < PAGE {
            break;
        }
    }
    Ok(listed)
}

impl Expected for Results {
    fn contacts(&self) -> usize {
        self.link_ids.len()
    }

    /// Of every entry, in its place, the right thing was said.
    fn verify(&self, status: u16, body: &[u8]) -> Result<(), Failure> {
        if status != 200 {
            return wrong(&format!("{status} {}", String::from_utf8_lossy(body)));
        }
        let answer: Value = serde_json::from_slice(body)?;
        let results = answer.get("result").and_then(Value::as_array);
        let results = results.map_or(&[][..], Vec::as_slice);
        if results.len() != self.link_ids.len() {
            return wrong(&format!("{} results for {}", results.len(), self.link_ids.len()));
        }
        for (result, link_id) in results.iter().zip(&self.link_ids) {
            let expected =
                json!({ "link_id": link_id, "success": true, "extended_info": self.said });
            if *result != expected {
                return wrong(&format!("{expected} expected, not {result}"));
            }
        }
        Ok(())
    }
}

impl Expected for Uid {
    fn contacts(&self) -> usize {
        1
    }

    fn verify(&self, status: u16, body: &[u8]) -> Result<(), Failure> {
        let expected = json!({ "uid": self.0 });
        let answer = serde_json::from_slice::<Value>(body).ok();
        if status == 200 && answer.as_ref() == Some(&expected) {
            return Ok(());
        }
        wrong(&format!("{expected} expected, not {status} {}", String::from_utf8_lossy(body)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_word_or_another_link_id_is_wrong() {
        let expected = Results { said: "created", link_ids: vec!["a".to_owned()] };
        let body = |id: &str, said: &str| {
            json!({"result": [{"link_id": id, "success": true, "extended_info": said}]}).to_string()
        };
        assert!(expected.verify(200, body("a", "created").as_bytes()).is_ok());
        assert!(expected.verify(200, body("a", "updated").as_bytes()).is_err());
        assert!(expected.verify(200, body("b", "created").as_bytes()).is_err());
        assert!(expected.verify(200, br#"{"result":[]}"#).is_err());
        assert!(expected.verify(400, body("a", "created").as_bytes()).is_err());
    }

    #[test]
    fn another_contact_is_wrong() {
        assert!(Uid(7).verify(200, br#"{"uid":7}"#).is_ok());
        assert!(Uid(7).verify(200, br#"{"uid":8}"#).is_err());
        assert!(Uid(7).verify(500, br#"{"uid":7}"#).is_err());
    }
}
