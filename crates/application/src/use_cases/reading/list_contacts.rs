//! Lists contacts.

use std::sync::Arc;

use contacts_domain::upsert::Ladder;

use crate::access::Scope;
use crate::contact_list::{ContactPage, ContactQuery, ListKey};
use crate::ports::ContactList;
use crate::use_cases::{Caller, UseCaseError};

/// Lists contacts.
pub struct ListContacts {
    list: Arc<dyn ContactList>,
}

impl ListContacts {
    /// Reads from that list.
    pub fn new(list: Arc<dyn ContactList>) -> Self {
        Self { list }
    }

    /// A page of the caller's contacts.
    ///
    /// # Errors
    ///
    /// When the caller may not read, the organization does not match by a key of the filter, or the
    /// store fails.
    pub async fn execute(
        &self,
        caller: &Caller,
        query: &ContactQuery,
    ) -> Result<ContactPage, UseCaseError> {
        caller.require(Scope::Read)?;
        let ladder = Ladder::new(query.filter.keys.iter().map(ListKey::key));
        caller.organization.check_ladder(&ladder)?;
        Ok(self.list.page(caller.organization.id, query).await?)
    }
}
