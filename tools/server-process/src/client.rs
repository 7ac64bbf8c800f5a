//! An HTTP/1.1 client (RFC 9112) that takes little time itself, so that a benchmark measures the
//! server: requests are prepared beforehand and sent over one connection.

use std::io::{self, BufRead, BufReader, Error, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

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

/// The bytes of a request, whatever they are.
impl From<Vec<u8>> for Prepared {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

fn head(method: &str, path: &str, token: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: contact-hub\r\nAuthorization: Bearer {token}\r\n")
}

/// A response. The connection owns its body until the next request.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// The status code.
    pub status: u16,
    /// The seconds of `Retry-After` (RFC 9110 §10.2.3).
    pub retry_after: Option<u64>,
    /// The body.
    pub body: &'a [u8],
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    ///
    /// The connection is refused.
    pub fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        // Small requests must not wait for the acknowledgement of the one before (RFC 896).
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::with_capacity(1 << 16, stream), body: Vec::new() })
    }

    /// Connects, with a limit for each response. [`is_timeout`] recognizes the error of a response
    /// that takes longer.
    ///
    /// # Errors
    ///
    /// The connection is refused.
    pub fn open_within(address: SocketAddr, limit: Duration) -> io::Result<Self> {
        let connection = Self::open(address)?;
        connection.stream.get_ref().set_read_timeout(Some(limit))?;
        connection.stream.get_ref().set_write_timeout(Some(limit))?;
        Ok(connection)
    }

    /// Sends a request and reads the response.
    ///
    /// # Errors
    ///
    /// The connection breaks, the limit is over, or the response is not HTTP
    /// ([`ErrorKind::InvalidData`]).
    pub fn send(&mut self, request: &Prepared) -> io::Result<Answer<'_>> {
        self.stream.get_mut().write_all(&request.0)?;
        let mut line = String::new();
        self.line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.ok_or_else(|| invalid(format!("not a status line: {line}")))?;
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

    fn chunks(&mut self, line: &mut String) -> io::Result<()> {
        loop {
            line.clear();
            self.line(line)?;
            let size = line.trim_end().split(';').next().unwrap_or_default();
            let size = usize::from_str_radix(size, 16).ok();
            let size = size.ok_or_else(|| invalid(format!("not a chunk: {line}")))?;
            self.take(size)?;
            line.clear();
            self.line(line)?;
            if size == 0 {
                return Ok(());
            }
        }
    }

    fn take(&mut self, length: usize) -> io::Result<()> {
        let before = self.body.len();
        let limit = u64::try_from(length).unwrap_or(u64::MAX);
        (&mut self.stream).take(limit).read_to_end(&mut self.body)?;
        if self.body.len() - before == length {
            Ok(())
        } else {
            Err(ErrorKind::UnexpectedEof.into())
        }
    }

    fn line(&mut self, line: &mut String) -> io::Result<()> {
        match self.stream.read_line(line)? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

/// Whether the peer did not respond in time.
pub fn is_timeout(error: &Error) -> bool {
    // Systems differ in which of these a socket's timeout is.
    [ErrorKind::WouldBlock, ErrorKind::TimedOut].contains(&error.kind())
}

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::InvalidData, message)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// Answers one connection with these bytes.
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
    fn answer_with_length_is_read() {
        let address = server("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]");
        let mut connection = Connection::open(address).unwrap();
        let answer = connection.send(&Prepared::get("/", "t")).unwrap();
        assert_eq!((answer.status, answer.body), (200, b"[]".as_slice()));
    }

    #[test]
    fn answer_in_chunks_is_read() {
        let address = server(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n[\r\n1\r\n]\r\n0\r\n\r\n",
        );
        let mut connection = Connection::open(address).unwrap();
        let answer = connection.send(&Prepared::get("/", "t")).unwrap();
        assert_eq!((answer.status, answer.body), (200, b"[]".as_slice()));
    }

    #[test]
    fn retry_after_is_read() {
        let address = server("HTTP/1.1 503 X\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n");
        let mut connection = Connection::open(address).unwrap();
        let answer = connection.send(&Prepared::get("/", "t")).unwrap();
        assert_eq!((answer.status, answer.retry_after), (503, Some(7)));
    }

    #[test]
    fn truncated_answer_is_an_error() {
        let address = server("HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n[]");
        let mut connection = Connection::open(address).unwrap();
        let error = connection.send(&Prepared::get("/", "t")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    }

    #[test]
    fn missing_answer_is_a_timeout() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mut connection = Connection::open_within(address, Duration::from_millis(1)).unwrap();
        let error = connection.send(&Prepared::get("/", "t")).unwrap_err();
        assert!(is_timeout(&error), "{error}");
    }
}
