//! What several tests need.

use contacts_domain::OrganizationId;
use contacts_domain::Timestamp;
use contacts_domain::upsert::{Batch, Context, Endpoints, Handling, Item, Options};
use contacts_domain::value::CountryCode;
use diesel::prelude::*;
use diesel_migrations::MigrationHarness;
use tempfile::TempDir;

use super::database::Database;
use super::open::{MIGRATIONS, prepare};
use super::options::SqliteOptions;

/// An empty database in memory, of the current schema.
pub(crate) fn memory() -> SqliteConnection {
    let mut connection = SqliteConnection::establish(":memory:").unwrap();
    connection.run_pending_migrations(MIGRATIONS).unwrap();
    connection
}

/// An empty database in a file, of the current schema.
pub(super) fn file(options: SqliteOptions) -> (TempDir, Database) {
    let directory = tempfile::tempdir().unwrap();
    let database = Database::at(&directory.path().join("test.db"), options).unwrap();
    prepare(&database).unwrap();
    (directory, database)
}

/// A batch of persons with these external ids and last names.
pub(super) fn persons(persons: &[(&str, &str)]) -> Batch {
    let context = Context {
        organization: OrganizationId::new(1).unwrap(),
        region: CountryCode::parse("CH").unwrap(),
        now: Timestamp::from_micros(1_790_000_000_000_000),
        may_write_staff: true,
        endpoints: Endpoints::Hidden,
        handling: Handling::Lenient,
    };
    let items = persons
        .iter()
        .map(|(external_id, last_name)| {
            let json = format!(
                r#"{{"contactType": "PERSON", "externalId": "{external_id}",
                    "lastName": "{last_name}", "email": "{external_id}@example.org",
                    "phone": "+41 21 555 12 12"}}"#
            );
            Item::read(&json, &context)
        })
        .collect();
    Batch::new(context, Options::default(), items)
}
