//! Accepts connections, answers their requests, and closes them at the end.

mod answer_timeout;
mod client_address;
mod open;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use contacts_adapters_http::{ClientAddress, StillSending};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use ipnet::IpNet;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tower::ServiceExt as _;

use self::answer_timeout::AnswerTimeout;
use self::client_address::client_address;
use self::open::{Connection, OpenConnections};
use super::shutdown::Shutdown;
use super::tls::Tls;

pub(super) use self::open::ConnectionLimits;

/// The pause after a failure to accept a connection, mostly because too many files are open.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The longest head of a request, in bytes, and the most that is read ahead of a connection.
const MAX_HEAD: usize = 64 << 10;

/// How long the server waits for its clients.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timeouts {
    /// For the first head of a request.
    pub(super) first_head: Duration,
    /// For each further head: for an idle or a slow connection.
    pub(super) head: Duration,
    /// For a client that takes nothing of its answer.
    pub(super) write: Duration,
}

/// Answers HTTP/1.1 (RFC 9112) until a request to stop; then the requests in flight may finish within
/// the grace time.
pub(super) async fn serve(
    listener: TcpListener,
    app: Router,
    mut shutdown: Shutdown,
    limits: ConnectionLimits,
    timeouts: Timeouts,
    tls: Option<Arc<Tls>>,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(timeouts.head)
        .max_buf_size(MAX_HEAD)
        .max_header_size(MAX_HEAD);
    let trusted_proxies = limits.trusted_proxies.clone().into();
    let graceful = GracefulShutdown::new();
    let server = Server { http, app, timeouts, tls, trusted_proxies, graceful };
    let open = OpenConnections::new(limits);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shutdown.requested() => break,
        };
        match accepted {
            Ok((stream, address)) => server.accept(stream, address, &open),
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    tokio::select! {
        () = server.graceful.shutdown() => {}
        () = shutdown.grace_is_over() => {
            tracing::warn!("stopping although requests are still running");
        }
    }
}

struct Server {
    http: http1::Builder,
    app: Router,
    timeouts: Timeouts,
    tls: Option<Arc<Tls>>,
    trusted_proxies: Arc<[IpNet]>,
    graceful: GracefulShutdown,
}

impl Server {
    /// Serves a connection, unless there are too many.
    fn accept(&self, stream: TcpStream, address: SocketAddr, open: &OpenConnections) {
        let Some(connection) = open.add(address.ip()) else { return };
        // An answer is written in one piece; Nagle's algorithm (RFC 896) would only delay it.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "cannot turn off Nagle's algorithm");
        }
        let still_sending = StillSending::default();
        let stream = AnswerTimeout::new(stream, self.timeouts.write, still_sending.clone());
        let (app, in_service) = (self.app.clone(), connection.clone());
        let trusted = self.trusted_proxies.clone();
        let service = service_fn(move |mut request: Request<Incoming>| {
            let client = client_address(address.ip(), request.headers(), &trusted);
            request.extensions_mut().insert(ClientAddress(client));
            request.extensions_mut().insert(still_sending.clone());
            answer(app.clone(), request, in_service.clone())
        });
        let acceptor = self.tls.as_ref().map(|tls| tls.acceptor());
        let (http, watcher) = (self.http.clone(), self.graceful.watcher());
        let served = async move {
            match acceptor {
                None => {
                    let stream = TokioIo::new(stream);
                    watcher.watch(http.serve_connection(stream, service)).await?;
                }
                Some(acceptor) => {
                    let stream = TokioIo::new(acceptor.accept(stream).await?);
                    watcher.watch(http.serve_connection(stream, service)).await?;
                }
            }
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
        };
        // The handshake of TLS is part of it.
        let first_head = self.timeouts.first_head;
        tokio::spawn(async move {
            tokio::select! {
                ended = served => {
                    if let Err(error) = ended {
                        tracing::debug!(%error, "a connection broke");
                    }
                }
                () = connection.is_dismissed() => {}
                () = without_request(&connection, first_head) => {}
            }
        });
    }
}

/// Answers a request. Until its answer is written, the connection is in use.
async fn answer(
    app: Router,
    request: Request<Incoming>,
    connection: Connection,
) -> Result<Response<Body>, std::convert::Infallible> {
    let in_use = connection.in_use();
    let response = app.oneshot(request.map(Body::new)).await?;
    Ok(response.map(|body| {
        Body::new(body.map_frame(move |frame| {
            let _in_use = &in_use;
            frame
        }))
    }))
}

/// Ends when a connection has had no request in that time.
async fn without_request(connection: &Connection, time: Duration) {
    if timeout(time, connection.is_used()).await.is_ok() {
        std::future::pending::<()>().await;
    }
}
