//! The precedence of settings.

use std::fs;

use super::program::{Server, people, program};

/// How many items the server accepts in one batch.
fn max_items(server: &Server, token: &str) -> u32 {
    let accepted = (1..6).take_while(|count| server.batch(token, &people(0..*count)).status == 200);
    accepted.last().unwrap_or(0)
}

#[test]
fn flags_win_over_variables_and_file() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("hub.toml"), "max_items = 1\n").unwrap();
    let file = ("CONTACT_HUB_CONFIG", "hub.toml");
    let variable = ("CONTACT_HUB_MAX_ITEMS", "2");
    let flag = ["--max-items", "3"];

    let server = Server::start_with(folder.path(), &[], &[file]);
    let token = server.first_token().unwrap();
    assert_eq!(max_items(&server, &token), 1);
    let server = Server::start_with(folder.path(), &[], &[file, variable]);
    assert_eq!(max_items(&server, &token), 2);
    let server = Server::start_with(folder.path(), &flag, &[file, variable]);
    assert_eq!(max_items(&server, &token), 3);
}

#[test]
fn database_url_comes_from_flag_variable_or_file() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("hub.toml"), "database_url = 'sqlite://file.db'\n").unwrap();
    let absolute = format!("sqlite://{}", folder.path().join("absolute.db").display());
    let variable = Some("sqlite://variable.db");

    for (arguments, variable, created) in [
        (&["migrate"][..], None, "contact-hub.db"),
        (&["--config", "hub.toml", "migrate"], None, "file.db"),
        (&["migrate", "--config", "hub.toml"], variable, "variable.db"),
        (&["--database-url", "sqlite://before.db", "migrate"], variable, "before.db"),
        (&["migrate", "--database-url", "sqlite://after.db"], variable, "after.db"),
        (&["migrate", "--database-url", &absolute, "--config", "hub.toml"], None, "absolute.db"),
    ] {
        let mut command = program(folder.path());
        command.args(arguments).envs(variable.map(|url| ("CONTACT_HUB_DATABASE_URL", url)));
        assert!(!folder.path().join(created).exists(), "{created} is new");
        assert!(command.output().unwrap().status.success(), "{arguments:?}");
        assert!(folder.path().join(created).is_file(), "{arguments:?} creates {created}");
    }
}

#[test]
fn settings_are_shown_with_their_sources() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("hub.toml"), "max_items = 1\nlog = 'warn'\n").unwrap();
    let mut command = program(folder.path());
    command.args(["config", "show", "--config", "hub.toml", "--listen", "[::1]:1"]);
    command.env("CONTACT_HUB_DATABASE_URL", "postgres://hub:secret@db/hub");
    command.env("CONTACT_HUB_MAX_ITEM", "7");
    let output = command.output().unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    let rows = shown.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let rows = rows.collect::<Vec<_>>();
    for row in [
        ["database_url", "postgres://hub@db:5432/hub", "CONTACT_HUB_DATABASE_URL"],
        ["log", "warn", "hub.toml"],
        ["listen", "[::1]:1", "--listen"],
        ["max_items", "1", "hub.toml"],
        ["shutdown_seconds", "30", "default"],
    ] {
        assert!(rows.contains(&row.to_vec()), "{row:?}: {shown}");
    }
    let log = String::from_utf8(output.stderr).unwrap();
    let expected = "there is no setting `CONTACT_HUB_MAX_ITEM`; did you mean \
                    `CONTACT_HUB_MAX_ITEMS`?";
    assert!(log.contains(expected) && !log.contains("secret"), "{log}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing was made");
}

#[test]
fn commands_that_look_make_no_database() {
    let folder = tempfile::tempdir().unwrap();
    for command in [
        "token list",
        "token create --organization 1",
        "token revoke 1",
        "organization create --id 7 --name Muster",
        "check",
        "backup copy.db",
    ] {
        let arguments = command.split(' ').collect::<Vec<_>>();
        let output = program(folder.path()).args(arguments).output().unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{command}");
        assert!(errors.contains("there is no database contact-hub.db"), "{command}: {errors}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn log_format_json_writes_json_lines() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start_with(folder.path(), &["--log-format", "json"], &[]);
    server.signal("TERM");
    let mut log = String::new();
    std::io::Read::read_to_string(&mut server.errors, &mut log).unwrap();
    assert_eq!(server.wait().code(), Some(0));
    for line in log.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(line["level"].is_string(), "{line}");
    }
    assert!(!log.is_empty());
}

#[test]
fn wrong_settings_are_found_before_a_start() {
    let folder = tempfile::tempdir().unwrap();
    let check = |file: &str, variable: (&str, &str)| {
        fs::write(folder.path().join("hub.toml"), file).unwrap();
        let mut command = program(folder.path());
        command.args(["config", "check", "--config", "hub.toml"]).envs([variable]);
        let output = command.output().unwrap();
        let texts = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
        (output.status.success(), texts.concat())
    };
    let none = ("PATH", "");
    assert_eq!(check("max_items = 5\n", none), (true, "the settings are valid\n".to_owned()));
    for (file, variable, expected) in [
        ("max_itms = 5\n", none, "there is no setting `max_itms`; did you mean `max_items`?"),
        ("max_items = 'many'\n", none, "`max_items` cannot be `many`"),
        ("listen = 'nowhere'\n", none, "cannot listen on nowhere"),
        ("cors_origin = 'https://crm.example/'\n", none, "`cors_origin` cannot be"),
        ("", ("CONTACT_HUB_MAX_ITMS", "5"), "did you mean `CONTACT_HUB_MAX_ITEMS`?"),
    ] {
        let (valid, text) = check(file, variable);
        assert!(!valid && text.contains(expected), "{file}{variable:?}: {text}");
    }
    assert!(!folder.path().join("contact-hub.db").exists());
}
