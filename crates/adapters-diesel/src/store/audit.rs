//! The port of the audit.

use std::sync::Arc;

use async_trait::async_trait;
use contacts_application::ports::{Audit, StoreError};
use contacts_domain::auditing::{ContactKey, Discrepancy, Repair, StoredContact};
use diesel::prelude::*;

use super::SqliteStore;
use crate::schema::{contact, id_counter};
use crate::statements;

#[async_trait]
impl Audit for SqliteStore {
    async fn contact_count(&self) -> Result<u64, StoreError> {
        self.readers
            .read(|connection| {
                let count: i64 = contact::table.count().get_result(connection)?;
                u64::try_from(count).map_err(|error| StoreError::internal(error).into())
            })
            .await
    }

    /// Sorted by id, which no two contacts share, whatever their organizations.
    async fn contacts_after(
        &self,
        after: Option<ContactKey>,
        at_most: u32,
    ) -> Result<Vec<StoredContact>, StoreError> {
        self.readers
            .read(move |connection| statements::stored::page(connection, after, at_most))
            .await
    }

    async fn next_id(&self) -> Result<i64, StoreError> {
        self.readers
            .read(|connection| {
                Ok(id_counter::table.select(id_counter::next_id).get_result(connection)?)
            })
            .await
    }

    async fn repair(&self, repair: Arc<Repair>) -> Result<Vec<Discrepancy>, StoreError> {
        let organization = repair.organization();
        self.writer.write(Some(organization), move |transaction| transaction.repair(&repair)).await
    }
}
