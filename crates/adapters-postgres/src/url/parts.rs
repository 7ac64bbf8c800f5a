//! What a URL says, taken apart, and what it means to the driver.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{ChannelBinding, LoadBalanceHosts, TargetSessionAttrs};

use super::UrlError;
use crate::tls::{Encryption, Roots};

const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];
const DEFAULT_PORT: &str = "5432";

/// The parameters that a URL may have, those included that also have a place of their own.
pub(super) const PARAMETERS: [&str; 19] = [
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
    "dbname",
];

/// What a URL says, decoded, in its order: what is said last counts.
pub(super) struct Parts(Vec<(&'static str, String)>);

impl Parts {
    /// Takes a URL apart.
    ///
    /// # Errors
    ///
    /// When it is none of a PostgreSQL database, or has a parameter that nobody knows.
    pub(super) fn read(url: &str) -> Result<Self, UrlError> {
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
        let mut after_password = false;
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').ok_or(UrlError::NoValue)?;
            let name = decode(name)?;
            let Some(known) = PARAMETERS.into_iter().find(|known| *known == name) else {
                // What follows a password may be a part of it.
                let shown = if after_password { "…".to_owned() } else { name };
                return Err(UrlError::UnknownParameter(shown));
            };
            after_password |= known == "password";
            parts.push((known, decode(value)?));
        }
        Ok(Self(parts))
    }

    /// The value of that name, unless it is empty: that says nothing.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().rev().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// Sets the hosts, their addresses and ports.
    ///
    /// # Errors
    ///
    /// When there is no host, or the lists do not fit together.
    pub(super) fn hosts(&self, config: &mut Config) -> Result<(), UrlError> {
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

    /// Sets who connects, and what the session is to start with.
    pub(super) fn login(&self, config: &mut Config) {
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

    /// Sets how long to wait for what.
    ///
    /// # Errors
    ///
    /// When something is not a number.
    pub(super) fn patience(&self, config: &mut Config) -> Result<(), UrlError> {
        // Nought stands for the default.
        if let Some(seconds) = self.number("connect_timeout")? {
            config.connect_timeout(Duration::from_secs(seconds.into()));
        }
        if let Some(milliseconds) = self.number("tcp_user_timeout")? {
            config.tcp_user_timeout(Duration::from_millis(milliseconds.into()));
        }
        if let Some(seconds) = self.number("keepalives_idle")? {
            config.keepalives_idle(Duration::from_secs(seconds.into()));
        }
        if let Some(seconds) = self.number("keepalives_interval")? {
            config.keepalives_interval(Duration::from_secs(seconds.into()));
        }
        if let Some(count) = self.number("keepalives_count")? {
            config.keepalives_retries(count);
        }
        if let Some(on) = self.choice("keepalives", "0 or 1", &[("0", false), ("1", true)])? {
            config.keepalives(on);
        }
        Ok(())
    }

    /// Sets what is chosen by a word.
    ///
    /// # Errors
    ///
    /// When the word is none of those that can be chosen.
    pub(super) fn choices(&self, config: &mut Config) -> Result<(), UrlError> {
        let sessions = [
            ("any", TargetSessionAttrs::Any),
            ("read-write", TargetSessionAttrs::ReadWrite),
            ("read-only", TargetSessionAttrs::ReadOnly),
        ];
        let expected = "any, read-write or read-only";
        if let Some(session) = self.choice("target_session_attrs", expected, &sessions)? {
            config.target_session_attrs(session);
        }
        let bindings = [
            ("disable", ChannelBinding::Disable),
            ("prefer", ChannelBinding::Prefer),
            ("require", ChannelBinding::Require),
        ];
        let expected = "disable, prefer or require";
        if let Some(binding) = self.choice("channel_binding", expected, &bindings)? {
            config.channel_binding(binding);
        }
        let orders = [("disable", LoadBalanceHosts::Disable), ("random", LoadBalanceHosts::Random)];
        if let Some(order) = self.choice("load_balance_hosts", "disable or random", &orders)? {
            config.load_balance_hosts(order);
        }
        Ok(())
    }

    /// Whether to encrypt, and whom to trust.
    ///
    /// # Errors
    ///
    /// When the mode is none, or does not fit the certificates.
    pub(super) fn encryption(&self) -> Result<Encryption, UrlError> {
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

    fn number(&self, name: &'static str) -> Result<Option<u32>, UrlError> {
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
