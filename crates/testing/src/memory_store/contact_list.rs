//! The list of contacts in memory.

use contacts_application::contact_list::{ContactPage, ContactQuery};
use contacts_domain::OrganizationId;
use contacts_domain::contact::Record;

use super::contacts::Contacts;

impl Contacts {
    /// A page of the contacts of an organization.
    pub(super) fn list(&self, organization: OrganizationId, query: &ContactQuery) -> ContactPage {
        let here = self.records().filter(|record| record.organization == organization);
        let is_found = |record: &&Record| {
            let found = |query| self.words.are_found(record.id, query);
            query.filter.query.as_ref().is_none_or(found)
        };
        let mut selected: Vec<&Record> =
            here.filter(|record| query.filter.selects(record)).filter(is_found).collect();
        let position = |record: &Record| query.order.position(record);
        selected.sort_by_key(|record| position(record));
        if query.order.descending {
            selected.reverse();
        }
        let mut page = ContactPage::default();
        if query.is_counted {
            page.total = u64::try_from(selected.len()).ok();
        }
        let is_behind = |record: &&Record| match (&query.after, query.order.descending) {
            (None, _) => true,
            (Some(after), false) => position(record) > *after,
            (Some(after), true) => position(record) < *after,
        };
        for record in selected.into_iter().filter(is_behind) {
            if !page.add(query, record.clone()) {
                break;
            }
        }
        page
    }
}
