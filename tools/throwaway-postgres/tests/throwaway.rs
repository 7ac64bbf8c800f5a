//! A throwaway PostgreSQL has the settings that were asked for, and ends with its starter.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::process::CommandExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::thread;

use postgres::{Client, NoTls};
use throwaway_postgres::{Durability, Postgres};

/// The program that holds a server, in a process group of its own, as a shell starts it.
struct Holder {
    process: Child,
    errors: BufReader<ChildStderr>,
    folder: PathBuf,
}

impl Holder {
    fn start() -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_throwaway-postgres"));
        command.process_group(0).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut errors = BufReader::new(process.stderr.take().unwrap());
        let line = line_of(&mut errors, "a throwaway PostgreSQL");
        let folder = line.split_once(" in ").unwrap().1.into();
        Self { process, errors, folder }
    }

    fn url(&mut self) -> String {
        let mut output = BufReader::new(self.process.stdout.take().unwrap());
        line_of(&mut output, "export TEST_DATABASE_URL=")
    }

    /// Sends the signal to the whole group, and waits until the last process that holds standard
    /// error has ended: the keeper.
    fn end(&mut self, signal: &str) {
        let kill = format!("kill {signal} -{}", self.process.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        assert!(!self.process.wait().unwrap().success());
        self.errors.read_to_string(&mut String::new()).unwrap();
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The rest of the first line that begins with `start`.
fn line_of(reader: &mut impl BufRead, start: &str) -> String {
    let lines = reader.lines().map(Result::unwrap);
    let mut found = lines.filter_map(|line| line.strip_prefix(start).map(str::to_owned));
    found.next().unwrap()
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
fn throwaway_server_ends_with_its_starter() {
    thread::scope(|scope| {
        for signal in ["-INT", "-TERM", "-KILL"] {
            scope.spawn(move || {
                let mut holder = Holder::start();
                let address = address(&holder.url());
                TcpStream::connect(address).unwrap();
                assert!(holder.folder.is_dir());
                holder.end(signal);
                assert_gone(&holder.folder, address, signal);
            });
        }
    });
}

#[test]
fn throwaway_server_in_the_making_ends_with_its_starter() {
    let mut holder = Holder::start();
    line_of(&mut holder.errors, "$ initdb ");
    assert!(holder.folder.is_dir());
    holder.end("-KILL");
    assert!(!holder.folder.exists());
}

#[test]
fn throwaway_server_ends_with_a_panic() {
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
fn throwaway_server_has_the_requested_durability() {
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
fn throwaway_server_keeps_its_data_over_a_restart() {
    let mut server = Postgres::start(Durability::None).unwrap();
    let connect = |server: &Postgres| Client::connect(server.url(), NoTls);
    connect(&server).unwrap().batch_execute("CREATE TABLE kept AS SELECT 7 AS number").unwrap();

    server.stop().unwrap();
    assert!(connect(&server).is_err());
    assert!(server.stop().unwrap_err().to_string().contains("PID file"), "it is down already");
    server.start_again().unwrap();
    server.crash().unwrap();
    server.start_again().unwrap();

    let row = connect(&server).unwrap().query_one("SELECT number FROM kept", &[]).unwrap();
    assert_eq!(row.get::<_, i32>(0), 7);
}

#[test]
fn throwaway_server_refuses_a_wrong_password() {
    let server = Postgres::start(Durability::None).unwrap();
    let (start, end) = server.url().split_once('@').unwrap();
    let (start, _) = start.rsplit_once(':').unwrap();
    let error = Client::connect(&format!("{start}:guessed@{end}"), NoTls).err().unwrap();
    assert_eq!(error.code().unwrap().code(), "28P01", "invalid_password: {error}");
}
