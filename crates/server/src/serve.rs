//! `contact-hub serve`.

mod connections;
mod filling;
mod forgetting;
mod indexing;
mod pruning;
mod service_manager;
mod shutdown;
mod tls;
mod token_uses;

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;

use contacts_adapters_http::{Routers, Settings, routers};
use ipnet::IpNet;
use socket2::SockRef;
use tokio::net::TcpListener;

use self::connections::{ConnectionLimits, Timeouts};
use self::shutdown::Shutdown;
use self::tls::Tls;
use crate::certificate::CertificateFiles;
use crate::config::{DatabaseSettings, ServeSettings};
use crate::failure::Failure;
use crate::printing;
use crate::startup::{self, Store};
#[cfg(feature = "otlp")]
use crate::traces;
use crate::version::version;

/// How long a new connection may stay open without a request.
const MAX_FIRST_HEAD_TIME: Duration = Duration::from_secs(10);

/// How long a connection may stay open without a further request.
const MAX_HEAD_TIME: Duration = Duration::from_secs(75);

/// How many connections wait to be accepted. The system delays further ones by seconds.
const BACKLOG: i32 = 1_024;

/// What the system buffers of an answer, in bytes, outside the memory of the process.
const SEND_BUFFER: usize = 64 << 10;

/// The most connections, if the system allows that many open files.
const MAX_CONNECTIONS: usize = 10_000;

/// The most connections to an address for metrics alone.
const METRICS_CONNECTIONS: usize = 64;

/// Open files that are not connections of clients.
const OTHER_FILES: usize = 256;

/// What most systems allow a process that has not asked for more.
const DEFAULT_FILES: u64 = 1_024;

/// Serves until the process is asked to stop, then lets the requests in flight finish. The log names
/// the settings that were changed.
///
/// # Errors
///
/// If the store cannot be opened or the server cannot listen on the address.
pub(crate) async fn run(
    database: &DatabaseSettings,
    settings: ServeSettings,
    changed: &str,
) -> Result<(), Failure> {
    let ServeSettings {
        listen,
        tls,
        metrics_listen,
        #[cfg(feature = "otlp")]
        otlp_endpoint,
        durability,
        http,
        keep_deleted,
        connections,
        shutdown: grace,
    } = settings;
    let kept = http.keep_ledger;
    let [certificate, key] = tls;
    let tls = CertificateFiles::of(certificate, key)?.map(Tls::load).transpose()?.map(Arc::new);
    let scheme = if tls.is_some() { "https" } else { "http" };
    let limits = connection_limits(connections.max, connections.trusted_proxies);
    let store = Store::open_with(database, durability).await?;
    startup::warn_if_readable_by_all(&database.url);
    let (listener, address) = bind(&listen, "--listen").await?;
    let of_metrics = match &metrics_listen {
        Some(listen) => Some(bind(listen, "--metrics-listen").await?),
        None => None,
    };
    // Before the address is printed: whoever reads it may send a signal at once.
    let shutdown = Shutdown::watch(grace)?;

    if let Some(greeting) = startup::first_run(&store, &database.url, scheme, address).await? {
        printing::print_notice(&greeting);
    }
    let kind = if database.url.is_postgres() { "PostgreSQL" } else { "SQLite" };
    tracing::info!(version = version(), store = kind, settings = changed, %address, "serving");
    let mut services = store.services();
    services.certificate_expiry = tls.as_ref().map(|tls| tls.expiry.clone());
    let authenticate = services.authenticate.clone();
    let index = services.index_contacts.clone();
    let prune = Arc::new(store.prune_ledger(kept));
    services.prune_ledger = Some(prune.clone());
    // Describing the APIs takes 15 MiB for a moment. A thread that serves requests uses them again.
    let settings = Settings { version: version(), ..http };
    let routers = tokio::spawn(async { routers(services, settings) }).await;
    let Routers { apis, metrics } =
        routers.unwrap_or_else(|error| resume_unwind(error.into_panic()));
    #[cfg(feature = "otlp")]
    let apis = match otlp_endpoint {
        Some(_) => apis.layer(axum::middleware::from_fn(traces::continued)),
        None => apis,
    };
    if let Some((_, address)) = &of_metrics {
        printing::print_notice(&format!("metrics on http://{address}/metrics"));
    }
    printing::print_notice(&format!("listening on {scheme}://{address}"));
    service_manager::ready();
    let timeouts = Timeouts {
        first_head: MAX_FIRST_HEAD_TIME,
        head: MAX_HEAD_TIME,
        write: connections.write_timeout,
    };
    let renewing = tls.clone().map(|tls| tokio::spawn(tls.keep_current(shutdown.clone())));
    let filling = tokio::spawn(filling::keep_filled(store.fill_keys()));
    let pruning = tokio::spawn(pruning::keep_pruned(
        prune,
        keep_deleted.map(|kept| store.purge_deleted(kept)),
    ));
    let forgetting =
        tokio::spawn(forgetting::keep_forgetting(store.forget_plans(), store.forget_answers()));
    let indexing = tokio::spawn(indexing::keep_indexed(index));
    let writing = tokio::spawn(token_uses::keep_writing(authenticate.clone()));
    match of_metrics {
        Some((of_metrics, _)) => {
            let few = ConnectionLimits { max: METRICS_CONNECTIONS, trusted_proxies: Vec::new() };
            tokio::join!(
                connections::serve(listener, apis, shutdown.clone(), limits, timeouts, tls),
                connections::serve(of_metrics, metrics, shutdown, few, timeouts, None),
            );
        }
        None => {
            let app = apis.merge(metrics);
            connections::serve(listener, app, shutdown, limits, timeouts, tls).await;
        }
    }
    if let Some(renewing) = renewing {
        renewing.abort();
    }
    filling.abort();
    pruning.abort();
    forgetting.abort();
    indexing.abort();
    writing.abort();
    token_uses::write(&authenticate).await;
    Ok(())
}

/// Listens on the address of a flag.
async fn bind(listen: &str, flag: &str) -> Result<(TcpListener, SocketAddr), Failure> {
    let cannot_listen = |error| {
        let remedy = format!("free the address or choose another with {flag} HOST:PORT");
        Failure::because(format_args!("cannot listen on {listen}"), &error, &remedy)
    };
    let listener = TcpListener::bind(listen).await.map_err(cannot_listen)?;
    let address = listener.local_addr().map_err(cannot_listen)?;
    let socket = SockRef::from(&listener);
    socket.listen(BACKLOG).map_err(cannot_listen)?;
    // The connections inherit it. The system refuses no size.
    let _ = socket.set_send_buffer_size(SEND_BUFFER);
    Ok((listener, address))
}

/// The limits of connections, after raising the number of files that the process may open.
fn connection_limits(max: Option<NonZeroUsize>, trusted_proxies: Vec<IpNet>) -> ConnectionLimits {
    // Where the system refuses, what it allows is what counts.
    let files = rlimit::increase_nofile_limit(u64::MAX).unwrap_or(DEFAULT_FILES);
    let files = usize::try_from(files).unwrap_or(usize::MAX);
    let possible = files.saturating_sub(OTHER_FILES).max(1);
    let max = max.map_or(MAX_CONNECTIONS.min(possible), NonZeroUsize::get);
    if max > possible {
        tracing::warn!(max, files, "the system allows fewer open files than connections");
    }
    ConnectionLimits { max: max.min(possible), trusted_proxies }
}
