//! Where contacts live.

use std::sync::Arc;

use async_trait::async_trait;
use contacts_domain::contact::Record;
use contacts_domain::merging::{Merge, MergeReport};
use contacts_domain::upsert::{Batch, Outcome};
use contacts_domain::{ContactId, OrganizationId};

use super::StoreError;

/// A store of contacts that owns its transactions.
///
/// Both writing conversations hand over a pure [`Decision`](contacts_domain::decision::Decision).
/// An implementation looks up what the decision wants, lets it decide and writes what it says, in
/// **one** transaction: all of it is durable when the call returns `Ok`, none of it otherwise. It
/// may run the decision again to retry. What one call has written, every later call sees.
///
/// Every implementation passes the contract suite of the crate `contacts-testing`.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait ContactStore: Send + Sync {
    /// Creates or updates contacts: one outcome per item, in the order of the items.
    ///
    /// # Errors
    ///
    /// When the store fails; then nothing of the batch is stored.
    async fn upsert(&self, batch: Arc<Batch>) -> Result<Vec<Outcome>, StoreError>;

    /// Merges one contact into another.
    ///
    /// # Errors
    ///
    /// When the store fails; then nothing is changed.
    async fn merge(&self, merge: Arc<Merge>) -> Result<MergeReport, StoreError>;

    /// One contact by its id.
    ///
    /// # Errors
    ///
    /// When the store fails.
    async fn contact(
        &self,
        organization: OrganizationId,
        id: ContactId,
        lifecycle: Lifecycle,
    ) -> Result<Option<Record>, StoreError>;
}

/// Whether a living or a deleted contact is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lifecycle {
    /// Not deleted.
    Living,
    /// Deleted.
    Deleted,
}
