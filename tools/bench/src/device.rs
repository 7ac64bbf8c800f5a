//! Requests to the device API, and the check of their answers.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use server_process::client::{Connection, Prepared};

use crate::entries::{entry, link_id};
use crate::load::{Expected, Request};

const BULK: &str = "/api/v1/contacts/items/link";
const ITEMS: &str = "/api/v1/contacts/items";
/// The largest page of a list.
const PAGE: usize = 100;

/// The result of each link id.
pub(crate) struct Results {
    info: &'static str,
    link_ids: Vec<String>,
}

/// The uid of an updated entry.
pub(crate) struct Uid(u64);

/// One request with that many entries after that many changes. `info` is the expected result of each.
pub(crate) fn bulk(count: u32, changes: u32, info: &'static str, token: &str) -> Request<Results> {
    let entries = (0..count).map(|number| entry(number, changes)).collect::<Vec<_>>();
    let body = json!({ "list_items": entries }).to_string();
    let link_ids = (0..count).map(link_id).collect();
    Request { bytes: Prepared::post(BULK, token, &body), expected: Results { info, link_ids } }
}

/// A request for each of the entries, which changes it. The server lists the uid of each.
pub(crate) fn singles(
    connection: &mut Connection,
    count: u32,
    changes: u32,
    token: &str,
) -> Result<Vec<Request<Uid>>> {
    let listed = list(connection, token)?;
    let requests = (0..count).map(|number| {
        let listed = listed.get(&link_id(number));
        let (uid, _) = listed.with_context(|| format!("entry {number} is not listed"))?;
        let path = format!("{ITEMS}/{uid}");
        let bytes = Prepared::put(&path, token, &entry(number, changes).to_string());
        Ok(Request { bytes, expected: Uid(*uid) })
    });
    requests.collect()
}

/// Checks that the list has the entries after that many changes.
pub(crate) fn verify(
    connection: &mut Connection,
    count: u32,
    changes: u32,
    token: &str,
) -> Result<()> {
    let listed = list(connection, token)?;
    for number in 0..count {
        let sent = entry(number, changes);
        let found = listed.get(&link_id(number)).map(|(_, entry)| entry);
        let member = |name: &str| found.and_then(|entry| entry.get(name));
        let same = sent
            .as_object()
            .is_some_and(|sent| sent.iter().all(|(name, value)| member(name) == Some(value)));
        ensure!(same, "{sent} was sent, {found:?} is listed");
    }
    Ok(())
}

/// Every entry with its uid, by link id.
fn list(connection: &mut Connection, token: &str) -> Result<BTreeMap<String, (u64, Value)>> {
    let mut listed = BTreeMap::new();
    for page in 1.. {
        let path = format!("{ITEMS}?limit={PAGE}&page_number={page}");
        let answer = connection.send(&Prepared::get(&path, token))?;
        ensure!(answer.status == 200, "the answer to a list is {}", answer.status);
        let body: Value = serde_json::from_slice(answer.body)?;
        let entries = body.get("list_items").and_then(Value::as_array);
        let entries = entries.map_or(&[][..], Vec::as_slice);
        for entry in entries {
            let link_id = entry.get("link_id").and_then(Value::as_str);
            let uid = entry.get("item_uid").and_then(Value::as_u64);
            let ids = link_id.zip(uid);
            let (link_id, uid) = ids.with_context(|| format!("an entry without ids: {entry}"))?;
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

    /// Checks the result of every entry.
    fn verify(&self, status: u16, body: &[u8]) -> Result<()> {
        ensure!(status == 200, "{status} {}", String::from_utf8_lossy(body));
        let answer: Value = serde_json::from_slice(body)?;
        let results = answer.get("result").and_then(Value::as_array);
        let results = results.map_or(&[][..], Vec::as_slice);
        let count = self.link_ids.len();
        ensure!(results.len() == count, "{} results for {count}", results.len());
        for (result, link_id) in results.iter().zip(&self.link_ids) {
            let expected =
                json!({ "link_id": link_id, "success": true, "extended_info": self.info });
            ensure!(*result == expected, "{expected} expected, not {result}");
        }
        Ok(())
    }
}

impl Expected for Uid {
    fn contacts(&self) -> usize {
        1
    }

    fn verify(&self, status: u16, body: &[u8]) -> Result<()> {
        let expected = json!({ "uid": self.0 });
        let answer = serde_json::from_slice::<Value>(body).ok();
        ensure!(
            status == 200 && answer.as_ref() == Some(&expected),
            "{expected} expected, not {status} {}",
            String::from_utf8_lossy(body)
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_result_or_link_id_is_wrong() {
        let expected = Results { info: "created", link_ids: vec!["a".to_owned()] };
        let body = |id: &str, info: &str| {
            json!({"result": [{"link_id": id, "success": true, "extended_info": info}]}).to_string()
        };
        assert!(expected.verify(200, body("a", "created").as_bytes()).is_ok());
        assert!(expected.verify(200, body("a", "updated").as_bytes()).is_err());
        assert!(expected.verify(200, body("b", "created").as_bytes()).is_err());
        assert!(expected.verify(200, br#"{"result":[]}"#).is_err());
        assert!(expected.verify(400, body("a", "created").as_bytes()).is_err());
    }

    #[test]
    fn other_contact_is_wrong() {
        assert!(Uid(7).verify(200, br#"{"uid":7}"#).is_ok());
        assert!(Uid(7).verify(200, br#"{"uid":8}"#).is_err());
        assert!(Uid(7).verify(500, br#"{"uid":7}"#).is_err());
    }
}
