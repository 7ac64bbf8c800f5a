//! A PostgreSQL server for tests, made from the installed programs and thrown away.
//!
//! The server listens on loopback only, has a random password, and keeps everything in a temporary
//! folder. It ends when its handle is dropped or the process that started it ends, even by SIGKILL.
//!
//! ```no_run
//! use throwaway_postgres::{Durability, Postgres};
//!
//! let server = Postgres::start(Durability::None)?;
//! assert!(server.url().starts_with("postgres://postgres:"));
//! # anyhow::Ok(())
//! ```

mod account;
pub mod apt;
mod keeper;
mod programs;

use std::convert::Infallible;
use std::env;
use std::fs::{File, Permissions};
use std::io::Write as _;
use std::iter::repeat_with;
use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::{process, thread};

use anyhow::{Context as _, Result};

use self::account::Nobody;
use self::keeper::Keeper;
use self::programs::Programs;
pub use self::programs::TEST_DATABASE_URL;

/// Below the ports of outgoing connections (Linux from 32,768, others from 49,152), so that no
/// connection takes the port while the server is down.
const PORTS: Range<u16> = 20_000..32_000;

/// What an acknowledged write survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// An orderly stop only: the fastest, for tests.
    None,
    /// Loss of power, as in production: for benchmarks and proofs.
    Full,
}

/// A running server. Dropping it stops the server and removes its folder.
#[derive(Debug)]
pub struct Postgres {
    keeper: Keeper,
    durability: Durability,
    port: u16,
    password: String,
    url: String,
}

impl Postgres {
    /// Creates a server and waits until it accepts connections.
    ///
    /// # Errors
    ///
    /// No programs are installed (the error says how to install them), or the server does not start
    /// (the error shows the end of its log).
    pub fn start(durability: Durability) -> Result<Self> {
        let mut password = [0; 16];
        getrandom::fill(&mut password).context("no random numbers")?;
        let password = format!("{:032x}", u128::from_le_bytes(password));
        let mut keeper = keeper("throwaway", ("password", &password))?;
        keeper.run(
            "initdb --pgdata=data --username=postgres --pwfile=password --auth=scram-sha-256 \
             --encoding=UTF8 --locale=C --no-sync",
        )?;
        Self::on(keeper, durability, password)
    }

    /// Creates a hot standby of this server from a base backup, and waits until it accepts
    /// connections.
    ///
    /// # Errors
    ///
    /// The backup fails, or the standby does not start.
    pub fn standby(&self) -> Result<Self> {
        // The password is in a file because commands are printed.
        let login = format!("*:*:*:postgres:{}", self.password);
        let mut keeper = keeper("standby", ("login", &login))?;
        let (port, file) = (self.port, keeper.folder().join("login"));
        keeper.run(&format!(
            "pg_basebackup --pgdata=data --write-recovery-conf --checkpoint=fast --no-sync \
             --dbname=\"host=127.0.0.1 port={port} user=postgres passfile='{}'\"",
            file.display()
        ))?;
        Self::on(keeper, self.durability, self.password.clone())
    }

    /// Starts the server whose data is in the folder.
    fn on(keeper: Keeper, durability: Durability, password: String) -> Result<Self> {
        let is_free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
        let port = repeat_with(|| fastrand::u16(PORTS)).take(1_000).find(is_free);
        let port = port.with_context(|| format!("no free port in {PORTS:?}"))?;
        let url = format!("postgres://postgres:{password}@127.0.0.1:{port}/postgres");
        let mut server = Self { keeper, durability, port, password, url };
        server.start_again()?;
        Ok(server)
    }

    /// The URL of the database `postgres`, for the superuser.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The folder of the data (`data`) and the log (`log`).
    pub fn folder(&self) -> &Path {
        self.keeper.folder()
    }

    /// Stops the server in good order: it rolls open transactions back and closes connections.
    ///
    /// # Errors
    ///
    /// The server does not stop, or is not running.
    pub fn stop(&mut self) -> Result<()> {
        self.keeper.run("pg_ctl stop --pgdata=data --mode=fast --timeout=60")
    }

    /// Stops the server as a crash would: connections break, and the next start recovers what was
    /// committed.
    ///
    /// # Errors
    ///
    /// The server does not stop, or is not running.
    pub fn crash(&mut self) -> Result<()> {
        self.keeper.run("pg_ctl stop --pgdata=data --mode=immediate --timeout=60")
    }

    /// Starts a stopped server on the same port, and waits until it accepts connections.
    ///
    /// # Errors
    ///
    /// The server does not start, or is running.
    pub fn start_again(&mut self) -> Result<()> {
        let sync = match self.durability {
            Durability::None => "off",
            Durability::Full => "on",
        };
        let port = self.port;
        self.keeper.run(&format!(
            "pg_ctl start --pgdata=data --log=log --timeout=60 --options='\
             -c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories= \
             -c max_connections=200 -c fsync={sync} -c synchronous_commit={sync} \
             -c full_page_writes={sync}'"
        ))
    }

    /// Promotes a standby, and waits until it is a primary.
    ///
    /// # Errors
    ///
    /// The server is not promoted, or is no standby.
    pub fn promote(&mut self) -> Result<()> {
        self.keeper.run("pg_ctl promote --pgdata=data --timeout=60")
    }

    /// Sends a signal (`STOP`, `CONT`) to the server's first process and to these process ids,
    /// separated by spaces.
    ///
    /// # Errors
    ///
    /// One of the processes does not exist.
    pub fn signal(&mut self, name: &str, processes: &str) -> Result<()> {
        self.keeper.run(&format!("kill -{name} $(head -n 1 data/postmaster.pid) {processes}"))
    }
}

/// The server that tests run on: the one that `TEST_DATABASE_URL` names, or else a throwaway one.
#[derive(Debug)]
pub enum TestServer {
    /// The URL of a server that is there already.
    Given(String),
    /// A server of our own.
    Throwaway(Postgres),
}

impl TestServer {
    /// Takes the named server, or starts one.
    ///
    /// # Errors
    ///
    /// As [`Postgres::start`].
    pub fn open() -> Result<Self> {
        match env::var(TEST_DATABASE_URL) {
            Ok(url) if !url.is_empty() => {
                eprintln!("on the PostgreSQL that {TEST_DATABASE_URL} names");
                Ok(Self::Given(url))
            }
            _ => Postgres::start(Durability::None).map(Self::Throwaway),
        }
    }

    /// The URL of a database whose role may create databases.
    pub fn url(&self) -> &str {
        match self {
            Self::Given(url) => url,
            Self::Throwaway(server) => server.url(),
        }
    }
}

/// Starts a server, prints its URL on standard output, and keeps it until the process is ended.
///
/// # Errors
///
/// As [`Postgres::start`].
#[expect(clippy::print_stdout, reason = "a shell may read it")]
pub fn hold(durability: Durability) -> Result<Infallible> {
    let server = Postgres::start(durability)?;
    // A shell makes the programs that it starts in the background ignore Ctrl-C.
    ctrlc::set_handler(|| process::exit(130))?;
    println!("until Ctrl-C:\nexport {TEST_DATABASE_URL}={}", server.url());
    loop {
        thread::park();
    }
}

/// A keeper in a new folder with a secret file: only the server's account can read either.
fn keeper(kind: &str, (name, secret): (&str, &str)) -> Result<Keeper> {
    let programs = Programs::find_or_install()?;
    let account = Nobody::for_root()?;
    let folder = tempfile::Builder::new()
        .prefix("contact-hub-postgres-")
        .permissions(Permissions::from_mode(0o700))
        .tempdir()?;
    let file = folder.path().join(name);
    let created = File::options().write(true).create_new(true).mode(0o600).open(&file);
    created.and_then(|mut file| file.write_all(secret.as_bytes()))?;
    for path in [file.as_path(), folder.path()] {
        account.map_or(Ok(()), |account| account.own(path))?;
    }
    let Programs { version, folder: place } = &programs;
    let (place, path) = (place.display(), folder.path().display());
    eprintln!("a {kind} PostgreSQL {version} of {place} in {path}");
    Keeper::start(folder, &programs, account)
}
