//! Bodies that take memory, processors or places.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use server_process::client::Prepared;

use super::client::{SLACK, Tally, Target, array, at_once};
use crate::load::BATCH;

/// One item of 3 MB, all of it empty addresses.
pub(super) fn empty_addresses(target: &Target) -> Result<Tally> {
    let addresses = array(1_000_000, |_| "{}".to_owned());
    let body =
        format!(r#"[{{"contactType":"PERSON","externalId":"empty","addresses":{addresses}}}]"#);
    target.send_at_once(&Prepared::post(BATCH, &target.token, &body), 2)
}

/// Fewer items than count as many, with 1,000 addresses each.
pub(super) fn few_heavy_items(target: &Target) -> Result<Tally> {
    at_once(7, |client| {
        let items = array(24, |item| {
            let addresses = array(1_000, |number| {
                format!(
                    r#"{{"name":"A {number}","line1":"Rue de Carouge {client}","postCode":"1205",
                        "countryCode2":"CH"}}"#
                )
            });
            format!(
                r#"{{"contactType":"PERSON","externalId":"heavy-{client}-{item}","lastName":"H",
                    "addresses":{addresses}}}"#
            )
        });
        Ok(target.batch(&items)?.status)
    })
}

/// Batches of as many items as are allowed, at once.
pub(super) fn maximal_batches(target: &Target) -> Result<Tally> {
    let items = target.size(2_000, 10_000);
    at_once(target.size(16, 64), |client| {
        let body = array(items, |item| {
            format!(
                r#"{{"contactType":"PERSON","externalId":"max-{client}-{item}","firstName":"M",
                    "lastName":"Rochat","email":"m.{client}.{item}@rhone.example"}}"#
            )
        });
        Ok(target.batch(&body)?.status)
    })
}

/// Bodies that arrive at a byte every two seconds.
pub(super) fn slow_bodies(target: &Target) -> Result<Tally> {
    // The least rate is required from the 20th second on.
    let documented = Duration::from_secs(if target.is_short { 2 } else { 20 });
    at_once(16, |_| {
        let mut stream = TcpStream::connect(target.address)?;
        write!(
            stream,
            "POST {BATCH} HTTP/1.1\r\nHost: contact-hub\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nContent-Length: 1000000\r\n\r\n[",
            target.token
        )?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        let since = Instant::now();
        loop {
            let mut answer = [0; 64];
            match stream.read(&mut answer) {
                Ok(0) => return Ok(0),
                Ok(read) => {
                    let answer = String::from_utf8_lossy(answer.get(..read).unwrap_or_default());
                    return Ok(answer.split(' ').nth(1).unwrap_or_default().parse()?);
                }
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return Ok(0),
                Err(_) => stream.write_all(b" ")?,
            }
            let took = since.elapsed();
            ensure!(took < documented + SLACK, "not ended after {:.0} s", took.as_secs_f64());
        }
    })
}
