//! The port [`ContactStore`].

use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use contacts_application::ports::{ContactStore, Lifecycle, StoreError};
use contacts_domain::contact::Record;
use contacts_domain::merging::{Merge, MergeReport};
use contacts_domain::purging::Purge;
use contacts_domain::restoring::{Restore, RestoreReport};
use contacts_domain::undoing::{Undo, UndoReport};
use contacts_domain::upsert::{Batch, BatchReport, Recognition};
use contacts_domain::{ContactId, OrganizationId};
use tokio_postgres::types::Type;

use super::PostgresStore;
use crate::connect::{Failure, Parameter};
use crate::statements::columns::{ContactColumns, ContactIndexes, list};
use crate::statements::row;

/// The contact of that id, deleted or not ($3).
static CONTACT: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT {} FROM contact
          WHERE organization_id = $1 AND id = $2 AND (deleted_at IS NOT NULL) = $3",
        list("", ContactColumns::NAMES)
    )
});

/// The living contact that the id of a merged one ($2) leads to.
static SURVIVOR: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT {} FROM contact
          WHERE organization_id = $1 AND deleted_at IS NULL
            AND id = (SELECT contact_id FROM contact_alias
                       WHERE organization_id = $1 AND source = '' AND kind = 'ID'
                         AND value = $2::bigint::text)",
        list("", ContactColumns::NAMES)
    )
});

#[async_trait]
impl ContactStore for PostgresStore {
    async fn upsert(&self, batch: Arc<Batch>) -> Result<BatchReport, StoreError> {
        Ok(self.groups.apply(batch).await?)
    }

    async fn recognize(&self, recognition: Arc<Recognition>) -> Result<Vec<Record>, StoreError> {
        Ok(self.transactions.recognize(&recognition).await?)
    }

    async fn merge(&self, merge: Arc<Merge>) -> Result<MergeReport, StoreError> {
        Ok(self.transactions.run(merge).await?)
    }

    async fn restore(&self, restore: Arc<Restore>) -> Result<RestoreReport, StoreError> {
        Ok(self.transactions.run(restore).await?)
    }

    async fn undo(&self, undo: Arc<Undo>) -> Result<UndoReport, StoreError> {
        Ok(self.transactions.run(undo).await?)
    }

    async fn purge(&self, purge: Arc<Purge>) -> Result<BatchReport, StoreError> {
        Ok(self.transactions.run(purge).await?)
    }

    async fn contact(
        &self,
        organization: OrganizationId,
        id: ContactId,
        lifecycle: Lifecycle,
    ) -> Result<Option<Record>, StoreError> {
        let deleted = lifecycle == Lifecycle::Deleted;
        let parameters: [Parameter<'_>; 3] =
            [(&organization.get(), Type::INT4), (&id.get(), Type::INT8), (&deleted, Type::BOOL)];
        Ok(self.read_contact(&CONTACT, organization, &parameters).await?)
    }

    async fn survivor(
        &self,
        organization: OrganizationId,
        merged: ContactId,
    ) -> Result<Option<Record>, StoreError> {
        let parameters: [Parameter<'_>; 2] =
            [(&organization.get(), Type::INT4), (&merged.get(), Type::INT8)];
        Ok(self.read_contact(&SURVIVOR, organization, &parameters).await?)
    }
}

impl PostgresStore {
    async fn read_contact(
        &self,
        statement: &'static str,
        organization: OrganizationId,
        parameters: &[Parameter<'_>],
    ) -> Result<Option<Record>, Failure> {
        // In a transaction for its planner settings: otherwise a plan made while the table was small
        // might go on to read all of it.
        let rows = self.transactions.read(statement, parameters).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        row::record(organization, row, &ContactIndexes::of(row, "")?).map(Some)
    }
}
