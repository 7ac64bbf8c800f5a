//! Shows one contact.

use std::sync::Arc;

use contacts_domain::ContactId;
use contacts_domain::contact::{ContactType, Record};

use crate::access::Scope;
use crate::ports::{ContactStore, Lifecycle};
use crate::use_cases::{Caller, UseCaseError};

/// Shows one contact.
pub struct GetContact {
    store: Arc<dyn ContactStore>,
}

impl GetContact {
    /// Reads from that store.
    pub fn new(store: Arc<dyn ContactStore>) -> Self {
        Self { store }
    }

    /// The contact of that id, living or deleted as asked, or `None`. If a type is named, one of
    /// another type is none.
    ///
    /// # Errors
    ///
    /// When the caller may not read, or the store fails.
    pub async fn execute(
        &self,
        caller: &Caller,
        contact_type: Option<ContactType>,
        id: ContactId,
        lifecycle: Lifecycle,
    ) -> Result<Option<Record>, UseCaseError> {
        caller.require(Scope::Read)?;
        let record = self.store.contact(caller.organization.id, id, lifecycle).await?;
        Ok(record.filter(|record| is_of(contact_type, record)))
    }

    /// The contact that the one of that id was merged into, or `None`. If a type is named, one of
    /// another type is none.
    ///
    /// # Errors
    ///
    /// When the caller may not read, or the store fails.
    pub async fn survivor(
        &self,
        caller: &Caller,
        contact_type: Option<ContactType>,
        merged: ContactId,
    ) -> Result<Option<ContactId>, UseCaseError> {
        caller.require(Scope::Read)?;
        let record = self.store.survivor(caller.organization.id, merged).await?;
        let record = record.filter(|record| is_of(contact_type, record));
        Ok(record.map(|record| record.id))
    }
}

fn is_of(contact_type: Option<ContactType>, record: &Record) -> bool {
    contact_type.is_none_or(|contact_type| record.projection.contact_type == contact_type)
}
