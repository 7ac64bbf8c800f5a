//! `contact-hub migrate`.

use clap::{Args, value_parser};

use crate::config::DatabaseSettings;
use crate::failure::Failure;
use crate::printing;
use crate::startup::{Migrated, Store};

/// The arguments of `contact-hub migrate`.
#[derive(Debug, Args)]
pub(crate) struct Migrate {
    /// PostgreSQL: spread the tables that grow over so many partitions, by organization; only a new
    /// database can be made so, and later migrations keep it
    #[arg(long, value_name = "N", value_parser = value_parser!(u16).range(2..=256))]
    partitions: Option<u16>,
}

/// Brings the schema up to date, even with `--no-migrate`.
///
/// # Errors
///
/// If the store cannot be opened or migrated.
pub(crate) async fn run(
    mut database: DatabaseSettings,
    Migrate { partitions }: Migrate,
) -> Result<(), Failure> {
    if partitions.is_some() && !database.url.is_postgres() {
        return Err(Failure::new(
            "the tables of a SQLite database cannot be partitioned",
            "leave --partitions out, or name a PostgreSQL database by --database-url",
        ));
    }
    #[cfg(feature = "postgres")]
    {
        database.postgres.partitions = partitions;
    }
    database.migrate = true;
    let store = Store::open(&database).await?;
    printing::print(&match store.migrated() {
        Migrated::Created(newest) => format!("made the schema {newest}"),
        Migrated::Ran(names) => format!("brought the schema up to date: {}", names.join(", ")),
        Migrated::Nothing => "the schema is up to date".to_owned(),
    })
}
