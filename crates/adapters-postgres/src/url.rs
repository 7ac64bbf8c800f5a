//! The URL of a database, as libpq reads it.
//! <https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS>

mod parts;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::Host;

use self::parts::{PARAMETERS, Parts};
use super::tls::Encryption;

const DEFAULT_NAME: &str = "contact-hub";

/// How long to wait for a connection where the URL says nothing.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A server that is silent for a minute is gone: a probe after 30 s, and after 10 s each three more.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(30);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);
const KEEPALIVE_COUNT: u32 = 3;
/// How long sent bytes may stay unacknowledged.
const TCP_USER_TIMEOUT: Duration = Duration::from_secs(15);

/// The URL of a PostgreSQL database: `postgres://user:password@host:port/database?parameters`.
///
/// It is read as libpq reads it: several hosts by commas, percent-encoding everywhere, the directory
/// of a Unix socket as a host. A host and a database have to be named. `Debug` shows nothing of it.
///
/// ```
/// use contacts_adapters_postgres::PostgresUrl;
/// let url: PostgresUrl = "postgres://hub:secret@db.example.org/contacts?sslmode=verify-full".parse()?;
/// assert_eq!((url.place(), url.database()), ("db.example.org:5432".to_owned(), "contacts"));
///
/// let error = "postgres://db.example.org/contacts?ssl=on".parse::<PostgresUrl>().unwrap_err();
/// assert_eq!(error.to_string(), "the database URL has the unknown parameter `ssl`");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresUrl {
    config: Config,
    database: String,
    encryption: Encryption,
}

/// What is wrong with the URL of a database. It never repeats the URL, which may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UrlError {
    /// Another scheme, or none.
    #[error("the database URL does not begin with postgres:// or postgresql://")]
    Scheme,
    /// Something that separates the parts of a URL stands inside of one.
    #[error("the database URL has an `@` too many")]
    Unencoded,
    /// A `%` without two hexadecimal digits, or bytes that are not UTF-8.
    #[error("the database URL has a percent-encoding that stands for no text")]
    PercentEncoding,
    /// No database.
    #[error("the database URL names no database")]
    NoDatabase,
    /// No host.
    #[error("the database URL names no host")]
    NoHost,
    /// An address in brackets that do not close, or with something behind them.
    #[error("the database URL has an IPv6 address whose brackets are wrong")]
    Brackets,
    /// Several of one and another number of the other.
    #[error("the database URL does not have as many {0} as hosts")]
    Count(&'static str),
    /// A parameter without `=`.
    #[error("the database URL has a parameter without a value")]
    NoValue,
    /// A parameter that nobody knows.
    #[error("the database URL has the unknown parameter `{0}`")]
    UnknownParameter(String),
    /// A value that the parameter cannot have.
    #[error("`{name}` in the database URL is not {expected}")]
    Value {
        /// The parameter.
        name: &'static str,
        /// What it may be.
        expected: &'static str,
    },
    /// Certificates to trust, and a mode that trusts anybody.
    #[error("`sslrootcert` in the database URL has no effect with this `sslmode`")]
    NothingVerified,
}

impl UrlError {
    /// What to do about it.
    pub fn remedy(&self) -> String {
        match self {
            Self::UnknownParameter(_) => format!("use {}", PARAMETERS.join(", ")),
            Self::Unencoded => {
                "in the user and the password, write @ as %40, / as %2F, ? as %3F".to_owned()
            }
            Self::PercentEncoding => "write a percent sign as %25, also in a password".to_owned(),
            Self::NothingVerified => {
                "use sslmode=verify-full, or verify-ca, or leave sslrootcert out".to_owned()
            }
            Self::NoHost => "name one, or the directory of a socket as in \
                 postgres:///DATABASE?host=/var/run/postgresql"
                .to_owned(),
            Self::Scheme
            | Self::NoDatabase
            | Self::Brackets
            | Self::Count(_)
            | Self::NoValue
            | Self::Value { .. } => {
                "write it as postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=verify-full"
                    .to_owned()
            }
        }
    }
}

impl PostgresUrl {
    /// The hosts with their ports, as `host:port`.
    pub fn place(&self) -> String {
        let place = |(host, port): (&Host, u16)| match host {
            Host::Tcp(name) if name.contains(':') => format!("[{name}]:{port}"),
            Host::Tcp(name) => format!("{name}:{port}"),
            #[cfg(unix)]
            Host::Unix(path) => format!("{}/.s.PGSQL.{port}", path.display()),
        };
        self.hosts().map(place).collect::<Vec<_>>().join(", ")
    }

    /// The hosts and their ports by commas, as the programs of PostgreSQL take them.
    pub fn host_and_port(&self) -> (String, String) {
        let name = |host: &Host| match host {
            Host::Tcp(name) => name.clone(),
            #[cfg(unix)]
            Host::Unix(path) => path.display().to_string(),
        };
        let (hosts, ports): (Vec<_>, Vec<_>) =
            self.hosts().map(|(host, port)| (name(host), port.to_string())).unzip();
        (hosts.join(","), ports.join(","))
    }

    fn hosts(&self) -> impl Iterator<Item = (&Host, u16)> {
        let ports = self.config.get_ports();
        self.config.get_hosts().iter().enumerate().map(|(position, host)| {
            let port = ports.get(position).or_else(|| ports.first()).copied().unwrap_or_default();
            (host, port)
        })
    }

    /// The name of the database.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// The user, where the URL names one.
    pub fn user(&self) -> Option<&str> {
        self.config.get_user()
    }

    /// What the driver needs to know.
    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    /// Whether the connection is to be encrypted, and who is trusted then.
    pub(super) fn encryption(&self) -> &Encryption {
        &self.encryption
    }

    /// How long it may take to connect, all hosts included.
    pub(super) fn connect_timeout(&self) -> Duration {
        let hosts = u32::try_from(self.config.get_hosts().len()).unwrap_or(u32::MAX).max(1);
        self.config.get_connect_timeout().map_or(CONNECT_TIMEOUT, |each| each.saturating_mul(hosts))
    }
}

impl FromStr for PostgresUrl {
    type Err = UrlError;

    fn from_str(url: &str) -> Result<Self, UrlError> {
        let parts = Parts::read(url)?;
        let database = parts.get("dbname").ok_or(UrlError::NoDatabase)?.to_owned();
        let mut config = Config::new();
        config
            .dbname(&database)
            .application_name(parts.get("application_name").unwrap_or(DEFAULT_NAME))
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_user_timeout(TCP_USER_TIMEOUT)
            .keepalives_idle(KEEPALIVE_IDLE)
            .keepalives_interval(KEEPALIVE_INTERVAL)
            .keepalives_retries(KEEPALIVE_COUNT);
        parts.hosts(&mut config)?;
        parts.login(&mut config);
        parts.patience(&mut config)?;
        parts.choices(&mut config)?;
        Ok(Self { config, database, encryption: parts.encryption()? })
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("postgres://…")
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::super::tls::Roots;
    use super::*;

    fn read(url: &str) -> PostgresUrl {
        url.parse().unwrap()
    }

    #[test]
    fn a_url_says_where_which_database_and_who() {
        for (url, place, database, user, password) in [
            ("postgres://db/hub", "db:5432", "hub", None, None),
            ("postgresql://u@db:6000/hub", "db:6000", "hub", Some("u"), None),
            ("postgres://u:p:q@db/hub", "db:5432", "hub", Some("u"), Some("p:q")),
            ("postgres://u:a?b@db/hub", "db:5432", "hub", Some("u"), Some("a?b")),
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
            ("postgres://old/hub?host=new", "new:5432", "hub", None, None),
            ("postgres:///hub?hostaddr=10.0.0.1", "10.0.0.1:5432", "hub", None, None),
        ] {
            let read = read(url);
            assert_eq!(
                (read.place().as_str(), read.database(), read.user()),
                (place, database, user)
            );
            assert_eq!(read.config.get_password(), password.map(str::as_bytes), "{url}");
        }
    }

    #[test]
    fn hosts_and_ports_are_told_as_programs_take_them() {
        for (url, host, port) in [
            ("postgres://u:p@db/hub", "db", "5432"),
            ("postgres://[::1]:7,b,c:9/hub", "::1,b,c", "7,5432,9"),
            ("postgres:///hub?host=/run/pg&port=7", "/run/pg", "7"),
        ] {
            assert_eq!(read(url).host_and_port(), (host.to_owned(), port.to_owned()), "{url}");
        }
    }

    #[test]
    fn what_a_url_leaves_open_has_a_limit() {
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
    fn whom_to_trust_is_what_the_mode_and_the_certificates_say() {
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
            assert_eq!(
                read(&format!("postgres://db/hub?{query}")).encryption,
                encryption,
                "{query}"
            );
        }
    }

    #[test]
    fn what_is_wrong_with_a_url_is_said_without_the_password() {
        for (url, cause) in [
            ("mysql://u:secret@db/hub", "does not begin with postgres:// or postgresql://"),
            ("postgres://u:sec/ret@db/hub", "has an `@` too many"),
            ("postgres://u:sec@ret@db/hub", "has an `@` too many"),
            ("postgres://u:sec%ret@db/hub", "has a percent-encoding that stands for no text"),
            ("postgres://u:secret%00@db/hub", "has a percent-encoding that stands for no text"),
            ("postgres://u:secret%FF@db/hub", "has a percent-encoding that stands for no text"),
            ("postgres://u:secret@db", "names no database"),
            ("postgres://u:secret@db/?sslmode=require", "names no database"),
            ("postgres://u:secret@/hub", "names no host"),
            ("postgres://u:secret@a,,b/hub", "names no host"),
            ("postgres://u:secret@[::1/hub", "has an IPv6 address whose brackets are wrong"),
            ("postgres://u:secret@a,b,c/hub?port=1,2", "does not have as many ports as hosts"),
            (
                "postgres://u:secret@a,b/hub?hostaddr=10.0.0.1",
                "does not have as many addresses as hosts",
            ),
            ("postgres://u:secret@db/hub?sslmode", "has a parameter without a value"),
            ("postgres://u:secret@db/hub?ssl=on", "has the unknown parameter `ssl`"),
            ("postgres://db/hub?password=sec&ret=x", "has the unknown parameter `…`"),
        ] {
            let error = url.parse::<PostgresUrl>().unwrap_err();
            assert_eq!(error.to_string(), format!("the database URL {cause}"), "{url}");
            assert!(!format!("{error:?} {}", error.remedy()).contains("secret"), "{error:?}");
        }
        for (url, cause) in [
            (
                "postgres://u:secret@db:0/hub",
                "`port` in the database URL is not a number from 1 to 65535",
            ),
            (
                "postgres://secret:word/hub",
                "`port` in the database URL is not a number from 1 to 65535",
            ),
            (
                "postgres://db/hub?sslmode=allow",
                "`sslmode` in the database URL is not disable, prefer, require, verify-ca or verify-full",
            ),
            (
                "postgres://db/hub?sslmode=prefer&sslrootcert=x",
                "`sslrootcert` in the database URL has no effect with this `sslmode`",
            ),
            (
                "postgres://db/hub?connect_timeout=soon",
                "`connect_timeout` in the database URL is not a whole number",
            ),
        ] {
            assert_eq!(url.parse::<PostgresUrl>().unwrap_err().to_string(), cause, "{url}");
        }
    }

    #[test]
    fn debug_shows_no_password() {
        assert_eq!(format!("{:?}", read("postgres://u:secret@db/hub")), "postgres://…");
    }
}
