//! A PostgreSQL server of our own, made from the installed binaries, asked, and thrown away.
//!
//! It listens on loopback only, with a password of its own, and keeps everything in a temporary
//! folder. It ends with the process that started it, however that ends; see the keeper.

mod account;
mod binaries;
mod install;
mod keeper;

use std::env;
use std::fs::File;
use std::io::{self, Read, Write};
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
    password: String,
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
        let password = password()?;
        let mut keeper = keeper("throwaway", &[("password", &password)])?;
        keeper.run(
            "initdb --pgdata=data --username=postgres --pwfile=password --auth=scram-sha-256 \
             --encoding=UTF8 --locale=C --no-sync",
        )?;
        Self::on(keeper, durability, password)
    }

    /// Makes a hot standby of it, from a base backup, and waits until it accepts. It follows until
    /// it is promoted.
    ///
    /// # Errors
    ///
    /// When it cannot be copied, or the standby does not start.
    pub fn standby(&self) -> Result<Self, Failure> {
        // In a file: commands are printed.
        let login = format!("*:*:*:postgres:{}", self.password);
        let mut keeper = keeper("following", &[("login", &login)])?;
        let (port, file) = (self.port, keeper.folder().join("login"));
        keeper.run(&format!(
            "pg_basebackup --pgdata=data --write-recovery-conf --checkpoint=fast --no-sync \
             --dbname=\"host=127.0.0.1 port={port} user=postgres passfile='{}'\"",
            file.display()
        ))?;
        Self::on(keeper, self.durability, self.password.clone())
    }

    /// Starts the server whose data is there.
    fn on(keeper: Keeper, durability: Durability, password: String) -> Result<Self, Failure> {
        let port = free_port()?;
        let url = format!("postgres://postgres:{password}@127.0.0.1:{port}/postgres");
        let mut server = Self { keeper, durability, port, password, url };
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

    /// Makes a primary of a standby, and waits until it is one.
    ///
    /// # Errors
    ///
    /// When it does not become one, or is no standby.
    pub fn promote(&mut self) -> Result<(), Failure> {
        self.keeper.run("pg_ctl promote --pgdata=data --timeout=60")
    }

    /// Sends a signal to its first process and to those of that list of ids.
    ///
    /// # Errors
    ///
    /// When one of them is not there.
    pub fn signal(&mut self, name: &str, processes: &str) -> Result<(), Failure> {
        self.keeper.run(&format!("kill -{name} $(head -n 1 data/postmaster.pid) {processes}"))
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

/// A keeper in a folder of its own with these files in it, which are for the server alone.
fn keeper(what: &str, files: &[(&str, &str)]) -> Result<Keeper, Failure> {
    let binaries = match Binaries::find()? {
        Some(binaries) => binaries,
        None => install::install()?,
    };
    let account = Account::unprivileged()?;
    let folder = private_folder()?;
    for (name, text) in files {
        let file = folder.path().join(name);
        private_file(&file, text).map_err(Failure::about(&file))?;
        if let Some(account) = &account {
            account.own(&file)?;
        }
    }
    if let Some(account) = &account {
        account.own(folder.path())?;
    }
    let whose = account.as_ref().map(|account| format!(" as {}", account.name()));
    let whose = whose.unwrap_or_default();
    say(&format!("a {what} {binaries} in {}{whose}", folder.path().display()));
    Keeper::new(folder, &binaries, account.as_ref())
}

/// A new file that only its owner reads, as PostgreSQL wants files with passwords to be.
fn private_file(path: &Path, text: &str) -> io::Result<()> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(text.as_bytes())
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
