//! Opens the store that the database URL names.

use std::path::Path;
use std::sync::Arc;

use contacts_adapters_diesel::sqlite::{BackupError, OpenError, SqliteOptions, SqliteStore};
use contacts_adapters_http::Services;
use contacts_application::ports::{AccessStore, Audit, ContactStore, IntercomDirectory};
use contacts_application::use_cases::{CheckContacts, ManageAccess};

use crate::clock::SystemClock;
use crate::database_url::DatabaseUrl;
use crate::failure::Failure;

/// An open store, migrated to what this build expects.
pub(crate) struct Store {
    contacts: Arc<dyn ContactStore>,
    directory: Arc<dyn IntercomDirectory>,
    access: Arc<dyn AccessStore>,
    audit: Arc<dyn Audit>,
}

impl Store {
    /// Opens the store, and makes it if it is missing.
    ///
    /// # Errors
    ///
    /// When it cannot be opened or migrated.
    pub(crate) fn open(database: &DatabaseUrl) -> Result<Self, Failure> {
        Self::open_with(database, SqliteOptions::default())
    }

    /// Opens the store with options for SQLite, should it be one.
    ///
    /// # Errors
    ///
    /// When it cannot be opened or migrated.
    pub(crate) fn open_with(
        database: &DatabaseUrl,
        options: SqliteOptions,
    ) -> Result<Self, Failure> {
        match database {
            DatabaseUrl::Sqlite(path) => open_sqlite(path, options),
        }
    }

    /// Opens a store that is there and of the current schema; it is neither made nor migrated.
    ///
    /// # Errors
    ///
    /// When it is not there, or cannot be opened.
    pub(crate) fn open_as_it_is(database: &DatabaseUrl) -> Result<Self, Failure> {
        let DatabaseUrl::Sqlite(path) = database;
        if !path.exists() {
            return Err(BackupError::Missing(path.clone()).into());
        }
        Self::open_with(database, SqliteOptions { migrate: false, ..SqliteOptions::default() })
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

fn open_sqlite(path: &Path, options: SqliteOptions) -> Result<Store, Failure> {
    let store = Arc::new(SqliteStore::open(path, options)?.store);
    Ok(Store {
        contacts: store.clone(),
        directory: store.clone(),
        access: store.clone(),
        audit: store,
    })
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        let shown = |path: &Path| path.display().to_string();
        match &error {
            OpenError::NoPath(path) => Self::new(
                format!("`{}` cannot be the path of a database", shown(path)),
                "give one that is not empty and is UTF-8",
            ),
            OpenError::NoDirectory(path) => Self::new(
                format!("the directory {} does not exist", shown(path)),
                "create it, or name another path with --database-url",
            ),
            OpenError::IsDirectory(path) => {
                Self::new(format!("{} is a directory", shown(path)), "name a file in it")
            }
            OpenError::ReadOnly(path) => Self::new(
                format!("{} cannot be written", shown(path)),
                "allow it for the file and its directory",
            ),
            OpenError::NotADatabase(path) => Self::new(
                format!("{} is not an SQLite database, or a damaged one", shown(path)),
                "name another file, or restore it from a backup",
            ),
            OpenError::Newer { path, version } => Self::new(
                format!("{} has the schema {version} of a newer release", shown(path)),
                "start that release, or restore a backup",
            ),
            OpenError::Locked(path) => Self::new(
                format!("{} is locked by another process", shown(path)),
                "try again when that is done",
            ),
            other => Self::new(other.to_string(), "check the disk and the file"),
        }
    }
}
