//! The store contract, run on PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::process::ExitCode;
use std::sync::Arc;

use async_trait::async_trait;
use contacts_adapters_postgres::PostgresStore;
use contacts_adapters_postgres::testing::TestDatabase;
use contacts_application::ports::{
    AccessStore, Audit, ContactList, ContactStore, IntercomDirectory, KeptAnswers, KeptPlans,
    Ledger, Lifecycle, OrganizationSettings, SearchIndex, StoreState,
};
use contacts_domain::contact::{IntercomEntry, Record};
use contacts_domain::value::LinkId;
use contacts_domain::{ContactId, Digest, OrganizationId};
use contacts_testing::contract::{self, Port, StoreUnderTest};
use tokio_postgres::Client;
use tokio_postgres::types::ToSql;

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

    fn contact_list(&self) -> Arc<dyn ContactList> {
        self.store.clone()
    }

    fn access(&self) -> Arc<dyn AccessStore> {
        self.store.clone()
    }

    fn audit(&self) -> Arc<dyn Audit> {
        self.store.clone()
    }

    fn settings(&self) -> Arc<dyn OrganizationSettings> {
        self.store.clone()
    }

    fn state(&self) -> Arc<dyn StoreState> {
        self.store.clone()
    }

    fn ledger(&self) -> Arc<dyn Ledger> {
        self.store.clone()
    }

    fn search_index(&self) -> Arc<dyn SearchIndex> {
        self.store.clone()
    }

    fn answers(&self) -> Arc<dyn KeptAnswers> {
        self.store.clone()
    }

    fn plans(&self) -> Arc<dyn KeptPlans> {
        self.store.clone()
    }

    async fn everything(&self) -> Vec<Record> {
        const STORED: &str = "SELECT organization_id, id, deleted_at IS NOT NULL FROM contact";
        let rows = self.database.connect().await.query(STORED, &[]).await.unwrap();
        let mut records = Vec::new();
        for row in rows {
            let organization = OrganizationId::new(row.get(0)).unwrap();
            let id = ContactId::new(row.get(1)).unwrap();
            let lifecycle = if row.get(2) { Lifecycle::Deleted } else { Lifecycle::Living };
            records.extend(self.store.contact(organization, id, lifecycle).await.unwrap());
        }
        records
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
               is_vendor = $12, is_staff = $13, sort_key = $14, countries = $15, tags = $16,
               digest = $17
         WHERE id = $1";
    let projection = &record.projection;
    let values: [&(dyn ToSql + Sync); 17] = [
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
        &projection.sort_key.as_str(),
        &projection.countries,
        &projection.tags,
        &record.digest.as_ref().map(Digest::as_bytes),
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
    let values: [&(dyn ToSql + Sync); 12] = [
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
        &entry.sort_key,
    ];
    let insert =
        "INSERT INTO contact_intercom VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    client.execute(insert, &values).await.unwrap();
}

async fn fresh() -> Fresh {
    let database = TestDatabase::migrated();
    let store = database.open().await;
    contract::add_organizations(&store).await;
    Fresh { store: Arc::new(store), database }
}

fn main() -> ExitCode {
    contract::run(&Port::ALL, fresh)
}
