//! What an item asks for, beside an upsert.

use super::{Content, Intent, Item};
use crate::contact::document::ContactDocument;
use crate::ids::{ContactId, Version};
use crate::path::Path;
use crate::rule::Rule;
use crate::tree::Member;
use crate::upsert::options::{Key, Ladder};
use crate::violation::{Violation, Violations};

impl Item {
    /// Refuses the item for what is wrong with its options, and with its JSON types if they are.
    #[must_use]
    pub fn refused(mut self, faults: impl Into<Violations>) -> Self {
        let mut faults = faults.into();
        if let Content::Faulty(own) = &self.content {
            faults.add(own);
        }
        self.content = Content::Faulty(faults);
        self
    }

    /// Applies the item only to that version of the contact, if it changes something.
    #[must_use]
    pub fn if_version(mut self, version: i64) -> Self {
        if let Content::Parsed(sent) = &mut self.content {
            sent.if_version = Some(version);
        }
        self.sent_as(None)
    }

    /// Makes the item one about the living contact of that id, in that version if one is named; an id
    /// of a contact that was merged into it does not count. An item that names another id is refused.
    #[must_use]
    pub fn about(mut self, contact: ContactId, version: Option<Version>) -> Self {
        let Content::Parsed(sent) = &mut self.content else { return self };
        let other = [("id", sent.id), ("contactId", sent.contact_id)].into_iter();
        let mut other = other.filter_map(|(name, id)| Some((name, id?)));
        if let Some((name, id)) = other.find(|(_, id)| *id != contact.get()) {
            let message = format!("the request is about contact {contact}");
            let violation =
                Violation::new(Rule::KeysAgree, Path::of(name), id.to_string(), message);
            self.content = Content::Faulty(violation.into());
            return self;
        }
        sent.id = Some(contact.get());
        sent.names_own_id = true;
        sent.if_version = version.map(Version::get).or(sent.if_version);
        sent.sent = None;
        self.ladder = Some(Ladder::new([Key::Id]));
        self
    }

    /// Asks for an update of the contact that the keys name, after which it has what is sent and
    /// nothing else. Ids and the type stay, and so does a block that the caller may not write, or may
    /// not read and does not send.
    #[must_use]
    pub fn to_replace(mut self) -> Self {
        self.intend(Intent::Replace);
        self
    }

    /// Asks for the deletion of the contact that the keys name. Other members do not count.
    #[must_use]
    pub fn to_delete(mut self) -> Self {
        self.intend(Intent::Delete);
        self
    }

    /// Asks for an update of the contact that the keys name, which must be an entry of an intercom.
    #[must_use]
    pub fn to_update_entry(mut self) -> Self {
        self.intend(Intent::UpsertEntry);
        self
    }

    /// Asks to take the contact that the keys name out of the directory of intercoms: one of type
    /// ENDPOINT is deleted, another loses its `intercom` block and its link id. A contact named by
    /// its id must be an entry. Other members do not count.
    #[must_use]
    pub fn to_unlink(mut self) -> Self {
        self.intend(Intent::Unlink);
        if let Content::Parsed(sent) = &mut self.content {
            sent.document = ContactDocument {
                link_id: Member::Null,
                intercom: Member::Null,
                ..ContactDocument::default()
            };
        }
        self
    }

    fn intend(&mut self, intent: Intent) {
        if let Content::Parsed(sent) = &mut self.content {
            sent.intent = intent;
            sent.sent = None;
        }
    }
}
