//! Where intercoms look names and numbers up.

use async_trait::async_trait;
use contacts_domain::OrganizationId;

use super::StoreError;
use crate::directory::{EntryPage, EntryQuery};

/// The entries of the living contacts that have an `intercom` block.
///
/// It follows the writes of [`ContactStore`](super::ContactStore): what one call has written, every
/// later call sees.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait IntercomDirectory: Send + Sync {
    /// A part of the entries of an organization, and how many there are, as of one moment.
    ///
    /// # Errors
    ///
    /// When the store fails.
    async fn entries(
        &self,
        organization: OrganizationId,
        query: &EntryQuery,
    ) -> Result<EntryPage, StoreError>;
}
