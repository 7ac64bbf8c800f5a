//! Exports contacts.

use std::sync::Arc;

use contacts_domain::upsert::Ladder;

use crate::access::Scope;
use crate::contact_list::{ContactExport, ContactFilter, ListKey};
use crate::ports::{Clock, ContactList};
use crate::use_cases::{Bookmark, Caller, UseCaseError};

/// Exports contacts.
pub struct ExportContacts {
    list: Arc<dyn ContactList>,
    clock: Arc<dyn Clock>,
}

impl ExportContacts {
    /// Reads from that list.
    pub fn new(list: Arc<dyn ContactList>, clock: Arc<dyn Clock>) -> Self {
        Self { list, clock }
    }

    /// All of the caller's contacts that a filter selects, and the bookmark from which on the change feed
    /// continues them.
    ///
    /// # Errors
    ///
    /// When the caller may not read, the organization does not match by a key of the filter, or the
    /// store fails.
    pub async fn execute(
        &self,
        caller: &Caller,
        filter: &ContactFilter,
    ) -> Result<(Bookmark, ContactExport), UseCaseError> {
        caller.require(Scope::Read)?;
        let ladder = Ladder::new(filter.keys.iter().map(ListKey::key));
        caller.organization.check_ladder(&ladder)?;
        let at = self.clock.now();
        let export = self.list.export(caller.organization.id, filter).await?;
        Ok((Bookmark { position: export.position, at }, export))
    }
}
