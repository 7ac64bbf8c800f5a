//! What a store holds, as it stands there.

use std::sync::Arc;

use async_trait::async_trait;
use contacts_domain::auditing::{ContactKey, Discrepancy, Repair, StoredContact};

use super::StoreError;

/// What a store of contacts holds, as it stands there, and how it is mended.
///
/// It works beside everything else that the store does.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Audit: Send + Sync {
    /// How many contacts there are about, of all organizations, deleted ones included: enough to
    /// tell how far an audit is.
    ///
    /// # Errors
    ///
    /// When the store fails.
    async fn contact_count(&self) -> Result<u64, StoreError>;

    /// At most that many contacts of all organizations, deleted ones included, each with what
    /// stands beside it at one moment.
    ///
    /// They come in an order of the store's own; `after` is the place of the last one of the page
    /// before, and `None` for the first page. After the last contact there are empty pages.
    ///
    /// # Errors
    ///
    /// When the store fails; never because of what is in a contact.
    async fn contacts_after(
        &self,
        after: Option<ContactKey>,
        at_most: u32,
    ) -> Result<Vec<StoredContact>, StoreError>;

    /// The lowest id that is not handed out nor set aside to be.
    ///
    /// # Errors
    ///
    /// When the store fails.
    async fn next_id(&self) -> Result<i64, StoreError>;

    /// Carries out a [`Repair`] in one transaction; what was wrong with its contacts, and what
    /// became of it.
    ///
    /// # Errors
    ///
    /// When the store fails; then nothing is changed.
    async fn repair(&self, repair: Arc<Repair>) -> Result<Vec<Discrepancy>, StoreError>;
}
