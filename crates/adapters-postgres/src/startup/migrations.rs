//! The migrations of the schema, and which of them a database has.

use std::pin::pin;
use std::time::Duration;

use contacts_application::ports::SchemaState;
use contacts_domain::contact::{IntercomEntry, list_columns};
use tokio::time::timeout;
use tokio_postgres::types::Type;

use super::partitions;
use crate::connect::{Failure, Parameter, Session};

/// The state of the schema of a database.
pub(crate) type Schema = SchemaState<&'static Migration>;

/// A migration of the schema.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Migration {
    /// The name of its directory: a time and a title.
    pub(crate) name: &'static str,
    pub(crate) up: &'static str,
    #[cfg(test)]
    pub(crate) down: &'static str,
}

macro_rules! migrations {
    ($($name:literal),+) => {
        [$(Migration {
            name: $name,
            up: include_str!(concat!("../../migrations/", $name, "/up.sql")),
            #[cfg(test)]
            down: include_str!(concat!("../../migrations/", $name, "/down.sql")),
        }),+]
    };
}

/// Every migration, the oldest first.
pub(crate) const MIGRATIONS: [Migration; 14] = migrations![
    "2026-11-22-000000_contacts",
    "2026-11-26-000000_organization_settings",
    "2026-11-26-000100_digest",
    "2026-11-26-000300_phone_regions",
    "2026-11-26-000400_merged_ids",
    "2026-11-26-000500_sort_keys",
    "2026-11-26-000600_ledger",
    "2026-11-27-000000_token_rotation",
    "2026-11-27-000100_contact_lists",
    "2026-11-27-000200_kept_answers",
    "2026-11-27-000300_kept_plans",
    "2026-11-27-000400_search",
    "2026-11-27-000500_purges",
    "2026-11-27-000600_respelling"
];

impl Migration {
    /// Its version in the table of migrations, as diesel writes it: the time without dashes.
    pub(crate) fn version(&self) -> String {
        let time = self.name.split('_').next().unwrap_or_default();
        time.replace('-', "")
    }
}

/// Whether that migration creates the schema.
pub(crate) fn is_first(name: &str) -> bool {
    MIGRATIONS.first().is_some_and(|first| first.name == name)
}

/// Reads the state of the schema.
pub(crate) async fn schema(session: &Session) -> Result<Schema, Failure> {
    // `to_regclass` alone may answer from a cache that is older than the lock on migrations; a read
    // of `pg_class` does not.
    const IS_THERE: &str = "
        SELECT EXISTS (
            SELECT FROM pg_attribute WHERE attrelid = pg_class.oid AND attname = 'version'
        )
        FROM pg_class WHERE oid = to_regclass('__diesel_schema_migrations')";
    let mut applied: Vec<String> = Vec::new();
    if let Some(table) = session.query(IS_THERE, &[]).await?.first() {
        if !table.try_get::<_, bool>(0)? {
            return Ok(SchemaState::Foreign);
        }
        applied = versions(session).await?;
    }
    Ok(state(&applied))
}

/// Reads the state of a schema that has a table of migrations, in one statement.
pub(crate) async fn known_schema(session: &Session) -> Result<Schema, Failure> {
    Ok(state(&versions(session).await?))
}

fn state(applied: &[String]) -> Schema {
    SchemaState::of(&MIGRATIONS, |migration| migration.version(), applied)
}

/// The versions of the migrations that were run, oldest first.
async fn versions(session: &Session) -> Result<Vec<String>, Failure> {
    const VERSIONS: &str = "SELECT version::text FROM __diesel_schema_migrations ORDER BY version";
    let versions = session.query(VERSIONS, &[]).await?;
    versions.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// After this wait, the log reports it.
const SOON: Duration = Duration::from_secs(1);

/// Begins the transaction for migrations, and waits until no other process runs migrations.
pub(crate) async fn begin(session: &Session) -> Result<(), Failure> {
    // Limits of the role are meant for daily work, not for migrations.
    const BEGIN: &str = "
        BEGIN;
        SET LOCAL statement_timeout = 0;
        SET LOCAL lock_timeout = 0";
    // "contacts" in ASCII.
    const LOCK: &str = "SELECT pg_advisory_xact_lock(7165066978298918003)";
    session.begin(BEGIN).await?;
    let mut locked = pin!(session.batch(LOCK));
    match timeout(SOON, locked.as_mut()).await {
        Ok(locked) => locked,
        Err(_) => {
            tracing::info!("waiting for another process that brings the schema up to date");
            locked.await
        }
    }
}

/// Runs the missing migrations in the transaction of [`begin`]. The tables that they make get so many
/// partitions, or none.
pub(crate) async fn run(
    session: &Session,
    lacking: &[&Migration],
    partitions: i32,
) -> Result<(), Failure> {
    apply(session, lacking).await?;
    if partitions > 0 {
        partitions::partition(session, partitions).await?;
    }
    fill_sort_keys(session).await?;
    fill_list_columns(session).await
}

/// Runs the statements of migrations.
pub(super) async fn apply(session: &Session, lacking: &[&Migration]) -> Result<(), Failure> {
    // The table of diesel, so that diesel's command line can work on the database.
    const TABLE: &str = "
        CREATE TABLE IF NOT EXISTS __diesel_schema_migrations (
            version varchar(50) PRIMARY KEY NOT NULL,
            run_on  timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP
        )";
    const RECORD: &str = "INSERT INTO __diesel_schema_migrations (version) VALUES ($1)";
    session.batch(TABLE).await?;
    for migration in lacking {
        session.batch(migration.up).await?;
        session.execute(RECORD, &[(&migration.version(), Type::VARCHAR)]).await?;
    }
    Ok(())
}

/// Fills the sort keys of entries that have none.
async fn fill_sort_keys(session: &Session) -> Result<(), Failure> {
    const MISSING: &str = "
        SELECT organization_id, contact_id, name FROM contact_intercom WHERE sort_key = ''";
    const FILL: &str = "
        UPDATE contact_intercom SET sort_key = filled.sort_key
        FROM unnest($1::integer[], $2::bigint[], $3::text[])
            AS filled (organization_id, contact_id, sort_key)
        WHERE contact_intercom.organization_id = filled.organization_id
            AND contact_intercom.contact_id = filled.contact_id";
    for rows in session.query(MISSING, &[]).await?.chunks(10_000) {
        let (mut organizations, mut contacts, mut keys) = (Vec::new(), Vec::new(), Vec::new());
        for row in rows {
            organizations.push(row.try_get::<_, i32>(0)?);
            contacts.push(row.try_get::<_, i64>(1)?);
            keys.push(IntercomEntry::sort_key(row.try_get(2)?));
        }
        let parameters: [Parameter<'_>; 3] = [
            (&organizations, Type::INT4_ARRAY),
            (&contacts, Type::INT8_ARRAY),
            (&keys, Type::TEXT_ARRAY),
        ];
        session.execute(FILL, &parameters).await?;
    }
    Ok(())
}

/// Fills the columns of lists of contacts that have none, some at a time.
async fn fill_list_columns(session: &Session) -> Result<(), Failure> {
    const MISSING: &str = "
        SELECT organization_id, id, display_name, document::text FROM contact
        WHERE (organization_id, id) > ($1, $2) AND sort_key = ''
        ORDER BY organization_id, id LIMIT 1000";
    const FILL: &str = "
        UPDATE contact SET sort_key = filled.sort_key, countries = filled.countries, tags = filled.tags
        FROM unnest($1::integer[], $2::bigint[], $3::text[], $4::text[], $5::text[])
            AS filled (organization_id, id, sort_key, countries, tags)
        WHERE contact.organization_id = filled.organization_id AND contact.id = filled.id";
    let (mut organization, mut contact) = (0, 0);
    loop {
        let after: [Parameter<'_>; 2] = [(&organization, Type::INT4), (&contact, Type::INT8)];
        let (mut organizations, mut contacts) = (Vec::<i32>::new(), Vec::<i64>::new());
        let (mut keys, mut countries, mut tags) = (Vec::new(), Vec::new(), Vec::new());
        for row in session.query(MISSING, &after).await? {
            let (key, in_countries, tagged) = list_columns(row.try_get(2)?, row.try_get(3)?);
            organizations.push(row.try_get(0)?);
            contacts.push(row.try_get(1)?);
            keys.push(key.as_str().to_owned());
            countries.push(in_countries);
            tags.push(tagged);
        }
        let (Some(last_organization), Some(last)) = (organizations.last(), contacts.last()) else {
            return Ok(());
        };
        (organization, contact) = (*last_organization, *last);
        let parameters: [Parameter<'_>; 5] = [
            (&organizations, Type::INT4_ARRAY),
            (&contacts, Type::INT8_ARRAY),
            (&keys, Type::TEXT_ARRAY),
            (&countries, Type::TEXT_ARRAY),
            (&tags, Type::TEXT_ARRAY),
        ];
        session.execute(FILL, &parameters).await?;
    }
}
