//! A throwaway PostgreSQL is as it was asked to be, and ends with whoever started it.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::process::CommandExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use postgres::{Client, NoTls};
use xtask::postgres::{Durability, Postgres};

/// `cargo xtask postgres` in a process group of its own, as a shell starts it.
struct Holder(Child);

impl Holder {
    fn start() -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.arg("postgres").process_group(0);
        Self(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
    }

    /// Waits until it prints a line that starts so; its folder and the rest of that line.
    fn prints(&mut self, start: &str) -> (PathBuf, String) {
        let mut folder = None;
        for line in BufReader::new(self.0.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            if line.starts_with("a throwaway PostgreSQL") {
                let place = line.split_once(" in ").unwrap().1;
                folder = place.split(' ').next().map(PathBuf::from);
            } else if let Some(rest) = line.strip_prefix(start) {
                return (folder.unwrap(), rest.to_owned());
            }
        }
        panic!("it ended before it printed `{start}`");
    }

    /// Sends the signal to its whole group and waits until it and whom it left behind have ended:
    /// the one that ends last closes standard error.
    fn end(&mut self, signal: &str) {
        let group = format!("-{}", self.0.id());
        assert!(Command::new("kill").args([signal, "--", &group]).status().unwrap().success());
        assert!(!self.0.wait().unwrap().success());
        let mut errors = String::new();
        self.0.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        assert_eq!(errors, "");
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        // Of a test that failed before it ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn address(url: &str) -> SocketAddr {
    let (_, place) = url.split_once("@127.0.0.1:").unwrap();
    (Ipv4Addr::LOCALHOST, place.strip_suffix("/postgres").unwrap().parse().unwrap()).into()
}

fn assert_gone(folder: &Path, address: SocketAddr, after: &str) {
    assert!(!folder.exists(), "after {after}");
    let refused = TcpStream::connect(address).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused, "after {after}");
}

#[test]
fn a_throwaway_server_ends_with_its_starter_however_that_dies() {
    thread::scope(|scope| {
        for signal in ["-INT", "-TERM", "-KILL"] {
            scope.spawn(move || {
                let mut holder = Holder::start();
                let (folder, url) = holder.prints("export TEST_DATABASE_URL=");
                let address = address(&url);
                TcpStream::connect(address).unwrap();
                assert!(folder.is_dir());
                holder.end(signal);
                assert_gone(&folder, address, signal);
            });
        }
    });
}

#[test]
fn a_throwaway_server_that_is_still_being_made_ends_too() {
    let mut holder = Holder::start();
    let (folder, _) = holder.prints("$ initdb ");
    assert!(folder.is_dir());
    holder.end("-KILL");
    assert!(!folder.exists());
}

#[test]
fn a_throwaway_server_ends_with_a_panic() {
    let mut seen = None;
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let server = Postgres::start(Durability::None).unwrap();
        assert!(server.folder().is_dir());
        seen = Some((server.folder().to_owned(), address(server.url())));
        panic!("as a failed check would");
    }));
    assert!(outcome.is_err());
    let (folder, address) = seen.unwrap();
    assert_gone(&folder, address, "a panic");
}

#[test]
fn a_throwaway_server_is_as_durable_as_it_was_asked_to_be() {
    for (durability, sync) in [(Durability::None, "off"), (Durability::Full, "on")] {
        let server = Postgres::start(durability).unwrap();
        let mut client = Client::connect(server.url(), NoTls).unwrap();
        let mut show =
            |name| -> String { client.query_one(&format!("SHOW {name}"), &[]).unwrap().get(0) };
        assert_eq!(
            ["fsync", "synchronous_commit", "full_page_writes"].map(&mut show),
            [sync, sync, sync]
        );
        assert_eq!(
            ["listen_addresses", "unix_socket_directories", "max_connections"].map(&mut show),
            ["127.0.0.1", "", "200"]
        );
    }
}

#[test]
fn a_throwaway_server_keeps_what_it_has_over_a_restart() {
    let mut server = Postgres::start(Durability::None).unwrap();
    let connect = |server: &Postgres| Client::connect(server.url(), NoTls);
    connect(&server).unwrap().batch_execute("CREATE TABLE kept AS SELECT 7 AS number").unwrap();

    server.stop().unwrap();
    assert!(connect(&server).is_err());
    assert!(server.stop().unwrap_err().to_string().contains("PID file"), "it is down already");
    server.start_again().unwrap();
    server.restart().unwrap();

    let row = connect(&server).unwrap().query_one("SELECT number FROM kept", &[]).unwrap();
    assert_eq!(row.get::<_, i32>(0), 7);
}

#[test]
fn a_throwaway_server_lets_nobody_in_without_its_password() {
    let server = Postgres::start(Durability::None).unwrap();
    let (start, end) = server.url().split_once('@').unwrap();
    let (start, _) = start.rsplit_once(':').unwrap();
    let error = Client::connect(&format!("{start}:guessed@{end}"), NoTls).err().unwrap();
    assert_eq!(error.code().unwrap().code(), "28P01", "invalid_password: {error}");
}
