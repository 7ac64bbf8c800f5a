//! `contact-hub serve`.

mod connections;
mod shutdown;

use std::time::Duration;

use contacts_adapters_http::router;
use tokio::net::TcpListener;

use self::shutdown::Shutdown;
use crate::config::{DatabaseSettings, ServeSettings};
use crate::failure::Failure;
use crate::printing;
use crate::startup::{self, Store};

/// How long a connection may stay open without a complete request head.
const MAX_HEAD_TIME: Duration = Duration::from_secs(75);

/// Serves until the process is asked to stop, then lets the requests in flight finish.
///
/// # Errors
///
/// If the store cannot be opened or the server cannot listen on the address.
pub(crate) async fn run(
    database: &DatabaseSettings,
    settings: ServeSettings,
) -> Result<(), Failure> {
    let ServeSettings { listen, durability, http, shutdown: grace } = settings;
    let store = Store::open_with(database, durability).await?;
    startup::warn_if_readable_by_all(&database.url);
    let cannot_listen = |error| {
        let remedy = "free the address or choose another with --listen HOST:PORT";
        Failure::because(format_args!("cannot listen on {listen}"), &error, remedy)
    };
    let listener = TcpListener::bind(&listen).await.map_err(cannot_listen)?;
    let address = listener.local_addr().map_err(cannot_listen)?;
    // Before the address is printed: whoever reads it may send a signal at once.
    let shutdown = Shutdown::watch(grace)?;

    if let Some(greeting) = startup::first_run(&store, &database.url, address).await? {
        printing::print_notice(&greeting);
    }
    let app = router(store.services(), http);
    printing::print_notice(&format!("listening on http://{address}"));
    connections::serve(listener, app, shutdown, MAX_HEAD_TIME).await;
    Ok(())
}
