//! Failures of commands.

use std::fs;
use std::io;
use std::net::TcpListener;

use super::program::{Server, program, run};

#[test]
fn failure_is_one_line_with_exit_code_1() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("typo.toml"), "listn = '127.0.0.1:0'\n").unwrap();
    fs::write(
        folder.path().join("text.db"),
        "certainly not a database, but long enough\n".repeat(99),
    )
    .unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();

    for (arguments, expected) in [
        (&["serve", "--database-url", "mysql://hub:secret@db/hub"][..], "`mysql`"),
        (&["serve", "--database-url", "hub:secret@db"], "no scheme"),
        (&["serve", "--database-url", "sqlite://"], "no file"),
        (&["serve", "--database-url", "sqlite:///nowhere/at/all.db"], "/nowhere/at"),
        (&["serve", "--database-url", "sqlite://."], "directory"),
        (&["serve", "--database-url", "sqlite://text.db"], "text.db"),
        (&["serve", "--config", "typo.toml"], "listn"),
        (&["token", "list", "--config", "missing.toml"], "missing.toml"),
        (&["serve", "--listen", &taken], "cannot listen on"),
        (&["serve", "--listen", "here"], "cannot listen on here"),
        (&["serve", "--log", "info,=,"], "log filter"),
        (&["token", "revoke", "99"], "99"),
        (&["token", "create", "--organization", "99"], "organization 99 does not exist"),
    ] {
        let output = run(folder.path(), arguments);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {errors}");
        assert!(errors.starts_with("contact-hub: ") && errors.contains("; "), "{errors}");
        assert!(errors.contains(expected) && !errors.contains("secret"), "{errors}");
        assert_eq!(errors.lines().count(), 1, "{errors}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn wrong_call_exits_with_2() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [
        &["frobnicate"][..],
        &["serve", "--port", "80"],
        &["serve", "--max-items", "-1"],
        &["organization", "create", "--name", "Muster"],
        &["organization", "create", "--id", "7", "--name", ""],
        &["token", "create"],
        &["token", "create", "--organization", "1", "--name", " "],
        &["token", "create", "--organization", "1", "--scope", "everything"],
        &["token", "revoke"],
    ] {
        let output = run(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(errors.starts_with("error: ") && errors.contains("--help"), "{errors}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was created");
}

#[test]
fn help_hides_the_database_url() {
    let folder = tempfile::tempdir().unwrap();
    let output = program(folder.path())
        .env("CONTACT_HUB_DATABASE_URL", "postgres://hub:secret@db/hub")
        .arg("--help")
        .output()
        .unwrap();
    assert!(output.status.success());
    let help = String::from_utf8(output.stdout).unwrap();
    assert!(help.contains("CONTACT_HUB_DATABASE_URL") && !help.contains("secret"), "{help}");
}

#[test]
fn taken_metrics_address_keeps_the_server_from_starting() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap();
    let cause = TcpListener::bind(taken).unwrap_err();
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--metrics-listen", &taken.to_string()];
    let output = run(folder.path(), &arguments);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        format!(
            "contact-hub: cannot listen on {taken}: {cause}; \
             free the address or choose another with --metrics-listen HOST:PORT\n"
        )
    );
    // The one before has made none: whoever reads the path of a token finds a server.
    assert!(Server::start(folder.path()).first_token().is_some());
}

#[test]
fn completions_into_a_closed_pipe_fail_plainly() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = program(folder.path());
    let (_, closed) = io::pipe().unwrap();
    let output = command.args(["completions", "bash"]).stdout(closed).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "contact-hub: cannot print: Broken pipe (os error 32); \
         run it again with standard output open\n"
    );
}
