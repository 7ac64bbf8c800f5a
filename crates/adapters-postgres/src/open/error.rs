//! Why a database cannot be opened, and what to do about it.

use std::error::Error as _;
use std::fmt;
use std::io;

use deadpool_postgres::{PoolError, TimeoutType};
use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use super::super::failure::{Failure, chain};
use super::super::tls;
use super::super::url::PostgresUrl;

/// Why a database cannot be opened: one line that names the cause, and never a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{cause}")]
pub struct OpenError {
    kind: OpenErrorKind,
    cause: String,
    /// What helps here, where that is more than always helps.
    remedy: Option<String>,
}

/// What is in the way of opening a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenErrorKind {
    /// No such host.
    UnknownHost,
    /// Nothing listens there.
    Refused,
    /// There is no answer.
    Silent,
    /// The password is wrong or missing, or there is no such user.
    Password,
    /// The server lets nobody in like this.
    NotAllowed,
    /// No such database.
    NoDatabase,
    /// The server does not encrypt, and has to.
    NoTls,
    /// The server does not prove who it is, or TLS fails otherwise.
    Tls,
    /// The certificates to trust cannot be read.
    Roots,
    /// All connections of the server are in use.
    Full,
    /// The server is starting, stopping or recovering.
    NotReady,
    /// The server is something else that speaks like PostgreSQL.
    NotPostgres,
    /// The server is too old.
    TooOld,
    /// The database cannot hold every text.
    Encoding,
    /// A pooler stands between that knows no prepared statements.
    Pooler,
    /// A standby, or a server that was told to write nothing.
    ReadOnly,
    /// The user lacks a right.
    NoRight,
    /// There is no room on the disk.
    DiskFull,
    /// There are tables of the same names that are not ours.
    Occupied,
    /// The schema lacks migrations, which are not to be run.
    Outdated,
    /// The schema is that of a newer release.
    Newer,
    /// Anything else.
    Other,
}

impl OpenError {
    /// With that line, which names the thing.
    pub(in super::super) fn new(kind: OpenErrorKind, cause: impl fmt::Display) -> Self {
        Self { kind, cause: cause.to_string(), remedy: None }
    }

    /// The same with what to do about it here.
    pub(super) fn with_remedy(self, remedy: impl fmt::Display) -> Self {
        Self { remedy: Some(remedy.to_string()), ..self }
    }

    /// What is in the way.
    pub fn kind(&self) -> OpenErrorKind {
        self.kind
    }

    /// What to do about it.
    pub fn remedy(&self) -> &str {
        if let Some(remedy) = &self.remedy {
            return remedy;
        }
        match self.kind {
            OpenErrorKind::UnknownHost => "correct the host in the database URL",
            OpenErrorKind::Refused => "start PostgreSQL there, or correct the database URL",
            OpenErrorKind::Silent => {
                "check the network, the firewalls and the host in the database URL"
            }
            OpenErrorKind::Password => "correct user and password in the database URL",
            OpenErrorKind::NotAllowed => "correct the database URL, or allow it in pg_hba.conf",
            OpenErrorKind::NoDatabase => {
                "create it with CREATE DATABASE, or correct the database URL"
            }
            OpenErrorKind::NoTls => "turn `ssl` on there, or ask for less with `sslmode`",
            OpenErrorKind::Tls => {
                "name the certificate of its authority as `sslrootcert`, and the host as in its own"
            }
            OpenErrorKind::Roots => "name a readable PEM file as `sslrootcert`, or `system`",
            OpenErrorKind::Full => {
                "raise max_connections there, or the CONNECTION LIMIT of the role or of the \
                 database, or have the servers use fewer"
            }
            OpenErrorKind::NotReady => "try again when it is",
            OpenErrorKind::NotPostgres | OpenErrorKind::TooOld => "use PostgreSQL 14 or later",
            OpenErrorKind::Encoding => "create one WITH ENCODING 'UTF8'",
            OpenErrorKind::Pooler => "turn prepared statements off, or use PgBouncer 1.21 or later",
            OpenErrorKind::ReadOnly => "name the primary server in the database URL",
            OpenErrorKind::NoRight => "GRANT the user the right",
            OpenErrorKind::DiskFull => "make room",
            OpenErrorKind::Occupied => "name a database of its own",
            OpenErrorKind::Outdated => "bring it up to date first",
            OpenErrorKind::Newer => "start that release, or restore a backup",
            OpenErrorKind::Other => "check the server and its log",
        }
    }
}

/// What it means that there is no connection.
pub(super) fn no_connection(url: &PostgresUrl, error: PoolError) -> OpenError {
    let place = url.place();
    match error {
        PoolError::Backend(error) => match error.code() {
            Some(_) => refused(url, &error.into()),
            None => unreported(url, &error),
        },
        PoolError::Timeout(TimeoutType::Create) => {
            let cause = format_args!("the database on {place} does not answer");
            OpenError::new(OpenErrorKind::Silent, cause)
        }
        other => {
            let cause = format_args!("no connection to the database on {place}: {other}");
            OpenError::new(OpenErrorKind::Other, cause)
        }
    }
}

/// What it means that the server, or a pooler before it, reports something in place of a connection.
pub(super) fn refused(url: &PostgresUrl, failure: &Failure) -> OpenError {
    let (place, database) = (url.place(), url.database());
    match failure.state().map(SqlState::code) {
        Some("42501") => {
            let user = url.user().map_or_else(|| "its user".to_owned(), quoted);
            let cause = format_args!("the user may not connect to `{database}`: {failure}");
            let grant = format_args!("GRANT CONNECT ON DATABASE {} TO {user}", quoted(database));
            OpenError::new(OpenErrorKind::NoRight, cause).with_remedy(grant)
        }
        Some("55000") => {
            let cause = format_args!("the database `{database}` lets nobody in: {failure}");
            let remedy = format_args!(
                "ALTER DATABASE {} ALLOW_CONNECTIONS true, or correct the database URL",
                quoted(database)
            );
            OpenError::new(OpenErrorKind::NotAllowed, cause).with_remedy(remedy)
        }
        // PgBouncer says so whatever it is that it refuses.
        Some("08P01") => {
            let cause = format_args!(
                "the database on {place}, or a pooler before it, refuses the connection: {failure}"
            );
            OpenError::new(OpenErrorKind::NotAllowed, cause).with_remedy(
                "correct user, password and database in the database URL, or what the pooler \
                 knows of them",
            )
        }
        _ => reported(url, failure),
    }
}

/// A name as SQL takes it, whatever it consists of.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// What the report of the server means for whoever started the program.
pub(super) fn reported(url: &PostgresUrl, failure: &Failure) -> OpenError {
    let (place, database) = (url.place(), url.database());
    let (kind, cause) = match failure.state().map(SqlState::code) {
        Some("28P01") => {
            let user = url.user().map(|user| format!(" of `{user}`")).unwrap_or_default();
            (OpenErrorKind::Password, format!("the database on {place} refuses the password{user}"))
        }
        Some("28000") => (
            OpenErrorKind::NotAllowed,
            format!("the database on {place} does not allow the connection: {failure}"),
        ),
        Some("3D000") => {
            (OpenErrorKind::NoDatabase, format!("there is no database `{database}` on {place}"))
        }
        Some("53300") => (
            OpenErrorKind::Full,
            format!("the database on {place} takes no more connections: {failure}"),
        ),
        Some("57P03") => {
            (OpenErrorKind::NotReady, format!("the database on {place} is not ready: {failure}"))
        }
        Some("26000" | "42P05") => (OpenErrorKind::Pooler, pooler(url)),
        Some("25006") => (OpenErrorKind::ReadOnly, read_only(url)),
        Some("42501") => (
            OpenErrorKind::NoRight,
            format!("the user lacks a right in the database `{database}`: {failure}"),
        ),
        Some("53100") => {
            (OpenErrorKind::DiskFull, format!("the disk of the database on {place} is full"))
        }
        Some("42P07") => (
            OpenErrorKind::Occupied,
            format!("the database `{database}` holds something else: {failure}"),
        ),
        _ => (OpenErrorKind::Other, format!("the database on {place} cannot be opened: {failure}")),
    };
    OpenError::new(kind, cause)
}

/// The line about a pooler that mixes prepared statements up.
pub(super) fn pooler(url: &PostgresUrl) -> String {
    format!("a pooler before the database on {} mixes prepared statements up", url.place())
}

/// The line about a server that cannot be written.
pub(super) fn read_only(url: &PostgresUrl) -> String {
    format!("the database on {} can only be read", url.place())
}

/// What it means that there is no connection, and the server has not said why.
fn unreported(url: &PostgresUrl, error: &Error) -> OpenError {
    let place = url.place();
    let reason = error.source().map(ToString::to_string).unwrap_or_default();
    let io = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    let (kind, cause) = if tls::is_about(error) {
        match io {
            Some(_) => (
                OpenErrorKind::Tls,
                format!("no encrypted connection to the database on {place}: {}", plainly(&reason)),
            ),
            None => (
                OpenErrorKind::NoTls,
                format!("the database on {place} does not encrypt, and `sslmode` demands it"),
            ),
        }
    } else if reason == "password missing" {
        (OpenErrorKind::Password, format!("the database on {place} wants a password"))
    } else if reason == "database does not allow writes" {
        (OpenErrorKind::ReadOnly, read_only(url))
    } else {
        match io.map(io::Error::kind) {
            Some(io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound) => {
                (OpenErrorKind::Refused, format!("nothing listens on {place}"))
            }
            Some(
                io::ErrorKind::TimedOut
                | io::ErrorKind::HostUnreachable
                | io::ErrorKind::NetworkUnreachable,
            ) => (OpenErrorKind::Silent, format!("the database on {place} does not answer")),
            _ if is_about_names(&reason) => {
                (OpenErrorKind::UnknownHost, format!("the database host is unknown: {place}"))
            }
            _ => (
                OpenErrorKind::Other,
                format!("no connection to the database on {place}: {}", chain(error)),
            ),
        }
    };
    OpenError::new(kind, cause)
}

/// The reason why TLS failed; the one in other words that many meet and few understand: a
/// certificate made by `openssl req -x509` is one of an authority, unless it is told otherwise.
fn plainly(reason: &str) -> &str {
    if reason.contains("CaUsedAsEndEntity") {
        "the server shows the certificate of an authority (CA:TRUE) as its own"
    } else {
        reason
    }
}

/// Whether it is the look-up of a host that failed: the standard library tells so by these words.
fn is_about_names(reason: &str) -> bool {
    reason.starts_with("failed to lookup address") || reason == "could not resolve any addresses"
}
