//! Opens the store that the database URL names.

use std::path::Path;
use std::sync::Arc;

use contacts_adapters_diesel::sqlite::{SqliteOptions, SqliteStore};
use contacts_adapters_http::Services;
use contacts_application::ports::{AccessStore, ContactStore};
use contacts_application::use_cases::ManageAccess;

use crate::clock::SystemClock;
use crate::database_url::DatabaseUrl;
use crate::failure::Failure;

/// An open store, migrated to what this build expects.
pub(crate) struct Store {
    contacts: Arc<dyn ContactStore>,
    access: Arc<dyn AccessStore>,
}

impl Store {
    /// Opens the store, and makes it if it is missing.
    ///
    /// # Errors
    ///
    /// When it cannot be opened or migrated.
    pub(crate) fn open(database: DatabaseUrl) -> Result<Self, Failure> {
        match database {
            DatabaseUrl::Sqlite(path) => open_sqlite(&path),
        }
    }

    /// What the front doors offer on this store.
    pub(crate) fn services(&self) -> Services {
        Services::new(self.contacts.clone(), self.access.clone(), Arc::new(SystemClock))
    }

    /// The chores on organizations and tokens.
    pub(crate) fn manage_access(&self) -> ManageAccess {
        ManageAccess::new(self.access.clone(), Arc::new(SystemClock))
    }
}

fn open_sqlite(path: &Path) -> Result<Store, Failure> {
    let opened = SqliteStore::open(path, SqliteOptions::default()).map_err(|error| {
        let cause = format_args!("cannot open the database {}", path.display());
        let remedy = "name a file in a folder that exists and may be written, with --database-url";
        Failure::because(cause, &error, remedy)
    })?;
    let store = Arc::new(opened.store);
    Ok(Store { contacts: store.clone(), access: store })
}
