//! The words of contacts in memory.

use std::collections::BTreeMap;

use contacts_application::ports::Indexed;
use contacts_domain::searching::{SearchQuery, SearchWords};
use contacts_domain::{ContactId, OrganizationId};

/// The words of contacts, and how far organizations are indexed.
#[derive(Debug, Clone, Default)]
pub(super) struct Words {
    pub(super) of: BTreeMap<ContactId, SearchWords>,
    pub(super) indexed: BTreeMap<OrganizationId, Indexed>,
}

impl Words {
    pub(super) fn are_found(&self, contact: ContactId, query: &SearchQuery) -> bool {
        self.of.get(&contact).is_some_and(|words| query.matches(words))
    }
}
