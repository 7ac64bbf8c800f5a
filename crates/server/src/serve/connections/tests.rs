//! Clients that keep a connection.

use axum::routing::get;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;

const LONG: Duration = Duration::from_secs(3_600);
const SHORT: Duration = Duration::from_millis(50);
const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: hub\r\n\r\n";

/// A server that answers with as many bytes as no socket takes at once.
async fn server(timeouts: Timeouts, max: usize) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = Router::new()
        .route("/", get(async || "here"))
        .route("/large", get(async || vec![b' '; 64 << 20]));
    let shutdown = Shutdown::watch(Duration::ZERO).unwrap();
    // The trusted address may have all connections.
    let trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    let limits = ConnectionLimits { max, trusted_proxies };
    tokio::spawn(serve(listener, app, shutdown, limits, timeouts, None));
    address
}

async fn connect(address: SocketAddr, sent: &[u8]) -> TcpStream {
    let mut connection = TcpStream::connect(address).await.unwrap();
    connection.write_all(sent).await.unwrap();
    connection
}

/// What the server sends until it closes the connection.
async fn rest(mut connection: TcpStream) -> Vec<u8> {
    let mut rest = Vec::new();
    // A connection that the server resets has ended too.
    let _ = timeout(Duration::from_secs(60), connection.read_to_end(&mut rest)).await.unwrap();
    rest
}

#[tokio::test]
async fn connection_without_request_is_closed() {
    let timeouts = Timeouts { first_head: SHORT, head: LONG, write: LONG };
    let address = server(timeouts, 100).await;
    for begun in ["", "GET / HT", "GET / HTTP/1.1\r\nHost: hub\r\nX-Slow: "] {
        rest(connect(address, begun.as_bytes()).await).await;
    }
}

#[tokio::test]
async fn connection_without_further_request_is_closed() {
    let timeouts = Timeouts { first_head: LONG, head: SHORT, write: LONG };
    let address = server(timeouts, 100).await;
    let answer = rest(connect(address, GET).await).await;
    assert!(answer.starts_with(b"HTTP/1.1 200") && answer.ends_with(b"here"));
}

#[tokio::test]
async fn client_that_takes_nothing_is_disconnected() {
    let timeouts = Timeouts { first_head: LONG, head: LONG, write: SHORT };
    let address = server(timeouts, 1).await;
    let unread = connect(address, b"GET /large HTTP/1.1\r\nHost: hub\r\n\r\n").await;
    // While the first connection has a request, there is no room for another one.
    let answer = loop {
        let answer = rest(connect(address, b"GET / HTTP/1.0\r\n\r\n").await).await;
        if !answer.is_empty() {
            break answer;
        }
        tokio::task::yield_now().await;
    };
    assert!(answer.ends_with(b"here"));
    assert!(rest(unread).await.len() < 64 << 20);
}

#[tokio::test]
async fn longest_idle_connection_makes_room() {
    let timeouts = Timeouts { first_head: LONG, head: LONG, write: LONG };
    let address = server(timeouts, 1).await;
    let mut idle = connect(address, GET).await;
    let mut answer = [0; 12];
    idle.read_exact(&mut answer).await.unwrap();
    let new = rest(connect(address, b"GET / HTTP/1.0\r\n\r\n").await).await;
    assert!(new.ends_with(b"here"));
    rest(idle).await;
}

#[tokio::test]
async fn head_above_64_kib_is_refused() {
    let timeouts = Timeouts { first_head: LONG, head: LONG, write: LONG };
    let address = server(timeouts, 100).await;
    let head = format!("GET / HTTP/1.1\r\nHost: hub\r\nX-Long: {}\r\n\r\n", "x".repeat(MAX_HEAD));
    let answer = rest(connect(address, head.as_bytes()).await).await;
    assert!(answer.starts_with(b"HTTP/1.1 431"), "{}", String::from_utf8_lossy(&answer));
}
