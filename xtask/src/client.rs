//! An HTTP/1.1 client (RFC 9112) that costs next to nothing, so that a benchmark measures the
//! server: whole requests prepared beforehand, one connection, answers of known length.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::Failure;

/// One kept-alive connection.
#[derive(Debug)]
pub struct Connection {
    stream: BufReader<TcpStream>,
    body: Vec<u8>,
}

/// The bytes of a request.
#[derive(Debug, Clone)]
pub struct Prepared(Vec<u8>);

impl Prepared {
    /// `GET path`.
    pub fn get(path: &str, token: &str) -> Self {
        let head = head("GET", path, token);
        Self(format!("{head}\r\n").into_bytes())
    }

    /// `POST path` with a JSON body.
    pub fn post(path: &str, token: &str, body: &str) -> Self {
        Self::with_body("POST", path, token, body)
    }

    /// `PUT path` with a JSON body.
    pub fn put(path: &str, token: &str, body: &str) -> Self {
        Self::with_body("PUT", path, token, body)
    }

    fn with_body(method: &str, path: &str, token: &str, body: &str) -> Self {
        let (head, length) = (head(method, path, token), body.len());
        Self(
            format!(
                "{head}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
            )
            .into_bytes(),
        )
    }
}

/// With the token as every door takes it.
fn head(method: &str, path: &str, token: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: contact-hub\r\nAuthorization: Bearer {token}\r\n")
}

/// An answer. Its body stays in the connection until the next one.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// The status code.
    pub status: u16,
    /// The seconds of `Retry-After`, where there are any (RFC 9110 §10.2.3).
    pub retry_after: Option<u64>,
    /// The body.
    pub body: &'a [u8],
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    ///
    /// When nobody accepts.
    pub fn open(address: SocketAddr) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address)?;
        // Small requests must not wait for the acknowledgement of the one before (RFC 896).
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::with_capacity(1 << 16, stream), body: Vec::new() })
    }

    /// Connects to somebody who may take so long for each answer. One that takes longer is an I/O
    /// fault of the kind that [`Failure::is_silence`] tells from the others.
    ///
    /// # Errors
    ///
    /// When nobody accepts.
    pub fn open_within(address: SocketAddr, limit: Duration) -> Result<Self, Failure> {
        let connection = Self::open(address)?;
        connection.stream.get_ref().set_read_timeout(Some(limit))?;
        connection.stream.get_ref().set_write_timeout(Some(limit))?;
        Ok(connection)
    }

    /// Sends a request and reads the answer.
    ///
    /// # Errors
    ///
    /// When the connection breaks or the answer is not HTTP.
    pub fn send(&mut self, request: &Prepared) -> Result<Answer<'_>, Failure> {
        self.stream.get_mut().write_all(&request.0)?;
        let mut line = String::new();
        self.line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.ok_or_else(|| Failure::Server(format!("not a status line: {line}")))?;
        let mut length = None;
        let mut retry_after = None;
        let mut chunked = false;
        loop {
            line.clear();
            self.line(&mut line)?;
            let header = line.trim_end();
            if header.is_empty() {
                break;
            }
            let (name, value) = header.split_once(':').unwrap_or((header, ""));
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse::<usize>().ok();
            } else if name.eq_ignore_ascii_case("retry-after") {
                retry_after = value.trim().parse().ok();
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                chunked = value.trim().eq_ignore_ascii_case("chunked");
            }
        }
        self.body.clear();
        if chunked {
            self.chunks(&mut line)?;
        } else {
            self.take(length.unwrap_or(0))?;
        }
        Ok(Answer { status, retry_after, body: &self.body })
    }

    fn chunks(&mut self, line: &mut String) -> Result<(), Failure> {
        loop {
            line.clear();
            self.line(line)?;
            let size = line.trim_end().split(';').next().unwrap_or_default();
            let size = usize::from_str_radix(size, 16).ok();
            let size = size.ok_or_else(|| Failure::Server(format!("not a chunk: {line}")))?;
            self.take(size)?;
            line.clear();
            self.line(line)?;
            if size == 0 {
                return Ok(());
            }
        }
    }

    fn take(&mut self, length: usize) -> Result<(), Failure> {
        let before = self.body.len();
        let wanted = u64::try_from(length).unwrap_or(u64::MAX);
        (&mut self.stream).take(wanted).read_to_end(&mut self.body)?;
        if self.body.len() - before == length {
            Ok(())
        } else {
            Err(io::Error::from(io::ErrorKind::UnexpectedEof).into())
        }
    }

    fn line(&mut self, line: &mut String) -> Result<(), Failure> {
        match self.stream.read_line(line)? {
            0 => Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// Answers every connection with these bytes.
    fn server(answer: &'static str) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut head = BufReader::new(stream.try_clone().unwrap());
            let mut line = String::new();
            while head.read_line(&mut line).unwrap() > 2 {
                line.clear();
            }
            stream.write_all(answer.as_bytes()).unwrap();
        });
        address
    }

    #[test]
    fn an_answer_of_known_length_is_read() {
        let address = server("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]");
        let mut connection = Connection::open(address).unwrap();
        let answer = connection.send(&Prepared::get("/", "t")).unwrap();
        assert_eq!((answer.status, answer.body), (200, b"[]".as_slice()));
    }

    #[test]
    fn an_answer_in_chunks_is_read() {
        let address = server(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n[\r\n1\r\n]\r\n0\r\n\r\n",
        );
        let mut connection = Connection::open(address).unwrap();
        let answer = connection.send(&Prepared::get("/", "t")).unwrap();
        assert_eq!((answer.status, answer.body), (200, b"[]".as_slice()));
    }

    #[test]
    fn an_answer_says_when_to_come_again() {
        let address = server("HTTP/1.1 503 X\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n");
        let mut connection = Connection::open(address).unwrap();
        let answer = connection.send(&Prepared::get("/", "t")).unwrap();
        assert_eq!((answer.status, answer.retry_after), (503, Some(7)));
    }

    #[test]
    fn an_answer_that_breaks_off_is_an_error() {
        let address = server("HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n[]");
        let mut connection = Connection::open(address).unwrap();
        let failure = connection.send(&Prepared::get("/", "t")).unwrap_err();
        assert!(!failure.is_silence(), "{failure}");
    }

    #[test]
    fn an_answer_that_does_not_come_in_time_is_silence() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mut connection = Connection::open_within(address, Duration::from_millis(1)).unwrap();
        let failure = connection.send(&Prepared::get("/", "t")).unwrap_err();
        assert!(failure.is_silence(), "{failure}");
    }
}
