//! The schema, from its beginnings, and what of it a database has.

use std::pin::pin;
use std::time::Duration;

use tokio::time::timeout;
use tokio_postgres::types::Type;

use super::failure::Failure;
use super::session::Session;

/// A step of the schema.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Migration {
    /// The name of its directory: the time when it was written, and what it is about.
    pub(super) name: &'static str,
    pub(super) up: &'static str,
    #[cfg(test)]
    pub(super) down: &'static str,
}

macro_rules! migrations {
    ($($name:literal),+) => {
        [$(Migration {
            name: $name,
            up: include_str!(concat!("../migrations/", $name, "/up.sql")),
            #[cfg(test)]
            down: include_str!(concat!("../migrations/", $name, "/down.sql")),
        }),+]
    };
}

/// Every migration, the oldest first.
pub(super) const MIGRATIONS: [Migration; 1] = migrations!["2026-11-22-000000_contacts"];

impl Migration {
    /// What the table of migrations calls it, as diesel does: the time, without the dashes.
    fn version(&self) -> String {
        let time = self.name.split('_').next().unwrap_or_default();
        time.replace('-', "")
    }
}

/// What a database has of the schema.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Schema {
    /// All of it.
    Current,
    /// Not these migrations.
    Lacks(Vec<&'static Migration>),
    /// A migration that this release does not know, by its version.
    Newer(String),
    /// That of another application, which also uses diesel.
    Foreign,
}

/// Whether the migration of that name makes the schema.
pub(super) fn is_first(name: &str) -> bool {
    MIGRATIONS.first().is_some_and(|first| first.name == name)
}

/// Finds out what the database has.
///
/// # Errors
///
/// When the database fails.
pub(super) async fn schema(session: &Session) -> Result<Schema, Failure> {
    // From the table, and not from the function alone: that would remember, from before the lock,
    // that there was none.
    const IS_THERE: &str = "
        SELECT EXISTS (
            SELECT FROM pg_attribute WHERE attrelid = pg_class.oid AND attname = 'version'
        )
        FROM pg_class WHERE oid = to_regclass('__diesel_schema_migrations')";
    const VERSIONS: &str = "SELECT version::text FROM __diesel_schema_migrations ORDER BY version";
    let mut applied: Vec<String> = Vec::new();
    if let Some(table) = session.query(IS_THERE, &[]).await?.first() {
        if !table.try_get::<_, bool>(0)? {
            return Ok(Schema::Foreign);
        }
        let versions = session.query(VERSIONS, &[]).await?;
        applied = versions.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
    }
    let unknown = |version: &String| MIGRATIONS.iter().all(|known| known.version() != *version);
    if !applied.is_empty() && applied.iter().all(unknown) {
        return Ok(Schema::Foreign);
    }
    if let Some(newer) = applied.iter().rfind(|version| unknown(version)) {
        return Ok(Schema::Newer(newer.clone()));
    }
    let lacks = MIGRATIONS.iter().filter(|known| !applied.contains(&known.version()));
    let lacks: Vec<_> = lacks.collect();
    Ok(if lacks.is_empty() { Schema::Current } else { Schema::Lacks(lacks) })
}

/// After so long, the log tells what is waited for.
const SOON: Duration = Duration::from_secs(1);

/// Begins the transaction in which migrations are run, and waits until nobody else runs some. If
/// that takes long, the log tells so.
///
/// # Errors
///
/// When the database fails.
pub(super) async fn begin(session: &Session) -> Result<(), Failure> {
    // However long it takes, it takes: limits that a role was given are for daily work.
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

/// Runs the migrations that the database lacks, in the transaction that has [begun](begin).
///
/// # Errors
///
/// When the database fails.
pub(super) async fn run(session: &Session, lacking: &[&Migration]) -> Result<(), Failure> {
    // As diesel makes it, so that diesel's command line finds what it expects.
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
