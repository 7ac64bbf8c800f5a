//! A client that reaches the servers through the balancer.

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use server_process::client::{Connection, Prepared};

use super::tally::{Kind, Tally};

/// How long a request may take with everything that is sent again.
const LIMIT: Duration = Duration::from_secs(60);

/// How long it waits before it sends a request again.
const PAUSE: Duration = Duration::from_millis(50);

/// A client with one connection. It sends what has no answer again, as its users do.
pub(super) struct Caller<'a> {
    balancer: SocketAddr,
    tally: &'a Tally,
    connection: Option<Connection>,
}

/// What an answer has to be.
pub(super) type Check = fn(&[u8]) -> bool;

impl<'a> Caller<'a> {
    pub(super) fn new(balancer: SocketAddr, tally: &'a Tally) -> Self {
        Self { balancer, tally, connection: None }
    }

    /// Sends a request of so many items until it is answered with 200 or 201 and a body that is
    /// complete. Returns the body.
    pub(super) fn call(
        &mut self,
        kind: Kind,
        items: usize,
        request: &Prepared,
        is_complete: Check,
    ) -> Result<Vec<u8>> {
        let since = Instant::now();
        while since.elapsed() < LIMIT {
            match self.send(request)? {
                Ok(body) if is_complete(&body) => {
                    self.tally.answered(kind, items, since.elapsed());
                    return Ok(body);
                }
                Ok(_) => self.tally.again(format!("{kind:?} cut")),
                Err(reason) => self.tally.again(format!("{kind:?} {reason}")),
            }
            self.connection = None;
            thread::sleep(PAUSE);
        }
        bail!("a request was not answered within {LIMIT:?}")
    }

    /// Reports how long something took to be seen.
    pub(super) fn lags(&self, what: &'static str, by: Duration) {
        self.tally.lags(what, by);
    }

    /// The body, or why the request has to be sent again.
    fn send(&mut self, request: &Prepared) -> Result<Result<Vec<u8>, String>> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => match Connection::open_within(self.balancer, LIMIT) {
                Ok(connection) => none.insert(connection),
                Err(error) => bail!("the balancer takes no connection: {error}"),
            },
        };
        Ok(match connection.send(request) {
            Ok(answer) => match answer.status {
                200 | 201 => Ok(answer.body.to_vec()),
                // The first request with this key is still running.
                status @ (409 | 502..=504) => Err(status.to_string()),
                status => bail!("answered {status}: {}", String::from_utf8_lossy(answer.body)),
            },
            Err(_) => Err("broken".to_owned()),
        })
    }
}
