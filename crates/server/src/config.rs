//! The settings: flags, then `CONTACT_HUB_*` variables, then a TOML file, then defaults.
//!
//! A setting has one name everywhere: `--max-items`, `CONTACT_HUB_MAX_ITEMS`, `max_items`. Clap
//! reads the first two; this module adds the third and the defaults.

mod file;
mod flags;

use std::num::NonZeroUsize;
use std::time::Duration;

use contacts_adapters_diesel::Durability as SqliteDurability;
use contacts_adapters_http::Settings as HttpSettings;
use contacts_adapters_postgres::{PostgresOptions, PostgresUrl};

use self::file::SettingsFile;
use self::flags::{Durability, Switch};
pub(crate) use self::flags::{GlobalFlags, ServeFlags};
use crate::database_url::DatabaseUrl;
use crate::failure::Failure;
use crate::logging::LogFormat;

const DEFAULT_LISTEN: &str = "127.0.0.1:8080";
const DEFAULT_LOG: &str = "info";
const DEFAULT_SHUTDOWN_SECONDS: u64 = 30;

/// What every command works with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GlobalSettings {
    /// Where the contacts live, and how they are reached.
    pub(crate) database: DatabaseSettings,
    /// What to log.
    pub(crate) log: String,
    /// How to write it.
    pub(crate) log_format: LogFormat,
}

/// Where the contacts live, and how they are reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DatabaseSettings {
    /// Where they live.
    pub(crate) url: DatabaseUrl,
    /// Whether a missing or old schema is brought up to date.
    pub(crate) migrate: bool,
    /// A hot standby that lists are read from, should it be PostgreSQL.
    pub(crate) standby: Option<PostgresUrl>,
    /// How PostgreSQL is reached, should it be that.
    pub(crate) postgres: PostgresOptions,
}

/// What the server works with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServeSettings {
    /// The address to listen on.
    pub(crate) listen: String,
    /// What an acknowledged write to a database file survives.
    pub(crate) durability: SqliteDurability,
    /// The limits of the front doors.
    pub(crate) http: HttpSettings,
    /// How long requests in flight may take to finish.
    pub(crate) shutdown: Duration,
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
    /// When the file cannot be read, is not TOML, or has a key or a value that is no setting.
    pub(crate) fn read(flags: GlobalFlags) -> Result<Self, Failure> {
        let file = flags.config.as_deref().map(SettingsFile::read).transpose()?.unwrap_or_default();
        Ok(Self { flags, file })
    }

    /// The settings of every command.
    ///
    /// # Errors
    ///
    /// When the database URL is none that this build supports.
    pub(crate) fn global(&self) -> Result<GlobalSettings, Failure> {
        let Self { flags, file } = self;
        let url = match flags.database_url.as_ref().or(file.database_url.as_ref()) {
            Some(url) => url.parse()?,
            None => DatabaseUrl::default_file(),
        };
        let standby = flags.read_database_url.as_ref().or(file.read_database_url.as_ref());
        let standby = standby.map(|standby| match (&url, standby.parse()?) {
            (DatabaseUrl::Postgres(_), DatabaseUrl::Postgres(standby)) => Ok(*standby),
            _ => Err(Failure::new(
                "the read database is not a standby of the database",
                "name a PostgreSQL database by --database-url, and its standby by \
                 --read-database-url",
            )),
        });
        let standby = standby.transpose()?;
        let no_migrate = flags.no_migrate.or(file.no_migrate).unwrap_or(false);
        let usual = PostgresOptions::default();
        let connections = flags.database_connections.or(file.database_connections);
        let wait = flags.database_wait.or(file.database_wait);
        let timeout = flags.database_timeout.or(file.database_timeout);
        let statement_timeout =
            timeout.map_or(usual.statement_timeout, |seconds| Duration::from_secs(seconds.get()));
        let rest = flags.read_database_rest.or(file.read_database_rest);
        let prepared = flags.prepared_statements.or(file.prepared_statements);
        let postgres = PostgresOptions {
            connections: connections.map_or(usual.connections, NonZeroUsize::get),
            wait: wait.map_or(usual.wait, Duration::from_secs),
            prepared_statements: prepared
                .map_or(usual.prepared_statements, |switch| switch == Switch::On),
            statement_timeout,
            // No lock is waited for longer than the statement may take that wants it.
            lock_timeout: usual.lock_timeout.min(statement_timeout),
            standby_rest: rest.map_or(usual.standby_rest, Duration::from_secs),
            ..usual
        };
        let log = flags.log.as_ref().or(file.log.as_ref());
        Ok(GlobalSettings {
            database: DatabaseSettings { url, migrate: !no_migrate, standby, postgres },
            log: log.map_or_else(|| DEFAULT_LOG.to_owned(), Clone::clone),
            log_format: flags.log_format.or(file.log_format).unwrap_or_default(),
        })
    }

    /// The settings of the server.
    pub(crate) fn serve(self, flags: ServeFlags) -> ServeSettings {
        let Self { file, .. } = self;
        let usual = HttpSettings::default();
        let items = flags.max_items.or(file.max_items);
        let body = flags.max_body_bytes.or(file.max_body_bytes);
        let pause = flags.max_body_pause_seconds.or(file.max_body_pause_seconds);
        let in_flight = flags.max_in_flight.or(file.max_in_flight);
        let http = HttpSettings {
            max_items: items.map_or(usual.max_items, NonZeroUsize::get),
            max_body_bytes: body.map_or(usual.max_body_bytes, NonZeroUsize::get),
            max_body_pause: pause
                .map_or(usual.max_body_pause, |seconds| Duration::from_secs(seconds.get())),
            max_in_flight: in_flight.map_or(usual.max_in_flight, NonZeroUsize::get),
            requests_per_second: flags.requests_per_second.or(file.requests_per_second),
            ..usual
        };
        let durability = flags.durability.or(file.durability).map(|durability| match durability {
            Durability::Power => SqliteDurability::Power,
            Durability::Process => SqliteDurability::Process,
        });
        let seconds = flags.shutdown_seconds.or(file.shutdown_seconds);
        ServeSettings {
            listen: flags.listen.or(file.listen).unwrap_or_else(|| DEFAULT_LISTEN.to_owned()),
            durability: durability.unwrap_or_default(),
            http,
            shutdown: Duration::from_secs(seconds.unwrap_or(DEFAULT_SHUTDOWN_SECONDS)),
        }
    }
}

#[cfg(test)]
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
    fn without_anything_the_defaults_hold() {
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
    fn the_documented_file_says_what_the_defaults_are() {
        let shown = sources(include_str!("../../../docs/contact-hub.toml")).unwrap();
        let bare = Sources::read(GlobalFlags::default()).unwrap();
        assert_eq!(shown.global().unwrap(), bare.global().unwrap());
        assert_eq!(shown.serve(ServeFlags::default()), bare.serve(ServeFlags::default()));
    }

    #[test]
    fn the_database_is_reached_as_the_file_says() {
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
    fn a_flag_beats_the_file() {
        let sources = sources("listen = '127.0.0.1:1'\nmax_items = 7").unwrap();
        let flags = ServeFlags { listen: Some("127.0.0.1:2".to_owned()), ..ServeFlags::default() };
        let serve = sources.serve(flags);
        assert_eq!((serve.listen.as_str(), serve.http.max_items), ("127.0.0.1:2", 7));
    }

    #[test]
    fn what_is_wrong_with_a_file_is_one_line_that_names_the_key() {
        for (toml, named) in [
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
            assert!(failure.contains(named) && !failure.contains('\n'), "{failure}");
        }
    }

    #[test]
    fn a_password_in_a_broken_file_is_not_repeated() {
        let failure = sources("database_url = 'postgres://u:secret@h/d").unwrap_err().to_string();
        assert!(!failure.contains("secret"), "{failure}");
    }
}
