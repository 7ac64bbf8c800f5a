//! The first start on a new database.

use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::{fs, thread};

use super::program::{Server, done, each, people, served};

#[test]
fn curl_line_of_the_greeting_works() {
    let (_folder, server, _) = served();
    let lines = server.greeting.lines().map(str::trim).filter(|line| line.starts_with("curl "));
    let [line] = lines.collect::<Vec<_>>()[..] else { panic!("{}", server.greeting) };

    assert!(line.contains(&format!("http://{}/", server.address)), "{line}");
    let answer = server.curl(line);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(each(&answer, "/error"), [false]);
    assert_eq!(each(&answer, "/errorCode/errorDetailValues"), [&serde_json::json!([])]);
    assert_eq!(each(&answer, "/freshData/lastName"), ["Rochat"]);
}

#[test]
fn first_token_stays_out_of_piped_output() {
    let folder = tempfile::tempdir().unwrap();
    let url = "sqlite://kept/crm.db";
    fs::create_dir(folder.path().join("kept")).unwrap();
    let server = Server::start_with(folder.path(), &["--database-url", url], &[]);
    let file = folder.path().join("kept/crm.first-token");
    assert!(server.greeting.contains(file.to_str().unwrap()), "{}", server.greeting);
    assert!(!server.greeting.contains("chub_"), "{}", server.greeting);
    let token = fs::read_to_string(file).unwrap();
    assert_eq!(server.batch(token.trim_end(), &people([1])).status, 200);
}

#[test]
fn file_of_another_token_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("contact-hub.first-token");
    fs::write(&file, "chub_of-another-database").unwrap();
    let server = Server::start(folder.path());
    assert_eq!(server.greeting, "");
    assert_eq!(fs::read_to_string(&file).unwrap(), "chub_of-another-database");
    let token = done(folder.path(), &["token", "create", "--organization", "1"]);
    assert_eq!(server.batch(&token, &people([1])).status, 200);
}

#[test]
fn database_that_all_can_read_is_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    done(folder.path(), &["migrate"]);
    let database = folder.path().join("contact-hub.db");
    for (mode, lines) in [(0o600, 0), (0o644, 1)] {
        fs::set_permissions(&database, fs::Permissions::from_mode(mode)).unwrap();
        let arguments = ["--log", "contact_hub::startup::store=warn"];
        let mut server = Server::start_with(folder.path(), &arguments, &[]);
        server.signal("TERM");
        let mut log = String::new();
        server.errors.read_to_string(&mut log).unwrap();
        assert_eq!(log.lines().count(), lines, "{log}");
    }
}

#[test]
fn first_token_is_shown_once() {
    let (folder, server, token) = served();
    server.stop();
    let server = Server::start(folder.path());
    assert_eq!(server.greeting, "");
    assert_eq!(server.batch(&token, &people([1])).status, 200);
}

#[test]
fn two_servers_on_a_new_file_create_one_token() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = thread::scope(|scope| {
        let other = scope.spawn(|| Server::start(folder.path()));
        (Server::start(folder.path()), other.join().unwrap())
    });
    let tokens = [&one, &two].into_iter().filter_map(Server::first_token).collect::<Vec<_>>();
    let [token] = &tokens[..] else { panic!("{tokens:?}") };
    for server in [&one, &two] {
        assert_eq!(server.batch(token, &people([1])).status, 200);
    }
    let listed = done(folder.path(), &["token", "list"]);
    assert_eq!(listed.lines().count(), 2, "{listed}");
}

#[test]
fn token_can_be_created_before_the_first_start() {
    let folder = tempfile::tempdir().unwrap();
    done(folder.path(), &["migrate"]);
    let token = done(folder.path(), &["token", "create", "--organization", "1"]);
    let server = Server::start(folder.path());
    assert_eq!(server.first_token(), None, "a token exists already");
    assert_eq!(server.batch(&token, &people([1])).status, 200);
}

#[test]
fn program_without_arguments_serves() {
    // Only the port is set, because the default port may be in use.
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_bare(folder.path(), &[("CONTACT_HUB_LISTEN", "127.0.0.1:0")]);
    assert!(server.first_token().is_some());
    assert!(folder.path().join("contact-hub.db").is_file());
}
