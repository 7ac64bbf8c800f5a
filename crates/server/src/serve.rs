//! `contact-hub serve`.

mod shutdown;

use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt as _;
use contacts_adapters_http::router;
use tokio::net::TcpListener;
use tokio::time::sleep;

use self::shutdown::Shutdown;
use crate::config::ServeSettings;
use crate::database_url::DatabaseUrl;
use crate::failure::Failure;
use crate::printing;
use crate::startup::{self, Store};

/// Serves until the process is asked to stop, then lets the requests in flight finish.
///
/// # Errors
///
/// When the store cannot be opened or the address is not to be had.
pub(crate) async fn run(database: &DatabaseUrl, settings: ServeSettings) -> Result<(), Failure> {
    let ServeSettings { listen, sqlite, http, shutdown: grace } = settings;
    let store = Store::open_with(database, sqlite)?;
    let cannot_listen = |error| {
        let remedy = "free the address or choose another with --listen HOST:PORT";
        Failure::because(format_args!("cannot listen on {listen}"), &error, remedy)
    };
    let listener = TcpListener::bind(&listen).await.map_err(cannot_listen)?;
    let address = listener.local_addr().map_err(cannot_listen)?;
    // Before anything is printed: who reads the address may send a signal at once.
    let shutdown = Shutdown::watch()?;

    if let Some(greeting) = startup::first_run(&store, address).await? {
        printing::tell(&greeting);
    }
    let app = router(store.services(), http);
    printing::tell(&format!("listening on http://{address}"));
    answer(listener, app, shutdown, grace).await
}

async fn answer(
    listener: TcpListener,
    app: Router,
    shutdown: Shutdown,
    grace: Duration,
) -> Result<(), Failure> {
    // An answer is written whole; waiting to fill a segment (RFC 896) would only delay it.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps Nagle's algorithm");
        }
    });
    let mut asked = shutdown.clone();
    let serving =
        axum::serve(listener, app).with_graceful_shutdown(async move { asked.requested().await });
    let mut asked = shutdown;
    let patience = async move {
        asked.requested().await;
        sleep(grace).await;
    };
    tokio::select! {
        ended = serving => ended.map_err(|error| {
            Failure::because("cannot serve any more", &error, "start it again")
        }),
        () = patience => {
            let seconds = grace.as_secs();
            tracing::warn!(seconds, "stopping although requests are still running");
            Ok(())
        }
    }
}
