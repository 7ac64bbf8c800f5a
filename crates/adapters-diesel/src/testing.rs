//! Helpers of several tests.

use contacts_domain::ledger::Origin;
use contacts_domain::upsert::{Batch, Context, Endpoints, Handling, Item, Options};
use contacts_domain::value::CountryCode;
use contacts_domain::{MatchBy, OrganizationId, Settings, Timestamp};
use diesel::debug_query;
use diesel::prelude::*;
use diesel::query_builder::{QueryFragment, QueryId};
use diesel::sql_query;
use diesel::sql_types::Text;
use diesel::sqlite::Sqlite;
use diesel_migrations::MigrationHarness;
use tempfile::TempDir;

use crate::connect::{Database, SqliteOptions, register_in_time};
use crate::startup::{MIGRATIONS, prepare};

/// An empty database in memory, of the current schema.
pub(crate) fn memory() -> SqliteConnection {
    let mut connection = SqliteConnection::establish(":memory:").unwrap();
    connection.run_pending_migrations(MIGRATIONS).unwrap();
    register_in_time(&mut connection).unwrap();
    connection
}

/// An empty database in a file, of the current schema.
pub(crate) fn file(options: SqliteOptions) -> (TempDir, Database) {
    let directory = tempfile::tempdir().unwrap();
    let database = Database::at(&directory.path().join("test.db"), options).unwrap();
    prepare(&database).unwrap();
    (directory, database)
}

/// A batch of persons, each with an external id and a last name.
pub(crate) fn persons(persons: &[(&str, &str)]) -> Batch {
    let json = |(external_id, last_name): &(&str, &str)| {
        format!(
            r#"{{"contactType": "PERSON", "externalId": "{external_id}",
                "lastName": "{last_name}", "email": "{external_id}@example.org",
                "phone": "+41 21 555 12 12"}}"#
        )
    };
    let items = persons.iter().map(|person| Item::read(&json(person), &context())).collect();
    batch(items)
}

/// A batch of endpoints, each with an external id and the name of its entry.
pub(crate) fn endpoints(endpoints: &[(&str, &str)]) -> Batch {
    let json = |(external_id, name): &(&str, &str)| {
        format!(
            r#"{{"contactType": "ENDPOINT", "externalId": "{external_id}",
                "intercom": {{"name": "{name}", "type": "multi", "number": "0001-01-01"}}}}"#
        )
    };
    let items = endpoints.iter().map(|endpoint| Item::read(&json(endpoint), &context())).collect();
    batch(items)
}

pub(crate) fn batch(items: Vec<Item>) -> Batch {
    Batch::new(context(), Options::default(), items)
}

/// The context of a request for organization 1.
pub(crate) fn context() -> Context {
    Context {
        organization: OrganizationId::new(1).unwrap(),
        settings: Settings {
            match_by: MatchBy::ALL,
            ..Settings::new(CountryCode::parse("CH").unwrap())
        },
        now: Timestamp::from_micros(1_790_000_000_000_000),
        may_read_staff: true,
        may_write_staff: true,
        endpoints: Endpoints::Shown,
        handling: Handling::Standard,
        origin: Origin::default(),
    }
}

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

/// SQLite's plan of a query.
pub(crate) fn plan(query: &(impl QueryFragment<Sqlite> + QueryId)) -> String {
    let sql = debug_query::<Sqlite, _>(query).to_string();
    let connection = &mut memory();
    let steps: Vec<Step> = sql_query(format!("EXPLAIN QUERY PLAN {sql}")).load(connection).unwrap();
    steps.into_iter().map(|step| step.detail).collect::<Vec<_>>().join("; ")
}
