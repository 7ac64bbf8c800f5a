//! A new database.

use std::process::Command;
use std::thread;

use super::program::{Server, done, each, people, served};

/// The words of a shell's command, as the shell itself takes them apart.
fn words(line: &str) -> Vec<String> {
    let script = format!("curl() {{ printf '%s\\0' \"$@\"; }}\n{line}");
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.split_terminator('\0').map(str::to_owned).collect()
}

#[test]
fn a_new_database_greets_with_a_curl_line_that_works_when_pasted() {
    let (_folder, server, token) = served();
    let lines = server.greeting.lines().map(str::trim).filter(|line| line.starts_with("curl "));
    let [line] = lines.collect::<Vec<_>>()[..] else { panic!("{}", server.greeting) };

    let words = words(line);
    let after = |flag: &str| {
        let places = words.iter().enumerate().filter(|(_, word)| *word == flag);
        places.map(|(at, _)| words[at + 1].as_str()).collect::<Vec<_>>()
    };
    assert_eq!(words[0], format!("http://{}/api-v1/contact/batch", server.address));
    let headers = after("-H").into_iter().map(|header| header.split_once(": ").unwrap());
    let headers = headers.collect::<Vec<_>>();
    assert!(headers.contains(&("WEAL-TOKEN", token.as_str())), "{headers:?}");

    let answer = server.post("/api-v1/contact/batch", &headers, after("-d")[0]);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(each(&answer, "/error"), [false]);
    assert_eq!(each(&answer, "/errorCode/errorDetailValues"), [&serde_json::json!([])]);
    assert_eq!(each(&answer, "/freshData/lastName"), ["Rochat"]);
}

#[test]
fn the_first_token_is_shown_once() {
    let (folder, server, token) = served();
    server.stop();
    let server = Server::start(folder.path());
    assert_eq!(server.greeting, "");
    assert_eq!(server.batch(&token, &people([1])).status, 200);
}

#[test]
fn two_servers_that_start_on_one_new_file_make_one_token() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = thread::scope(|scope| {
        let other = scope.spawn(|| Server::start(folder.path()));
        (Server::start(folder.path()), other.join().unwrap())
    });
    let tokens = [&one, &two].into_iter().filter_map(Server::first_token).collect::<Vec<_>>();
    let [token] = tokens[..] else { panic!("{tokens:?}") };
    for server in [&one, &two] {
        assert_eq!(server.batch(token, &people([1])).status, 200);
    }
    let listed = done(folder.path(), &["token", "list"]);
    assert_eq!(listed.lines().count(), 2, "{listed}");
}

#[test]
fn a_token_can_be_made_before_the_first_start() {
    let folder = tempfile::tempdir().unwrap();
    let token = done(folder.path(), &["token", "create", "--organization", "1"]);
    let server = Server::start(folder.path());
    assert_eq!(server.first_token(), None, "there is one already");
    assert_eq!(server.batch(&token, &people([1])).status, 200);
}

#[test]
fn without_arguments_it_serves() {
    // With a variable for the port alone: the usual one may be taken where this runs.
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_bare(folder.path(), &[("CONTACT_HUB_LISTEN", "127.0.0.1:0")]);
    assert!(server.first_token().is_some());
    assert!(folder.path().join("contact-hub.db").is_file());
}
