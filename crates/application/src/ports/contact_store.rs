//! The port of contacts.

use std::sync::Arc;

use async_trait::async_trait;
use contacts_domain::contact::Record;
use contacts_domain::merging::{Merge, MergeReport};
use contacts_domain::purging::Purge;
use contacts_domain::restoring::{Restore, RestoreReport};
use contacts_domain::undoing::{Undo, UndoReport};
use contacts_domain::upsert::{Batch, BatchReport, Recognition};
use contacts_domain::{ContactId, OrganizationId};

use super::StoreError;

/// A store of contacts that owns its transactions.
///
/// Each writing method takes a pure [`Decision`](contacts_domain::decision::Decision). In **one**
/// transaction, an implementation loads what the decision asks for, runs it and writes its changes:
/// all of them are durable when the call returns `Ok`, none otherwise. It may run the decision again
/// to retry. Every later call sees what a call has written.
///
/// Every implementation passes the contract suite of the crate `contacts-testing`.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait ContactStore: Send + Sync {
    /// Creates or updates contacts: one outcome per item, in the order of the items. If the
    /// documents of the outcomes are too large, nothing is stored.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails; then nothing of the batch is stored.
    async fn upsert(&self, batch: Arc<Batch>) -> Result<BatchReport, StoreError>;

    /// The contacts that the recognition asks for, of one moment, each once or several times, in any
    /// order. A store may leave any of them out, for example because it keeps no digests.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails; of the kind `TooLarge` if their documents are.
    async fn recognize(&self, recognition: Arc<Recognition>) -> Result<Vec<Record>, StoreError> {
        let _ = recognition;
        Ok(Vec::new())
    }

    /// Merges one contact into another.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails; then nothing is changed.
    async fn merge(&self, merge: Arc<Merge>) -> Result<MergeReport, StoreError>;

    /// Restores a deleted contact.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails; then nothing is changed.
    async fn restore(&self, restore: Arc<Restore>) -> Result<RestoreReport, StoreError>;

    /// Takes a run back.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails; then nothing is changed.
    async fn undo(&self, undo: Arc<Undo>) -> Result<UndoReport, StoreError>;

    /// Purges contacts. Nothing of them is left in the store but their ids in the ledger. An answer
    /// that shows one of them and is kept later has no body either, if its request arrived before.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails; then nothing is changed.
    async fn purge(&self, purge: Arc<Purge>) -> Result<BatchReport, StoreError>;

    /// One contact by its id.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails.
    async fn contact(
        &self,
        organization: OrganizationId,
        id: ContactId,
        lifecycle: Lifecycle,
    ) -> Result<Option<Record>, StoreError>;

    /// The living contact that the id of a merged one leads to.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails.
    async fn survivor(
        &self,
        organization: OrganizationId,
        merged: ContactId,
    ) -> Result<Option<Record>, StoreError>;
}

/// Whether a contact is living or deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lifecycle {
    /// Not deleted.
    Living,
    /// Deleted.
    Deleted,
}
