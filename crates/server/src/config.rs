//! The settings: flags win over `CONTACT_HUB_*` variables, those over a TOML file, that over defaults.
//!
//! A setting has one name everywhere: `--max-items`, `CONTACT_HUB_MAX_ITEMS`, `max_items`. It is
//! declared once, as a flag ([`flags`]); variables are clap's, and the values of the file become the
//! defaults of the flags.

mod file;
mod flags;
#[cfg(feature = "postgres")]
mod postgres;
mod settings;
mod show;

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use contacts_adapters_http::Settings as HttpSettings;
#[cfg(feature = "postgres")]
use contacts_adapters_postgres::PostgresOptions;
use ipnet::IpNet;

pub(crate) use self::file::SettingsFile;
use self::flags::seconds;
pub(crate) use self::flags::{Durability, GlobalFlags, ServeFlags};
pub(crate) use self::settings::unknown_variables;
pub(crate) use self::show::{ConfigCommand, changed, check, sample, show};
use crate::database_url::DatabaseUrl;
use crate::failure::Failure;
use crate::logging::LogFormat;

/// The settings of every command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GlobalSettings {
    /// The database and how to connect to it.
    pub(crate) database: DatabaseSettings,
    /// The log filter.
    pub(crate) log: String,
    /// The format of a log line.
    pub(crate) log_format: LogFormat,
}

/// The database and how to connect to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DatabaseSettings {
    /// Where the contacts are stored.
    pub(crate) url: DatabaseUrl,
    /// Whether a missing or old schema is brought up to date.
    pub(crate) migrate: bool,
    /// A hot standby of a PostgreSQL database, to read lists from.
    pub(crate) standby: Option<DatabaseUrl>,
    /// The options of a connection to PostgreSQL.
    #[cfg(feature = "postgres")]
    pub(crate) postgres: PostgresOptions,
}

/// The settings of `contact-hub serve`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServeSettings {
    /// The address to listen on.
    pub(crate) listen: String,
    /// The certificate, if the server speaks TLS, and its key.
    pub(crate) tls: [Option<PathBuf>; 2],
    /// The address to serve the metrics at, if it is another.
    pub(crate) metrics_listen: Option<String>,
    /// The collector that takes traces, if there is one.
    #[cfg(feature = "otlp")]
    pub(crate) otlp_endpoint: Option<String>,
    /// What an acknowledged write to SQLite survives.
    pub(crate) durability: Durability,
    /// The limits of the HTTP APIs.
    pub(crate) http: HttpSettings,
    /// For how long deleted contacts are kept; `None`: until they are purged.
    pub(crate) keep_deleted: Option<Duration>,
    /// The limits of connections.
    pub(crate) connections: ConnectionSettings,
    /// How long requests in flight may take to finish.
    pub(crate) shutdown: Duration,
}

/// The limits of connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConnectionSettings {
    /// The most connections, or else as many as the system allows.
    pub(crate) max: Option<NonZeroUsize>,
    /// Addresses that may have all of them.
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// How long a client may take nothing of its answer.
    pub(crate) write_timeout: Duration,
}

impl GlobalFlags {
    /// The settings file, if one is named.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, is not TOML, or has an unknown key or a wrong value.
    pub(crate) fn file(&self) -> Result<SettingsFile, Failure> {
        let file = self.config.as_deref().map(SettingsFile::read).transpose()?;
        Ok(file.unwrap_or_default())
    }

    /// The settings of every command.
    ///
    /// # Errors
    ///
    /// If this build does not support the database URL.
    pub(crate) fn settings(self) -> Result<GlobalSettings, Failure> {
        let url: DatabaseUrl = self.database_url.parse()?;
        let standby = self.read_database_url.as_deref();
        let standby: Option<DatabaseUrl> = standby.map(str::parse).transpose()?;
        if standby.iter().any(|standby| !(standby.is_postgres() && url.is_postgres())) {
            return Err(Failure::new(
                "the read database is not a standby of the database",
                "name a PostgreSQL database by --database-url, and its standby by \
                 --read-database-url",
            ));
        }
        Ok(GlobalSettings {
            database: DatabaseSettings {
                url,
                migrate: !self.no_migrate,
                standby,
                #[cfg(feature = "postgres")]
                postgres: postgres::options(&self),
            },
            log: self.log,
            log_format: self.log_format,
        })
    }
}

impl ServeFlags {
    /// The collector that takes traces, which the log is started with.
    #[cfg(feature = "otlp")]
    pub(crate) fn otlp_endpoint(&self) -> Option<&str> {
        self.otlp_endpoint.as_deref()
    }

    /// The settings of `contact-hub serve`.
    pub(crate) fn settings(self) -> ServeSettings {
        let http = HttpSettings {
            max_items: self.max_items.get(),
            max_body_bytes: self.max_body_bytes.get(),
            max_batch_documents_bytes: self.max_batch_documents_bytes.get(),
            max_body_pause: seconds(self.max_body_pause_seconds),
            min_body_rate: self.min_body_rate,
            max_body_time: seconds(self.max_body_seconds),
            max_in_flight: self.max_in_flight.get(),
            max_streams: self.max_streams.get(),
            stream_spool_bytes: self.stream_spool_bytes.get(),
            keep_ledger: days(self.keep_ledger_days),
            max_long_polls: self.max_long_polls.get(),
            max_kept_answer_bytes: usize::try_from(self.idempotency_answer_bytes)
                .unwrap_or(usize::MAX),
            requests_per_second: self.requests_per_second,
            items_per_second: self.items_per_second,
            rate_burst_seconds: self.rate_burst_seconds,
            cors_origins: self.cors_origin,
            ..HttpSettings::default()
        };
        let connections = ConnectionSettings {
            max: self.max_connections,
            trusted_proxies: self.trusted_proxy,
            write_timeout: seconds(self.write_timeout_seconds),
        };
        ServeSettings {
            listen: self.listen,
            tls: [self.tls_certificate, self.tls_key],
            metrics_listen: self.metrics_listen,
            #[cfg(feature = "otlp")]
            otlp_endpoint: self.otlp_endpoint,
            durability: self.durability,
            http,
            keep_deleted: self.keep_deleted_days.map(days),
            connections,
            shutdown: Duration::from_secs(self.shutdown_seconds),
        }
    }
}

fn days(days: NonZeroU32) -> Duration {
    Duration::from_secs(u64::from(days.get()) * 24 * 60 * 60)
}

#[cfg(test)]
#[cfg(all(feature = "sqlite", feature = "postgres"))]
mod tests;
