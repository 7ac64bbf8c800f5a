//! The port of the list of contacts.

use async_trait::async_trait;
use contacts_domain::OrganizationId;

use super::StoreError;
use crate::contact_list::{ContactExport, ContactFilter, ContactPage, ContactQuery};

/// The contacts of an organization, page by page.
///
/// Every later call sees what a call of [`ContactStore`](super::ContactStore) has written. Pages that
/// follow each other neither skip nor repeat a contact that keeps its place in the order, whatever
/// becomes of others meanwhile.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait ContactList: Send + Sync {
    /// A page of the contacts, as of one moment.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails;
    /// [`OutOfTime`](super::StoreErrorKind::OutOfTime), if so few contacts are selected that a page of
    /// them is not found in time.
    async fn page(
        &self,
        organization: OrganizationId,
        query: &ContactQuery,
    ) -> Result<ContactPage, StoreError>;

    /// All contacts that a filter selects, as of one moment, however long its reader takes within
    /// [`MAX_TIME`](ContactExport::MAX_TIME) and
    /// [`MAX_PAUSE`](ContactExport::MAX_PAUSE). Otherwise it breaks off.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails before the first contact.
    async fn export(
        &self,
        organization: OrganizationId,
        filter: &ContactFilter,
    ) -> Result<ContactExport, StoreError>;
}
