//! An entry of the directory of intercoms: written through one server, looked for on the list of
//! another.

use std::time::Duration;

use serde_json::{Value, json};
use xtask::Failure;
use xtask::client::{Connection, Prepared};

use crate::site::Site;

const BULK: &str = "/api/v1/contacts/items/link";
const LIST: &str = "/api/v1/contacts/items?filter=link_id%20eq%20";

/// A request that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// An entry that nobody else writes.
pub(crate) struct Entry<'a> {
    link_id: String,
    /// How often it was written: the name that it has now tells.
    changes: u32,
    token: &'a str,
    writing: Connection,
    listing: Connection,
}

impl<'a> Entry<'a> {
    /// The one of that number, written through the first server and listed by the last. It is not
    /// there yet.
    ///
    /// # Errors
    ///
    /// When a server does not accept.
    pub(crate) fn new(site: &'a Site, number: u16, servers: usize) -> Result<Self, Failure> {
        let connect = |server| {
            let address = site.doors.find(server, PATIENCE)?;
            Connection::open_within(address, PATIENCE)
        };
        Ok(Self {
            link_id: format!("6f9619ff-8b86-4011-9000-{number:012x}"),
            changes: 0,
            token: site.token(),
            writing: connect(0)?,
            listing: connect(servers.saturating_sub(1))?,
        })
    }

    /// Gives it another name.
    ///
    /// # Errors
    ///
    /// When that is not acknowledged.
    pub(crate) fn write(&mut self) -> Result<(), Failure> {
        self.changes += 1;
        let item = json!({
            "link_id": self.link_id, "name": self.name(), "type": "multi", "number": "0001-01-01",
        });
        let body = json!({ "list_items": [item] }).to_string();
        let answer = self.writing.send(&Prepared::post(BULK, self.token, &body))?;
        let said: Value = serde_json::from_slice(answer.body)?;
        match said.pointer("/result/0/success").and_then(Value::as_bool) {
            Some(true) if answer.status == 200 => Ok(()),
            _ => Err(Failure::Server(format!("an entry was answered {}: {said}", answer.status))),
        }
    }

    /// Sees that it is on the list, with the name that it was given last.
    ///
    /// # Errors
    ///
    /// When it is not, or there is no list.
    pub(crate) fn look(&mut self) -> Result<(), Failure> {
        let path = format!("{LIST}%27{}%27", self.link_id);
        let expected = json!([self.name()]);
        let answer = self.listing.send(&Prepared::get(&path, self.token))?;
        let said: Value = serde_json::from_slice(answer.body)?;
        let items = said.get("list_items").and_then(Value::as_array);
        let names = items.into_iter().flatten().map(|item| item.get("name").cloned());
        let names = names.map(Option::unwrap_or_default).collect::<Value>();
        if answer.status == 200 && names == expected {
            return Ok(());
        }
        Err(Failure::Server(format!(
            "{expected} was acknowledged, and the next list was answered {}: {said}",
            answer.status
        )))
    }

    fn name(&self) -> String {
        format!("change {}", self.changes)
    }
}
