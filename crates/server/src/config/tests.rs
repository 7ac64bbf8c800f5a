use std::fs;
use std::num::NonZeroU64;

use clap::{CommandFactory as _, FromArgMatches as _, Parser};

use super::*;

/// A command that has every setting.
#[derive(Debug, Parser)]
struct Every {
    #[command(flatten)]
    global: GlobalFlags,
    #[command(flatten)]
    serve: ServeFlags,
}

fn file(toml: &str) -> Result<SettingsFile, Failure> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hub.toml");
    fs::write(&path, toml).unwrap();
    SettingsFile::read(&path)
}

/// The settings of that file and these flags.
fn with(toml: &str, flags: &[&str]) -> (GlobalSettings, ServeSettings) {
    let command = file(toml).unwrap().beneath(Every::command()).no_binary_name(true);
    let matches = command.try_get_matches_from(flags).unwrap();
    let Every { global, serve } = Every::from_arg_matches(&matches).unwrap();
    (global.settings().unwrap(), serve.settings())
}

#[test]
fn defaults_are_those_of_the_crates() {
    let (global, serve) = with("", &[]);
    assert_eq!(global.database.url, DatabaseUrl::Sqlite("contact-hub.db".into()));
    assert!(global.database.migrate && global.database.standby.is_none());
    assert_eq!(global.database.postgres, PostgresOptions::default());
    assert_eq!(serve.http, HttpSettings::default());
    assert_eq!(serve.listen, "127.0.0.1:8080");
}

#[test]
fn longest_time_is_a_century() {
    assert_eq!(seconds(NonZeroU64::new(30).unwrap()), Duration::from_secs(30));
    assert!(std::time::Instant::now().checked_add(seconds(NonZeroU64::MAX)).is_some());
}

#[test]
fn sample_holds_the_defaults() {
    assert_eq!(with(&sample(), &[]), with("", &[]));
    let uncommented = sample().replace("# max_connections = N", "max_connections = 7");
    assert_eq!(with(&uncommented, &[]).1.connections.max, NonZeroUsize::new(7));
}

#[test]
fn file_sets_the_database_options() {
    let toml = "database_url = 'postgres://u@db/hub'\ndatabase_connections = 3\n\
                database_wait = 7\ndatabase_timeout = 2\nprepared_statements = 'off'\nno_migrate = true\n\
                read_database_url = 'postgres://u@standby/hub'
                read_database_rest = 3";
    let database = with(toml, &[]).0.database;
    assert_eq!(database.url, "postgres://u@db/hub".parse().unwrap());
    assert!(!database.migrate);
    assert_eq!(database.standby, Some("postgres://u@standby/hub".parse().unwrap()));
    let expected = PostgresOptions {
        connections: 3,
        wait: Duration::from_secs(7),
        prepared_statements: false,
        statement_timeout: Duration::from_secs(2),
        lock_timeout: Duration::from_secs(2),
        standby_rest: Duration::from_secs(3),
        ..PostgresOptions::default()
    };
    assert_eq!(database.postgres, expected);
}

#[test]
fn flag_wins_over_file() {
    let toml = "listen = '127.0.0.1:1'\nmax_items = 7\ntrusted_proxy = ['10.0.0.1', '10.1.0.0/16']";
    let (_, serve) = with(toml, &["--listen", "127.0.0.1:2"]);
    assert_eq!((serve.listen.as_str(), serve.http.max_items), ("127.0.0.1:2", 7));
    assert_eq!(serve.connections.trusted_proxies.len(), 2);
    let (_, serve) = with(toml, &["--trusted-proxy", "10.2.0.0/16"]);
    assert_eq!(serve.connections.trusted_proxies, ["10.2.0.0/16".parse().unwrap()]);
}

#[test]
fn error_in_file_is_one_line_naming_the_key() {
    for (toml, expected) in [
        ("listn = '127.0.0.1:1'", "line 1: there is no setting `listn`; did you mean `listen`?"),
        ("config = 'other.toml'", "line 1: there is no setting `config`"),
        ("\nmax_items = 'many'", "line 2: `max_items` cannot be `many`: invalid digit"),
        ("max_items = -1", "line 1: `max_items` cannot be `-1`"),
        ("max_items = 1.5", "line 1: `max_items` cannot be of type float"),
        ("listen = 8080", "line 1: `listen` cannot be of type integer"),
        ("\ntls_key = true", "line 2: `tls_key` cannot be of type boolean"),
        ("max_items = [1, 2]", "line 1: `max_items` "),
        ("listen =", "line 1: "),
        ("log_format = 'xml'", "line 1: `log_format` cannot be `xml`; it is one of text, json"),
        ("database_connections = 0", "line 1: `database_connections` cannot be `0`: "),
        ("prepared_statements = 'maybe'", "line 1: `prepared_statements` cannot be `maybe`"),
    ] {
        let failure = file(toml).unwrap_err().to_string();
        assert!(failure.contains(expected) && !failure.contains('\n'), "{failure}");
    }
}

#[cfg(feature = "otlp")]
#[test]
fn collector_is_an_http_url_without_user() {
    for (url, is_valid) in [
        ("http://127.0.0.1:4318", true),
        ("https://collector.example/otlp/", true),
        ("127.0.0.1:4318", false),
        ("grpc://127.0.0.1:4317", false),
        ("https://user:secret@collector.example", false),
        ("http://collector.example?key=secret", false),
    ] {
        let found = file(&format!("otlp_endpoint = '{url}'"));
        assert_eq!(found.is_ok(), is_valid, "{url}");
    }
}

#[test]
fn error_in_file_hides_the_password() {
    let failure = file("database_url = 'postgres://u:secret@h/d").unwrap_err().to_string();
    assert!(!failure.contains("secret"), "{failure}");
}

#[test]
fn unknown_variable_is_named_with_the_closest_one() {
    let names =
        ["CONTACT_HUB_LISTN", "CONTACT_HUB_LOG", "CONTACT_HUB_CONFIG", "CONTACT_HUB_X", "HOME"];
    let unknown = unknown_variables(names.into_iter().map(str::to_owned));
    assert_eq!(
        unknown,
        [
            "there is no setting `CONTACT_HUB_LISTN`; did you mean `CONTACT_HUB_LISTEN`?",
            "there is no setting `CONTACT_HUB_X`",
        ]
    );
}
