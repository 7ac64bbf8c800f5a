//! The store contract, run on SQLite.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use async_trait::async_trait;
use contacts_adapters_diesel::{SqliteOptions, SqliteStore};
use contacts_application::ports::{
    AccessStore, Audit, ContactList, ContactStore, IntercomDirectory, KeptAnswers, KeptPlans,
    Ledger, Lifecycle, OrganizationSettings, SearchIndex, StoreState,
};
use contacts_domain::contact::{IntercomEntry, Record};
use contacts_domain::{ContactId, Digest, OrganizationId};
use contacts_testing::contract::{self, Port, StoreUnderTest};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Binary, Bool, Integer, Nullable, Text};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

/// A store on a file of its own.
struct Fresh {
    store: Arc<SqliteStore>,
    path: PathBuf,
    _directory: TempDir,
}

#[derive(QueryableByName)]
struct Stored {
    #[diesel(sql_type = Integer)]
    organization_id: i32,
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Bool)]
    deleted: bool,
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
        let mut connection = SqliteConnection::establish(self.path.to_str().unwrap()).unwrap();
        let stored: Vec<Stored> =
            sql_query("SELECT organization_id, id, deleted_at IS NOT NULL AS deleted FROM contact")
                .load(&mut connection)
                .unwrap();
        drop(connection);
        let mut records = Vec::new();
        for Stored { organization_id, id, deleted } in stored {
            let organization = OrganizationId::new(organization_id).unwrap();
            let lifecycle = if deleted { Lifecycle::Deleted } else { Lifecycle::Living };
            let id = ContactId::new(id).unwrap();
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
        let mut connection = SqliteConnection::establish(self.path.to_str().unwrap()).unwrap();
        overwrite_row(&mut connection, record);
        overwrite_relations(&mut connection, record, relations);
        overwrite_entry(&mut connection, record, entry);
    }
}

fn overwrite_row(connection: &mut SqliteConnection, record: &Record) {
    let projection = &record.projection;
    let updated = sql_query(
        "UPDATE contact
         SET contact_type = ?, external_id = ?, link_id = ?, display_name = ?, email = ?,
             phone = ?, mobile = ?, vat_number = ?, archived = ?, is_customer = ?, is_vendor = ?,
             is_staff = ?, sort_key = ?, countries = ?, tags = ?, digest = ?, email_hash = ?
         WHERE id = ?",
    )
    .bind::<Text, _>(projection.contact_type.as_str())
    .bind::<Nullable<Text>, _>(&projection.external_id)
    .bind::<Nullable<Text>, _>(projection.link_id.map(|link_id| link_id.to_string()))
    .bind::<Text, _>(&projection.display_name)
    .bind::<Nullable<Text>, _>(&projection.email)
    .bind::<Nullable<Text>, _>(&projection.phone)
    .bind::<Nullable<Text>, _>(&projection.mobile)
    .bind::<Nullable<Text>, _>(&projection.vat_number)
    .bind::<Bool, _>(projection.archived)
    .bind::<Bool, _>(projection.is_customer)
    .bind::<Bool, _>(projection.is_vendor)
    .bind::<Bool, _>(projection.is_staff)
    .bind::<Text, _>(projection.sort_key.as_str())
    .bind::<Text, _>(&projection.countries)
    .bind::<Text, _>(&projection.tags)
    .bind::<Nullable<Binary>, _>(record.digest.as_ref().map(Digest::as_bytes))
    .bind::<Nullable<BigInt>, _>(projection.email.as_deref().map(email_hash))
    .bind::<BigInt, _>(record.id.get())
    .execute(connection);
    assert_eq!(updated, Ok(1));
}

/// The first eight bytes of SHA-256.
fn email_hash(email: &str) -> i64 {
    i64::from_be_bytes(*Sha256::digest(email).first_chunk().unwrap())
}

fn overwrite_relations(
    connection: &mut SqliteConnection,
    record: &Record,
    relations: &[ContactId],
) {
    sql_query("DELETE FROM contact_relation WHERE from_id = ?")
        .bind::<BigInt, _>(record.id.get())
        .execute(connection)
        .unwrap();
    for to in relations {
        sql_query("INSERT INTO contact_relation VALUES (?, ?, ?)")
            .bind::<Integer, _>(record.organization.get())
            .bind::<BigInt, _>(to.get())
            .bind::<BigInt, _>(record.id.get())
            .execute(connection)
            .unwrap();
    }
}

fn overwrite_entry(
    connection: &mut SqliteConnection,
    record: &Record,
    entry: Option<&IntercomEntry>,
) {
    sql_query("DELETE FROM contact_intercom WHERE contact_id = ?")
        .bind::<BigInt, _>(record.id.get())
        .execute(connection)
        .unwrap();
    if let Some(entry) = entry {
        sql_query("INSERT INTO contact_intercom VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
            .bind::<Integer, _>(record.organization.get())
            .bind::<BigInt, _>(record.id.get())
            .bind::<Text, _>(entry.link_id.map(|id| id.to_string()).unwrap_or_default())
            .bind::<Text, _>(&entry.name)
            .bind::<Text, _>(&entry.kind)
            .bind::<Text, _>(&entry.number)
            .bind::<Bool, _>(entry.is_favorite)
            .bind::<Bool, _>(entry.auto_answer)
            .bind::<Bool, _>(entry.in_black_list)
            .bind::<Bool, _>(entry.is_p2p)
            .bind::<Text, _>(&entry.ringtone)
            .bind::<Text, _>(&entry.sort_key)
            .execute(connection)
            .unwrap();
    }
}

async fn fresh() -> Fresh {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("test.db");
    let opened = SqliteStore::open(&path, SqliteOptions::default()).unwrap();
    contract::add_organizations(&opened.store).await;
    Fresh { store: Arc::new(opened.store), path, _directory: directory }
}

fn main() -> ExitCode {
    contract::run(&Port::ALL, fresh)
}
