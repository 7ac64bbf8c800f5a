//! Requests to the ERP API, and the check of their answers.

use std::ops::Range;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use server_process::client::{Connection, Prepared};

use crate::contacts::contact;
use crate::load::{Expected, Request};
use crate::measured::Phase;

const PATH: &str = "/api-v1/contact/batch";

/// Of four contacts of a mixed batch, one is new, one is unchanged, two are changed.
const MIXED: [Mixed; 4] = [Mixed::New, Mixed::Changed, Mixed::Unchanged, Mixed::Changed];

#[derive(Clone, Copy)]
enum Mixed {
    New,
    Changed,
    Unchanged,
}

/// A stored contact, as `GET` addresses it.
pub(crate) struct Stored {
    contact_type: String,
    id: u64,
}

/// The answer to a read of that contact.
pub(crate) struct Read(u64);

/// The version of each contact of a batch after it.
pub(crate) struct Versions(Vec<u64>);

/// Requests of `batch` contacts each. The phases are sent in the order of [`Phase`]; `Mixed` adds
/// contacts, at most as many as there are.
pub(crate) fn batches(
    phase: Phase,
    numbers: Range<u32>,
    batch: u32,
    token: &str,
) -> Vec<Request<Versions>> {
    let count = numbers.end - numbers.start;
    let item = |number: u32| match phase {
        Phase::Create | Phase::Unchanged | Phase::Read => (contact(number, 0), 1),
        Phase::Update | Phase::Scattered => (contact(number, 1), 2),
        Phase::Mixed => {
            let place = usize::try_from(number - numbers.start).unwrap_or(0) % MIXED.len();
            match MIXED.get(place).copied().unwrap_or(Mixed::New) {
                Mixed::New => (contact(number + count, 0), 1),
                Mixed::Changed => (contact(number, 2), 3),
                Mixed::Unchanged => (contact(number, 1), 2),
            }
        }
    };
    requests(&numbers.clone().map(item).collect::<Vec<_>>(), batch, token)
}

/// Requests that change contacts far apart among `stored` ones. Each round changes them once more.
pub(crate) fn scattered(
    stored: u32,
    count: u32,
    round: u32,
    batch: u32,
    token: &str,
) -> Vec<Request<Versions>> {
    let step = stored / count.max(1);
    let numbers = (0..count).map(|place| place * step);
    let items = numbers.map(|number| (contact(number, round), u64::from(round) + 1));
    requests(&items.collect::<Vec<_>>(), batch, token)
}

fn requests(items: &[(Value, u64)], batch: u32, token: &str) -> Vec<Request<Versions>> {
    let batch = usize::try_from(batch).unwrap_or(1);
    let requests = items.chunks(batch).map(|chunk| {
        let contacts = chunk.iter().map(|(contact, _)| contact.to_string()).collect::<Vec<_>>();
        let bytes = Prepared::post(PATH, token, &format!("[{}]", contacts.join(",")));
        Request { bytes, expected: Versions(chunk.iter().map(|(_, version)| *version).collect()) }
    });
    requests.collect()
}

/// The stored contacts of these numbers.
pub(crate) fn stored(
    connection: &mut Connection,
    numbers: Range<u32>,
    token: &str,
) -> Result<Vec<Stored>> {
    let mut stored = Vec::new();
    let count = numbers.end - numbers.start;
    for request in batches(Phase::Unchanged, numbers, count, token) {
        let answer: Value = serde_json::from_slice(connection.send(&request.bytes)?.body)?;
        for item in answer.get("items").and_then(Value::as_array).into_iter().flatten() {
            let row = item.get("freshRow").unwrap_or(&Value::Null);
            let contact_type = row.get("contactType").and_then(Value::as_str);
            let id = row.get("id").and_then(Value::as_u64);
            let (contact_type, id) = contact_type.zip(id).context("a contact without an id")?;
            stored.push(Stored { contact_type: contact_type.to_owned(), id });
        }
    }
    Ok(stored)
}

/// That many reads, of each contact in turn.
pub(crate) fn reads(stored: &[Stored], count: u32, token: &str) -> Vec<Request<Read>> {
    let all = stored.iter().cycle().take(usize::try_from(count).unwrap_or(0));
    let request = |Stored { contact_type, id }: &Stored| {
        let path = format!("/api-v1/contact/{contact_type}/{id}");
        Request { bytes: Prepared::get(&path, token), expected: Read(*id) }
    };
    all.map(request).collect()
}

impl Expected for Read {
    fn contacts(&self) -> usize {
        1
    }

    fn verify(&self, status: u16, body: &[u8]) -> Result<()> {
        ensure!(status == 200, "{status} {}", String::from_utf8_lossy(body));
        let contact: Value = serde_json::from_slice(body)?;
        ensure!(contact.get("id").and_then(Value::as_u64) == Some(self.0), "another: {contact}");
        Ok(())
    }
}

impl Expected for Versions {
    fn contacts(&self) -> usize {
        self.0.len()
    }

    /// Checks that every contact was accepted and has its version.
    fn verify(&self, status: u16, body: &[u8]) -> Result<()> {
        ensure!(status == 200, "{status} {}", String::from_utf8_lossy(body));
        let answer: Value = serde_json::from_slice(body)?;
        let items = answer.get("items").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        ensure!(items.len() == self.0.len(), "{} items for {}", items.len(), self.0.len());
        for (item, version) in items.iter().zip(&self.0) {
            let accepted = item.get("error").and_then(Value::as_bool) == Some(false);
            let found = item.pointer("/freshRow/version").and_then(Value::as_u64);
            ensure!(accepted && found == Some(*version), "version {version} expected of {item}");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn versions(requests: &[Request<Versions>]) -> Vec<Vec<u64>> {
        requests.iter().map(|request| request.expected.0.clone()).collect()
    }

    #[test]
    fn mixed_batch_has_all_kinds() {
        let requests = batches(Phase::Mixed, 100..108, 4, "t");
        assert_eq!(versions(&requests), [[1, 3, 2, 3], [1, 3, 2, 3]]);
    }

    #[test]
    fn each_round_changes_scattered_contacts_once() {
        let requests = scattered(1_000, 3, 2, 2, "t");
        assert_eq!(versions(&requests), [vec![3, 3], vec![3]]);
    }

    #[test]
    fn answer_with_another_version_is_wrong() {
        let expected = Versions(vec![2]);
        let body = |version: u64| {
            format!(r#"{{"items":[{{"error":false,"freshRow":{{"version":{version}}}}}]}}"#)
        };
        assert!(expected.verify(200, body(2).as_bytes()).is_ok());
        assert!(expected.verify(200, body(3).as_bytes()).is_err());
        assert!(expected.verify(200, br#"{"items":[]}"#).is_err());
        assert!(expected.verify(503, body(2).as_bytes()).is_err());
    }
}
