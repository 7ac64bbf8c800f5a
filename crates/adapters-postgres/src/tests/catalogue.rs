//! The schema that the migrations make.

use std::fs;
use std::path::Path;

use tokio_postgres::Client;

use crate::startup::migrations::MIGRATIONS;
use crate::testing::TestDatabase;

/// Every object of the schema, one line each.
const OBJECTS: &str = "
    SELECT format('%s.%s %s %s %s %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
        a.attnotnull, a.attcompression, pg_get_expr(d.adbin, d.adrelid)) AS line
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0
        AND c.relname NOT LIKE '\\_\\_diesel%'
    UNION ALL
    SELECT format('%s %s', relname, reloptions) FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relname NOT LIKE '\\_\\_diesel%'
    UNION ALL
    SELECT pg_get_indexdef(indexrelid) FROM pg_index JOIN pg_class c ON c.oid = indexrelid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relname NOT LIKE '\\_\\_diesel%'
    UNION ALL
    SELECT format('%s %s', conrelid::regclass, pg_get_constraintdef(oid)) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND conname NOT LIKE '\\_\\_diesel%'
    ORDER BY line";

async fn lines(client: &Client, sql: &str) -> Vec<String> {
    let rows = client.query(sql, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn every_migration_can_be_reverted() {
    let database = TestDatabase::migrated();
    let client = database.connect().await;
    let migrated = lines(&client, OBJECTS).await;
    assert!(migrated.iter().any(|line| line.starts_with("contact.document json")), "{migrated:#?}");

    let mut made = Vec::new();
    for _ in 0..2 {
        for migration in MIGRATIONS.iter().rev() {
            client.batch_execute(migration.down).await.unwrap();
        }
        assert_eq!(lines(&client, OBJECTS).await, Vec::<String>::new());
        for migration in MIGRATIONS {
            client.batch_execute(migration.up).await.unwrap();
        }
        made.push(lines(&client, OBJECTS).await);
    }
    assert_eq!(made[0], made[1]);
}

#[test]
fn every_migration_file_is_listed_in_order() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let entries = fs::read_dir(directory).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names = names.collect::<Vec<_>>();
    names.sort_unstable();
    assert_eq!(MIGRATIONS.map(|migration| migration.name).as_slice(), names);
}

#[tokio::test]
async fn migrations_are_recorded_like_diesel_does() {
    let database = TestDatabase::migrated();
    let client = database.connect().await;
    let recorded = "SELECT version::text FROM __diesel_schema_migrations ORDER BY version";
    let versions = [
        "20261122000000",
        "20261126000000",
        "20261126000100",
        "20261126000300",
        "20261126000400",
        "20261126000500",
        "20261126000600",
        "20261127000000",
        "20261127000100",
        "20261127000200",
        "20261127000300",
        "20261127000400",
        "20261127000500",
        "20261127000600",
    ];
    assert_eq!(lines(&client, recorded).await, versions);
    let table = "
        SELECT format('%s %s %s %s', attname, format_type(atttypid, atttypmod), attnotnull,
            pg_get_expr(adbin, adrelid))
        FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
        WHERE attrelid = '__diesel_schema_migrations'::regclass AND attnum > 0 ORDER BY attnum";
    assert_eq!(
        lines(&client, table).await,
        [
            "version character varying(50) t ",
            "run_on timestamp without time zone t CURRENT_TIMESTAMP"
        ]
    );
}

#[tokio::test]
async fn every_contact_key_begins_with_the_organization() {
    // Of a foreign key, both sides.
    const KEYS: &str = "
        SELECT format('%s %s', conname, attname)
        FROM pg_constraint JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]
        WHERE conrelid::regclass::text LIKE 'contact%' AND contype IN ('p', 'u', 'f')
        UNION ALL
        SELECT format('%s %s', conname, attname)
        FROM pg_constraint JOIN pg_attribute ON attrelid = confrelid AND attnum = confkey[1]
        WHERE confrelid::regclass::text LIKE 'contact%' AND contype = 'f'
        UNION ALL
        SELECT format('%s %s', indexrelid::regclass, attname)
        FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]
        WHERE indrelid::regclass::text LIKE 'contact%'";
    let database = TestDatabase::migrated();
    let keys = lines(&database.connect().await, KEYS).await;
    assert!(keys.len() > 20, "{keys:#?}");
    for key in keys {
        assert!(key.ends_with(" organization_id"), "{key}");
    }
}
