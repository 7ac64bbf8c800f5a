//! A reader of the change feed that reaches the servers through the balancer.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use anyhow::{Context as _, Result};
use serde_json::Value;
use server_process::client::Prepared;

use super::caller::Caller;
use super::tally::Kind;

/// A reader with a copy of all contacts of an organization.
#[derive(Debug, Default)]
pub(super) struct Reader {
    token: Option<String>,
    /// The versions of the contacts, by id.
    pub(super) copy: BTreeMap<i64, i64>,
    /// When each contact came first, by external id.
    pub(super) seen: HashMap<String, Instant>,
}

impl Reader {
    /// Reads a page, for which the server may wait a second. Returns whether there is more.
    pub(super) fn read(&mut self, caller: &mut Caller<'_>, access: &str) -> Result<bool> {
        let mut path = "/v1/contacts/changes?limit=1000".to_owned();
        if let Some(token) = &self.token {
            path += &format!("&wait=1&since={token}");
        }
        let page = caller.call(Kind::Poll, 0, &Prepared::get(&path, access), |_| true)?;
        let page: Value = serde_json::from_slice(&page)?;
        for item in page.get("items").and_then(Value::as_array).context("a page without items")? {
            let number = |name| item.get(name).and_then(Value::as_i64);
            let (id, version) =
                number("id").zip(number("version")).context("an item without id and version")?;
            let contact = item.get("contact").filter(|contact| !contact.is_null());
            match contact {
                Some(_) => self.copy.insert(id, version),
                None => self.copy.remove(&id),
            };
            let key = contact.and_then(|contact| contact.get("externalId")).and_then(Value::as_str);
            if let Some(key) = key {
                self.seen.entry(key.to_owned()).or_insert_with(Instant::now);
            }
        }
        let token = page.get("token").and_then(Value::as_str).context("a page without a token")?;
        self.token = Some(token.to_owned());
        Ok(page.get("more") == Some(&Value::Bool(true)))
    }
}
