//! The store contract, run on SQLite.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use contacts_adapters_diesel::sqlite::{SqliteOptions, SqliteStore};
use contacts_application::ports::{AccessStore, ContactStore, IntercomDirectory, Lifecycle};
use contacts_application::testing::contract::Subject;
use contacts_domain::contact::Record;
use contacts_domain::{ContactId, OrganizationId};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Bool, Integer};
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
}

fn fresh() -> Fresh {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("test.db");
    let opened = SqliteStore::open(&path, SqliteOptions::default()).unwrap();
    Fresh { store: Arc::new(opened.store), path, _directory: directory }
}

contacts_application::store_contract!(fresh());
