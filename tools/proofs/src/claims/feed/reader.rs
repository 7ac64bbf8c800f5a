//! A reader of the change feed that keeps a copy of all contacts.

use std::collections::BTreeMap;
use std::fmt;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use fastrand::Rng;
use proofs::history::Row;
use serde_json::Value;
use server_process::client::{Connection, Prepared};

use crate::database::Database;
use crate::site::Site;

/// How long a reader may wait for a server, and for the last changes after their commit.
const LIMIT: Duration = Duration::from_secs(20);

/// A reader of the change feed with a copy of all living contacts.
pub(super) struct Reader<'a> {
    site: &'a Site,
    connection: Option<Connection>,
    rng: Rng,
    token: Option<String>,
    copy: BTreeMap<i64, Row>,
    pages: u64,
    contacts: u64,
}

/// What a page says.
enum Page {
    /// There is more.
    Full,
    /// It is the last one for now.
    Last,
    /// The server ended.
    Broken,
    /// The token is of no use any more.
    Gone,
}

impl<'a> Reader<'a> {
    /// A reader that begins with everything.
    pub(super) fn new(site: &'a Site, seed: u64) -> Self {
        let (connection, token, copy) = (None, None, BTreeMap::new());
        Self { site, connection, rng: Rng::with_seed(seed), token, copy, pages: 0, contacts: 0 }
    }

    /// A reader with the same copy and token, of these servers.
    pub(super) fn at_the_same_place<'b>(&self, site: &'b Site) -> Reader<'b> {
        Reader {
            site,
            connection: None,
            token: self.token.clone(),
            copy: self.copy.clone(),
            rng: self.rng.clone(),
            pages: self.pages,
            contacts: self.contacts,
        }
    }

    /// Reads a page.
    pub(super) fn read(&mut self) -> Result<()> {
        match self.page()? {
            Page::Gone => bail!("the feed is answered 410"),
            Page::Full | Page::Last | Page::Broken => Ok(()),
        }
    }

    /// Reads to the end, until the copy equals the table.
    pub(super) fn catch_up(&mut self, database: &Database) -> Result<()> {
        let since = Instant::now();
        loop {
            while !matches!(self.page()?, Page::Last) {
                ensure!(since.elapsed() < LIMIT, "the feed has no end");
            }
            let rows = database.rows()?.into_iter().filter(|row| !row.is_deleted);
            let table: BTreeMap<i64, Row> = rows.map(|row| (row.id, row)).collect();
            if self.copy == table {
                return Ok(());
            }
            // What a killed server left behind may end a moment later.
            if since.elapsed() > LIMIT {
                let wrong = table.iter().find(|(id, row)| self.copy.get(id) != Some(row));
                bail!("the copy lacks {wrong:?} of {} contacts", table.len());
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Whether the token is answered 410.
    pub(super) fn is_gone(&mut self) -> Result<bool> {
        loop {
            match self.page()? {
                Page::Gone => return Ok(true),
                Page::Full | Page::Last => return Ok(false),
                Page::Broken => {}
            }
        }
    }

    fn page(&mut self) -> Result<Page> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => {
                let server = self.rng.usize(..8);
                match Connection::open_within(self.site.addresses.find(server, LIMIT)?, LIMIT) {
                    Ok(connection) => connection,
                    Err(_) => return Ok(Page::Broken),
                }
            }
        };
        let mut path = format!("/v1/contacts/changes?limit={}", self.rng.u32(1..=100));
        if let Some(token) = &self.token {
            path += &format!("&since={token}");
        }
        let Ok(answer) = connection.send(&Prepared::get(&path, self.site.token())) else {
            return Ok(Page::Broken);
        };
        let (status, page) = (answer.status, serde_json::from_slice::<Value>(answer.body));
        match status {
            200 => {}
            410 => return Ok(Page::Gone),
            503 => return Ok(Page::Broken),
            _ => bail!("the feed is answered {status}"),
        }
        let page = page?;
        for item in page.get("items").and_then(Value::as_array).context("a page without items")? {
            self.take(item)?;
        }
        self.pages += 1;
        self.token = Some(
            page.get("token").and_then(Value::as_str).context("a page without a token")?.to_owned(),
        );
        self.connection = Some(connection);
        Ok(if page.get("more") == Some(&Value::Bool(true)) { Page::Full } else { Page::Last })
    }

    fn take(&mut self, item: &Value) -> Result<()> {
        self.contacts += 1;
        let number = |name| item.get(name).and_then(Value::as_i64);
        let (id, version) =
            number("id").zip(number("version")).context("an item without id and version")?;
        let Some(contact) = item.get("contact").filter(|contact| !contact.is_null()) else {
            self.copy.remove(&id);
            return Ok(());
        };
        let key = contact.get("externalId").and_then(Value::as_str);
        let row = Row::read(id, version, key, false, contact)?;
        if let Some(before) = self.copy.insert(id, row) {
            ensure!(before.version <= row.version, "contact {id} went back to version {version}");
        }
        Ok(())
    }
}

impl fmt::Display for Reader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} pages with {} contacts", self.pages, self.contacts)
    }
}
