//! Opens the store that the database URL names.

use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "sqlite")]
use contacts_adapters_diesel::{SqliteOptions, SqliteStore};
use contacts_adapters_http::{Ports, Services};
#[cfg(feature = "postgres")]
use contacts_adapters_postgres::{PostgresOptions, PostgresStore};
use contacts_application::ports::{
    AccessStore, Audit, ContactList, ContactStore, IntercomDirectory, KeptAnswers, KeptPlans,
    Ledger, OrganizationSettings, SearchIndex, StoreState,
};
use contacts_application::use_cases::{
    CheckContacts, FillKeys, ForgetAnswers, ForgetPlans, ManageAccess, PruneLedger, PurgeDeleted,
    SetOrganization,
};

use crate::clock::SystemClock;
use crate::config::{DatabaseSettings, Durability};
use crate::database_url::DatabaseUrl;
use crate::failure::Failure;

/// An open store with the schema that this build expects.
pub(crate) struct Store {
    ports: Ports,
    audit: Arc<dyn Audit>,
    migrated: Migrated,
}

/// What opening the store did to the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Migrated {
    /// Created it; the newest migration.
    Created(String),
    /// Ran these migrations.
    Ran(Vec<String>),
    /// Nothing: it was up to date.
    Nothing,
}

impl Store {
    /// Opens the store for a command, and creates it if it is missing. Commands use no standby.
    ///
    /// # Errors
    ///
    /// If the store cannot be opened or migrated.
    pub(crate) async fn open(database: &DatabaseSettings) -> Result<Self, Failure> {
        let without_standby = DatabaseSettings { standby: None, ..database.clone() };
        Self::open_with(&without_standby, Durability::default()).await
    }

    /// Opens the store for a server; an acknowledged write to SQLite has that durability.
    ///
    /// # Errors
    ///
    /// If the store cannot be opened or migrated.
    pub(crate) async fn open_with(
        database: &DatabaseSettings,
        durability: Durability,
    ) -> Result<Self, Failure> {
        let migrate = database.migrate;
        match &database.url {
            #[cfg(feature = "sqlite")]
            DatabaseUrl::Sqlite(path) => {
                let durability = durability.into();
                let options = SqliteOptions { durability, migrate, ..SqliteOptions::default() };
                let opened = SqliteStore::open(path, options)?;
                Ok(Self::new(opened.store, Migrated::new(opened.created, opened.migrations)))
            }
            #[cfg(feature = "postgres")]
            DatabaseUrl::Postgres(url) => {
                if durability == Durability::Process {
                    tracing::warn!(
                        "`--durability process` is for SQLite and does nothing here: \
                         `synchronous_commit` decides on PostgreSQL"
                    );
                }
                let options = PostgresOptions { migrate, ..database.postgres.clone() };
                let mut opened = PostgresStore::open(url, options).await?;
                if let Some(DatabaseUrl::Postgres(standby)) = &database.standby {
                    opened.store = opened.store.with_standby(standby).await?;
                }
                Ok(Self::new(opened.store, Migrated::new(opened.created, opened.migrations)))
            }
        }
    }

    /// Opens a store that exists and has the current schema; neither creates nor migrates it.
    ///
    /// # Errors
    ///
    /// If the store does not exist or cannot be opened.
    pub(crate) async fn open_existing(database: &DatabaseSettings) -> Result<Self, Failure> {
        #[cfg(feature = "sqlite")]
        if let DatabaseUrl::Sqlite(path) = &database.url
            && !path.exists()
        {
            return Err(Failure::new(
                format!("there is no database {}", path.display()),
                "name another with --database-url; `contact-hub serve` or `contact-hub migrate` \
                 makes a new one",
            ));
        }
        Self::open(&DatabaseSettings { migrate: false, ..database.clone() }).await
    }

    fn new<S>(store: S, migrated: Migrated) -> Self
    where
        S: ContactStore
            + ContactList
            + IntercomDirectory
            + AccessStore
            + Audit
            + OrganizationSettings
            + StoreState
            + KeptAnswers
            + KeptPlans
            + Ledger
            + SearchIndex
            + 'static,
    {
        let store = Arc::new(store);
        Self { ports: Ports::of(store.clone()), audit: store, migrated }
    }

    /// What opening did to the schema.
    pub(crate) fn migrated(&self) -> &Migrated {
        &self.migrated
    }

    /// The services behind the HTTP APIs.
    pub(crate) fn services(&self) -> Services {
        Services::new(self.ports.clone(), Arc::new(SystemClock))
    }

    /// The use case that forgets the answers of old requests with an idempotency key.
    pub(crate) fn forget_answers(&self) -> ForgetAnswers {
        ForgetAnswers::new(self.ports.answers.clone(), Arc::new(SystemClock))
    }

    /// The use case that forgets old plans.
    pub(crate) fn forget_plans(&self) -> ForgetPlans {
        ForgetPlans::new(self.ports.plans.clone(), Arc::new(SystemClock))
    }

    /// The use case that deletes what the ledger has kept for that long.
    pub(crate) fn prune_ledger(&self, kept: Duration) -> PruneLedger {
        let (ledger, settings) = (self.ports.ledger.clone(), self.ports.settings.clone());
        PruneLedger::new(ledger, settings, Arc::new(SystemClock), kept)
    }

    /// The use case that purges contacts that were deleted that long ago.
    pub(crate) fn purge_deleted(&self, kept: Duration) -> PurgeDeleted {
        let (ledger, settings) = (self.ports.ledger.clone(), self.ports.settings.clone());
        PurgeDeleted::new(ledger, settings, Arc::new(SystemClock), kept)
    }

    /// The use case that manages organizations and tokens.
    pub(crate) fn manage_access(&self) -> ManageAccess {
        ManageAccess::new(self.ports.access.clone(), Arc::new(SystemClock))
    }

    /// The use case that lists organizations and changes their settings.
    pub(crate) fn set_organization(&self) -> SetOrganization {
        SetOrganization::new(self.ports.settings.clone())
    }

    /// The use case that fills the keys of contacts.
    pub(crate) fn fill_keys(&self) -> FillKeys {
        FillKeys::new(self.ports.access.clone(), self.ports.settings.clone())
    }

    /// The use case that checks all contacts.
    pub(crate) fn check_contacts(&self) -> CheckContacts {
        CheckContacts::new(self.audit.clone(), self.ports.access.clone())
    }
}

/// Warns of a SQLite file that every user of the machine can read. The server creates files that only
/// its own user can.
pub(crate) fn warn_if_readable_by_all(database: &DatabaseUrl) {
    #[cfg(all(feature = "sqlite", unix))]
    if let DatabaseUrl::Sqlite(path) = database
        && let Ok(file) = path.metadata()
        && std::os::unix::fs::MetadataExt::mode(&file) & 0o004 != 0
    {
        tracing::warn!(
            file = %path.display(),
            "every user of this machine can read the database: run `chmod o-rwx` on it"
        );
    }
    #[cfg(not(all(feature = "sqlite", unix)))]
    let _ = database;
}

impl Migrated {
    fn new(created: bool, mut migrations: Vec<String>) -> Self {
        match migrations.pop() {
            Some(newest) if created => Self::Created(newest),
            Some(newest) => {
                migrations.push(newest);
                Self::Ran(migrations)
            }
            None => Self::Nothing,
        }
    }
}
