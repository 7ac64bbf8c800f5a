//! Relations to contacts that items of the same batch name, and that may not have an id yet.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::item::{Item, ParsedItem};
use super::outcome::{Outcome, Verdict};
use super::working_set::WorkingSet;
use crate::contact::RELATION_LISTS;
use crate::contact::document::ContactDocument;
use crate::decision::Loaded;
use crate::ids::{AliasKey, ContactId};
use crate::path::At;
use crate::reading::Target;
use crate::rule::Rule;
use crate::tree::SafeInteger;
use crate::violation::Violation;

/// How often a batch is decided at most because a relation leads to an item that is refused in the
/// end. After that, no relation to an item of the batch is resolved.
pub(super) const MAX_ROUNDS: usize = 4;

/// The contacts that the links of a batch lead to.
#[derive(Debug, Default)]
pub(super) struct Links<'b> {
    items: &'b [Item],
    /// The items that link to a target.
    linking: HashMap<&'b Target, Vec<usize>>,
    by_ref: HashMap<&'b str, usize>,
    by_external_id: HashMap<&'b str, Vec<usize>>,
    /// The stored contacts by their external ids.
    stored: HashMap<String, ContactId>,
    /// The contact of each item; `None` if the item is refused or deletes it.
    contacts: Vec<Option<ContactId>>,
    targets: HashMap<&'b Target, ContactId>,
    /// Whether nothing is resolved yet, and no link counts.
    is_rehearsal: bool,
}

impl<'b> Links<'b> {
    /// None is resolved: to see which contacts the items lead to, links are left out.
    pub(super) fn unresolved(items: &'b [Item], loaded: &Loaded) -> Self {
        let mut links = Self { items, is_rehearsal: true, ..Self::default() };
        for (index, item) in items.iter().enumerate() {
            if let Some(name) = &item.reference {
                links.by_ref.insert(name, index);
            }
            let Some(parsed) = item.parsed() else { continue };
            if let Some(key) = &parsed.keys.external_id {
                links.by_external_id.entry(key).or_default().push(index);
            }
            for link in &parsed.links {
                links.linking.entry(&link.target).or_default().push(index);
            }
        }
        for contact in &loaded.contacts {
            let key = contact.projection.external_id.clone();
            links.stored.extend(key.map(|key| (key, contact.id)));
        }
        for alias in &loaded.aliases {
            if let AliasKey::ExternalId(key) = &alias.key {
                links.stored.entry(key.clone()).or_insert(alias.contact);
            }
        }
        links
    }

    /// Resolves them by the outcomes of the batch without its links. An item with a link that leads
    /// nowhere is refused, and so are those that link to it.
    pub(super) fn resolve(&mut self, outcomes: &[Outcome], left_out: &HashSet<usize>) {
        let contact = |(index, outcome): (usize, &Outcome)| {
            let is_there = !outcome.verdict.is_refusal()
                && outcome.verdict != Verdict::Deleted
                && !left_out.contains(&index);
            outcome.contact.as_ref().filter(|_| is_there)?.id
        };
        self.contacts = outcomes.iter().enumerate().map(contact).collect();
        self.is_rehearsal = false;
        self.settle();
    }

    /// Whether each link of the batch leads to a contact that is there in the end. If not, those that
    /// do not lead nowhere from now on.
    pub(super) fn hold(&mut self, working_set: &WorkingSet, outcomes: &[Outcome]) -> bool {
        let lives = |id: &ContactId| working_set.by_id(id.get()).is_some();
        if self.targets.values().all(lives) {
            return true;
        }
        for (contact, outcome) in self.contacts.iter_mut().zip(outcomes) {
            *contact = contact.filter(|id| !outcome.verdict.is_refusal() && lives(id));
        }
        self.stored.retain(|_, id| lives(id));
        self.settle();
        false
    }

    /// No link leads anywhere.
    pub(super) fn give_up(&mut self) {
        self.targets.clear();
    }

    fn settle(&mut self) {
        let mut gone: Vec<&Target> = Vec::new();
        let targets: Vec<&'b Target> = self.linking.keys().copied().collect();
        gone.extend(targets.iter().filter(|target| self.contact(target).is_none()));
        while let Some(target) = gone.pop() {
            for index in self.linking.get(target).cloned().unwrap_or_default() {
                let contact = self.contacts.get_mut(index).and_then(Option::take);
                let (Some(_), Some(item)) = (contact, self.items.get(index)) else { continue };
                let name = item.reference.as_deref().map(|name| Target::Ref(name.into()));
                let key = item.parsed().and_then(|parsed| parsed.keys.external_id.as_deref());
                let key = key.map(|key| Target::ExternalId(key.into()));
                for own in name.into_iter().chain(key) {
                    let linked = self.linking.get_key_value(&own).map(|(own, _)| *own);
                    gone.extend(linked.filter(|own| self.contact(own).is_none()));
                }
            }
        }
        let found = targets.into_iter().filter_map(|target| Some((target, self.contact(target)?)));
        self.targets = found.collect();
    }

    fn contact(&self, target: &Target) -> Option<ContactId> {
        let of_item = |index: &usize| self.contacts.get(*index).copied().flatten();
        match target {
            Target::Ref(name) => self.by_ref.get(&**name).and_then(of_item),
            Target::ExternalId(key) => {
                let items = self.by_external_id.get(&**key).into_iter().flatten();
                items.filter_map(of_item).next().or_else(|| self.stored.get(&**key).copied())
            }
        }
    }

    /// The item with the ids of the contacts that it links to. A link that leads nowhere is a
    /// violation.
    pub(super) fn follow<'i>(&self, item: &'i ParsedItem) -> Cow<'i, ParsedItem> {
        if item.links.is_empty() {
            return Cow::Borrowed(item);
        }
        let mut linked = item.clone();
        self.fill_in(item, &mut linked.document);
        if let Some(draft) = &mut linked.draft.document {
            self.fill_in(item, draft);
        }
        for link in &item.links {
            match self.targets.get(&link.target) {
                Some(contact) => linked.promised.push(contact.get()),
                None if self.is_rehearsal => {}
                None => linked.noted.extend([nowhere(link.list, link.index, &link.target)]),
            }
        }
        linked.promised.sort_unstable();
        Cow::Owned(linked)
    }

    fn fill_in(&self, item: &ParsedItem, document: &mut ContactDocument) {
        for (number, list) in document.relation_lists_mut().into_iter().enumerate() {
            let Some(list) = list.get_mut() else { continue };
            let links = item.links.iter().filter(|link| link.list == number);
            let mut links = links.peekable();
            let sent = std::mem::take(list).into_iter().enumerate();
            list.extend(sent.filter_map(|(index, id)| {
                match links.next_if(|link| link.index == index) {
                    None => Some(id),
                    Some(link) => SafeInteger::new(self.targets.get(&link.target)?.get()),
                }
            }));
        }
    }
}

fn nowhere(list: usize, index: usize, target: &Target) -> Violation {
    let root = At::root();
    let list = root.member(RELATION_LISTS.get(list).copied().unwrap_or_default());
    let message = match target {
        Target::Ref(_) => "no item of the batch that is stored has this ref",
        Target::ExternalId(_) => "no item of the batch and no contact has this external id",
    };
    Violation::new(Rule::RelationsExist, list.element(index).path(), target.as_str(), message)
}
