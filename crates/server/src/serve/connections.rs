//! Connections: taken in, answered, and let go.

use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::time::sleep;

use super::shutdown::Shutdown;

/// How long the server waits for its clients.
#[derive(Debug, Clone, Copy)]
pub(super) struct ConnectionTimeouts {
    /// A connection may be without a whole request head, be it silent, idle or slow, for so long.
    pub(super) head: Duration,
    /// Requests in flight may take so long when the server is asked to stop.
    pub(super) grace: Duration,
}

/// How long to wait when no connection can be taken in, mostly because too many are open.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Answers HTTP/1.1 (RFC 9112) until it is asked to stop; then the requests in flight may finish,
/// within the grace.
pub(super) async fn serve(
    listener: TcpListener,
    app: Router,
    mut shutdown: Shutdown,
    timeouts: ConnectionTimeouts,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(timeouts.head);
    let open = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shutdown.requested() => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a connection cannot be taken in");
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        // An answer is written whole; waiting to fill a segment (RFC 896) would only delay it.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps Nagle's algorithm");
        }
        let service = TowerToHyperService::new(app.clone());
        let connection = open.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection broke");
            }
        });
    }
    drop(listener);
    tokio::select! {
        () = open.shutdown() => {}
        () = sleep(timeouts.grace) => {
            let seconds = timeouts.grace.as_secs();
            tracing::warn!(seconds, "stopping although requests are still running");
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;
    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn who_sends_no_request_is_not_waited_for_forever() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = Shutdown::watch().unwrap();
        let timeouts =
            ConnectionTimeouts { head: Duration::from_millis(50), grace: Duration::ZERO };
        tokio::spawn(serve(listener, Router::new(), shutdown, timeouts));
        for begun in ["", "GET / HT", "GET / HTTP/1.1\r\nHost: hub\r\nX-Slow: "] {
            let mut connection = TcpStream::connect(address).await.unwrap();
            connection.write_all(begun.as_bytes()).await.unwrap();
            // The end of the connection, after whatever the server has to say about it.
            let mut said = Vec::new();
            let end = connection.read_to_end(&mut said);
            timeout(Duration::from_secs(30), end).await.unwrap().unwrap();
        }
    }
}
