//! Databases in partitions.

use tokio_postgres::Client;

use super::*;
use crate::testing;

/// Columns and options of each table, those of partitions as their table's, and indexes and
/// constraints, those of partitions left out.
const CATALOGUE: &str = "
    WITH stored AS (
        SELECT c.oid, c.reloptions, coalesce(inhparent, c.oid)::regclass AS name
        FROM pg_class c LEFT JOIN pg_inherits ON inhrelid = c.oid
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r')
    SELECT format('%s.%s %s %s %s %s %s', s.name, a.attname, format_type(atttypid, atttypmod),
        attnotnull, attstorage, attcompression, pg_get_expr(adbin, adrelid)) AS line
    FROM stored s JOIN pg_attribute a ON attrelid = s.oid AND attnum > 0
        LEFT JOIN pg_attrdef ON adrelid = s.oid AND adnum = attnum
    UNION
    SELECT format('%s %s', name, reloptions) FROM stored
    UNION
    SELECT regexp_replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON ')
    FROM pg_index JOIN pg_class c ON c.oid = indexrelid
    WHERE c.relnamespace = 'public'::regnamespace AND NOT c.relispartition
    UNION
    SELECT format('%s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conparentid = 0
    ORDER BY line";

/// The tables and their numbers of partitions.
const PARTITIONS: &str = "
    SELECT format('%s %s', relname, (SELECT count(*) FROM pg_inherits WHERE inhparent = oid))
    FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
    ORDER BY relname";

async fn lines(client: &Client, sql: &str) -> Vec<String> {
    let rows = client.query(sql, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

fn with_partitions(partitions: u16) -> PostgresOptions {
    PostgresOptions { partitions: Some(partitions), ..PostgresOptions::default() }
}

/// The catalogue of a new database.
async fn catalogue(options: PostgresOptions) -> Vec<String> {
    let database = TestDatabase::empty();
    assert!(open(&database.url(), options).await.unwrap().created);
    lines(&database.connect().await, CATALOGUE).await
}

async fn session(database: &TestDatabase) -> Session {
    let url = database.url().parse().unwrap();
    connect(&pool(&url, PostgresOptions::default()).unwrap(), &url).await.unwrap()
}

#[tokio::test]
async fn tables_that_grow_are_partitioned() {
    let database = TestDatabase::empty();
    open(&database.url(), with_partitions(3)).await.unwrap();
    assert_eq!(
        lines(&database.connect().await, PARTITIONS).await,
        [
            "__diesel_schema_migrations 0",
            "api_token 0",
            "contact 3",
            "contact_alias 3",
            "contact_intercom 3",
            "contact_relation 3",
            "id_counter 0",
            "kept_answer 3",
            "kept_plan 3",
            "ledger 3",
            "organization 0",
            "purged_contact 3",
            "run 3",
            "search_position 0",
            "search_words 3",
        ]
    );
}

#[tokio::test]
async fn partitioned_schema_differs_in_nothing_else() {
    let whole = catalogue(PostgresOptions::default()).await;
    assert!(whole.contains(&"contact {fillfactor=80}".to_owned()), "{whole:#?}");
    assert_eq!(catalogue(with_partitions(2)).await, whole);
}

/// As it is when a release brings further migrations.
#[tokio::test]
async fn each_migration_runs_on_partitioned_tables() {
    let expected = catalogue(with_partitions(2)).await;
    for count in 1..MIGRATIONS.len() {
        let database = TestDatabase::empty();
        let (earlier, later) = MIGRATIONS.split_at(count);
        let session = session(&database).await;
        migrations::apply(&session, &earlier.iter().collect::<Vec<_>>()).await.unwrap();
        partitions::partition(&session, 2).await.unwrap();
        let opened = open(&database.url(), PostgresOptions::default()).await.unwrap();
        assert_eq!(opened.migrations.len(), later.len());
        assert_eq!(lines(&database.connect().await, CATALOGUE).await, expected);
    }
}

#[tokio::test]
async fn rows_that_migrations_wrote_are_kept() {
    let database = TestDatabase::empty();
    open(&database.url(), PostgresOptions::default()).await.unwrap();
    let client = database.connect().await;
    let fill =
        "INSERT INTO kept_answer SELECT i, '', '', now(), '[]', '' FROM generate_series(1, 9) AS i";
    client.batch_execute(fill).await.unwrap();
    partitions::partition(&session(&database).await, 2).await.unwrap();
    let count =
        "SELECT format('%s of 9, %s tables', count(*), count(DISTINCT tableoid)) FROM kept_answer";
    assert_eq!(lines(&client, count).await, ["9 of 9, 2 tables"]);
}

#[tokio::test]
async fn only_new_database_is_partitioned() {
    let name = |database: &TestDatabase| database.name().to_owned();
    let whole = TestDatabase::empty();
    open(&whole.url(), PostgresOptions::default()).await.unwrap();
    let parted = TestDatabase::empty();
    open(&parted.url(), with_partitions(2)).await.unwrap();
    let old = TestDatabase::empty();
    let first = MIGRATIONS.iter().take(1).collect::<Vec<_>>();
    migrations::apply(&session(&old).await, &first).await.unwrap();
    for (database, found) in [
        (&whole, "which are not partitioned"),
        (&parted, "in 2 partitions"),
        (&old, "which are not partitioned"),
    ] {
        let before = lines(&database.connect().await, CATALOGUE).await;
        let error = open(&database.url(), with_partitions(3)).await.unwrap_err();
        assert_eq!(error.kind(), OpenErrorKind::Unusable);
        let message = format!("the database `{}` has tables already, {found}", name(database));
        assert_eq!(error.to_string(), message);
        assert_eq!(lines(&database.connect().await, CATALOGUE).await, before);
    }
    let again = open(&parted.url(), with_partitions(2)).await.unwrap();
    assert_eq!((again.created, again.migrations), (false, Vec::new()));
}

#[tokio::test]
async fn tests_run_on_the_partitions_they_ask_for() {
    let found = lines(&TestDatabase::migrated().connect().await, PARTITIONS).await;
    let expected = testing::partitions().unwrap_or(0);
    assert!(found.contains(&format!("contact {expected}")), "{found:?}");
}
