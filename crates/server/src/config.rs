//! The settings: flags win over `CONTACT_HUB_*` variables, those over a TOML file, that over defaults.
//!
//! A setting has one name everywhere: `--max-items`, `CONTACT_HUB_MAX_ITEMS`, `max_items`. Clap
//! reads the first two; this module adds the third and the defaults.

mod file;
mod flags;
#[cfg(feature = "postgres")]
mod postgres;

use std::num::{NonZeroU64, NonZeroUsize};
use std::time::Duration;

use contacts_adapters_http::Settings as HttpSettings;
#[cfg(feature = "postgres")]
use contacts_adapters_postgres::PostgresOptions;
use ipnet::IpNet;

use self::file::SettingsFile;
pub(crate) use self::flags::{Durability, GlobalFlags, ServeFlags};
use crate::database_url::DatabaseUrl;
use crate::failure::Failure;
use crate::logging::LogFormat;

const DEFAULT_DATABASE: &str = "sqlite://contact-hub.db";
const DEFAULT_LISTEN: &str = "127.0.0.1:8080";
const DEFAULT_LOG: &str = "info";
const DEFAULT_SHUTDOWN_SECONDS: u64 = 30;
const DEFAULT_WRITE_TIMEOUT: Duration = Duration::from_secs(30);

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
    /// What an acknowledged write to SQLite survives.
    pub(crate) durability: Durability,
    /// The limits of the HTTP APIs.
    pub(crate) http: HttpSettings,
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

/// The flags and variables of a command, with the file that they name.
#[derive(Debug)]
pub(crate) struct Sources {
    flags: GlobalFlags,
    file: SettingsFile,
}

impl Sources {
    /// Reads the file, if one is named.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, is not TOML, or has an unknown key or a wrong value.
    pub(crate) fn read(flags: GlobalFlags) -> Result<Self, Failure> {
        let file = flags.config.as_deref().map(SettingsFile::read).transpose()?.unwrap_or_default();
        Ok(Self { flags, file })
    }

    /// The settings of every command.
    ///
    /// # Errors
    ///
    /// If this build does not support the database URL.
    pub(crate) fn global(&self) -> Result<GlobalSettings, Failure> {
        let Self { flags, file } = self;
        let url = flags.database_url.as_ref().or(file.database_url.as_ref());
        let url: DatabaseUrl = url.map_or(DEFAULT_DATABASE, String::as_str).parse()?;
        let standby = flags.read_database_url.as_ref().or(file.read_database_url.as_ref());
        let standby: Option<DatabaseUrl> = standby.map(|standby| standby.parse()).transpose()?;
        if standby.iter().any(|standby| !(standby.is_postgres() && url.is_postgres())) {
            return Err(Failure::new(
                "the read database is not a standby of the database",
                "name a PostgreSQL database by --database-url, and its standby by \
                 --read-database-url",
            ));
        }
        let no_migrate = flags.no_migrate.or(file.no_migrate).unwrap_or(false);
        let log = flags.log.as_ref().or(file.log.as_ref());
        Ok(GlobalSettings {
            database: DatabaseSettings {
                url,
                migrate: !no_migrate,
                standby,
                #[cfg(feature = "postgres")]
                postgres: postgres::options(flags, file),
            },
            log: log.map_or_else(|| DEFAULT_LOG.to_owned(), Clone::clone),
            log_format: flags.log_format.or(file.log_format).unwrap_or_default(),
        })
    }

    /// The settings of `contact-hub serve`.
    pub(crate) fn serve(self, flags: ServeFlags) -> ServeSettings {
        let Self { file, .. } = self;
        let defaults = HttpSettings::default();
        let items = flags.max_items.or(file.max_items);
        let body = flags.max_body_bytes.or(file.max_body_bytes);
        let documents = flags.max_batch_documents_bytes.or(file.max_batch_documents_bytes);
        let pause = flags.max_body_pause_seconds.or(file.max_body_pause_seconds);
        let in_flight = flags.max_in_flight.or(file.max_in_flight);
        let http = HttpSettings {
            max_items: items.map_or(defaults.max_items, NonZeroUsize::get),
            max_body_bytes: body.map_or(defaults.max_body_bytes, NonZeroUsize::get),
            max_batch_documents_bytes: documents
                .map_or(defaults.max_batch_documents_bytes, NonZeroUsize::get),
            max_body_pause: seconds(pause).unwrap_or(defaults.max_body_pause),
            max_in_flight: in_flight.map_or(defaults.max_in_flight, NonZeroUsize::get),
            requests_per_second: flags.requests_per_second.or(file.requests_per_second),
            min_body_rate: flags
                .min_body_rate
                .or(file.min_body_rate)
                .unwrap_or(defaults.min_body_rate),
            max_body_time: seconds(flags.max_body_seconds.or(file.max_body_seconds))
                .unwrap_or(defaults.max_body_time),
            ..defaults
        };
        let write_timeout = seconds(flags.write_timeout_seconds.or(file.write_timeout_seconds));
        let connections = ConnectionSettings {
            max: flags.max_connections.or(file.max_connections),
            trusted_proxies: if flags.trusted_proxy.is_empty() {
                file.trusted_proxy
            } else {
                flags.trusted_proxy
            },
            write_timeout: write_timeout.unwrap_or(DEFAULT_WRITE_TIMEOUT),
        };
        let shutdown = flags.shutdown_seconds.or(file.shutdown_seconds);
        ServeSettings {
            listen: flags.listen.or(file.listen).unwrap_or_else(|| DEFAULT_LISTEN.to_owned()),
            durability: flags.durability.or(file.durability).unwrap_or_default(),
            http,
            connections,
            shutdown: Duration::from_secs(shutdown.unwrap_or(DEFAULT_SHUTDOWN_SECONDS)),
        }
    }
}

/// Seconds of a setting, at most a century: the clock cannot go beyond its end.
fn seconds(setting: Option<NonZeroU64>) -> Option<Duration> {
    const CENTURY: u64 = 100 * 365 * 24 * 60 * 60;
    setting.map(|seconds| Duration::from_secs(seconds.get().min(CENTURY)))
}

#[cfg(test)]
#[cfg(all(feature = "sqlite", feature = "postgres"))]
mod tests {
    use std::fs;

    use super::*;

    fn sources(toml: &str) -> Result<Sources, Failure> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hub.toml");
        fs::write(&path, toml).unwrap();
        Sources::read(GlobalFlags { config: Some(path), ..GlobalFlags::default() })
    }

    #[test]
    fn defaults_apply_without_settings() {
        let sources = Sources::read(GlobalFlags::default()).unwrap();
        let database = sources.global().unwrap().database;
        assert_eq!(database.url, DatabaseUrl::Sqlite("contact-hub.db".into()));
        assert!(database.migrate && database.standby.is_none());
        assert_eq!(database.postgres, PostgresOptions::default());
        let serve = sources.serve(ServeFlags::default());
        assert_eq!(serve.listen, "127.0.0.1:8080");
        assert_eq!((serve.http.max_items, serve.http.max_body_bytes), (10_000, 33_554_432));
    }

    #[test]
    fn longest_time_is_a_century() {
        assert_eq!(seconds(NonZeroU64::new(30)), Some(Duration::from_secs(30)));
        let longest = seconds(NonZeroU64::new(u64::MAX)).unwrap();
        assert!(std::time::Instant::now().checked_add(longest).is_some());
    }

    #[test]
    fn documented_file_holds_the_defaults() {
        let documented = sources(include_str!("../../../docs/contact-hub.toml")).unwrap();
        let defaults = Sources::read(GlobalFlags::default()).unwrap();
        assert_eq!(documented.global().unwrap(), defaults.global().unwrap());
        assert_eq!(documented.serve(ServeFlags::default()), defaults.serve(ServeFlags::default()));
    }

    #[test]
    fn file_sets_the_database_options() {
        let toml = "database_url = 'postgres://u@db/hub'\ndatabase_connections = 3\n\
                    database_wait = 7\ndatabase_timeout = 2\nprepared_statements = 'off'\nno_migrate = true\n\
                    read_database_url = 'postgres://u@standby/hub'
                    read_database_rest = 3";
        let database = sources(toml).unwrap().global().unwrap().database;
        assert_eq!(database.url, "postgres://u@db/hub".parse().unwrap());
        assert!(!database.migrate);
        assert_eq!(database.standby, Some("postgres://u@standby/hub".parse().unwrap()));
        let expected = PostgresOptions {
            connections: 3,
            wait: Duration::from_secs(7),
            prepared_statements: false,
            statement_timeout: Duration::from_secs(2),
            lock_timeout: Duration::from_secs(2),
            standby_rest: Duration::from_secs(3),
            ..PostgresOptions::default()
        };
        assert_eq!(database.postgres, expected);
    }

    #[test]
    fn flag_wins_over_file() {
        let sources = sources("listen = '127.0.0.1:1'\nmax_items = 7").unwrap();
        let flags = ServeFlags { listen: Some("127.0.0.1:2".to_owned()), ..ServeFlags::default() };
        let serve = sources.serve(flags);
        assert_eq!((serve.listen.as_str(), serve.http.max_items), ("127.0.0.1:2", 7));
    }

    #[test]
    fn error_in_file_is_one_line_naming_the_key() {
        for (toml, expected) in [
            ("listn = '127.0.0.1:1'", "listn"),
            ("\nmax_items = 'many'", "line 2: invalid type: string \"many\""),
            ("max_items = -1", "-1"),
            ("listen =", "line 1"),
            ("log_format = 'xml'", "xml"),
            ("database_connections = 0", "line 1"),
            ("database_timeout = 0", "line 1"),
            ("prepared_statements = 'maybe'", "maybe"),
        ] {
            let failure = sources(toml).unwrap_err().to_string();
            assert!(failure.contains(expected) && !failure.contains('\n'), "{failure}");
        }
    }

    #[test]
    fn error_in_file_hides_the_password() {
        let failure = sources("database_url = 'postgres://u:secret@h/d").unwrap_err().to_string();
        assert!(!failure.contains("secret"), "{failure}");
    }
}
