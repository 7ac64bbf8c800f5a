//! The store contract, run on PostgreSQL.

use std::sync::Arc;

use async_trait::async_trait;
use contacts_application::ports::{AccessStore, ContactStore, IntercomDirectory};
use contacts_application::testing::contract::Subject;
use contacts_domain::contact::Record;

use crate::postgres::PostgresStore;
use crate::postgres::row;
use crate::postgres::testing::TestDatabase;

/// A store on a database of its own.
struct Fresh {
    store: Arc<PostgresStore>,
    database: TestDatabase,
}

#[async_trait]
impl Subject for Fresh {
    fn contacts(&self) -> Arc<dyn ContactStore> {
        self.store.clone()
    }

    fn directory(&self) -> Arc<dyn IntercomDirectory> {
        self.store.clone()
    }

    fn access(&self) -> Arc<dyn AccessStore> {
        self.store.clone()
    }

    async fn everything(&self) -> Vec<Record> {
        const EVERYTHING: &str = "
            SELECT id, contact_type, external_id, link_id, display_name,
                   email, phone, mobile, vat_number,
                   archived, is_customer, is_vendor, is_staff,
                   version, document_version,
                   created_at, updated_at, deleted_at, document, organization_id
              FROM contact ORDER BY id";
        let rows = self.database.connect().await.query(EVERYTHING, &[]).await.unwrap();
        rows.iter()
            .map(|row| row::record(row::organization_id(row.get(19)).unwrap(), row).unwrap())
            .collect()
    }
}

async fn fresh() -> Fresh {
    let database = TestDatabase::migrated();
    Fresh { store: Arc::new(database.open().await), database }
}

contacts_application::store_contract!(fresh().await);
