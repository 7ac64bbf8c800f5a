//! A relay that can hold back the answers of the server.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_postgres::Config;
use tokio_postgres::config::Host;

use crate::testing::TestDatabase;
use crate::{PostgresOptions, PostgresStore};

/// How a request to cancel begins: its length, and the code in the place of a version.
const CANCEL: [u8; 8] = [0, 0, 0, 16, 0x04, 0xd2, 0x16, 0x2e];

/// Stands between a store and the server of a database.
pub(super) struct Relay {
    url: String,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    /// The text that starts the silence, and how often it was sent.
    text: Mutex<Option<&'static str>>,
    seen: watch::Sender<usize>,
    is_silent: watch::Sender<bool>,
    cancels: watch::Sender<usize>,
}

impl Relay {
    /// Before that database; it is not silent.
    pub(super) async fn before(database: &TestDatabase) -> Self {
        let url = database.url();
        let server: Config = url.parse().unwrap();
        let [Host::Tcp(host)] = server.get_hosts() else { panic!("not one host: {url}") };
        let server = (host.clone(), server.get_ports().first().copied().unwrap_or(5432));

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (login, rest) = url.split_once('@').unwrap();
        let (_, name) = rest.split_once('/').unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        let url = format!("{login}@{address}/{name}&sslmode=disable");

        let state = Arc::new(State::default());
        let of_all = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&server).await.unwrap();
                let ((from_client, to_client), (from_server, to_server)) =
                    (client.into_split(), server.into_split());
                tokio::spawn(forth(from_client, to_server, Arc::clone(&of_all)));
                tokio::spawn(back(from_server, to_client, Arc::clone(&of_all)));
            }
        });
        Self { url, state }
    }

    /// A store that finds its database here.
    pub(super) async fn open_with(&self, options: PostgresOptions) -> PostgresStore {
        let url = self.url.parse().unwrap();
        PostgresStore::open(&url, options).await.unwrap().store
    }

    /// Falls silent as soon as that is sent.
    pub(super) fn fall_silent_at(&self, text: &'static str) {
        *self.state.text.lock().unwrap() = Some(text);
    }

    /// Lets everything through again; how often the text had come by.
    pub(super) fn speak_again(&self) -> usize {
        *self.state.text.lock().unwrap() = None;
        self.state.is_silent.send_replace(false);
        *self.state.seen.borrow()
    }

    /// Waits until the server was asked to cancel something.
    pub(super) async fn until_cancelled(&self) {
        self.state.cancels.subscribe().wait_for(|cancels| *cancels > 0).await.unwrap();
    }

    /// How often the server was asked to cancel something.
    pub(super) fn cancels(&self) -> usize {
        *self.state.cancels.borrow()
    }
}

async fn forth(mut client: OwnedReadHalf, mut server: OwnedWriteHalf, state: Arc<State>) {
    let mut bytes = vec![0; 65_536];
    while let Ok(count @ 1..) = client.read(&mut bytes).await {
        let sent = &bytes[..count];
        if sent.starts_with(&CANCEL) {
            state.cancels.send_modify(|cancels| *cancels += 1);
        }
        let text = *state.text.lock().unwrap();
        if text.is_some_and(|text| sent.windows(text.len()).any(|part| part == text.as_bytes())) {
            state.seen.send_modify(|seen| *seen += 1);
            state.is_silent.send_replace(true);
        }
        if server.write_all(sent).await.is_err() {
            return;
        }
    }
}

async fn back(mut server: OwnedReadHalf, mut client: OwnedWriteHalf, state: Arc<State>) {
    let mut bytes = vec![0; 65_536];
    while let Ok(count @ 1..) = server.read(&mut bytes).await {
        let mut is_silent = state.is_silent.subscribe();
        if is_silent.wait_for(|is_silent| !is_silent).await.is_err()
            || client.write_all(&bytes[..count]).await.is_err()
        {
            return;
        }
    }
}
