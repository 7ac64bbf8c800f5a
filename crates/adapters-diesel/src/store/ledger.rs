//! The port of the ledger.

use async_trait::async_trait;
use contacts_application::ledger::{FeedPage, FeedPosition, History, PageSize, RecordedChange};
use contacts_application::ports::{Ledger, StoreError};
use contacts_domain::ledger::Run;
use contacts_domain::undoing::UndoneContact;
use contacts_domain::{ContactId, OrganizationId, RunId, Timestamp};
use diesel::prelude::*;

use super::SqliteStore;
use crate::connect::Failure;
use crate::statements::ledger::{feed, prune, read};
use crate::statements::write::purge::deleted_before;

#[async_trait]
impl Ledger for SqliteStore {
    async fn run(
        &self,
        organization: OrganizationId,
        id: RunId,
    ) -> Result<Option<Run>, StoreError> {
        self.readers.read(move |connection| read::find_run(connection, organization, id)).await
    }

    async fn runs(
        &self,
        organization: OrganizationId,
        before: Option<RunId>,
        at_most: u32,
    ) -> Result<Vec<Run>, StoreError> {
        self.of_one_moment(move |connection| read::runs(connection, organization, before, at_most))
            .await
    }

    async fn changes(
        &self,
        organization: OrganizationId,
        run: RunId,
        after: Option<ContactId>,
        size: PageSize,
    ) -> Result<Vec<RecordedChange>, StoreError> {
        self.of_one_moment(move |connection| {
            read::changes(connection, organization, run, after, size)
        })
        .await
    }

    async fn history(
        &self,
        organization: OrganizationId,
        contact: ContactId,
        from: Option<RunId>,
        size: PageSize,
    ) -> Result<Option<History>, StoreError> {
        self.of_one_moment(move |connection| {
            read::history(connection, organization, contact, from, size)
        })
        .await
    }

    async fn changed_by(
        &self,
        organization: OrganizationId,
        run: RunId,
        bytes_at_most: usize,
    ) -> Result<Vec<UndoneContact>, StoreError> {
        self.of_one_moment(move |connection| {
            read::changed_by(connection, organization, run, bytes_at_most)
        })
        .await
    }

    async fn feed_end(&self, organization: OrganizationId) -> Result<FeedPosition, StoreError> {
        self.of_one_moment(move |connection| feed::end(connection, organization)).await
    }

    async fn feed(
        &self,
        organization: OrganizationId,
        from: FeedPosition,
        size: PageSize,
    ) -> Result<Option<FeedPage>, StoreError> {
        self.of_one_moment(move |connection| feed::page(connection, organization, from, size)).await
    }

    async fn prune(
        &self,
        organization: OrganizationId,
        before: Timestamp,
    ) -> Result<bool, StoreError> {
        self.writer
            .write(Some(organization), move |transaction| {
                prune::prune(transaction.connection, organization, before)
            })
            .await
    }

    async fn purge_deleted(
        &self,
        organization: OrganizationId,
        before: Timestamp,
        now: Timestamp,
        at_most: u32,
    ) -> Result<u64, StoreError> {
        self.writer
            .write(Some(organization), move |transaction| {
                let deleted =
                    deleted_before(transaction.connection, organization, before, at_most)?;
                transaction.purge(organization, &deleted, now)?;
                Ok(u64::try_from(deleted.len()).unwrap_or(u64::MAX))
            })
            .await
    }
}

impl SqliteStore {
    /// Runs reads on one snapshot.
    async fn of_one_moment<T: Send + 'static>(
        &self,
        reading: impl FnOnce(&mut SqliteConnection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.readers.read_long(move |connection| connection.transaction(reading)).await
    }
}
