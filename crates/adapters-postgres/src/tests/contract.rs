//! The store contract, run on PostgreSQL.

use std::sync::Arc;

use async_trait::async_trait;
use contacts_application::ports::{AccessStore, Audit, ContactStore, IntercomDirectory};
use contacts_domain::ContactId;
use contacts_domain::contact::{IntercomEntry, Record};
use contacts_domain::value::LinkId;
use contacts_testing::contract::StoreUnderTest;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row};

use crate::PostgresStore;
use crate::statements::columns::ContactIndexes;
use crate::statements::row;
use crate::testing::TestDatabase;

/// A store on a database of its own.
struct Fresh {
    store: Arc<PostgresStore>,
    database: TestDatabase,
}

#[async_trait]
impl StoreUnderTest for Fresh {
    fn contacts(&self) -> Arc<dyn ContactStore> {
        self.store.clone()
    }

    fn directory(&self) -> Arc<dyn IntercomDirectory> {
        self.store.clone()
    }

    fn access(&self) -> Arc<dyn AccessStore> {
        self.store.clone()
    }

    fn audit(&self) -> Arc<dyn Audit> {
        self.store.clone()
    }

    async fn everything(&self) -> Vec<Record> {
        let everything = "SELECT * FROM contact ORDER BY id";
        let rows = self.database.connect().await.query(everything, &[]).await.unwrap();
        let record = |row: &Row| {
            let organization = row::organization_id(row.get("organization_id")).unwrap();
            row::record(organization, row, &ContactIndexes::of(row, "").unwrap()).unwrap()
        };
        rows.iter().map(record).collect()
    }

    async fn overwrite(
        &self,
        record: &Record,
        relations: &[ContactId],
        entry: Option<&IntercomEntry>,
    ) {
        let client = self.database.connect().await;
        overwrite_row(&client, record).await;
        overwrite_relations(&client, record, relations).await;
        overwrite_entry(&client, record, entry).await;
    }
}

async fn overwrite_row(client: &Client, record: &Record) {
    const OVERWRITE: &str = "
        UPDATE contact
           SET contact_type = $2, external_id = $3, link_id = $4, display_name = $5, email = $6,
               phone = $7, mobile = $8, vat_number = $9, archived = $10, is_customer = $11,
               is_vendor = $12, is_staff = $13
         WHERE id = $1";
    let projection = &record.projection;
    let values: [&(dyn ToSql + Sync); 13] = [
        &record.id.get(),
        &projection.contact_type.as_str(),
        &projection.external_id,
        &projection.link_id.map(LinkId::as_uuid),
        &projection.display_name,
        &projection.email,
        &projection.phone,
        &projection.mobile,
        &projection.vat_number,
        &projection.archived,
        &projection.is_customer,
        &projection.is_vendor,
        &projection.is_staff,
    ];
    assert_eq!(client.execute(OVERWRITE, &values).await.unwrap(), 1);
}

async fn overwrite_relations(client: &Client, record: &Record, relations: &[ContactId]) {
    let (organization, id) = (record.organization.get(), record.id.get());
    let delete = "DELETE FROM contact_relation WHERE organization_id = $1 AND from_id = $2";
    client.execute(delete, &[&organization, &id]).await.unwrap();
    for to in relations {
        let insert = "INSERT INTO contact_relation VALUES ($1, $2, $3)";
        client.execute(insert, &[&organization, &to.get(), &id]).await.unwrap();
    }
}

async fn overwrite_entry(client: &Client, record: &Record, entry: Option<&IntercomEntry>) {
    let (organization, id) = (record.organization.get(), record.id.get());
    let delete = "DELETE FROM contact_intercom WHERE organization_id = $1 AND contact_id = $2";
    client.execute(delete, &[&organization, &id]).await.unwrap();
    let Some(entry) = entry else { return };
    let values: [&(dyn ToSql + Sync); 11] = [
        &organization,
        &id,
        &entry.link_id.map(|link_id| link_id.to_string()).unwrap_or_default(),
        &entry.name,
        &entry.kind,
        &entry.number,
        &entry.is_favorite,
        &entry.auto_answer,
        &entry.in_black_list,
        &entry.is_p2p,
        &entry.ringtone,
    ];
    let insert =
        "INSERT INTO contact_intercom VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    client.execute(insert, &values).await.unwrap();
}

async fn fresh() -> Fresh {
    let database = TestDatabase::migrated();
    Fresh { store: Arc::new(database.open().await), database }
}

contacts_testing::store_contract!(fresh().await);
