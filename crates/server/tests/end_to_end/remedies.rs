//! Each command that a message recommends works as printed.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use super::program::{Server, done, run};

/// The commands that a text recommends, with a value for each placeholder.
fn recommended(text: &str) -> Vec<Vec<String>> {
    let quoted = text.split('`').skip(1).step_by(2);
    let commands = quoted.filter_map(|command| command.strip_prefix("contact-hub "));
    let filled = commands.map(|command| command.replace(" N", " 1").replace("TEXT", "Muster"));
    filled.map(|command| command.split(' ').map(str::to_owned).collect()).collect()
}

/// Runs a command that fails, and returns what it says.
fn failed(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn recommended_commands_mend_what_failed() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, count) in [
        // The second is `contact-hub migrate`; the first serves, see below.
        (&["token", "list"][..], 2),
        (&["token", "create", "--organization", "7"], 1),
    ] {
        let text = failed(folder.path(), arguments);
        let commands = recommended(&text);
        assert_eq!(commands.len(), count, "{text}");
        let command = commands.last().unwrap().iter().map(String::as_str).collect::<Vec<_>>();
        done(folder.path(), &command);
        done(folder.path(), arguments);
    }
    let text = failed(folder.path(), &["token", "revoke", "9"]);
    assert_eq!(recommended(&text), [["token", "list"]]);
}

#[test]
fn schema_is_made_as_recommended() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("contact-hub.db"), "").unwrap();
    let text = failed(folder.path(), &["--no-migrate", "serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(recommended(&text), [["migrate"]], "{text}");
    done(folder.path(), &["migrate"]);
    done(folder.path(), &["--no-migrate", "token", "list"]);
}

#[test]
fn server_listens_where_it_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let first = Server::start(folder.path());
    let taken = first.address.to_string();
    let text = failed(folder.path(), &["serve", "--listen", &taken]);
    assert!(text.contains("choose another with --listen HOST:PORT"), "{text}");
    let mut command = super::program::program(folder.path());
    let second = Server::spawn(command.args(["--listen", "127.0.0.1:0"]));
    assert_ne!(second.address, first.address);
}

#[test]
fn token_is_created_as_the_log_recommends() {
    let folder = tempfile::tempdir().unwrap();
    done(folder.path(), &["migrate"]);
    done(folder.path(), &["organization", "create", "--id", "1", "--name", "Muster"]);
    let mut server = Server::start(folder.path());
    assert_eq!(server.first_token(), None);
    server.signal("TERM");
    let mut log = String::new();
    server.errors.read_to_string(&mut log).unwrap();
    let commands = recommended(&log);
    assert_eq!(commands, [["token", "create", "--organization", "1"]], "{log}");
    done(folder.path(), &["token", "create", "--organization", "1"]);
}
