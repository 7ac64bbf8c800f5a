//! The port of the contacts.

use std::sync::Arc;

use async_trait::async_trait;
use contacts_application::ports::{ContactStore, Lifecycle, StoreError};
use contacts_domain::contact::Record;
use contacts_domain::decision::AliasKey;
use contacts_domain::merging::{Merge, MergeReport};
use contacts_domain::purging::Purge;
use contacts_domain::restoring::{Restore, RestoreReport};
use contacts_domain::undoing::{Undo, UndoReport};
use contacts_domain::upsert::{Batch, BatchReport, Recognition};
use contacts_domain::{ContactId, OrganizationId};
use diesel::prelude::*;

use super::SqliteStore;
use crate::statements::query;
use crate::statements::recognize::recognize;
use crate::statements::row::ContactRow;

#[async_trait]
impl ContactStore for SqliteStore {
    async fn upsert(&self, batch: Arc<Batch>) -> Result<BatchReport, StoreError> {
        self.run(batch).await
    }

    async fn recognize(&self, recognition: Arc<Recognition>) -> Result<Vec<Record>, StoreError> {
        let read = self.readers.read(move |connection| {
            connection.transaction(|connection| recognize(connection, &recognition))
        });
        read.await
    }

    async fn merge(&self, merge: Arc<Merge>) -> Result<MergeReport, StoreError> {
        self.run(merge).await
    }

    async fn restore(&self, restore: Arc<Restore>) -> Result<RestoreReport, StoreError> {
        self.run(restore).await
    }

    async fn undo(&self, undo: Arc<Undo>) -> Result<UndoReport, StoreError> {
        self.run(undo).await
    }

    async fn purge(&self, purge: Arc<Purge>) -> Result<BatchReport, StoreError> {
        self.run(purge).await
    }

    async fn contact(
        &self,
        organization: OrganizationId,
        id: ContactId,
        lifecycle: Lifecycle,
    ) -> Result<Option<Record>, StoreError> {
        let (organization, id) = (organization.get(), id.get());
        let row = ContactRow::as_select();
        self.readers
            .read(move |connection| {
                let found: Option<ContactRow> = match lifecycle {
                    Lifecycle::Living => {
                        query::by_id(organization, id).select(row).get_result(connection)
                    }
                    Lifecycle::Deleted => {
                        query::deleted_by_id(organization, id).select(row).get_result(connection)
                    }
                }
                .optional()?;
                found.map(Record::try_from).transpose()
            })
            .await
    }

    async fn survivor(
        &self,
        organization: OrganizationId,
        merged: ContactId,
    ) -> Result<Option<Record>, StoreError> {
        let (organization, key) = (organization.get(), AliasKey::Id(merged));
        self.readers
            .read(move |connection| {
                let value = key.value();
                let query = query::by_alias(organization, key.kind(), &value);
                let found: Option<ContactRow> =
                    query.select(ContactRow::as_select()).get_result(connection).optional()?;
                found.map(Record::try_from).transpose()
            })
            .await
    }
}
