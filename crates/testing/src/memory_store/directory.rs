//! The directory of intercoms in memory.

use std::cmp::Ordering;

use contacts_domain::contact::IntercomEntry;
use contacts_domain::{ContactId, OrganizationId};

use super::contacts::Contacts;
use contacts_application::directory::{EntryPage, EntryQuery, Filter, Order, OrderKey};

impl Contacts {
    /// A part of the entries of an organization.
    pub(super) fn page(&self, organization: OrganizationId, query: &EntryQuery) -> EntryPage {
        let selects = |id, entry| query.filter.as_ref().is_none_or(|f: &Filter| f.holds(id, entry));
        let mut entries: Vec<(ContactId, IntercomEntry)> = self
            .entries(organization)
            .filter(|(id, entry)| selects(*id, entry))
            .map(|(id, entry)| (id, entry.clone()))
            .collect();
        entries.sort_by(|one, other| compare(query.order, one, other));
        let total = u64::try_from(entries.len()).expect("fewer than 2^64");
        let offset = usize::try_from(query.offset).unwrap_or(usize::MAX);
        let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
        EntryPage { entries: entries.into_iter().skip(offset).take(limit).collect(), total }
    }
}

fn compare(
    order: Order,
    (id, entry): &(ContactId, IntercomEntry),
    (other_id, other): &(ContactId, IntercomEntry),
) -> Ordering {
    let by_key = match order.by {
        OrderKey::Id => id.cmp(other_id),
        OrderKey::Name => entry.sort_key.cmp(&other.sort_key),
        OrderKey::Kind => entry.kind.cmp(&other.kind),
        OrderKey::Number => entry.number.cmp(&other.number),
    };
    let by_key = if order.descending { by_key.reverse() } else { by_key };
    by_key.then(id.cmp(other_id))
}
