//! Stopping and killing a server.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use super::program::{BATCH, Server, done, each, people, run, served, unchanged};

/// Sends the head of a request. The server waits for the body.
fn half_a_request(server: &Server, token: &str, body: &str) -> BufReader<TcpStream> {
    let mut stream = TcpStream::connect(server.address).unwrap();
    write!(
        stream,
        "POST {BATCH} HTTP/1.1\r\nHost: hub\r\nWEAL-TOKEN: {token}\r\nExpect: 100-continue\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    )
    .unwrap();
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).unwrap();
    assert!(line.starts_with("HTTP/1.1 100 "), "{line}");
    stream
}

/// Reads the log until it has that text.
pub(crate) fn wait_for(server: &mut Server, text: &str) {
    let mut line = String::new();
    while !line.contains(text) {
        line.clear();
        assert_ne!(server.errors.read_line(&mut line).unwrap(), 0, "the log ended");
    }
}

#[cfg(unix)]
#[test]
fn service_manager_is_told_when_it_is_ready() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let socket = std::os::unix::net::UnixDatagram::bind(&path).unwrap();
    let told = || {
        let mut text = [0; 64];
        let length = socket.recv(&mut text).unwrap();
        String::from_utf8(text[..length].to_vec()).unwrap()
    };
    let variables = [("NOTIFY_SOCKET", path.to_str().unwrap())];
    let server = Server::start_with(folder.path(), &[], &variables);
    assert_eq!(told(), "READY=1\n");
    let address = server.address.to_string();
    assert_eq!(done(folder.path(), &["health", "--listen", &address]), "up");
    server.stop();
    assert_eq!(told(), "STOPPING=1\n");
    let output = run(folder.path(), &["health", "--listen", &address]);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    let expected = format!("contact-hub: no server answers on {address}: ");
    assert!(errors.starts_with(&expected), "{errors}");
}

#[test]
fn request_in_flight_is_answered_after_a_signal() {
    for signal in ["TERM", "INT"] {
        let (folder, mut server, token) = served();
        let body = people([1]);
        let mut stream = half_a_request(&server, &token, &body);
        server.signal(signal);
        wait_for(&mut server, "finishing the requests in flight");

        stream.get_mut().write_all(body.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.contains("HTTP/1.1 200 OK"), "{answer}");
        assert_eq!(server.wait().code(), Some(0));

        let server = Server::start(folder.path());
        assert_eq!(each(&server.batch(&token, &body), "/freshRow/version"), [1]);
    }
}

#[test]
fn unfinished_request_does_not_keep_the_server_running() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_with(folder.path(), &["--shutdown-seconds", "0"], &[]);
    let token = server.first_token().unwrap();
    let _stream = half_a_request(&server, &token, &people([1]));
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn second_signal_ends_the_server_at_once() {
    for (signal, code) in [("TERM", 143), ("INT", 130)] {
        let (_folder, mut server, token) = served();
        let _stream = half_a_request(&server, &token, &people([1]));
        server.signal("TERM");
        wait_for(&mut server, "finishing the requests in flight");
        server.signal(signal);
        assert_eq!(server.wait().code(), Some(code));
    }
}

#[test]
fn hang_up_does_not_end_the_server() {
    let (_folder, mut server, token) = served();
    server.signal("HUP");
    wait_for(&mut server, "SIGHUP: restart the server to change other settings");
    assert_eq!(server.batch(&token, &people([1])).status, 200);
    server.stop();
}

#[test]
fn waiting_writer_does_not_keep_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start_with(folder.path(), &["--shutdown-seconds", "0"], &[]);
    let token = server.first_token().unwrap();
    let database = rusqlite::Connection::open(folder.path().join("contact-hub.db")).unwrap();
    // The writer waits for the lock, on a thread of its own.
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut stream = half_a_request(&server, &token, &people([1]));
    stream.get_mut().write_all(people([1]).as_bytes()).unwrap();
    assert_eq!(server.get("/healthz", &token).status, 200);
    server.signal("TERM");
    wait_for(&mut server, "stopping although work is still running");
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn acknowledged_contacts_survive_a_kill() {
    let (folder, server, token) = served();
    let created = server.batch(&token, &people(1..=200));
    server.signal("KILL");
    assert_eq!(server.wait().code(), None, "killed by the signal");

    let server = Server::start(folder.path());
    assert_eq!(server.batch(&token, &people(1..=200)).body, unchanged(&created));
}
