//! Requests with an idempotency key, whose servers are killed.

use std::sync::{Barrier, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use fastrand::Rng;
use serde_json::json;
use server_process::client::{Connection, Prepared};

use crate::load::{BATCH, Progress, side_by_side};
use crate::setting::{Outcome, Setting, Store};
use crate::site::{Needs, Site, on_new_site};

pub(super) const CLAIM: &str = "\
64 connections send one request with an Idempotency-Key at the same time, and again until it is
answered, while a server is killed with SIGKILL, at a random moment: on SQLite the only server, on
PostgreSQL one of two. The request creates contacts without a key of their own. However often it is
sent, they are created once, and all connections get the same answer to the byte.";

const CONNECTIONS: u16 = 64;

/// The contacts that a request creates.
const ITEMS: u64 = 3;

/// How long a server lives at most, from the moment at which the connections begin to send.
const LIFE_MICROSECONDS: u64 = 40_000;

/// The limit for a connection to be answered.
const LIMIT: Duration = Duration::from_secs(60);

/// How long a connection waits before it sends the request again.
const PAUSE: Duration = Duration::from_millis(5);

pub(super) fn prove(setting: &Setting<'_>) -> Result<Outcome> {
    let servers = match setting.store {
        Store::Sqlite => 1,
        Store::Postgres => 2,
    };
    on_new_site(&Needs::new(setting, "idempotency", servers), |site| {
        let rounds = if setting.is_short { 6 } else { 60 };
        let mut rng = Rng::with_seed(setting.seed);
        let mut sent = 0;
        for round in 0..rounds {
            sent += send_at_once(site, &mut rng, round, servers)?;
            let (expected, stored) = ((round + 1) * ITEMS, site.database.count()?);
            ensure!(stored == expected, "{stored} contacts instead of {expected}, round {round}");
        }
        let created = rounds * ITEMS;
        Ok(Outcome::Proved(vec![format!(
            "{rounds} requests, each on {CONNECTIONS} connections and through a kill, sent {sent} times: \
             {created} contacts"
        )]))
    })
}

/// Sends one request on all connections and kills a server meanwhile. Returns how often it was sent.
fn send_at_once(site: &Site, rng: &mut Rng, round: u64, servers: usize) -> Result<u64> {
    let person = json!({ "contactType": "PERSON", "lastName": format!("Round {round}") });
    let body = json!([person, person, person]).to_string();
    let length = body.len();
    let token = site.token();
    let request = Prepared::from(
        format!(
            "POST {BATCH} HTTP/1.1\r\nHost: contact-hub\r\nAuthorization: Bearer {token}\r\n\
             Idempotency-Key: round-{round}\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        )
        .into_bytes(),
    );
    let (start, answer) = (Barrier::new(usize::from(CONNECTIONS) + 1), Mutex::new(None));
    let (killed, life) = (rng.usize(..servers), rng.u64(..LIFE_MICROSECONDS));
    let send = |number: u16, _: &Progress| {
        start.wait();
        let (body, sent) = until_answered(site, &request, usize::from(number))?;
        let mut first = answer.lock().unwrap_or_else(PoisonError::into_inner);
        let first = first.get_or_insert_with(|| body.clone());
        ensure!(
            *first == body,
            "two answers: {} and {}",
            String::from_utf8_lossy(first),
            String::from_utf8_lossy(&body)
        );
        Ok(sent)
    };
    let sent = side_by_side(CONNECTIONS, send, |progress| {
        start.wait();
        progress.wait(Duration::from_micros(life));
        site.kill(killed);
        site.start(killed)
    })?;
    Ok(sent.into_iter().sum())
}

/// Sends a request until it is answered 200. Returns the body and how often it was sent.
fn until_answered(site: &Site, request: &Prepared, mut server: usize) -> Result<(Vec<u8>, u64)> {
    let (since, mut sent) = (Instant::now(), 0);
    while since.elapsed() < LIMIT {
        let address = site.addresses.find(server, LIMIT)?;
        if let Ok(mut connection) = Connection::open_within(address, LIMIT) {
            sent += 1;
            match connection.send(request) {
                Ok(answer) => match answer.status {
                    200 => return Ok((answer.body.to_vec(), sent)),
                    // It runs, or the server has other things to do.
                    409 | 503 => ensure!(answer.retry_after.is_some(), "no Retry-After"),
                    status => bail!("{status}: {}", String::from_utf8_lossy(answer.body)),
                },
                // The server was killed.
                Err(_) => server += 1,
            }
        }
        thread::sleep(PAUSE);
    }
    bail!("a request was not answered within {LIMIT:?}")
}
