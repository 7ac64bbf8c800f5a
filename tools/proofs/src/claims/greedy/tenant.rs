//! The tenant that behaves well.

use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use server_process::client::{Connection, Prepared};

use super::client::LIMIT;
use crate::load::{BATCH, join};

/// How often it writes.
const PERIOD: Duration = Duration::from_millis(50);

/// Writes a new contact every 50 ms, with a token of its own organization.
pub(super) struct Tenant {
    address: SocketAddr,
    token: String,
    /// How many contacts it has sent.
    sent: u32,
}

/// How its writes went.
#[derive(Debug, Default)]
pub(super) struct Writes {
    times: Vec<Duration>,
    refused: usize,
    /// The first answer other than 200.
    refusal: Option<String>,
}

impl Tenant {
    pub(super) fn new(address: SocketAddr, token: String) -> Self {
        Self { address, token, sent: 0 }
    }

    /// Writes while something else is done.
    pub(super) fn write_during<T>(&mut self, work: impl FnOnce() -> T) -> Result<(Writes, T)> {
        let is_done = AtomicBool::new(false);
        thread::scope(|scope| {
            let writing = scope.spawn(|| Ok(self.write_until(&is_done)));
            let done = work();
            is_done.store(true, Ordering::Relaxed);
            Ok((join(writing)?, done))
        })
    }

    fn write_until(&mut self, is_done: &AtomicBool) -> Writes {
        let mut writes = Writes::default();
        let mut connection = None;
        while !is_done.load(Ordering::Relaxed) {
            let since = Instant::now();
            if let Err(refusal) = self.write(&mut connection) {
                connection = None;
                writes.refused += 1;
                writes.refusal.get_or_insert(refusal.to_string());
            }
            writes.times.push(since.elapsed());
            thread::sleep(PERIOD.saturating_sub(since.elapsed()));
        }
        writes.times.sort_unstable();
        writes
    }

    fn write(&mut self, connection: &mut Option<Connection>) -> Result<()> {
        self.sent += 1;
        let body = format!(
            r#"[{{"contactType":"PERSON","externalId":"T-{}","lastName":"T"}}]"#,
            self.sent
        );
        let request = Prepared::post(BATCH, &self.token, &body);
        let connection = match connection {
            Some(connection) => connection,
            None => connection.insert(Connection::open_within(self.address, LIMIT)?),
        };
        let answer = connection.send(&request)?;
        let text = String::from_utf8_lossy(answer.body);
        anyhow::ensure!(answer.status == 200, "{}: {text}", answer.status);
        anyhow::ensure!(text.contains(r#""error":false"#), "{text}");
        Ok(())
    }
}

impl Writes {
    /// The 99th percentile; of fewer than 100 writes, the slowest.
    pub(super) fn p99(&self) -> Duration {
        self.times.iter().rev().nth(self.times.len() / 100).copied().unwrap_or_default()
    }

    pub(super) fn refused(&self) -> usize {
        self.refused
    }
}

impl fmt::Display for Writes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (writes, p99) = (self.times.len(), self.p99().as_millis());
        let slowest = self.times.last().copied().unwrap_or_default();
        write!(f, "{writes} writes, p99 {p99} ms, at most {} ms", slowest.as_millis())?;
        match &self.refusal {
            None => Ok(()),
            Some(refusal) => write!(f, ", {} not answered 200 ({refusal})", self.refused),
        }
    }
}
