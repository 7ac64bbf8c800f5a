//! A client of streams: HTTP/1.1 with chunked bodies, by hand.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

/// How many lines are sent in a chunk.
const LINES: usize = 500;

/// New contacts, a line each, whose external ids begin with that letter.
pub(super) struct Lines(pub(super) char);

/// A stream that is sent.
pub(super) struct Sending {
    connection: TcpStream,
    pub(super) since: Instant,
}

/// What came back.
#[derive(Default)]
pub(super) struct Reply {
    pub(super) lines: Vec<Value>,
    /// How many of them are results.
    pub(super) results: usize,
    pub(super) summary: Option<Value>,
    /// Whether the last chunk came.
    pub(super) is_complete: bool,
}

impl Lines {
    fn text(&self, numbers: Range<usize>) -> String {
        let Self(prefix) = self;
        let line = |number| {
            format!(
                "{{\"externalId\":\"{prefix}{number}\",\"contactType\":\"PERSON\",\"firstName\":\"A\",\
                 \"lastName\":\"Abt {number}\",\"addresses\":[{{\"name\":\
                 \"Domicile\",\"line1\":\"Rue de Carouge {number}\",\"postCode\":\"1205\",\"city\":\
                 \"Genève\",\"countryCode2\":\"CH\"}}]}}\n"
            )
        };
        numbers.map(line).collect()
    }
}

impl Sending {
    pub(super) fn open(address: SocketAddr, token: &str, results: &str) -> Result<Self> {
        let mut connection = TcpStream::connect(address)?;
        let head = format!(
            "POST /v1/contacts/batch?results={results} HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n\
             WEAL-TOKEN: {token}\r\nContent-Type: application/x-ndjson\r\n\
             Transfer-Encoding: chunked\r\n\r\n"
        );
        connection.write_all(head.as_bytes())?;
        Ok(Self { connection, since: Instant::now() })
    }

    /// Sends lines.
    pub(super) fn send(&mut self, lines: &Lines, numbers: Range<usize>) -> Result<()> {
        for start in numbers.clone().step_by(LINES) {
            let text = lines.text(start..numbers.end.min(start + LINES));
            let chunk = format!("{:x}\r\n{text}\r\n", text.len());
            self.connection.write_all(chunk.as_bytes()).context("the server stopped reading")?;
        }
        Ok(())
    }

    /// Ends the body.
    pub(super) fn finish(&mut self) -> Result<()> {
        Ok(self.connection.write_all(b"0\r\n\r\n")?)
    }

    /// Reads the answer to its end, or to where it is cut.
    pub(super) fn receive(&mut self) -> Reply {
        let mut answer = Vec::new();
        // What has arrived before an error counts.
        let _ = self.connection.read_to_end(&mut answer);
        Reply::of(&answer)
    }

    /// Sends lines and reads the answer meanwhile. Kills the server when so many bytes have come.
    pub(super) fn until(
        &mut self,
        lines: &Lines,
        numbers: Range<usize>,
        after: usize,
        kill: impl FnOnce(),
    ) -> Result<Reply> {
        let (mut reading, arrived) = (self.connection.try_clone()?, AtomicUsize::new(0));
        thread::scope(|scope| {
            let (arrived, connection) = (&arrived, self.connection.try_clone()?);
            let reader = scope.spawn(move || {
                let (mut answer, mut part) = (Vec::new(), vec![0; 64 << 10]);
                while let Ok(read @ 1..) = reading.read(&mut part) {
                    answer.extend_from_slice(part.get(..read).unwrap_or_default());
                    arrived.fetch_add(read, Ordering::Relaxed);
                }
                // Whoever waits for more, waits in vain.
                arrived.store(usize::MAX, Ordering::Relaxed);
                Reply::of(&answer)
            });
            let writer = scope.spawn(move || {
                // The server may end while it writes.
                let _ = self.send(lines, numbers).and_then(|()| self.finish());
            });
            while arrived.load(Ordering::Relaxed) < after {
                thread::yield_now();
            }
            kill();
            let _ = connection.shutdown(Shutdown::Both);
            let _ = writer.join();
            reader.join().ok().context("the reader panicked")
        })
    }
}

impl Reply {
    /// Reads an answer, of which the end may be missing.
    fn of(answer: &[u8]) -> Self {
        let mut received = Self::default();
        let end = answer.windows(4).position(|window| window == b"\r\n\r\n");
        let mut rest = end.and_then(|end| answer.get(end + 4..)).unwrap_or_default();
        let mut body = Vec::new();
        while let Some(end) = rest.windows(2).position(|window| window == b"\r\n") {
            let size = rest.get(..end).and_then(|size| str::from_utf8(size).ok());
            let Some(size) = size.and_then(|size| usize::from_str_radix(size, 16).ok()) else {
                break;
            };
            rest = rest.get(end + 2..).unwrap_or_default();
            if size == 0 {
                received.is_complete = rest.starts_with(b"\r\n");
                break;
            }
            body.extend_from_slice(rest.get(..size.min(rest.len())).unwrap_or_default());
            rest = rest.get(size + 2..).unwrap_or_default();
        }
        // What follows the last line break is no line.
        for line in body.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n"))
        {
            let Ok(line) = serde_json::from_slice::<Value>(line) else { continue };
            received.results += usize::from(line.get("verdict").is_some());
            received.summary = line.get("summary").cloned().or(received.summary);
            received.lines.push(line);
        }
        received
    }

    /// Whether there are so many results, for lines from that one on, each once and in order.
    pub(super) fn check_order(&self, first: usize, count: usize) -> Result<()> {
        ensure!(self.results == count, "{} results of {count}", self.results);
        let results = self.lines.iter().filter(|line| line.get("verdict").is_some());
        for (line, result) in (first..).zip(results) {
            ensure!(result["line"] == line, "line {line} is answered by {result}");
        }
        Ok(())
    }
}
