//! Merges of earlier releases.

use contacts_application::ports::ContactStore;
use contacts_domain::upsert::{Batch, Item, Options};
use contacts_testing::context;
use serde_json::json;

use super::{person, send};
use crate::startup::migrations::MIGRATIONS;
use crate::testing::TestDatabase;

#[tokio::test]
async fn ids_of_earlier_merges_lead_to_their_survivors() {
    let database = TestDatabase::migrated();
    let (store, client) = (database.open().await, database.connect().await);
    // Ids are handed out in order. The contact 2 was deleted, and 3 was merged into 1.
    send(&store, &[person("A", json!({}))]).await.unwrap();
    for _ in 0..2 {
        send(&store, &[person("B", json!({}))]).await.unwrap();
        let deletion = Item::read(r#"{"externalId": "B"}"#, &context(1)).to_delete();
        let deletion = Batch::new(context(1), Options::default(), vec![deletion]);
        store.upsert(deletion.into()).await.unwrap().unwrap();
    }
    let merged = "INSERT INTO contact_alias VALUES (1, '', 'EXTERNAL_ID', 'B', 1)";
    client.batch_execute(merged).await.unwrap();

    let migration = MIGRATIONS.iter().find(|one| one.name.ends_with("_merged_ids")).unwrap();
    client.batch_execute(migration.up).await.unwrap();

    const ALIASES: &str = "SELECT kind, value, contact_id FROM contact_alias ORDER BY kind";
    let rows = client.query(ALIASES, &[]).await.unwrap();
    let rows: Vec<(String, String, i64)> =
        rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
    let alias = |kind: &str, value: &str| (kind.to_owned(), value.to_owned(), 1);
    assert_eq!(rows, [alias("EXTERNAL_ID", "B"), alias("ID", "3")]);
}
