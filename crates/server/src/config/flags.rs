//! The settings as flags and variables.

use std::net::{AddrParseError, IpAddr};
use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use ipnet::IpNet;
use serde::Deserialize;

use crate::logging::LogFormat;

/// Settings of every command.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct GlobalFlags {
    /// A TOML file with settings; the keys are the long option names with `_` for `-`
    #[arg(long, global = true, value_name = "FILE", env = "CONTACT_HUB_CONFIG")]
    pub(super) config: Option<PathBuf>,
    /// The database: `sqlite://PATH`, created if missing, or `postgres://USER@HOST/DATABASE`
    /// [default: `sqlite://contact-hub.db`]
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "CONTACT_HUB_DATABASE_URL",
        hide_env_values = true
    )]
    pub(super) database_url: Option<String>,
    /// A hot standby of the PostgreSQL database; lists are read from it when it has caught up
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "CONTACT_HUB_READ_DATABASE_URL",
        hide_env_values = true
    )]
    pub(super) read_database_url: Option<String>,
    /// How long no list is read from the standby after it has failed [default: 10]
    #[arg(long, global = true, value_name = "SECONDS", env = "CONTACT_HUB_READ_DATABASE_REST")]
    pub(super) read_database_rest: Option<u64>,
    /// The most connections to PostgreSQL [default: 16]
    #[arg(long, global = true, value_name = "N", env = "CONTACT_HUB_DATABASE_CONNECTIONS")]
    pub(super) database_connections: Option<NonZeroUsize>,
    /// How long a request may wait for a connection before it is answered 503 [default: 5]
    #[arg(long, global = true, value_name = "SECONDS", env = "CONTACT_HUB_DATABASE_WAIT")]
    pub(super) database_wait: Option<u64>,
    /// How long a PostgreSQL statement may run before the request is answered 503 [default: 30]
    #[arg(long, global = true, value_name = "SECONDS", env = "CONTACT_HUB_DATABASE_TIMEOUT")]
    pub(super) database_timeout: Option<NonZeroU64>,
    /// Whether to prepare statements; `off` for a pooler without prepared statements [default: on]
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHETHER",
        env = "CONTACT_HUB_PREPARED_STATEMENTS"
    )]
    pub(super) prepared_statements: Option<Switch>,
    /// Refuse a database with a missing or old schema instead of migrating it
    #[arg(
        long,
        global = true,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        value_name = "BOOL",
        env = "CONTACT_HUB_NO_MIGRATE"
    )]
    pub(super) no_migrate: Option<bool>,
    /// The log filter, as in `info,contact_hub=debug` [default: info]
    #[arg(long, global = true, value_name = "FILTER", env = "CONTACT_HUB_LOG")]
    pub(super) log: Option<String>,
    /// The format of the log, which goes to standard error [default: text]
    #[arg(long, global = true, value_enum, value_name = "FORMAT", env = "CONTACT_HUB_LOG_FORMAT")]
    pub(super) log_format: Option<LogFormat>,
}

/// Settings of `contact-hub serve`.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ServeFlags {
    /// The address to listen on; port 0 picks a free one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR", env = "CONTACT_HUB_LISTEN")]
    pub(super) listen: Option<String>,
    /// What an acknowledged write to SQLite survives [default: power]
    #[arg(long, value_enum, value_name = "WHAT", env = "CONTACT_HUB_DURABILITY")]
    pub(super) durability: Option<Durability>,
    /// The most items of one batch [default: 10000]
    #[arg(long, value_name = "N", env = "CONTACT_HUB_MAX_ITEMS")]
    pub(super) max_items: Option<NonZeroUsize>,
    /// The largest body of a request, in bytes [default: 33554432]
    #[arg(long, value_name = "BYTES", env = "CONTACT_HUB_MAX_BODY_BYTES")]
    pub(super) max_body_bytes: Option<NonZeroUsize>,
    /// The most bytes of documents in the answer to a batch, each item counted; more is answered 413
    /// [default: 134217728]
    #[arg(long, value_name = "BYTES", env = "CONTACT_HUB_MAX_BATCH_DOCUMENTS_BYTES")]
    pub(super) max_batch_documents_bytes: Option<NonZeroUsize>,
    /// How long a client may pause within a body [default: 30]
    #[arg(long, value_name = "SECONDS", env = "CONTACT_HUB_MAX_BODY_PAUSE_SECONDS")]
    pub(super) max_body_pause_seconds: Option<NonZeroU64>,
    /// The least rate of a body on average, from its 20th second on, in bytes per second; 0 for
    /// none [default: 1024]
    #[arg(long, value_name = "BYTES", env = "CONTACT_HUB_MIN_BODY_RATE")]
    pub(super) min_body_rate: Option<u64>,
    /// How long a body may take to arrive [default: 300]
    #[arg(long, value_name = "SECONDS", env = "CONTACT_HUB_MAX_BODY_SECONDS")]
    pub(super) max_body_seconds: Option<NonZeroU64>,
    /// How long a client may take nothing of its answer before its connection is closed
    /// [default: 30]
    #[arg(long, value_name = "SECONDS", env = "CONTACT_HUB_WRITE_TIMEOUT_SECONDS")]
    pub(super) write_timeout_seconds: Option<NonZeroU64>,
    /// The most connections; one address has at most half of them [default: 10000, or what the
    /// limit of open files allows]
    #[arg(long, value_name = "N", env = "CONTACT_HUB_MAX_CONNECTIONS")]
    pub(super) max_connections: Option<NonZeroUsize>,
    /// A proxy in front, by address or network (`10.0.0.0/24`), that may have all connections; may
    /// be repeated
    #[arg(
        long,
        value_name = "ADDR",
        env = "CONTACT_HUB_TRUSTED_PROXY",
        value_delimiter = ',',
        value_parser = network
    )]
    pub(super) trusted_proxy: Vec<IpNet>,
    /// The most requests worked on at once, one token at most half; others are answered 503
    /// [default: 512]
    #[arg(long, value_name = "N", env = "CONTACT_HUB_MAX_IN_FLIGHT")]
    pub(super) max_in_flight: Option<NonZeroUsize>,
    /// The most requests per second and token, on average [default: unlimited]
    #[arg(long, value_name = "N", env = "CONTACT_HUB_REQUESTS_PER_SECOND")]
    pub(super) requests_per_second: Option<NonZeroU32>,
    /// How long requests in flight may take to finish after SIGTERM or Ctrl-C [default: 30]
    #[arg(long, value_name = "SECONDS", env = "CONTACT_HUB_SHUTDOWN_SECONDS")]
    pub(super) shutdown_seconds: Option<u64>,
}

/// Reads a network, or an address.
pub(super) fn network(text: &str) -> Result<IpNet, AddrParseError> {
    text.parse().or_else(|_| text.parse().map(|address: IpAddr| address.into()))
}

/// A setting that is on or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Switch {
    On,
    Off,
}

/// What an acknowledged write to SQLite survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
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
