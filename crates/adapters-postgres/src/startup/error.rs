//! What an error means when a database is opened, and what to do about it.

use std::error::Error as _;
use std::io;

use contacts_application::ports::{OpenError, OpenErrorKind};
use deadpool_postgres::{PoolError, TimeoutType};
use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use crate::connect::{
    Failure, POOLER_REMEDY, PoolSetupError, PostgresUrl, TlsSetupError, chain, is_tls_failure,
};

const CHECK_SERVER: &str = "check the server and its log";

/// An error that a person has to correct.
pub(crate) fn unusable(message: impl Into<String>, remedy: impl Into<String>) -> OpenError {
    OpenError::new(OpenErrorKind::Unusable, message, remedy)
}

fn unavailable(message: impl Into<String>, remedy: impl Into<String>) -> OpenError {
    OpenError::new(OpenErrorKind::Unavailable, message, remedy)
}

pub(crate) fn pool(error: &PoolSetupError) -> OpenError {
    let message = error.to_string();
    match error {
        PoolSetupError::Tls(TlsSetupError::Roots(_)) => {
            unusable(message, "name a readable PEM file as `sslrootcert`, or `system`")
        }
        PoolSetupError::Tls(TlsSetupError::Config(_)) | PoolSetupError::Build(_) => {
            unusable(message, CHECK_SERVER)
        }
    }
}

pub(crate) fn no_connection(url: &PostgresUrl, error: PoolError) -> OpenError {
    let place = url.place();
    match error {
        PoolError::Backend(error) => match error.code() {
            Some(_) => refused(url, &error.into()),
            None => unreported(url, &error),
        },
        PoolError::Timeout(TimeoutType::Create) => no_answer(&place),
        other => {
            unavailable(format!("no connection to the database on {place}: {other}"), CHECK_SERVER)
        }
    }
}

/// The server, or a pooler before it, reports an error in place of a connection.
pub(crate) fn refused(url: &PostgresUrl, failure: &Failure) -> OpenError {
    let (place, database) = (url.place(), url.database());
    match failure.state().map(SqlState::code) {
        Some("42501") => {
            let user = url.user().map_or_else(|| "its user".to_owned(), quoted);
            unusable(
                format!("the user may not connect to `{database}`: {failure}"),
                format!("GRANT CONNECT ON DATABASE {} TO {user}", quoted(database)),
            )
        }
        Some("55000") => unusable(
            format!("the database `{database}` lets nobody in: {failure}"),
            format!(
                "ALTER DATABASE {} ALLOW_CONNECTIONS true, or correct the database URL",
                quoted(database)
            ),
        ),
        // PgBouncer reports this state for every refusal.
        Some("08P01") => unusable(
            format!(
                "the database on {place}, or a pooler before it, refuses the connection: {failure}"
            ),
            "correct user, password and database in the database URL, or what the pooler knows of \
             them",
        ),
        _ => reported(url, failure),
    }
}

/// A name as a quoted identifier of SQL.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The server reports an error.
pub(crate) fn reported(url: &PostgresUrl, failure: &Failure) -> OpenError {
    let (place, database) = (url.place(), url.database());
    match failure.state().map(SqlState::code) {
        Some("28P01") => {
            let user = url.user().map(|user| format!(" of `{user}`")).unwrap_or_default();
            wrong_password(format!("the database on {place} refuses the password{user}"))
        }
        Some("28000") => unusable(
            format!("the database on {place} does not allow the connection: {failure}"),
            "correct the database URL, or allow it in pg_hba.conf",
        ),
        Some("3D000") => unusable(
            format!("there is no database `{database}` on {place}"),
            "create it with CREATE DATABASE, or correct the database URL",
        ),
        Some("53300") => unavailable(
            format!("the database on {place} takes no more connections: {failure}"),
            "raise max_connections there, or the CONNECTION LIMIT of the role or of the database, \
             or lower --database-connections",
        ),
        Some("53200") => unavailable(
            format!("the database on {place} lacks memory: {failure}"),
            "raise max_locks_per_transaction there, or make fewer --partitions",
        ),
        Some("57P03") => unavailable(
            format!("the database on {place} is not ready: {failure}"),
            "try again when it is",
        ),
        Some("26000" | "42P05") => unusable(
            format!("a pooler before the database on {place} mixes prepared statements up"),
            POOLER_REMEDY,
        ),
        Some("25006") => read_only(url),
        Some("42501") => unusable(
            format!("the user lacks a right in the database `{database}`: {failure}"),
            "GRANT the user the right",
        ),
        Some("53100") => {
            unavailable(format!("the disk of the database on {place} is full"), "make room")
        }
        Some("42P07") => {
            occupied(format!("the database `{database}` holds something else: {failure}"))
        }
        _ => unavailable(
            format!("the database on {place} cannot be opened: {failure}"),
            CHECK_SERVER,
        ),
    }
}

fn wrong_password(message: String) -> OpenError {
    unusable(message, "correct user and password in the database URL")
}

fn no_answer(place: &str) -> OpenError {
    unavailable(
        format!("the database on {place} does not answer"),
        "check the network, the firewalls and the host in the database URL",
    )
}

/// The database holds tables of another application.
pub(crate) fn occupied(message: String) -> OpenError {
    unusable(message, "name a database of its own")
}

pub(crate) fn read_only(url: &PostgresUrl) -> OpenError {
    unusable(
        format!("the database on {} can only be read", url.place()),
        "name the primary server in the database URL",
    )
}

/// There is no connection, and the server has reported no error.
fn unreported(url: &PostgresUrl, error: &Error) -> OpenError {
    let place = url.place();
    let reason = error.source().map(ToString::to_string).unwrap_or_default();
    let io = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    if is_tls_failure(error) {
        return match io {
            Some(_) => unusable(
                format!("no encrypted connection to the database on {place}: {}", plain(&reason)),
                "name the certificate of its authority as `sslrootcert`, and the host as in its \
                 own",
            ),
            None => unusable(
                format!("the database on {place} does not encrypt, and `sslmode` demands it"),
                "turn `ssl` on there, or ask for less with `sslmode`",
            ),
        };
    }
    if reason == "password missing" {
        return wrong_password(format!("the database on {place} wants a password"));
    }
    if reason == "database does not allow writes" {
        return read_only(url);
    }
    match io.map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound) => unavailable(
            format!("nothing listens on {place}"),
            "start PostgreSQL there, or correct the database URL",
        ),
        Some(
            io::ErrorKind::TimedOut
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable,
        ) => no_answer(&place),
        _ if is_name_lookup_failure(&reason) => unusable(
            format!("the database host is unknown: {place}"),
            "correct the host in the database URL",
        ),
        _ => unavailable(
            format!("no connection to the database on {place}: {}", chain(error)),
            CHECK_SERVER,
        ),
    }
}

/// Explains the TLS error that `openssl req -x509` causes: it makes the certificate of an authority
/// by default.
fn plain(reason: &str) -> &str {
    if reason.contains("CaUsedAsEndEntity") {
        "the server shows the certificate of an authority (CA:TRUE) as its own"
    } else {
        reason
    }
}

/// The standard library and tokio report a failed name look-up by these texts alone.
fn is_name_lookup_failure(reason: &str) -> bool {
    reason.starts_with("failed to lookup address") || reason == "could not resolve any addresses"
}
