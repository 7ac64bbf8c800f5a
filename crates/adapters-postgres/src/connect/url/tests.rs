//! URLs that are accepted and refused.

use super::*;

fn read(url: &str) -> PostgresUrl {
    url.parse().unwrap()
}

#[test]
fn url_names_place_database_and_login() {
    for (url, place, database, user, password) in [
        ("postgres://db/hub", "db:5432", "hub", None, None),
        ("postgresql://u@db:6000/hub", "db:6000", "hub", Some("u"), None),
        ("postgres://u:p:q@db/hub", "db:5432", "hub", Some("u"), Some("p:q")),
        ("postgres://u:a?b@db/hub", "db:5432", "hub", Some("u"), Some("a?b")),
        ("postgres://u:a%b@db/hub", "db:5432", "hub", Some("u"), Some("a%b")),
        ("postgres://u%40x:%C3%BC%2F%25@db/h%20b", "db:5432", "h b", Some("u@x"), Some("ü/%")),
        ("postgres://[::1]:7,b,c:9/hub", "[::1]:7, b:5432, c:9", "hub", None, None),
        ("postgres:///hub?host=/run/pg&port=7", "/run/pg/.s.PGSQL.7", "hub", None, None),
        ("postgres://%2Frun%2Fpg/hub", "/run/pg/.s.PGSQL.5432", "hub", None, None),
        (
            "postgres:///?dbname=hub&host=db&user=u&password=p",
            "db:5432",
            "hub",
            Some("u"),
            Some("p"),
        ),
        ("postgres:///hub?hostaddr=10.0.0.1", "10.0.0.1:5432", "hub", None, None),
    ] {
        let read = read(url);
        assert_eq!((read.place().as_str(), read.database(), read.user()), (place, database, user));
        assert_eq!(read.config.get_password(), password.map(str::as_bytes), "{url}");
    }
}

#[test]
fn hosts_and_ports_are_joined_by_commas() {
    for (url, host, port) in [
        ("postgres://u:p@db/hub", "db", "5432"),
        ("postgres://[::1]:7,b,c:9/hub", "::1,b,c", "7,5432,9"),
        ("postgres:///hub?host=/run/pg&port=7", "/run/pg", "7"),
    ] {
        assert_eq!(read(url).host_and_port(), (host.to_owned(), port.to_owned()), "{url}");
    }
}

#[test]
fn missing_timeouts_have_defaults() {
    let config = read("postgres://db/hub").config;
    assert_eq!(config.get_connect_timeout(), Some(&Duration::from_secs(5)));
    assert_eq!(config.get_tcp_user_timeout(), Some(&Duration::from_secs(15)));
    assert_eq!(config.get_keepalives_idle(), Duration::from_secs(30));
    assert_eq!(config.get_application_name(), Some("contact-hub"));
    assert_eq!(read("postgres://a,b,c/hub").connect_timeout(), Duration::from_secs(15));
}

#[test]
fn parameters_are_those_of_libpq() {
    let url = read(
        "postgres://db/hub?application_name=x&connect_timeout=7&options=-c%20geqo%3Doff\
         &tcp_user_timeout=2500&keepalives=0&keepalives_idle=1&keepalives_interval=2\
         &keepalives_count=3&target_session_attrs=read-write&channel_binding=require\
         &load_balance_hosts=random",
    );
    let mut expected = Config::new();
    expected
        .host("db")
        .port(5432)
        .dbname("hub")
        .application_name("x")
        .connect_timeout(Duration::from_secs(7))
        .options("-c geqo=off")
        .tcp_user_timeout(Duration::from_millis(2500))
        .keepalives(false)
        .keepalives_idle(Duration::from_secs(1))
        .keepalives_interval(Duration::from_secs(2))
        .keepalives_retries(3)
        .target_session_attrs(tokio_postgres::config::TargetSessionAttrs::ReadWrite)
        .channel_binding(tokio_postgres::config::ChannelBinding::Require)
        .load_balance_hosts(tokio_postgres::config::LoadBalanceHosts::Random);
    assert_eq!(url.config, expected);
}

#[test]
fn sslmode_and_sslrootcert_decide_encryption() {
    let file = || Roots::File(PathBuf::from("/etc/ca.pem"));
    for (query, encryption) in [
        ("", Encryption::Preferred),
        ("sslmode=disable", Encryption::Never),
        ("sslmode=prefer", Encryption::Preferred),
        ("sslmode=require", Encryption::Unverified),
        ("sslmode=require&sslrootcert=/etc/ca.pem", Encryption::Chain(file())),
        ("sslmode=verify-ca", Encryption::Chain(Roots::System)),
        ("sslmode=verify-ca&sslrootcert=/etc/ca.pem", Encryption::Chain(file())),
        ("sslmode=verify-full", Encryption::Full(Roots::System)),
        ("sslmode=verify-full&sslrootcert=/etc/ca.pem", Encryption::Full(file())),
        ("sslrootcert=/etc/ca.pem", Encryption::Full(file())),
        ("sslrootcert=system", Encryption::Full(Roots::System)),
    ] {
        assert_eq!(read(&format!("postgres://db/hub?{query}")).encryption, encryption, "{query}");
    }
}

#[test]
fn url_errors_name_the_parameter_and_no_password() {
    for (url, message) in [
        (
            "mysql://u:secret@db/hub",
            "the database URL does not begin with postgres:// or postgresql://",
        ),
        ("postgres://u:sec/ret@db/hub", "the database URL has an `@` too many"),
        ("postgres://u:sec@ret@db/hub", "the database URL has an `@` too many"),
        ("postgres://u:secret@db", "the database URL names no database"),
        ("postgres://u:secret@db/?sslmode=require", "the database URL names no database"),
        ("postgres://u:secret@/hub", "the database URL names no host"),
        ("postgres://u:secret@a,,b/hub", "the database URL names no host"),
        (
            "postgres://u:secret@[::1/hub",
            "the database URL cannot be read: invalid value for option `host`",
        ),
        (
            "postgres://u:secret@a,b,c/hub?port=1,2",
            "the database URL does not have as many ports as hosts",
        ),
        (
            "postgres://u:secret@a,b/hub?hostaddr=10.0.0.1",
            "the database URL does not have as many addresses as hosts",
        ),
        (
            "postgres://u:secret@db/hub?sslmode",
            "the database URL cannot be read: unterminated parameter",
        ),
        (
            "postgres://u:secret@db/hub?ssl=on",
            "the database URL cannot be read: unknown option `ssl`",
        ),
        (
            "postgres://db/hub?password=sec&ret=x",
            "the database URL cannot be read: unknown option `…`",
        ),
        (
            "postgres://secret:word/hub",
            "the database URL cannot be read: invalid value for option `port`",
        ),
        (
            "postgres://db/hub?sslmode=allow",
            "`sslmode` in the database URL is not disable, prefer, require, verify-ca or \
             verify-full",
        ),
        (
            "postgres://db/hub?sslmode=prefer&sslrootcert=x",
            "`sslrootcert` in the database URL has no effect with this `sslmode`",
        ),
        (
            "postgres://db/hub?sslrootcert=%FF",
            "`sslrootcert` in the database URL is not a text in UTF-8",
        ),
        (
            "postgres://db/hub?connect_timeout=soon",
            "the database URL cannot be read: invalid value for option `connect_timeout`",
        ),
        (
            "postgres://db/hub?keepalives_count=many",
            "`keepalives_count` in the database URL is not a whole number",
        ),
    ] {
        let error = url.parse::<PostgresUrl>().unwrap_err();
        assert_eq!(error.to_string(), message, "{url}");
        assert!(!format!("{error:?}").contains("secret"), "{error:?}");
    }
}

#[test]
fn debug_shows_no_password() {
    assert_eq!(format!("{:?}", read("postgres://u:secret@db/hub")), "postgres://…");
}
