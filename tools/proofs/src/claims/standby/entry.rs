//! An entry of the directory of intercoms, written through one server and read on the list of another.

use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use server_process::client::{Connection, Prepared};

use crate::site::Site;

const BULK: &str = "/api/v1/contacts/items/link";
const LIST: &str = "/api/v1/contacts/items?filter=link_id%20eq%20";

/// The limit for a request.
const LIMIT: Duration = Duration::from_secs(20);

/// An entry that only one thread writes.
pub(super) struct Entry<'a> {
    link_id: String,
    /// How often it was written. Its name shows this number.
    changes: u32,
    token: &'a str,
    writing: Connection,
    listing: Connection,
}

impl<'a> Entry<'a> {
    /// The entry of that number, written through the first server and listed by the last. It does not
    /// exist yet.
    pub(super) fn new(site: &'a Site, number: u16, servers: usize) -> Result<Self> {
        let connect = |server| -> Result<_> {
            let address = site.addresses.find(server, LIMIT)?;
            Ok(Connection::open_within(address, LIMIT)?)
        };
        Ok(Self {
            link_id: format!("6f9619ff-8b86-4011-9000-{number:012x}"),
            changes: 0,
            token: site.token(),
            writing: connect(0)?,
            listing: connect(servers.saturating_sub(1))?,
        })
    }

    /// Gives it another name, and checks that this is acknowledged.
    pub(super) fn write(&mut self) -> Result<()> {
        self.changes += 1;
        let item = json!({
            "link_id": self.link_id, "name": self.name(), "type": "multi", "number": "0001-01-01",
        });
        let body = json!({ "list_items": [item] }).to_string();
        let answer = self.writing.send(&Prepared::post(BULK, self.token, &body))?;
        let body: Value = serde_json::from_slice(answer.body)?;
        let is_written = body.pointer("/result/0/success").and_then(Value::as_bool) == Some(true);
        let status = answer.status;
        ensure!(is_written && status == 200, "the answer to an entry is {status}: {body}");
        Ok(())
    }

    /// Checks that the list has it with its last name.
    pub(super) fn read(&mut self) -> Result<()> {
        let path = format!("{LIST}%27{}%27", self.link_id);
        let expected = json!([self.name()]);
        let answer = self.listing.send(&Prepared::get(&path, self.token))?;
        let body: Value = serde_json::from_slice(answer.body)?;
        let items = body.get("list_items").and_then(Value::as_array);
        let names = items.into_iter().flatten().map(|item| item.get("name").cloned());
        let names = names.map(Option::unwrap_or_default).collect::<Value>();
        ensure!(
            answer.status == 200 && names == expected,
            "{expected} was acknowledged, and the answer to the next list is {}: {body}",
            answer.status
        );
        Ok(())
    }

    fn name(&self) -> String {
        format!("change {}", self.changes)
    }
}
