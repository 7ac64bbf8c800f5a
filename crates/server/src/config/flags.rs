//! Every setting, declared once.
//!
//! The id of an argument is the key in a settings file; flag and variable have the same name. Its
//! help is the comment in `docs/contact-hub.toml`.

use std::net::{AddrParseError, IpAddr};
use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use axum::http::HeaderValue;
#[cfg(feature = "otlp")]
use axum::http::Uri;
use clap::{Args, ValueEnum, value_parser};
use ipnet::IpNet;

use crate::logging::LogFormat;

/// The argument that names the settings file. It is no setting itself.
pub(super) const CONFIG: &str = "config";

/// Settings of every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct GlobalFlags {
    /// A TOML file with settings; the keys are the long option names with `_` for `-`
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// The database: `sqlite://PATH`, made by `serve` and `migrate` if it is missing, or
    /// `postgres://USER:PASSWORD@HOST/DATABASE?sslmode=verify-full`, with the parameters of libpq
    ///
    /// Only its owner should be able to read a file that holds a password.
    #[arg(
        long,
        global = true,
        value_name = "URL",
        hide_env_values = true,
        default_value = "sqlite://contact-hub.db"
    )]
    pub(super) database_url: String,
    /// PostgreSQL: a hot standby of the database; lists are read from it when it has caught up
    #[arg(long, global = true, value_name = "URL", hide_env_values = true)]
    pub(super) read_database_url: Option<String>,
    /// PostgreSQL: how long no list is read from the standby after it has failed
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 10)]
    pub(super) read_database_rest: u64,
    /// PostgreSQL: the most connections
    #[arg(long, global = true, value_name = "N", default_value = "16")]
    pub(super) database_connections: NonZeroUsize,
    /// PostgreSQL: how long a request may wait for a connection before it is answered 503
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 5)]
    pub(super) database_wait: u64,
    /// PostgreSQL: how long a statement may run before the request is answered 503
    #[arg(long, global = true, value_name = "SECONDS", default_value = "30")]
    pub(super) database_timeout: NonZeroU64,
    /// PostgreSQL: whether to prepare statements; `off` for a pooler without prepared statements
    #[arg(long, global = true, value_enum, value_name = "WHETHER", default_value = "on")]
    pub(super) prepared_statements: Switch,
    /// Refuse a database with a missing or old schema instead of migrating it; `contact-hub migrate`
    /// brings it up to date
    #[arg(
        long,
        global = true,
        num_args = 0..=1,
        require_equals = true,
        default_value_t = false,
        default_missing_value = "true",
        value_name = "BOOL",
        action = clap::ArgAction::Set
    )]
    pub(super) no_migrate: bool,
    /// The log filter, as in `info,contact_hub=debug`
    #[arg(long, global = true, value_name = "FILTER", default_value = "info")]
    pub(super) log: String,
    /// The format of the log, which goes to standard error
    #[arg(long, global = true, value_enum, value_name = "FORMAT", default_value = "text")]
    pub(super) log_format: LogFormat,
}

/// Settings of `contact-hub serve`.
#[derive(Debug, Clone, Args)]
pub(crate) struct ServeFlags {
    /// The address to listen on; port 0 picks a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub(super) listen: String,
    /// A file in PEM with the certificate of the server, then those that lead to a root; with it, the
    /// server speaks TLS alone, and reads it again when it changes
    #[arg(long, value_name = "FILE")]
    pub(super) tls_certificate: Option<PathBuf>,
    /// A file in PEM with the key of the certificate
    #[arg(long, value_name = "FILE")]
    pub(super) tls_key: Option<PathBuf>,
    /// The address to serve `/metrics` at instead, for a network that only the monitoring reaches
    #[arg(long, value_name = "ADDR")]
    pub(super) metrics_listen: Option<String>,
    /// The OpenTelemetry collector that takes the traces of requests, such as `http://127.0.0.1:4318`,
    /// by OTLP over HTTP; of a program with the feature `otlp`
    #[cfg(feature = "otlp")]
    #[arg(long, value_name = "URL", value_parser = collector)]
    pub(super) otlp_endpoint: Option<String>,
    /// What an acknowledged write to SQLite survives; on PostgreSQL, its `synchronous_commit` decides
    #[arg(long, value_enum, value_name = "WHAT", default_value = "power")]
    pub(super) durability: Durability,
    /// The most items of one batch
    #[arg(long, value_name = "N", default_value = "10000")]
    pub(super) max_items: NonZeroUsize,
    /// The largest body of a request
    #[arg(long, value_name = "BYTES", default_value = "33554432")]
    pub(super) max_body_bytes: NonZeroUsize,
    /// The most bytes of documents in the answer to a batch, each item counted; a batch with more is
    /// answered 413, and nothing of it is stored; minimal answers have none
    #[arg(long, value_name = "BYTES", default_value = "134217728")]
    pub(super) max_batch_documents_bytes: NonZeroUsize,
    /// How long a client may pause within a body
    #[arg(long, value_name = "SECONDS", default_value = "30")]
    pub(super) max_body_pause_seconds: NonZeroU64,
    /// The least rate of a body on average, from its 20th second on, in bytes per second; 0 for none
    #[arg(long, value_name = "BYTES", default_value_t = 1_024)]
    pub(super) min_body_rate: u64,
    /// How long a body may take to arrive
    #[arg(long, value_name = "SECONDS", default_value = "300")]
    pub(super) max_body_seconds: NonZeroU64,
    /// How long a client may take nothing of its answer before its connection is closed
    #[arg(long, value_name = "SECONDS", default_value = "30")]
    pub(super) write_timeout_seconds: NonZeroU64,
    /// The most connections, of which one address has at most half; without it 10000, or as many as
    /// the limit of open files allows less 256
    #[arg(long, value_name = "N")]
    pub(super) max_connections: Option<NonZeroUsize>,
    /// A proxy in front, by address or network (`10.0.0.0/24`), that may have all connections, and is
    /// believed who a request comes from (`Forwarded`, `X-Forwarded-For`); may be repeated
    #[arg(long, value_name = "ADDR", value_delimiter = ',', value_parser = network)]
    pub(super) trusted_proxy: Vec<IpNet>,
    /// The most requests worked on at once, and the most bodies that arrive at once; one token has at
    /// most half of either, and further ones are answered 503 with Retry-After
    #[arg(long, value_name = "N", default_value = "512")]
    pub(super) max_in_flight: NonZeroUsize,
    /// The most streams of items taken at once, of which one token has at most a quarter; further ones
    /// are answered 503 with Retry-After
    #[arg(long, value_name = "N", default_value = "16")]
    pub(super) max_streams: NonZeroUsize,
    /// The most bytes of answers to streams that their clients have not read yet, kept in temporary
    /// files, of which one token has at most half; a stream with more ends early
    #[arg(long, value_name = "BYTES", default_value = "1073741824")]
    pub(super) stream_spool_bytes: NonZeroU64,
    /// The most requests that wait for changes at once, of which one token has at most a twentieth
    #[arg(long, value_name = "N", default_value = "2000")]
    pub(super) max_long_polls: NonZeroU32,
    /// How many days the ledger keeps changes: histories, undo and the change feed reach back that far
    #[arg(long, value_name = "DAYS", default_value = "90")]
    pub(super) keep_ledger_days: NonZeroU32,
    /// After how many days a deleted contact is purged: nothing of it is left but its id; without it,
    /// deleted contacts are kept
    #[arg(long, value_name = "N")]
    pub(super) keep_deleted_days: Option<NonZeroU32>,
    /// The most bytes of an answer that is kept, compressed, for a request with an Idempotency-Key; of a
    /// larger one, all but the documents is kept; at least 4194304
    #[arg(long, value_name = "BYTES", default_value_t = 16 << 20, value_parser = value_parser!(u64).range(4 << 20..))]
    pub(super) idempotency_answer_bytes: u64,
    /// The most requests per second and token, on average; further ones are answered 429 with
    /// Retry-After; without it, there is no limit
    #[arg(long, value_name = "N")]
    pub(super) requests_per_second: Option<NonZeroU32>,
    /// The most items per second and token, on average; further batches are answered 429 with
    /// Retry-After, further lines of a stream are read later; without it, there is no limit
    #[arg(long, value_name = "N")]
    pub(super) items_per_second: Option<NonZeroU32>,
    /// The requests and items of how many seconds a token may send at once, after a pause; a batch
    /// may have no more items than that
    #[arg(long, value_name = "SECONDS", default_value = "600")]
    pub(super) rate_burst_seconds: NonZeroU32,
    /// An origin of web pages that may call the APIs, such as `https://crm.example`, or `*` for all; may
    /// be repeated
    #[arg(long, value_name = "ORIGIN", value_delimiter = ',', value_parser = origin)]
    pub(super) cors_origin: Vec<HeaderValue>,
    /// How long requests in flight may take to finish after SIGTERM or Ctrl-C
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub(super) shutdown_seconds: u64,
}

/// Seconds of a setting, at most a century: the clock cannot go beyond its end.
pub(super) fn seconds(setting: NonZeroU64) -> Duration {
    const CENTURY: u64 = 100 * 365 * 24 * 60 * 60;
    Duration::from_secs(setting.get().min(CENTURY))
}

/// Reads the address of a collector. Credentials belong into a variable, which no command shows.
#[cfg(feature = "otlp")]
fn collector(text: &str) -> Result<String, &'static str> {
    let address = text.parse::<Uri>().ok().filter(|address| {
        matches!(address.scheme_str(), Some("http" | "https")) && address.query().is_none()
    });
    let address = address.ok_or("it is `http://HOST:PORT` or `https://HOST:PORT`")?;
    if address.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err("it has no user; name headers by OTEL_EXPORTER_OTLP_HEADERS");
    }
    Ok(text.to_owned())
}

/// Reads an origin (RFC 6454 §6.2) as browsers send it, or `*`.
fn origin(text: &str) -> Result<HeaderValue, &'static str> {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let is_host = |host: &str| {
        !host.is_empty()
            && host.bytes().all(|byte| {
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_:[]".contains(&byte)
            })
    };
    match text == "*" || host.is_some_and(is_host) {
        true => HeaderValue::from_str(text).map_err(|_ascii| EXPECTED_ORIGIN),
        false => Err(EXPECTED_ORIGIN),
    }
}

const EXPECTED_ORIGIN: &str = "an origin has a scheme, a host in lower case and perhaps a port, \
                               without a slash at the end";

/// Reads a network, or an address.
fn network(text: &str) -> Result<IpNet, AddrParseError> {
    text.parse().or_else(|_| text.parse().map(|address: IpAddr| address.into()))
}

/// A setting that is on or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Switch {
    On,
    Off,
}

/// What an acknowledged write to SQLite survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Durability {
    /// Loss of power: each commit waits for the disk
    #[default]
    Power,
    /// The end of the process; faster where the disk is slow
    Process,
}

#[cfg(feature = "sqlite")]
impl From<Durability> for contacts_adapters_diesel::Durability {
    fn from(durability: Durability) -> Self {
        match durability {
            Durability::Power => Self::Power,
            Durability::Process => Self::Process,
        }
    }
}
