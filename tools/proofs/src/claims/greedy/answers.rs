//! Answers that are large, or that nobody takes.

use std::io::{ErrorKind, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use server_process::client::Prepared;

use super::client::{SLACK, Tally, Target, array, at_once};
use crate::load::BATCH;

/// The time between two writes of a client.
const PAUSE: Duration = Duration::from_millis(20);

/// The external id of a contact of 240 kB.
const LARGE: &str = "large";

/// Items about one contact: with documents the batch is refused and nothing of it is stored, without
/// them it is taken.
pub(super) fn one_large_contact(target: &Target) -> Result<Tally> {
    let before = store_large(target)?;
    let items = |title: &str| {
        array(4_000, |number| format!(r#"{{"externalId":"{LARGE}","title":"{title} {number}"}}"#))
    };
    let mut tally = Tally::default();
    let whole = target.batch(&items("whole"))?;
    ensure!([413, 503].contains(&whole.status), "with documents: answered {}", whole.status);
    tally.add(whole.status);
    let after = store_large(target)?;
    ensure!(before == after, "version {before} became {after} although nothing was stored");

    let body = items("minimal");
    let head = format!(
        "POST {BATCH} HTTP/1.1\r\nHost: contact-hub\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nPrefer: return=minimal\r\nContent-Length: {}\r\n\r\n",
        target.token,
        body.len()
    );
    let minimal = target.send(&Prepared::from([head.as_bytes(), body.as_bytes()].concat()))?;
    ensure!([200, 503].contains(&minimal.status), "minimal: answered {}", minimal.status);
    tally.add(minimal.status);
    Ok(tally)
}

/// Stores the large contact, and returns its version.
fn store_large(target: &Target) -> Result<Value> {
    let addresses =
        array(1_000, |number| format!(r#"{{"name":"A","line1":"{number} {}"}}"#, "x".repeat(180)));
    let stored = target.store(&format!(
        r#"[{{"contactType":"PERSON","externalId":"{LARGE}","lastName":"L","addresses":{addresses}}}]"#
    ))?;
    stored.pointer("/items/0/freshRow/version").cloned().context("no version")
}

/// Clients that send requests one after the other and never read an answer, with a token and without.
pub(super) fn unread_answers(target: &Target) -> Result<Tally> {
    let documented = Duration::from_secs(if target.is_short { 2 } else { 30 });
    let stored = target.store(&format!(r#"[{{"externalId":"{LARGE}"}}]"#));
    let id = stored?.pointer("/items/0/freshRow/id").and_then(Value::as_i64);
    let id = id.context("no id of a contact")?;
    at_once(32, |client| {
        let path = match client % 2 {
            0 => "/openapi.json".to_owned(),
            _ => format!("/api-v1/contact/PERSON/{id}"),
        };
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: contact-hub\r\nAuthorization: Bearer {}\r\n\r\n",
            target.token
        );
        let requests = request.repeat(100);
        let mut stream = TcpStream::connect(target.address)?;
        stream.set_write_timeout(Some(Duration::from_millis(200)))?;
        let since = Instant::now();
        loop {
            match stream.write(requests.as_bytes()) {
                Ok(_) => {}
                Err(error)
                    if [ErrorKind::WouldBlock, ErrorKind::TimedOut].contains(&error.kind()) => {}
                Err(_) => return Ok(0),
            }
            // Threads that only write would take the processors from the server.
            thread::sleep(PAUSE);
            let took = since.elapsed();
            // Until both buffers of the system are full, answers are taken.
            let limit = documented + 2 * SLACK;
            ensure!(took < limit, "not ended after {:.0} s", took.as_secs_f64());
        }
    })
}
