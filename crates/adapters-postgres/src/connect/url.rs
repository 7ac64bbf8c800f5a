//! The URL of a database, in the form of libpq.
//! <https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS>

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::error::Error as _;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use contacts_application::ports::{OpenError, OpenErrorKind};
use percent_encoding::percent_decode_str;
use tokio_postgres::Config;
use tokio_postgres::config::Host;

const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];
const DEFAULT_PORT: u16 = 5432;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// What applies where the URL says nothing; it comes first, so that the URL overrides it. A server
/// that is silent for a minute counts as gone: a probe after 30 s, then three more at 10 s each.
const DEFAULTS: &str = "application_name=contact-hub&connect_timeout=5&tcp_user_timeout=15\
                        &keepalives_idle=30&keepalives_interval=10&keepalives_retries=3";

/// The parameters of libpq that `Config` lacks, or that it reads in another unit or range.
const OWN: [&str; 4] = ["sslmode", "sslrootcert", "keepalives_count", "tcp_user_timeout"];

const FORM: &str = "write it as postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=verify-full";

/// The URL of a PostgreSQL database: `postgres://user:password@host:port/database?parameters`.
///
/// Hosts, ports and parameters are those of [`tokio_postgres::Config`]; `sslmode`, `sslrootcert`,
/// `keepalives_count` and `tcp_user_timeout` (in milliseconds) are those of libpq. A host and a
/// database are required. Neither errors nor `Debug` ever show the password.
///
/// ```
/// use contacts_adapters_postgres::PostgresUrl;
/// let url: PostgresUrl = "postgres://hub:secret@db.example.org/contacts?sslmode=verify-full".parse()?;
/// assert_eq!((url.place(), url.database()), ("db.example.org:5432".to_owned(), "contacts"));
///
/// let error = "postgres://db.example.org/contacts?ssl=on".parse::<PostgresUrl>().unwrap_err();
/// assert_eq!(error.to_string(), "the database URL cannot be read: unknown option `ssl`");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresUrl {
    config: Config,
    encryption: Encryption,
}

/// Whether connections are encrypted, and which servers are trusted: `sslmode` and `sslrootcert`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Encryption {
    /// `disable`: no encryption.
    Never,
    /// `prefer`: encryption if the server offers it; any server is trusted.
    Preferred,
    /// `require`: encryption; any server is trusted.
    Unverified,
    /// `verify-ca`: the certificate must come from a trusted authority.
    Chain(Roots),
    /// `verify-full`: the certificate must also name the host.
    Full(Roots),
}

/// The authorities that are trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Roots {
    /// Those of the operating system.
    System,
    /// Those in a PEM file (RFC 7468).
    File(PathBuf),
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

    /// The hosts and their ports, each joined by commas, as PostgreSQL's own programs take them.
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
            let port = ports.get(position).or_else(|| ports.first()).copied();
            (host, port.unwrap_or(DEFAULT_PORT))
        })
    }

    /// The name of the database.
    pub fn database(&self) -> &str {
        self.config.get_dbname().unwrap_or_default()
    }

    /// The user, if the URL names one.
    pub fn user(&self) -> Option<&str> {
        self.config.get_user()
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    pub(crate) fn encryption(&self) -> &Encryption {
        &self.encryption
    }

    /// The limit for connecting, all hosts included.
    pub(crate) fn connect_timeout(&self) -> Duration {
        let hosts = u32::try_from(self.config.get_hosts().len()).unwrap_or(u32::MAX);
        let each = self.config.get_connect_timeout().copied().unwrap_or(CONNECT_TIMEOUT);
        each.saturating_mul(hosts.max(1))
    }
}

impl FromStr for PostgresUrl {
    type Err = OpenError;

    fn from_str(url: &str) -> Result<Self, OpenError> {
        let rest = SCHEMES.iter().find_map(|scheme| url.strip_prefix(scheme)).ok_or_else(|| {
            error("the database URL does not begin with postgres:// or postgresql://")
        })?;
        // `Config` would take the rest of a password with an `@` for a host, and log it as such.
        let (login, location) = rest.split_once('@').unwrap_or(("", rest));
        if login.contains('/') || location.contains('@') {
            return Err(OpenError::new(
                OpenErrorKind::Unusable,
                "the database URL has an `@` too many",
                "in the user and the password, write @ as %40, / as %2F, ? as %3F",
            ));
        }
        let (_, query) = location.split_once('?').unwrap_or((location, ""));
        let (own, others) = split(query)?;
        let start = url.strip_suffix(query).unwrap_or(url).trim_end_matches('?');
        let mut config: Config = format!("{start}?{DEFAULTS}&{}", others.join("&"))
            .parse()
            .map_err(|error| unreadable(query, &error))?;
        own.limits(&mut config)?;
        check(&mut config)?;
        Ok(Self { config, encryption: own.encryption()? })
    }
}

/// The values of [`OWN`] that are not empty.
struct OwnParameters(HashMap<&'static str, String>);

/// Splits a query into our own parameters and those that `Config` reads.
fn split(query: &str) -> Result<(OwnParameters, Vec<&str>), OpenError> {
    let (mut own, mut others) = (HashMap::new(), Vec::new());
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let known = |name| OWN.into_iter().find(|own| percent_decode_str(name).eq(own.bytes()));
        match pair.split_once('=').and_then(|(name, value)| Some((known(name)?, value))) {
            Some((name, value)) => {
                let Ok(value) = percent_decode_str(value).decode_utf8() else {
                    let message = format!("`{name}` in the database URL is not a text in UTF-8");
                    return Err(error(&message));
                };
                own.insert(name, value.into_owned());
            }
            None => others.push(pair),
        }
    }
    own.retain(|_, value| !value.is_empty());
    Ok((OwnParameters(own), others))
}

impl OwnParameters {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    fn limits(&self, config: &mut Config) -> Result<(), OpenError> {
        if let Some(milliseconds) = self.number("tcp_user_timeout")? {
            config.tcp_user_timeout(Duration::from_millis(milliseconds.into()));
        }
        if let Some(count) = self.number("keepalives_count")? {
            config.keepalives_retries(count);
        }
        Ok(())
    }

    /// Zero means the default, as in libpq.
    fn number(&self, name: &str) -> Result<Option<u32>, OpenError> {
        let Ok(number) = self.get(name).map(str::parse).transpose() else {
            return Err(error(&format!("`{name}` in the database URL is not a whole number")));
        };
        Ok(number.filter(|number: &u32| *number > 0))
    }

    fn encryption(&self) -> Result<Encryption, OpenError> {
        let roots = self.get("sslrootcert").map(|path| match path {
            "system" => Roots::System,
            path => Roots::File(PathBuf::from(path)),
        });
        Ok(match (self.get("sslmode"), roots) {
            (Some("disable" | "prefer"), Some(_)) => {
                return Err(OpenError::new(
                    OpenErrorKind::Unusable,
                    "`sslrootcert` in the database URL has no effect with this `sslmode`",
                    "use sslmode=verify-full, or verify-ca, or leave sslrootcert out",
                ));
            }
            (Some("disable"), None) => Encryption::Never,
            (Some("prefer") | None, None) => Encryption::Preferred,
            (Some("require"), None) => Encryption::Unverified,
            // With certificates to trust, libpq treats `require` as `verify-ca`.
            (Some("require" | "verify-ca"), Some(roots)) => Encryption::Chain(roots),
            (Some("verify-ca"), None) => Encryption::Chain(Roots::System),
            (Some("verify-full") | None, Some(roots)) => Encryption::Full(roots),
            (Some("verify-full"), None) => Encryption::Full(Roots::System),
            (Some(_), _) => {
                return Err(error(
                    "`sslmode` in the database URL is not disable, prefer, require, verify-ca or \
                     verify-full",
                ));
            }
        })
    }
}

/// Completes the hosts, and checks what `Config` checks only when it connects, or not at all.
fn check(config: &mut Config) -> Result<(), OpenError> {
    // Without a host, the certificate has to name the address.
    if config.get_hosts().is_empty() {
        for address in config.get_hostaddrs().to_vec() {
            config.host(address.to_string());
        }
    }
    let hosts = config.get_hosts();
    if hosts.is_empty() || hosts.contains(&Host::Tcp(String::new())) {
        return Err(OpenError::new(
            OpenErrorKind::Unusable,
            "the database URL names no host",
            "name one, or the directory of a socket as in \
             postgres:///DATABASE?host=/var/run/postgresql",
        ));
    }
    let ports = config.get_ports().len();
    if ports > 1 && ports != hosts.len() {
        return Err(error("the database URL does not have as many ports as hosts"));
    }
    let addresses = config.get_hostaddrs().len();
    if addresses > 0 && addresses != hosts.len() {
        return Err(error("the database URL does not have as many addresses as hosts"));
    }
    if config.get_dbname().unwrap_or_default().is_empty() {
        return Err(error("the database URL names no database"));
    }
    Ok(())
}

fn error(message: &str) -> OpenError {
    OpenError::new(OpenErrorKind::Unusable, message, FORM)
}

/// Says what `Config` refuses. It names options, and never shows values.
fn unreadable(query: &str, refused: &tokio_postgres::Error) -> OpenError {
    let mut reason = refused.source().map(ToString::to_string).unwrap_or_default();
    // The name of an unknown option after a password may be a part of that.
    if reason.starts_with("unknown option") && query.contains("password=") {
        reason = "unknown option `…`".to_owned();
    }
    error(&format!("the database URL cannot be read: {reason}"))
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("postgres://…")
    }
}
