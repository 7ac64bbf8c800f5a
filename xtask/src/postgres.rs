//! A PostgreSQL server of our own, made from the installed binaries, asked, and thrown away.
//!
//! It listens on loopback only, with a password of its own, and keeps everything in a temporary
//! folder. It ends with the process that started it, however that ends; see the keeper.

mod account;
mod binaries;
mod install;
mod keeper;

use std::env;
use std::fs::{self, File};
use std::io::Read;
use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;
use std::path::Path;

use tempfile::TempDir;

use self::account::Account;
use self::binaries::Binaries;
use self::keeper::Keeper;
use crate::Failure;
use crate::command::say;

/// The variable that names a server to test on, in place of a throwaway one.
pub const TEST_DATABASE_URL: &str = "TEST_DATABASE_URL";

/// Below what systems hand out to outgoing connections (Linux from 32,768, others from 49,152), so
/// that nobody takes the port by chance while the server is down.
const PORTS: Range<u16> = 20_000..32_000;

/// What an acknowledged write survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// An orderly stop and nothing else: the fastest, for tests.
    None,
    /// Loss of power, as in production: for measuring and for proofs.
    Full,
}

/// A running server that ends, and its folder with it, when dropped.
#[derive(Debug)]
pub struct Postgres {
    keeper: Keeper,
    durability: Durability,
    port: u16,
    url: String,
}

impl Postgres {
    /// Makes a server and waits until it accepts. Where no binaries are installed, installs them
    /// if it may, and says so.
    ///
    /// # Errors
    ///
    /// When there are no binaries, with the command that installs them; or when the server does not
    /// start, with the end of its log.
    pub fn start(durability: Durability) -> Result<Self, Failure> {
        let binaries = match Binaries::find()? {
            Some(binaries) => binaries,
            None => install::install()?,
        };
        let account = Account::unprivileged()?;
        let folder = private_folder()?;
        let password = password()?;
        let password_file = folder.path().join("password");
        fs::write(&password_file, &password).map_err(Failure::about(&password_file))?;
        if let Some(account) = &account {
            account.own(folder.path())?;
            account.own(&password_file)?;
        }

        let whose = account.as_ref().map(|account| format!(" as {}", account.name()));
        let whose = whose.unwrap_or_default();
        say(&format!("a throwaway {binaries} in {}{whose}", folder.path().display()));
        let mut keeper = Keeper::new(folder, &binaries, account.as_ref())?;
        keeper.run(
            "initdb --pgdata=data --username=postgres --pwfile=password --auth=scram-sha-256 \
             --encoding=UTF8 --locale=C --no-sync",
        )?;
        let port = free_port()?;
        let url = format!("postgres://postgres:{password}@127.0.0.1:{port}/postgres");
        let mut server = Self { keeper, durability, port, url };
        server.start_again()?;
        Ok(server)
    }

    /// The URL of a database, in the name of a superuser.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The folder of its data and its log.
    pub fn folder(&self) -> &Path {
        self.keeper.folder()
    }

    /// Stops it in good order: open transactions are rolled back, connections closed.
    ///
    /// # Errors
    ///
    /// When it does not stop, or has been stopped before.
    pub fn stop(&mut self) -> Result<(), Failure> {
        self.keeper.run("pg_ctl stop --pgdata=data --mode=fast --timeout=60")
    }

    /// Stops it as a crash would: connections break off, and what was committed is recovered when it
    /// starts again.
    ///
    /// # Errors
    ///
    /// As [`Postgres::stop`].
    pub fn crash(&mut self) -> Result<(), Failure> {
        self.keeper.run("pg_ctl stop --pgdata=data --mode=immediate --timeout=60")
    }

    /// Starts it after [`Postgres::stop`] or [`Postgres::crash`], on the same port, and waits until it accepts.
    ///
    /// # Errors
    ///
    /// When it does not start, or runs already.
    pub fn start_again(&mut self) -> Result<(), Failure> {
        let settings = settings(self.durability, self.port);
        self.keeper.run(&format!(
            "pg_ctl start --pgdata=data --log=log --timeout=60 --options='{settings}'"
        ))
    }

    /// Stops and starts it.
    ///
    /// # Errors
    ///
    /// As [`Postgres::stop`] and [`Postgres::start_again`].
    pub fn restart(&mut self) -> Result<(), Failure> {
        self.stop()?;
        self.start_again()
    }
}

/// The server that tests run on: the one that `TEST_DATABASE_URL` names, used as it is, or else a
/// throwaway one.
#[derive(Debug)]
pub enum TestServer {
    /// Somebody else's, by its URL.
    Given(String),
    /// Ours.
    Throwaway(Postgres),
}

impl TestServer {
    /// Takes the one that is named, or starts one.
    ///
    /// # Errors
    ///
    /// As [`Postgres::start`].
    pub fn open() -> Result<Self, Failure> {
        match env::var(TEST_DATABASE_URL) {
            Ok(url) if !url.is_empty() => {
                say(&format!("on the PostgreSQL that {TEST_DATABASE_URL} names"));
                Ok(Self::Given(url))
            }
            _ => Postgres::start(Durability::None).map(Self::Throwaway),
        }
    }

    /// The URL of a database whose role may make further ones.
    pub fn url(&self) -> &str {
        match self {
            Self::Given(url) => url,
            Self::Throwaway(server) => server.url(),
        }
    }
}

/// A new folder that only its owner looks into.
fn private_folder() -> Result<TempDir, Failure> {
    let mut folder = tempfile::Builder::new();
    folder.prefix("contact-hub-postgres-");
    #[cfg(unix)]
    folder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    Ok(folder.tempdir()?)
}

/// Options for the server.
fn settings(durability: Durability, port: u16) -> String {
    let sync = match durability {
        Durability::None => "off",
        Durability::Full => "on",
    };
    [
        "listen_addresses=127.0.0.1",
        &format!("port={port}"),
        "unix_socket_directories=",
        "max_connections=200",
        &format!("fsync={sync}"),
        &format!("synchronous_commit={sync}"),
        &format!("full_page_writes={sync}"),
    ]
    .map(|setting| format!("-c {setting}"))
    .join(" ")
}

/// A port of loopback that nobody listens on.
fn free_port() -> Result<u16, Failure> {
    let count = PORTS.end - PORTS.start;
    let offset = u16::from_le_bytes(random()?) % count;
    let ports = (0..count).map(|step| PORTS.start + (offset + step) % count);
    let is_free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    ports.into_iter().find(is_free).ok_or_else(|| {
        Failure::Postgres(format!("no port from {} to {} is free", PORTS.start, PORTS.end - 1))
    })
}

/// 128 bits that nobody guesses: the server's role may do anything that its account may.
fn password() -> Result<String, Failure> {
    Ok(format!("{:032x}", u128::from_le_bytes(random()?)))
}

fn random<const N: usize>() -> Result<[u8; N], Failure> {
    let source = "/dev/urandom";
    let mut bytes = [0; N];
    let mut file = File::open(source).map_err(Failure::about(source))?;
    file.read_exact(&mut bytes).map_err(Failure::about(source))?;
    Ok(bytes)
}
