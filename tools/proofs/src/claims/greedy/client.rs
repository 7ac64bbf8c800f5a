//! What the clients that misbehave share.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;
use server_process::client::{Connection, Prepared};

use crate::load::{BATCH, join};
use crate::site::Site;

/// The most time for an answer.
pub(super) const LIMIT: Duration = Duration::from_secs(30);

/// How much longer than documented something may take on a busy machine.
pub(super) const SLACK: Duration = Duration::from_secs(5);

/// The server, and what is known of it.
pub(super) struct Target {
    pub(super) address: SocketAddr,
    /// A token of organization 1.
    pub(super) token: String,
    /// One that may only read.
    pub(super) reader: String,
    pub(super) is_short: bool,
}

/// The statuses of answers, and how often each came. Ended connections count as 0.
#[derive(Debug, Default)]
pub(super) struct Tally(BTreeMap<u16, usize>);

/// A whole answer.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

impl Target {
    pub(super) fn new(site: &Site, reader: String, is_short: bool) -> Result<Self> {
        let address = site.addresses.find(0, LIMIT)?;
        Ok(Self { address, token: site.token().to_owned(), reader, is_short })
    }

    /// One number for the short form of the proof and one for the long.
    pub(super) fn size(&self, short: usize, long: usize) -> usize {
        if self.is_short { short } else { long }
    }

    /// Misbehaves again and again, long enough for a percentile of the writes beside it.
    pub(super) fn repeat(&self, misbehave: fn(&Self) -> Result<Tally>) -> Result<Tally> {
        let least = if self.is_short { Duration::from_secs(1) } else { Duration::from_secs(10) };
        let since = Instant::now();
        let mut tally = Tally::default();
        while since.elapsed() < least {
            tally.add_all(misbehave(self)?);
        }
        Ok(tally)
    }

    /// Sends a batch and checks that the answer is one of a server that works.
    pub(super) fn batch(&self, body: &str) -> Result<Reply> {
        self.send(&Prepared::post(BATCH, &self.token, body))
    }

    /// Stores contacts that a client misbehaves with, and returns the parsed answer.
    pub(super) fn store(&self, body: &str) -> Result<Value> {
        let reply = self.batch(body)?;
        let text = || String::from_utf8_lossy(&reply.body).chars().take(500).collect::<String>();
        ensure!(reply.status == 200, "{}: {}", reply.status, text());
        let answer: Value = serde_json::from_slice(&reply.body)?;
        ensure!(answer.pointer("/items/0/error") == Some(&Value::Bool(false)), "{}", text());
        Ok(answer)
    }

    /// Sends a request on a connection of its own.
    pub(super) fn send(&self, request: &Prepared) -> Result<Reply> {
        let mut connection = Connection::open_within(self.address, LIMIT)?;
        let since = Instant::now();
        let answer = connection
            .send(request)
            .with_context(|| format!("no answer after {:.1} s", since.elapsed().as_secs_f64()))?;
        let reply = Reply { status: answer.status, body: answer.body.to_vec() };
        match (answer.status, answer.retry_after) {
            (503 | 429, Some(_)) => Ok(reply),
            (200 | 400 | 408 | 413 | 431, _) => Ok(reply),
            (status, _) => {
                let text = String::from_utf8_lossy(&reply.body);
                bail!("answered {status}: {}", text.chars().take(300).collect::<String>())
            }
        }
    }

    /// Sends a request that many times at once.
    pub(super) fn send_at_once(&self, request: &Prepared, times: usize) -> Result<Tally> {
        at_once(times, |_| Ok(self.send(request)?.status))
    }
}

impl Tally {
    pub(super) fn add(&mut self, status: u16) {
        *self.0.entry(status).or_default() += 1;
    }

    pub(super) fn add_all(&mut self, Self(other): Self) {
        for (status, times) in other {
            *self.0.entry(status).or_default() += times;
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        for (status, times) in &self.0 {
            let separator = if text.is_empty() { "" } else { ", " };
            match status {
                0 => write!(text, "{separator}{times} ended")?,
                status => write!(text, "{separator}{times} answered {status}")?,
            }
        }
        f.write_str(&text)
    }
}

/// Does something on that many threads. Each returns a status.
pub(super) fn at_once(threads: usize, work: impl Fn(usize) -> Result<u16> + Sync) -> Result<Tally> {
    thread::scope(|scope| {
        let work = &work;
        let running = (0..threads).map(|number| scope.spawn(move || work(number)));
        let mut tally = Tally::default();
        for thread in running.collect::<Vec<_>>() {
            tally.add(join(thread)?);
        }
        Ok(tally)
    })
}

/// A JSON array of that many elements.
pub(super) fn array(elements: usize, element: impl Fn(usize) -> String) -> String {
    let elements = (0..elements).map(element).collect::<Vec<_>>();
    format!("[{}]", elements.join(","))
}

/// The members of a JSON object, without its braces.
pub(super) fn members(members: usize, member: impl Fn(usize) -> String) -> String {
    (0..members).map(member).collect::<Vec<_>>().join(",")
}
