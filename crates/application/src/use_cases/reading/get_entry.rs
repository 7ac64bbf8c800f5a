//! Shows one entry of the directory of intercoms.

use std::sync::Arc;

use contacts_domain::ContactId;
use contacts_domain::contact::IntercomEntry;

use crate::access::Scope;
use crate::ports::{ContactStore, Lifecycle, StoreError};
use crate::use_cases::{Caller, UseCaseError};

/// Shows one entry of the directory of intercoms.
pub struct GetEntry {
    store: Arc<dyn ContactStore>,
}

impl GetEntry {
    /// Reads from that store.
    pub fn new(store: Arc<dyn ContactStore>) -> Self {
        Self { store }
    }

    /// The entry of the contact of that id; `None` where there is no such contact, or it has no
    /// `intercom` block.
    ///
    /// # Errors
    ///
    /// When the caller may not read, or the store fails.
    pub async fn execute(
        &self,
        caller: &Caller,
        id: ContactId,
    ) -> Result<Option<IntercomEntry>, UseCaseError> {
        caller.require(Scope::Read)?;
        let record = self.store.contact(caller.organization.id, id, Lifecycle::Living).await?;
        let Some(record) = record else { return Ok(None) };
        let document = record.read().map_err(StoreError::corrupt)?;
        Ok(IntercomEntry::of(&document))
    }
}
