//! The URL of a database, as libpq reads it.
//! <https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS>

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{ChannelBinding, Host, LoadBalanceHosts, TargetSessionAttrs};

use super::tls::{Encryption, Roots};

const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];
const DEFAULT_PORT: &str = "5432";
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
/// use contacts_adapters_diesel::postgres::PostgresUrl;
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
    #[error("the database URL has not as many {0} as hosts")]
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
        let ports = self.config.get_ports();
        let hosts = self.config.get_hosts().iter().enumerate();
        let places = hosts.map(|(position, host)| {
            let port = ports.get(position).or_else(|| ports.first()).copied().unwrap_or_default();
            match host {
                Host::Tcp(name) if name.contains(':') => format!("[{name}]:{port}"),
                Host::Tcp(name) => format!("{name}:{port}"),
                #[cfg(unix)]
                Host::Unix(path) => format!("{}/.s.PGSQL.{port}", path.display()),
            }
        });
        places.collect::<Vec<_>>().join(", ")
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
        self.config.get_connect_timeout().map_or(CONNECT_TIMEOUT, |timeout| *timeout) * hosts
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

/// The parameters that a URL may have, those included that also have a place of their own.
const PARAMETERS: [&str; 18] = [
    "sslmode",
    "sslrootcert",
    "application_name",
    "connect_timeout",
    "target_session_attrs",
    "load_balance_hosts",
    "channel_binding",
    "options",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_count",
    "tcp_user_timeout",
    "host",
    "hostaddr",
    "port",
    "user",
    "password",
];

/// What a URL says, decoded, in its order: what is said last counts.
struct Parts(Vec<(&'static str, String)>);

impl Parts {
    fn read(url: &str) -> Result<Self, UrlError> {
        let rest = SCHEMES.iter().find_map(|scheme| url.strip_prefix(scheme));
        let rest = rest.ok_or(UrlError::Scheme)?;
        let mut parts = Vec::new();

        // As libpq does: an `@` behind the first slash separates nothing.
        let (login, rest) = match rest.split_once('@') {
            Some((login, rest)) if !login.contains('/') => (Some(login), rest),
            _ => (None, rest),
        };
        if rest.contains('@') {
            return Err(UrlError::Unencoded);
        }
        if let Some(login) = login {
            let (user, password) = login.split_once(':').unwrap_or((login, ""));
            parts.push(("user", decode(user)?));
            parts.push(("password", decode(password)?));
        }

        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (hosts, database) = rest.split_once('/').unwrap_or((rest, ""));
        if !hosts.is_empty() {
            let mut names = Vec::new();
            let mut ports = Vec::new();
            for host in hosts.split(',') {
                let (name, port) = name_and_port(host)?;
                names.push(decode(name)?);
                ports.push(decode(port)?);
            }
            parts.push(("host", names.join(",")));
            parts.push(("port", ports.join(",")));
        }
        parts.push(("dbname", decode(database)?));
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').ok_or(UrlError::NoValue)?;
            let name = decode(name)?;
            let known = PARAMETERS.iter().chain(&["dbname"]).find(|known| **known == name);
            parts.push((known.ok_or(UrlError::UnknownParameter(name))?, decode(value)?));
        }
        Ok(Self(parts))
    }

    /// The value of that name, unless it is empty: that says nothing.
    fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().rev().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    fn hosts(&self, config: &mut Config) -> Result<(), UrlError> {
        let addresses = self.get("hostaddr");
        // A certificate is compared with the host; without one, with the address.
        let hosts = self.get("host").or(addresses).ok_or(UrlError::NoHost)?;
        let count = hosts.split(',').count();
        for host in hosts.split(',') {
            if host.is_empty() {
                return Err(UrlError::NoHost);
            }
            config.host(host);
        }
        if let Some(addresses) = addresses {
            for address in addresses.split(',') {
                let address: IpAddr = address.parse().or(Err(UrlError::Value {
                    name: "hostaddr",
                    expected: "an IP address, or several with commas between them",
                }))?;
                config.hostaddr(address);
            }
            if config.get_hostaddrs().len() != count {
                return Err(UrlError::Count("addresses"));
            }
        }
        for port in self.get("port").unwrap_or(DEFAULT_PORT).split(',') {
            let port = if port.is_empty() { DEFAULT_PORT } else { port };
            match port.parse::<u16>() {
                Ok(port) if port > 0 => config.port(port),
                _ => {
                    let expected = "a number from 1 to 65535";
                    return Err(UrlError::Value { name: "port", expected });
                }
            };
        }
        let ports = config.get_ports().len();
        if ports == 1 || ports == count { Ok(()) } else { Err(UrlError::Count("ports")) }
    }

    fn login(&self, config: &mut Config) {
        if let Some(user) = self.get("user") {
            config.user(user);
        }
        if let Some(password) = self.get("password") {
            config.password(password);
        }
        if let Some(options) = self.get("options") {
            config.options(options);
        }
    }

    fn patience(&self, config: &mut Config) -> Result<(), UrlError> {
        // Nought stands for the default.
        if let Some(seconds) = self.number("connect_timeout")? {
            config.connect_timeout(Duration::from_secs(seconds));
        }
        if let Some(milliseconds) = self.number("tcp_user_timeout")? {
            config.tcp_user_timeout(Duration::from_millis(milliseconds));
        }
        if let Some(seconds) = self.number("keepalives_idle")? {
            config.keepalives_idle(Duration::from_secs(seconds));
        }
        if let Some(seconds) = self.number("keepalives_interval")? {
            config.keepalives_interval(Duration::from_secs(seconds));
        }
        if let Some(count) = self.number("keepalives_count")? {
            config.keepalives_retries(u32::try_from(count).unwrap_or(u32::MAX));
        }
        self.choice("keepalives", "0 or 1", &[("0", false), ("1", true)])?
            .map(|keepalives| config.keepalives(keepalives));
        Ok(())
    }

    fn choices(&self, config: &mut Config) -> Result<(), UrlError> {
        let sessions = [
            ("any", TargetSessionAttrs::Any),
            ("read-write", TargetSessionAttrs::ReadWrite),
            ("read-only", TargetSessionAttrs::ReadOnly),
        ];
        self.choice("target_session_attrs", "any, read-write or read-only", &sessions)?
            .map(|session| config.target_session_attrs(session));
        let bindings = [
            ("disable", ChannelBinding::Disable),
            ("prefer", ChannelBinding::Prefer),
            ("require", ChannelBinding::Require),
        ];
        self.choice("channel_binding", "disable, prefer or require", &bindings)?
            .map(|binding| config.channel_binding(binding));
        let orders = [("disable", LoadBalanceHosts::Disable), ("random", LoadBalanceHosts::Random)];
        self.choice("load_balance_hosts", "disable or random", &orders)?
            .map(|order| config.load_balance_hosts(order));
        Ok(())
    }

    fn encryption(&self) -> Result<Encryption, UrlError> {
        let roots = self.get("sslrootcert").map(|path| match path {
            "system" => Roots::System,
            path => Roots::File(PathBuf::from(path)),
        });
        match (self.get("sslmode"), roots) {
            (Some("disable" | "prefer"), Some(_)) => Err(UrlError::NothingVerified),
            (Some("disable"), None) => Ok(Encryption::Never),
            (Some("prefer") | None, None) => Ok(Encryption::Preferred),
            (Some("require"), None) => Ok(Encryption::Unverified),
            // With certificates to trust, libpq takes `require` for `verify-ca`.
            (Some("require" | "verify-ca"), Some(roots)) => Ok(Encryption::Chain(roots)),
            (Some("verify-ca"), None) => Ok(Encryption::Chain(Roots::System)),
            (Some("verify-full") | None, Some(roots)) => Ok(Encryption::Full(roots)),
            (Some("verify-full"), None) => Ok(Encryption::Full(Roots::System)),
            (Some(_), _) => Err(UrlError::Value {
                name: "sslmode",
                expected: "disable, prefer, require, verify-ca or verify-full",
            }),
        }
    }

    fn number(&self, name: &'static str) -> Result<Option<u64>, UrlError> {
        let number = self.get(name).map(str::parse).transpose();
        let number = number.or(Err(UrlError::Value { name, expected: "a whole number" }))?;
        Ok(number.filter(|number| *number > 0))
    }

    fn choice<T: Copy>(
        &self,
        name: &'static str,
        expected: &'static str,
        choices: &[(&str, T)],
    ) -> Result<Option<T>, UrlError> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let chosen = choices.iter().find(|(choice, _)| *choice == value);
        let (_, chosen) = chosen.ok_or(UrlError::Value { name, expected })?;
        Ok(Some(*chosen))
    }
}

/// The two parts of `host:port`, of which the host may be an IPv6 address in brackets.
fn name_and_port(host: &str) -> Result<(&str, &str), UrlError> {
    let Some(bracketed) = host.strip_prefix('[') else {
        return Ok(host.split_once(':').unwrap_or((host, "")));
    };
    let (name, port) = bracketed.split_once(']').ok_or(UrlError::Brackets)?;
    match port.strip_prefix(':') {
        Some(port) => Ok((name, port)),
        None if port.is_empty() => Ok((name, "")),
        None => Err(UrlError::Brackets),
    }
}

/// Decodes percent-encoding (RFC 3986, 2.1).
fn decode(text: &str) -> Result<String, UrlError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend_from_slice(before.as_bytes());
        let digits = after.get(..2).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(byte.filter(|byte| *byte != 0).ok_or(UrlError::PercentEncoding)?);
        rest = after.get(2..).unwrap_or_default();
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes).or(Err(UrlError::PercentEncoding))
}
