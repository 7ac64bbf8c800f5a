//! Merging an item into its contact.

use std::borrow::Cow;

use super::Application;
use crate::contact::document::ContactDocument;
use crate::contact::{Snapshot, resolve_relations};
use crate::tree::{self, Member, Stored};
use crate::upsert::item::{Intent, ParsedItem};
use crate::upsert::options::{Key, Mode, Respelling};
use crate::value::ParseCache;
use crate::violation::Violation;

impl Application<'_> {
    /// The members to merge. They are those sent, with four exceptions. A key that leads to this
    /// contact as an alias only names it, unless the item has the contact's own id. A link id that
    /// differs in case alone leaves the stored spelling. References to merged contacts are resolved.
    /// An item that replaces the contact leaves what it cannot remove.
    pub(super) fn patch<'s>(
        &self,
        item: &'s ParsedItem,
        before: &Snapshot,
    ) -> Cow<'s, ContactDocument> {
        let mut patch = Cow::Borrowed(&item.document);
        if item.intent == Intent::Unlink {
            return patch;
        }
        let id = before.record.id;
        let own = &before.record.projection;
        let same_link_id = item.keeps_spelling
            && own.link_id.is_some()
            && own.link_id == item.keys.link_id
            && before.document.link_id != item.document.link_id;
        let is_named = item.named_id() == Some(id.get());
        let only_names = |key| {
            let slot = self.working_set.by_alias(item, key).filter(|_| !is_named);
            slot.and_then(|slot| self.working_set.id(slot)) == Some(id)
        };
        if only_names(Key::ExternalId) {
            patch.to_mut().external_id = Member::Absent;
        }
        if same_link_id || only_names(Key::LinkId) {
            patch.to_mut().link_id = Member::Absent;
        }
        resolve_relations(&mut patch, Some(id), |merged| self.working_set.survivor(merged));
        if item.intent == Intent::Replace {
            patch = Cow::Owned(self.completed(patch.into_owned(), &before.document));
        }
        patch
    }

    /// The document with the members merged into it, and the ids among them that name no part of the
    /// contact.
    pub(super) fn merged(
        &self,
        intent: Intent,
        before: &ContactDocument,
        patch: &ContactDocument,
        cache: &mut ParseCache,
    ) -> (ContactDocument, Vec<Violation>) {
        let mut document = before.clone();
        let stored = match self.options.mode {
            _ if intent == Intent::Replace => Stored::Removed,
            Mode::Fill => Stored::Kept,
            Mode::Upsert | Mode::Create | Mode::Update => Stored::Replaced,
        };
        let faults = tree::patch(&mut document, patch, self.options.arrays, stored);
        if self.respelling() == Respelling::Keep {
            cache.set_country(document.country());
            tree::keep_spelling(&mut document, before, cache);
        }
        (document, faults)
    }

    /// What is sent to replace a document, with what cannot be removed from it.
    fn completed(&self, sent: ContactDocument, stored: &ContactDocument) -> ContactDocument {
        let mut completed = ContactDocument {
            id: stored.id,
            contact_id: stored.contact_id,
            organization_id: stored.organization_id,
            ..sent
        };
        if completed.contact_type.is_absent() {
            completed.contact_type.clone_from(&stored.contact_type);
        }
        let is_hidden = !self.context.may_read_staff && completed.staff.is_absent();
        if is_hidden || !self.context.may_write_staff {
            completed.staff.clone_from(&stored.staff);
        }
        completed
    }

    /// Whether what was sent is merged as it is.
    pub(super) fn takes_everything(&self) -> bool {
        self.options.mode != Mode::Fill && self.respelling() == Respelling::Take
    }

    fn respelling(&self) -> Respelling {
        self.options.respelling(&self.context.settings)
    }
}
