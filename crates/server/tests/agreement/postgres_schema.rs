//! The tables of both stores have the same columns.

use std::collections::BTreeMap;

use contacts_adapters_diesel::{SqliteOptions, SqliteStore};
use contacts_adapters_postgres::testing::TestDatabase;

/// The columns of each table, and whether they take `NULL`.
type Tables = BTreeMap<String, BTreeMap<String, bool>>;

fn by_table(columns: impl IntoIterator<Item = (String, String, bool)>) -> Tables {
    let mut tables = Tables::new();
    for (table, column, nullable) in columns {
        tables.entry(table).or_default().insert(column, nullable);
    }
    tables
}

fn sqlite_tables() -> Tables {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("test.db");
    SqliteStore::open(&path, SqliteOptions::default()).unwrap();
    let connection = rusqlite::Connection::open(&path).unwrap();
    let mut columns = connection
        .prepare(
            "SELECT t.name, c.name, c.\"notnull\" = 0
             FROM sqlite_schema t, pragma_table_info(t.name) c
             WHERE t.type = 'table' AND t.name NOT LIKE '!_!_diesel%' ESCAPE '!'
               AND t.name NOT LIKE 'search!_words%' ESCAPE '!' AND c.name <> 'email_hash'",
        )
        .unwrap();
    let rows = columns.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    by_table(rows.map(Result::unwrap))
}

#[tokio::test]
async fn both_stores_have_the_same_columns() {
    let database = TestDatabase::migrated();
    let client = database.connect().await;
    let rows = client.query(
        "SELECT table_name::text, column_name::text, is_nullable::bool
         FROM information_schema.columns
         WHERE table_schema = 'public' AND table_name NOT LIKE '\\_\\_diesel%'
           AND table_name <> 'search_words'",
        &[],
    );
    let columns = rows.await.unwrap();
    let columns = columns.iter().map(|row| (row.get(0), row.get(1), row.get(2)));
    assert_eq!(by_table(columns), sqlite_tables());
}
