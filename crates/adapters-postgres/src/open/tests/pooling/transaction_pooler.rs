//! A pooler in transaction mode that knows nothing of prepared statements.
//!
//! Every client logs in on a connection to the server of its own, which then serves whoever begins
//! the next transaction.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_postgres::Config;
use tokio_postgres::config::Host;

/// Asks whether the server encrypts.
const SSL_REQUEST: u32 = 80_877_103;

/// Which of the free connections to the server is handed out next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Order {
    /// That which was used last.
    NewestFirst,
    /// That which was not used for longest.
    OldestFirst,
    /// There is but one.
    Single,
}

/// A pooler that works as long as the runtime.
pub(super) struct TransactionPooler {
    pub(super) url: String,
    pub(super) place: String,
}

impl TransactionPooler {
    /// Before the server of that URL.
    pub(super) async fn start(url: &str, order: Order) -> Self {
        let config: Config = url.parse().unwrap();
        let [Host::Tcp(host)] = config.get_hosts() else { panic!("a host and no socket") };
        let server = format!("{host}:{}", config.get_ports()[0]);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let place = listener.local_addr().unwrap().to_string();
        let pooled = Arc::new(Pooled {
            server: server.clone(),
            order,
            idle: Mutex::default(),
            count: Semaphore::new(0),
            begun: AtomicBool::new(false),
        });
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let pooled = Arc::clone(&pooled);
                // It fails when the client hangs up.
                tokio::spawn(async move { pooled.serve(client).await });
            }
        });
        Self { url: url.replace(&server, &place), place }
    }
}

/// The connections to the server.
struct Pooled {
    server: String,
    order: Order,
    idle: Mutex<VecDeque<TcpStream>>,
    /// As many as are idle.
    count: Semaphore,
    /// Whether anybody has logged in yet.
    begun: AtomicBool,
}

impl Pooled {
    async fn serve(&self, mut client: TcpStream) -> io::Result<()> {
        self.log_in(&mut client).await?;
        let mut held: Option<TcpStream> = None;
        loop {
            let message = Message::read(&mut client).await;
            let Some(message) = message.ok().filter(|message| message.kind != b'X') else {
                return self.abandon(held).await;
            };
            let mut server = match held.take() {
                Some(server) => server,
                None => self.take().await,
            };
            server.write_all(&message.bytes).await?;
            let mut in_transaction = true;
            if matches!(message.kind, b'Q' | b'S') {
                in_transaction = until_ready(&mut server, &mut client).await? != b'I';
            }
            if in_transaction {
                held = Some(server);
            } else {
                self.give_back(server);
            }
        }
    }

    /// Logs the client in on a connection of its own.
    async fn log_in(&self, client: &mut TcpStream) -> io::Result<()> {
        let mut startup = packet(client).await?;
        if startup[4..8] == SSL_REQUEST.to_be_bytes() {
            client.write_all(b"N").await?;
            startup = packet(client).await?;
        }
        let mut server = TcpStream::connect(&self.server).await?;
        server.write_all(&startup).await?;
        loop {
            let message = Message::read(&mut server).await?;
            client.write_all(&message.bytes).await?;
            match (message.kind, message.bytes.get(8)) {
                (b'Z', _) => break,
                // Passwords, and the first two of the three steps of SCRAM.
                (b'R', Some(3 | 5 | 10 | 11)) => {
                    let answer = Message::read(client).await?;
                    server.write_all(&answer.bytes).await?;
                }
                _ => {}
            }
        }
        let is_first = !self.begun.swap(true, Ordering::Relaxed);
        if is_first || self.order != Order::Single {
            self.give_back(server);
        }
        Ok(())
    }

    /// Undoes what a client that is gone has begun.
    async fn abandon(&self, held: Option<TcpStream>) -> io::Result<()> {
        let Some(mut server) = held else { return Ok(()) };
        server.write_all(b"Q\0\0\0\x0dROLLBACK\0").await?;
        while Message::read(&mut server).await?.kind != b'Z' {}
        self.give_back(server);
        Ok(())
    }

    async fn take(&self) -> TcpStream {
        self.count.acquire().await.unwrap().forget();
        self.idle.lock().unwrap().pop_front().unwrap()
    }

    fn give_back(&self, server: TcpStream) {
        let mut idle = self.idle.lock().unwrap();
        match self.order {
            Order::NewestFirst | Order::Single => idle.push_front(server),
            Order::OldestFirst => idle.push_back(server),
        }
        self.count.add_permits(1);
    }
}

/// Passes on what the server answers; the state of the transaction when it is done.
async fn until_ready(server: &mut TcpStream, client: &mut TcpStream) -> io::Result<u8> {
    loop {
        let message = Message::read(server).await?;
        client.write_all(&message.bytes).await?;
        if message.kind == b'Z' {
            return Ok(message.bytes[5]);
        }
    }
}

struct Message {
    kind: u8,
    bytes: Vec<u8>,
}

impl Message {
    async fn read(stream: &mut TcpStream) -> io::Result<Self> {
        let kind = stream.read_u8().await?;
        let bytes = [vec![kind], packet(stream).await?].concat();
        Ok(Self { kind, bytes })
    }
}

/// The length and what follows it.
async fn packet(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let length = stream.read_u32().await?;
    let mut bytes = length.to_be_bytes().to_vec();
    bytes.resize(usize::try_from(length).unwrap(), 0);
    stream.read_exact(&mut bytes[4..]).await?;
    Ok(bytes)
}
