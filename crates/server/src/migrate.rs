//! `contact-hub migrate`.

use crate::config::DatabaseSettings;
use crate::failure::Failure;
use crate::printing;
use crate::startup::{Migrated, Store};

/// Brings the schema up to date, even with `--no-migrate`.
///
/// # Errors
///
/// If the store cannot be opened or migrated.
pub(crate) async fn run(mut database: DatabaseSettings) -> Result<(), Failure> {
    database.migrate = true;
    let store = Store::open(&database).await?;
    printing::print(&match store.migrated() {
        Migrated::Created(newest) => format!("made the schema {newest}"),
        Migrated::Ran(names) => format!("brought the schema up to date: {}", names.join(", ")),
        Migrated::Nothing => "the schema is up to date".to_owned(),
    })
}
