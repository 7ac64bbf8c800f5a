//! Connections that send nothing, or half a head.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::client::{SLACK, Tally, Target, at_once};

/// How long a connection may stay without its first head.
const DOCUMENTED: Duration = Duration::from_secs(10);

/// Opens many, and waits until the server has ended them.
pub(super) fn silent_connections(target: &Target) -> Result<Tally> {
    let each = target.size(50, 200);
    at_once(4, |number| {
        let since = Instant::now();
        let mut open = Vec::new();
        for _ in 0..each {
            let mut stream = TcpStream::connect(target.address)?;
            if number % 2 == 1 {
                stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: contact-hub\r\nX-Slow: ")?;
            }
            open.push(stream);
        }
        for mut stream in open {
            let limit = DOCUMENTED + SLACK;
            let rest = limit.saturating_sub(since.elapsed()).max(Duration::from_millis(1));
            stream.set_read_timeout(Some(rest))?;
            let mut answer = Vec::new();
            // A half head may be answered 408 before the end.
            let ended = stream.read_to_end(&mut answer);
            let is_open = ended.is_err_and(|error| server_process::client::is_timeout(&error));
            ensure!(!is_open, "a connection is open after {} s", since.elapsed().as_secs());
        }
        Ok(0)
    })
}
