//! The other contacts that a contact refers to.

use std::borrow::Cow;

use indexmap::IndexSet;

use super::document::ContactDocument;
use crate::ids::ContactId;
use crate::tree::{Member, SafeInteger};

type List = Member<Vec<SafeInteger>>;

/// The names of the lists of related contacts.
pub(crate) const RELATION_LISTS: [&str; 2] = ["relatedContactIds", "relatedOrganizationContactIds"];

impl ContactDocument {
    /// The lists of related contacts.
    pub(crate) fn relation_lists(&self) -> [&List; 2] {
        [&self.related_contact_ids, &self.related_organization_contact_ids]
    }

    /// The same lists to change.
    pub(crate) fn relation_lists_mut(&mut self) -> [&mut List; 2] {
        [&mut self.related_contact_ids, &mut self.related_organization_contact_ids]
    }

    /// The related contacts, each once.
    pub(crate) fn relations(&self) -> Vec<ContactId> {
        let mut relations: Vec<ContactId> = self
            .relation_lists()
            .into_iter()
            .filter_map(|list| list.get())
            .flatten()
            .filter_map(|id| ContactId::new(id.get()))
            .collect();
        relations.sort_unstable();
        relations.dedup();
        relations
    }
}

/// Replaces references to merged contacts by those to the contacts that they were merged into. Each
/// list then has a contact once, and not the contact itself, whose id is `own`.
pub(crate) fn resolve_relations(
    document: &mut Cow<'_, ContactDocument>,
    own: Option<ContactId>,
    survivor: impl Fn(ContactId) -> Option<ContactId>,
) {
    let resolved = document.relation_lists().map(|list| {
        let resolve = |id: &SafeInteger| {
            let survivor = ContactId::new(id.get()).and_then(&survivor);
            survivor.and_then(|survivor| SafeInteger::new(survivor.get())).unwrap_or(*id)
        };
        let is_other = |id: &SafeInteger| own.is_none_or(|own| own.get() != id.get());
        let sent = list.get().filter(|sent| !sent.is_empty())?;
        let resolved: IndexSet<SafeInteger> = sent.iter().map(resolve).filter(is_other).collect();
        (!resolved.iter().eq(sent)).then(|| resolved.into_iter().collect::<Vec<_>>())
    });
    if resolved.iter().any(Option::is_some) {
        for (list, resolved) in document.to_mut().relation_lists_mut().into_iter().zip(resolved) {
            if let Some(resolved) = resolved {
                *list = Member::Value(resolved);
            }
        }
    }
}
