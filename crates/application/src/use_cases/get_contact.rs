//! Shows one contact.

use std::sync::Arc;

use contacts_domain::ContactId;
use contacts_domain::contact::{ContactType, Record};

use super::{Caller, UseCaseError};
use crate::access::Scope;
use crate::ports::{ContactStore, Lifecycle};

/// Shows one contact.
pub struct GetContact {
    store: Arc<dyn ContactStore>,
}

impl GetContact {
    /// Reads from that store.
    pub fn new(store: Arc<dyn ContactStore>) -> Self {
        Self { store }
    }

    /// The contact of that id and type, living or deleted as asked, or `None`.
    ///
    /// # Errors
    ///
    /// When the caller may not read, or the store fails.
    pub async fn execute(
        &self,
        caller: &Caller,
        contact_type: ContactType,
        id: ContactId,
        lifecycle: Lifecycle,
    ) -> Result<Option<Record>, UseCaseError> {
        caller.require(Scope::Read)?;
        let record = self.store.contact(caller.organization.id, id, lifecycle).await?;
        Ok(record.filter(|record| record.projection.contact_type == contact_type))
    }

    /// The contact that the one of that id and type was merged into, or `None`.
    ///
    /// # Errors
    ///
    /// When the caller may not read, or the store fails.
    pub async fn survivor(
        &self,
        caller: &Caller,
        contact_type: ContactType,
        merged: ContactId,
    ) -> Result<Option<ContactId>, UseCaseError> {
        caller.require(Scope::Read)?;
        let record = self.store.survivor(caller.organization.id, merged).await?;
        let record = record.filter(|record| record.projection.contact_type == contact_type);
        Ok(record.map(|record| record.id))
    }
}
