//! Accepts connections, answers their requests, and closes them at the end.

use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::time::sleep;

use super::shutdown::Shutdown;

/// The pause after a failure to accept a connection, mostly because too many files are open.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Answers HTTP/1.1 (RFC 9112) until a request to stop; then the requests in flight may finish within
/// the grace time. `head_timeout` is the longest time without a complete request head: for an idle
/// or a slow connection.
pub(super) async fn serve(
    listener: TcpListener,
    app: Router,
    mut shutdown: Shutdown,
    head_timeout: Duration,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(head_timeout);
    let open = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shutdown.requested() => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        // An answer is written in one piece; Nagle's algorithm (RFC 896) would only delay it.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "cannot turn off Nagle's algorithm");
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
        () = shutdown.grace_is_over() => {
            tracing::warn!("stopping although requests are still running");
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
    async fn connection_without_request_is_closed() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = Shutdown::watch(Duration::ZERO).unwrap();
        tokio::spawn(serve(listener, Router::new(), shutdown, Duration::from_millis(50)));
        for begun in ["", "GET / HT", "GET / HTTP/1.1\r\nHost: hub\r\nX-Slow: "] {
            let mut connection = TcpStream::connect(address).await.unwrap();
            connection.write_all(begun.as_bytes()).await.unwrap();
            // The server may answer before it closes the connection.
            let mut answer = Vec::new();
            let end = connection.read_to_end(&mut answer);
            timeout(Duration::from_secs(30), end).await.unwrap().unwrap();
        }
    }
}
