//! Opens the store that the database URL names.

use std::path::Path;
use std::sync::Arc;

use contacts_adapters_diesel::{
    BackupError, Durability, OpenError as SqliteOpenError, SqliteOptions, SqliteStore,
};
use contacts_adapters_http::Services;
use contacts_adapters_postgres::{
    OpenError as PostgresOpenError, OpenErrorKind, PostgresOptions, PostgresStore, PostgresUrl,
};
use contacts_application::ports::{AccessStore, Audit, ContactStore, IntercomDirectory};
use contacts_application::use_cases::{CheckContacts, ManageAccess};

use crate::clock::SystemClock;
use crate::config::DatabaseSettings;
use crate::database_url::DatabaseUrl;
use crate::failure::Failure;

/// What tells how to bring a schema up to date.
const MIGRATE: &str = "run `contact-hub migrate`";

/// An open store, migrated to what this build expects.
pub(crate) struct Store {
    contacts: Arc<dyn ContactStore>,
    directory: Arc<dyn IntercomDirectory>,
    access: Arc<dyn AccessStore>,
    audit: Arc<dyn Audit>,
    migrated: Migrated,
}

/// What was done to the schema when the store was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Migrated {
    /// It was made; the newest migration.
    Made(String),
    /// These migrations were run.
    Ran(Vec<String>),
    /// Nothing: it was up to date.
    Nothing,
}

impl Store {
    /// Opens the store, and makes it if it is missing. Without a standby, which is for servers: no
    /// command waits for one.
    ///
    /// # Errors
    ///
    /// When it cannot be opened or migrated.
    pub(crate) async fn open(database: &DatabaseSettings) -> Result<Self, Failure> {
        let alone = DatabaseSettings { standby: None, ..database.clone() };
        Self::open_with(&alone, Durability::default()).await
    }

    /// Opens the store for a server; what is acknowledged survives that much, should it be a file.
    ///
    /// # Errors
    ///
    /// When it cannot be opened or migrated.
    pub(crate) async fn open_with(
        database: &DatabaseSettings,
        durability: Durability,
    ) -> Result<Self, Failure> {
        match &database.url {
            DatabaseUrl::Sqlite(path) => {
                let migrate = database.migrate;
                let options = SqliteOptions { durability, migrate, ..SqliteOptions::default() };
                open_sqlite(path, options)
            }
            DatabaseUrl::Postgres(url) => {
                if durability == Durability::Process {
                    tracing::warn!(
                        "`--durability process` is for SQLite and does nothing here: \
                         `synchronous_commit` decides on PostgreSQL"
                    );
                }
                let migrate = database.migrate;
                let options = PostgresOptions { migrate, ..database.postgres.clone() };
                open_postgres(url, database.standby.as_ref(), options).await
            }
        }
    }

    /// Opens a store that is there and of the current schema; it is neither made nor migrated.
    ///
    /// # Errors
    ///
    /// When it is not there, or cannot be opened.
    pub(crate) async fn open_as_it_is(database: &DatabaseSettings) -> Result<Self, Failure> {
        if let DatabaseUrl::Sqlite(path) = &database.url
            && !path.exists()
        {
            return Err(BackupError::Missing(path.clone()).into());
        }
        Self::open(&DatabaseSettings { migrate: false, ..database.clone() }).await
    }

    /// What was done to the schema on the way.
    pub(crate) fn migrated(&self) -> &Migrated {
        &self.migrated
    }

    /// What the front doors offer on this store.
    pub(crate) fn services(&self) -> Services {
        Services::new(
            self.contacts.clone(),
            self.directory.clone(),
            self.access.clone(),
            Arc::new(SystemClock),
        )
    }

    /// The chores on organizations and tokens.
    pub(crate) fn manage_access(&self) -> ManageAccess {
        ManageAccess::new(self.access.clone(), Arc::new(SystemClock))
    }

    /// The check of all contacts.
    pub(crate) fn check_contacts(&self) -> CheckContacts {
        CheckContacts::new(self.audit.clone(), self.access.clone())
    }
}

impl Migrated {
    fn of(created: bool, mut migrations: Vec<String>) -> Self {
        match migrations.pop() {
            Some(newest) if created => Self::Made(newest),
            Some(newest) => {
                migrations.push(newest);
                Self::Ran(migrations)
            }
            None => Self::Nothing,
        }
    }
}

fn open_sqlite(path: &Path, options: SqliteOptions) -> Result<Store, Failure> {
    let contacts_adapters_diesel::Opened { store, created, migrations } =
        SqliteStore::open(path, options)?;
    let store = Arc::new(store);
    let migrated = Migrated::of(created, migrations);
    Ok(Store {
        contacts: store.clone(),
        directory: store.clone(),
        access: store.clone(),
        audit: store,
        migrated,
    })
}

async fn open_postgres(
    url: &PostgresUrl,
    standby: Option<&PostgresUrl>,
    options: PostgresOptions,
) -> Result<Store, Failure> {
    let opened = PostgresStore::open(url, options).await?;
    let contacts_adapters_postgres::Opened { mut store, created, migrations } = opened;
    if let Some(standby) = standby {
        store = store.with_standby(standby).await?;
    }
    let store = Arc::new(store);
    let migrated = Migrated::of(created, migrations);
    Ok(Store {
        contacts: store.clone(),
        directory: store.clone(),
        access: store.clone(),
        audit: store,
        migrated,
    })
}

impl From<PostgresOpenError> for Failure {
    fn from(error: PostgresOpenError) -> Self {
        let remedy = match error.kind() {
            OpenErrorKind::Outdated => MIGRATE,
            OpenErrorKind::Pooler => "use `--prepared-statements off`, or PgBouncer 1.21 or later",
            OpenErrorKind::Full => {
                "raise max_connections there, or the CONNECTION LIMIT of the role or of the \
                 database, or lower --database-connections"
            }
            _ => error.remedy(),
        };
        Self::new(error.to_string(), remedy)
    }
}

impl From<SqliteOpenError> for Failure {
    fn from(error: SqliteOpenError) -> Self {
        let shown = |path: &Path| path.display().to_string();
        match &error {
            SqliteOpenError::NoPath(path) => Self::new(
                format!("`{}` cannot be the path of a database", shown(path)),
                "give one that is not empty and is UTF-8",
            ),
            SqliteOpenError::NoDirectory(path) => Self::new(
                format!("the directory {} does not exist", shown(path)),
                "create it, or name another path with --database-url",
            ),
            SqliteOpenError::IsDirectory(path) => {
                Self::new(format!("{} is a directory", shown(path)), "name a file in it")
            }
            SqliteOpenError::ReadOnly(path) => Self::new(
                format!("{} cannot be written", shown(path)),
                "allow it for the file and its directory",
            ),
            SqliteOpenError::NotADatabase(path) => Self::new(
                format!("{} is not an SQLite database, or a damaged one", shown(path)),
                "name another file, or restore it from a backup",
            ),
            SqliteOpenError::Outdated { path, version } => {
                Self::new(format!("{} lacks the schema {version}", shown(path)), MIGRATE)
            }
            SqliteOpenError::Newer { path, version } => Self::new(
                format!("{} has the schema {version} of a newer release", shown(path)),
                "start that release, or restore a backup",
            ),
            SqliteOpenError::Occupied { path, what } => Self::new(
                format!("{} holds something else ({what})", shown(path)),
                "name a file of its own",
            ),
            SqliteOpenError::Locked(path) => Self::new(
                format!("{} is locked by another process", shown(path)),
                "try again when that is done",
            ),
            other => Self::new(other.to_string(), "check the disk and the file"),
        }
    }
}
