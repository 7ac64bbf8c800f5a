//! Creates a database and migrates its schema.

use std::time::Instant;

use contacts_application::ports::{
    OpenError, OpenErrorKind, SchemaState, StoreError, StoreErrorKind,
};
use contacts_domain::contact::{IntercomEntry, list_columns};
use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::migration::MigrationSource;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::Text;
use diesel::sqlite::Sqlite;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::connect::{Database, Failure};
use crate::statements::row;

/// All migrations, oldest first.
pub(crate) const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// The state of a database's schema. If the tables are those of another application, it may name one
/// that is called like one of ours.
type Schema = (SchemaState<KnownMigration>, Option<String>);

struct KnownMigration {
    name: String,
    version: String,
}

/// Creates the database if it is missing and migrates its schema, unless the options forbid both.
/// Returns the names of the migrations that it ran. Of several processes, one runs them.
pub(crate) fn prepare(database: &Database) -> Result<Vec<String>, OpenError> {
    let migrate = database.options.migrate;
    let schema = if migrate {
        database.create().and_then(|mut connection| {
            enable_write_ahead_log(&mut connection, database)?;
            connection.exclusive_transaction(run_pending)
        })
    } else if database.path().exists() {
        database.reader().and_then(|mut connection| schema(&mut connection))
    } else {
        known().map(|known| (SchemaState::Behind(known), None))
    };
    let path = database.path().display();
    let unusable = |message, remedy| Err(OpenError::new(OpenErrorKind::Unusable, message, remedy));
    match schema.map_err(|failure| failure.on_opening(database.path()))? {
        (SchemaState::Current, _) => Ok(Vec::new()),
        (SchemaState::Behind(missing), _) if migrate => {
            Ok(missing.into_iter().map(|migration| migration.name).collect())
        }
        (SchemaState::Behind(missing), _) => Err(OpenError::new(
            OpenErrorKind::Outdated,
            format!("{path} lacks the schema {}", missing.last().map_or("", |last| &last.name)),
            "open it once with migrations allowed",
        )),
        (SchemaState::Newer(version), _) => unusable(
            format!("{path} has the schema {version} of a newer release"),
            "start that release, or restore a backup",
        ),
        (SchemaState::Foreign, taken) => {
            let evidence = taken.map_or_else(
                || "its table __diesel_schema_migrations names none of ours".to_owned(),
                |table| format!("the table {table} is there already"),
            );
            unusable(format!("{path} holds something else ({evidence})"), "name a file of its own")
        }
    }
}

/// Whether the migration of that name is the first one, which creates the schema.
pub(crate) fn is_first(migration: &str) -> bool {
    known().is_ok_and(|known| known.first().is_some_and(|first| first.name == migration))
}

/// Sets the journal mode, which the file keeps. SQLite does not wait for other processes while it
/// changes the mode, so this waits for their transactions to end and tries again.
fn enable_write_ahead_log(
    connection: &mut SqliteConnection,
    database: &Database,
) -> Result<(), Failure> {
    let started = Instant::now();
    let mode: String = loop {
        match sql::<Text>("PRAGMA journal_mode = WAL").get_result(connection).map_err(Failure::from)
        {
            Err(failure)
                if failure.kind() == StoreErrorKind::Contention
                    && started.elapsed() < database.options.busy_timeout =>
            {
                connection.batch_execute("BEGIN EXCLUSIVE; COMMIT")?;
            }
            done => break done?,
        }
    };
    if mode == "wal" {
        return Ok(());
    }
    // A file system without shared memory.
    Err(StoreError::internal(format!("the file system allows only journal mode {mode}")).into())
}

/// The first of our table names that exists.
const TAKEN: &str = "
    SELECT name FROM sqlite_schema
    WHERE name IN ('api_token', 'contact', 'contact_alias', 'contact_intercom', 'contact_relation',
        'id_counter', 'organization')
    ORDER BY name LIMIT 1";

/// Reads the state of the schema. Diesel's own functions would create the table of migrations.
fn schema(connection: &mut SqliteConnection) -> Result<Schema, Failure> {
    let columns = "SELECT name FROM pragma_table_info('__diesel_schema_migrations')";
    let columns: Vec<String> = sql::<Text>(columns).load(connection)?;
    let mut applied: Vec<String> = Vec::new();
    if columns.iter().any(|column| column == "version") {
        applied = versions(connection)?;
    } else if !columns.is_empty() {
        return Ok((SchemaState::Foreign, None));
    }
    if applied.is_empty() {
        let taken: Option<String> = sql::<Text>(TAKEN).get_result(connection).optional()?;
        if taken.is_some() {
            return Ok((SchemaState::Foreign, taken));
        }
    }
    let version = |migration: &KnownMigration| migration.version.clone();
    Ok((SchemaState::of(known()?, version, &applied), None))
}

/// Fails if another release has changed the schema since the database was opened.
pub(crate) fn require_current(connection: &mut SqliteConnection) -> Result<(), Failure> {
    let version = |migration: &KnownMigration| migration.version.clone();
    let found = SchemaState::of(known()?, version, &versions(connection)?);
    Ok(found.require_current(version)?)
}

/// The versions of the migrations that were run, oldest first.
fn versions(connection: &mut SqliteConnection) -> Result<Vec<String>, Failure> {
    const VERSIONS: &str = "SELECT version FROM __diesel_schema_migrations ORDER BY version";
    Ok(sql::<Text>(VERSIONS).load(connection)?)
}

/// Runs the missing migrations. Returns the state of the schema before that.
fn run_pending(connection: &mut SqliteConnection) -> Result<Schema, Failure> {
    let found = schema(connection)?;
    if let (SchemaState::Behind(_), _) = &found {
        connection.run_pending_migrations(MIGRATIONS)?;
        fill_sort_keys(connection)?;
        fill_list_columns(connection)?;
        fill_email_hashes(connection)?;
    }
    Ok(found)
}

/// Fills the sort keys of entries that have none.
pub(crate) fn fill_sort_keys(connection: &mut SqliteConnection) -> Result<(), Failure> {
    use crate::schema::contact_intercom::dsl::{
        contact_id, contact_intercom, name, organization_id, sort_key,
    };
    let entries: Vec<(i32, i64, String)> = contact_intercom
        .filter(sort_key.eq(""))
        .select((organization_id, contact_id, name))
        .load(connection)?;
    for (organization, contact, named) in entries {
        diesel::update(contact_intercom.find((organization, contact)))
            .set(sort_key.eq(IntercomEntry::sort_key(&named)))
            .execute(connection)?;
    }
    Ok(())
}

/// Fills the columns of lists of contacts that have none, some at a time.
fn fill_list_columns(connection: &mut SqliteConnection) -> Result<(), Failure> {
    use crate::schema::contact::dsl::{
        contact, countries, display_name, document, id, sort_key, tags,
    };
    let mut filled_to = 0;
    loop {
        let rows: Vec<(i64, String, String)> = contact
            .filter(id.gt(filled_to))
            .filter(sort_key.eq(""))
            .order(id)
            .limit(500)
            .select((id, display_name, document))
            .load(connection)?;
        let Some((last, ..)) = rows.last() else { return Ok(()) };
        filled_to = *last;
        for (row, name, stored) in rows {
            let (key, in_countries, tagged) = list_columns(&name, &stored);
            diesel::update(contact.find(row))
                .set((sort_key.eq(key.as_str()), countries.eq(in_countries), tags.eq(tagged)))
                .execute(connection)?;
        }
    }
}

/// Fills the hashes of e-mail addresses that have none, some at a time.
pub(crate) fn fill_email_hashes(connection: &mut SqliteConnection) -> Result<(), Failure> {
    use crate::schema::contact::dsl::{contact, email, email_hash, id};
    const FILL: &str = "
        UPDATE contact SET email_hash = hashed.value ->> 1
          FROM json_each(?) AS hashed WHERE contact.id = hashed.value ->> 0";
    let mut filled_to = 0;
    loop {
        let rows: Vec<(i64, String)> = contact
            .filter(id.gt(filled_to))
            .filter(email.is_not_null())
            .filter(email_hash.is_null())
            .order(id)
            .limit(500)
            .select((id, email.assume_not_null()))
            .load(connection)?;
        let Some((last, _)) = rows.last() else { return Ok(()) };
        filled_to = *last;
        let hashed = rows.iter().map(|(row, address)| (row, row::email_hash(address)));
        let hashed = serde_json::to_string(&hashed.collect::<Vec<_>>());
        let hashed = hashed.map_err(StoreError::internal)?;
        sql_query(FILL).bind::<Text, _>(hashed).execute(connection)?;
    }
}

/// All migrations, oldest first.
fn known() -> Result<Vec<KnownMigration>, Failure> {
    let migrations = MigrationSource::<Sqlite>::migrations(&MIGRATIONS)?;
    let known = migrations.iter().map(|migration| {
        let name = migration.name();
        KnownMigration { name: name.to_string(), version: name.version().to_string() }
    });
    Ok(known.collect())
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::thread;

    use diesel::sql_types::{BigInt, Nullable};

    use super::*;
    use crate::connect::SqliteOptions;
    use crate::testing::memory;
    use contacts_domain::contact::SortKey;

    #[derive(Debug, PartialEq, QueryableByName)]
    struct Object {
        #[diesel(sql_type = Text)]
        name: String,
        #[diesel(sql_type = Nullable<Text>)]
        sql: Option<String>,
    }

    fn objects(connection: &mut SqliteConnection) -> Vec<Object> {
        sql_query(
            "SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE '%diesel%' ORDER BY name",
        )
        .load(connection)
        .unwrap()
    }

    #[test]
    fn reverted_migrations_leave_nothing_and_run_again() {
        let connection = &mut memory();
        let migrated = objects(connection);
        assert!(!migrated.is_empty());

        connection.revert_all_migrations(MIGRATIONS).unwrap();
        assert_eq!(objects(connection), []);

        connection.run_pending_migrations(MIGRATIONS).unwrap();
        assert_eq!(objects(connection), migrated);
    }

    /// A contact with that document.
    const CONTACT: &str = "
        INSERT INTO contact (id, organization_id, contact_type, display_name, archived, is_customer,
            is_vendor, is_staff, version, document_version, created_at, updated_at, document)
        VALUES (?1, 1, 'PERSON', 'Émile', 0, 0, 0, 0, 1, 1, 0, 0, ?2)";

    fn insert(connection: &mut SqliteConnection, id: i64, document: &str) -> QueryResult<usize> {
        sql_query(CONTACT).bind::<BigInt, _>(id).bind::<Text, _>(document).execute(connection)
    }

    #[test]
    fn concurrent_openers_migrate_an_old_database_once() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("old.db");
        let database = Database::at(&path, SqliteOptions::default()).unwrap();
        let mut old = database.create().unwrap();
        enable_write_ahead_log(&mut old, &database).unwrap();
        // The schema of release 1.
        for _ in 0..2 {
            old.run_next_migration(MIGRATIONS).unwrap();
        }
        let document = r#"{"addresses": [{"countryCode2": "CH"}], "tags": [{"id": 7}]}"#;
        insert(&mut old, 1, document).unwrap();
        old.batch_execute(
            "UPDATE contact SET email = 'a@example.org';
             INSERT INTO contact_intercom
             VALUES (1, 1, '', 'Émile', 'multi', '0001-01-01', 0, 0, 0, 0, 'ring1.wav')",
        )
        .unwrap();
        insert(&mut old, 2, "{").unwrap_err();

        let barrier = Barrier::new(2);
        let open = || {
            barrier.wait();
            prepare(&database).unwrap()
        };
        let (one, other) = thread::scope(|scope| {
            let other = scope.spawn(open);
            (open(), other.join().unwrap())
        });
        assert!(one.is_empty() != other.is_empty(), "{one:?} {other:?}");
        assert_eq!(one.len() + other.len(), known().unwrap().len() - 2);

        let connection = &mut database.writer().unwrap();
        insert(connection, 2, "{").unwrap();
        let columns = "SELECT sort_key || countries || tags FROM contact WHERE id = 1";
        let columns: String = sql::<Text>(columns).get_result(connection).unwrap();
        let key = SortKey::of("Émile");
        assert_eq!(columns, format!("{},CH,,7,", key.as_str()));
        let hash = sql::<BigInt>("SELECT email_hash FROM contact WHERE id = 1");
        assert_eq!(hash.get_result(connection), Ok(row::email_hash("a@example.org")));
        let keys = sql::<Text>("SELECT sort_key FROM contact_intercom");
        let key = IntercomEntry::sort_key("Émile");
        assert_eq!(keys.load::<String>(connection).unwrap(), [key]);
        let checked = sql::<Text>("PRAGMA integrity_check").load::<String>(connection).unwrap();
        assert_eq!(checked, ["ok"]);
    }
}
