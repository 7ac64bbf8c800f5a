//! The port that audits stored contacts.

use std::sync::Arc;

use async_trait::async_trait;
use contacts_domain::auditing::{ContactKey, Discrepancy, Repair, StoredContact};

use super::StoreError;

/// Reads stored contacts as they are, valid or not, and corrects them, while the store serves others.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Audit: Send + Sync {
    /// The approximate number of contacts of all organizations, deleted ones included, to show the
    /// progress of an audit.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails.
    async fn contact_count(&self) -> Result<u64, StoreError>;

    /// A page of contacts of all organizations, deleted ones included, each with its relations and
    /// entry of the same moment.
    ///
    /// The order is the store's own. `after` is the key of the last contact of the page before, or
    /// `None` for the first page. After the last contact, pages are empty.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails; never because of the content of a contact.
    async fn contacts_after(
        &self,
        after: Option<ContactKey>,
        at_most: u32,
    ) -> Result<Vec<StoredContact>, StoreError>;

    /// The lowest id that is neither used nor reserved.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails.
    async fn next_id(&self) -> Result<i64, StoreError>;

    /// Runs a [`Repair`] in one transaction. Returns the findings and what was done about them.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails; then nothing is changed.
    async fn repair(&self, repair: Arc<Repair>) -> Result<Vec<Discrepancy>, StoreError>;
}
