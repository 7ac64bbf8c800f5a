//! The port of the directory of intercoms.

use async_trait::async_trait;
use contacts_domain::OrganizationId;

use super::StoreError;
use crate::directory::{EntryPage, EntryQuery};

/// The entries of the living contacts that have an `intercom` block.
///
/// Every later call sees what a call of [`ContactStore`](super::ContactStore) has written.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait IntercomDirectory: Send + Sync {
    /// A page of the entries of an organization and their total, as of one moment.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails.
    async fn entries(
        &self,
        organization: OrganizationId,
        query: &EntryQuery,
    ) -> Result<EntryPage, StoreError>;
}
