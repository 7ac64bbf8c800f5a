//! One item of a batch: read, normalized, and checked as a new contact.

mod intents;
mod keys;

pub(super) use keys::Keys;

use super::item_keys::ItemKeys;
use super::options::{Context, Key, Ladder};
use super::recognition::{Fingerprint, Known};
use crate::contact::document::ContactDocument;
use crate::contact::{ContactType, Draft};
use crate::context::{Handling, Settings, SharedKey};
use crate::ids::{AliasKey, ContactId};
use crate::path::Path;
use crate::reading::{self, Link, Read};
use crate::rule::{Rule, Severity};
use crate::tree::{Member, Presence, SafeInteger};
use crate::value::ParseCache;
use crate::violation::{MAX_DETAILS, Violation, Violations};

/// What a caller wants one contact to look like, or its deletion.
///
/// Making an item does all work that needs no store: it reads the item, normalizes its keys and
/// checks it as a new contact. Items do not depend on each other, so a batch is made on all cores.
#[derive(Debug, Clone)]
pub struct Item {
    pub(super) content: Content,
    pub(super) ladder: Option<Ladder>,
    /// The name that relations of other items may name it by.
    pub(super) reference: Option<Box<str>>,
}

/// What is known of an item.
#[derive(Debug, Clone)]
pub(super) enum Content {
    /// It was read.
    Parsed(Box<ParsedItem>),
    /// It cannot be read.
    Faulty(Violations),
    /// It was recognized, and not read.
    Known(Known),
}

/// A readable item.
#[derive(Debug, Clone)]
pub(super) struct ParsedItem {
    /// The members that are merged into the contact.
    pub(super) document: ContactDocument,
    /// The length of its text, as far as it was read from one.
    pub(super) bytes: usize,
    pub(super) id: Option<i64>,
    pub(super) contact_id: Option<i64>,
    pub(super) organization: Option<i64>,
    pub(super) if_version: Option<i64>,
    pub(super) keys: Keys,
    pub(super) intent: Intent,
    /// Whether it names the contact by the contact's own id, and by nothing that leads to it.
    pub(super) names_own_id: bool,
    /// Whether the stored spelling of the link id stays if only the case differs.
    pub(super) keeps_spelling: bool,
    /// Whether a tag has an id and no name.
    pub(super) nameless_tags: bool,
    /// Violations found while it was read, or by the API; at most 100, with the number of the others.
    pub(super) noted: Violations,
    pub(super) draft: Draft,
    /// What recognizes it when it is sent again.
    pub(super) sent: Option<Fingerprint>,
    /// The values parsed so far.
    pub(super) cache: ParseCache,
    /// The relations that name contacts.
    pub(super) links: Vec<Link>,
    /// The contacts that they lead to, once it is known, in order.
    pub(super) promised: Vec<i64>,
}

/// What the item asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Intent {
    /// Create or update the contact.
    Upsert,
    /// Update the contact, which must be there, and remove from it what is not sent.
    Replace,
    /// Update the contact, which must be an entry of an intercom.
    UpsertEntry,
    /// Delete the contact.
    Delete,
    /// Take the contact out of the directory of intercoms.
    Unlink,
}

impl Item {
    /// Reads an item from JSON. The item carries all violations.
    pub fn read(json: &str, context: &Context) -> Self {
        Self::of_text(json, reading::read(json, context.handling), context)
    }

    /// Reads an item whose relations may name contacts: `{"ref": …}` the item that has this
    /// [name](Self::named), `{"externalId": …}` any contact, stored or of the same batch.
    pub fn read_linked(json: &str, context: &Context) -> Self {
        Self::of_text(json, reading::read_linked(json, context.handling), context)
    }

    fn of_text(json: &str, read: Result<Read, Violations>, context: &Context) -> Self {
        match read {
            Ok(read) => {
                let mut item = Self::new(read, None, context);
                if let Content::Parsed(parsed) = &mut item.content {
                    parsed.bytes = json.len();
                }
                item
            }
            Err(faults) => Self::from(Content::Faulty(faults)),
        }
    }

    /// An item of an API with a wire format of its own.
    pub fn of(document: ContactDocument, context: &Context) -> Self {
        Self::new(document.into(), None, context)
    }

    /// An item of an API whose new contacts are of one type. A stored contact keeps its type, and
    /// its link id keeps the stored case.
    pub fn of_type(new: ContactType, document: ContactDocument, context: &Context) -> Self {
        Self::new(document.into(), Some(new), context)
    }

    /// Adds violations that the API found. Errors among them refuse the item.
    #[must_use]
    pub fn with_faults(mut self, faults: impl IntoIterator<Item = Violation>) -> Self {
        match &mut self.content {
            Content::Parsed(sent) => {
                sent.noted.extend(faults);
                sent.noted.cut(MAX_DETAILS);
            }
            Content::Faulty(violations) => violations.extend(faults),
            Content::Known(_) => {}
        }
        self
    }

    /// Keeps that many of the violations, errors rather than warnings, and counts the others.
    #[must_use]
    pub fn listing_at_most(mut self, most: usize) -> Self {
        match &mut self.content {
            Content::Parsed(sent) => {
                sent.noted.cut(most);
                sent.draft.violations.cut(most);
            }
            Content::Faulty(violations) => violations.cut(most),
            Content::Known(_) => {}
        }
        self
    }

    /// Lets the item be recognized when it is sent again. `sent` has to be that of the text that the
    /// item was read from. Without effect where that found other keys than reading did.
    #[must_use]
    pub fn sent_as(mut self, sent: Option<Fingerprint>) -> Self {
        if let Content::Parsed(parsed) = &mut self.content {
            let is_plain =
                self.ladder.is_none() && parsed.links.is_empty() && parsed.intent == Intent::Upsert;
            parsed.sent = sent.filter(|sent| is_plain && parsed.has(&sent.keys));
        }
        self
    }

    /// An item that a store has recognized as one that leaves this contact as it is.
    pub fn known(contact: ContactId, sent: &Fingerprint) -> Self {
        let Fingerprint { keys, by, digest } = sent;
        let known = Known { contact, by: *by, digest: *digest, relations: keys.relations };
        Self::from(Content::Known(known))
    }

    /// Gives the item a name, by which relations of other items of the batch may name its contact.
    #[must_use]
    pub fn named(mut self, reference: impl Into<Box<str>>) -> Self {
        self.reference = Some(reference.into());
        self
    }

    /// Gives the item a ladder of its own.
    #[must_use]
    pub fn matched_by(mut self, ladder: Ladder) -> Self {
        self.ladder = Some(ladder);
        self.sent_as(None)
    }

    /// Refuses the item if its own ladder has a key that the organization cannot match by.
    pub(super) fn refuse_unmatchable(&mut self, settings: &Settings) {
        let ladder = self.ladder.as_ref();
        if self.parsed().is_some()
            && let Some(key) = ladder.and_then(|ladder| ladder.first_beyond(settings.matchable()))
        {
            let name = key.as_str();
            let message = match settings.match_by.includes(key) {
                true => format!("{name} is being filled for every contact; send the item later"),
                false => format!("the organization does not match by {name}"),
            };
            let path = Path::of("$").join("matchBy");
            let violation = Violation::new(Rule::Matchable, path, name, message);
            self.content = Content::Faulty(violation.into());
        }
    }

    /// Forgives the errors of keys that are not on the ladder.
    pub(super) fn forgive_keys_off(&mut self, ladder: &Ladder) {
        let ladder = self.ladder.as_ref().unwrap_or(ladder);
        let is_off = |key| !ladder.keys().iter().any(|rung| rung.shared() == Some(key));
        if let Content::Parsed(parsed) = &mut self.content {
            let noted = &mut parsed.noted;
            noted.set_severity(Severity::Warning, |found| {
                SharedKey::at(&found.path).is_some_and(is_off)
            });
        }
    }

    /// The item, if it was read.
    pub(super) fn parsed(&self) -> Option<&ParsedItem> {
        match &self.content {
            Content::Parsed(parsed) => Some(parsed),
            Content::Faulty(_) | Content::Known(_) => None,
        }
    }

    fn new(read: Read, new: Option<ContactType>, context: &Context) -> Self {
        let Read { mut document, mut noted, links } = read;
        let whole = |member: &mut Member<SafeInteger>| member.take().map(SafeInteger::get);
        let id = whole(&mut document.id);
        let contact_id = whole(&mut document.contact_id);
        let organization = whole(&mut document.organization_id);
        let if_version = whole(&mut document.if_version);
        if document.contact_type.presence() == Presence::Null {
            document.contact_type = Member::Absent;
        }
        document.trim_keys();
        let nameless_tags = document.name_tags();

        let mut cache = ParseCache::new(context.settings.region);
        let draft = Draft::of(&mut document, &mut noted, new, context, &mut cache);
        if context.handling == Handling::Lenient {
            // Errors until the ladder is known, and so listed first.
            noted.set_severity(Severity::Error, |found| SharedKey::at(&found.path).is_some());
            // What is left out must not hide that the caller may not write the block.
            noted.set_severity(Severity::Error, |found| {
                let is_denied = !context.may_write_staff && found.path.is_within("staff");
                is_denied && found.rule.severity() == Severity::Error && found.fix.is_none()
            });
        }
        noted.cut(MAX_DETAILS);
        let keys = Keys::of(&document, context.settings.matchable(), &mut cache);
        if let Some(unreadable) = draft.violations.iter().find(|found| found.rule == Rule::Readable)
        {
            return Self::from(Content::Faulty(reading::alone(&unreadable.message)));
        }
        let sent = ParsedItem {
            document,
            bytes: 0,
            id,
            contact_id,
            organization,
            if_version,
            keys,
            intent: Intent::Upsert,
            names_own_id: false,
            keeps_spelling: new.is_some(),
            nameless_tags,
            noted,
            draft,
            sent: None,
            cache,
            links,
            promised: Vec::new(),
        };
        Self::from(Content::Parsed(Box::new(sent)))
    }
}

impl From<Content> for Item {
    fn from(content: Content) -> Self {
        Self { content, ladder: None, reference: None }
    }
}

impl ParsedItem {
    /// The id that the item names; `contactId` alone is read as `id`.
    pub(super) fn named_id(&self) -> Option<i64> {
        self.id.or(self.contact_id)
    }

    /// The violation of an item without a key of the ladder.
    pub(super) fn keyless(&self, ladder: &Ladder) -> Option<Violation> {
        let has = |key: &Key| match key {
            Key::Id => self.named_id().is_some(),
            Key::LinkId => self.keys.link_id.is_some(),
            Key::ExternalId => self.keys.external_id.is_some(),
            Key::Email => self.keys.email.is_some(),
            Key::Phone => !self.keys.phones.is_empty(),
            Key::VatNumber => self.keys.vat_number.is_some(),
        };
        (!ladder.keys().iter().any(has)).then(|| {
            let message = "the item has no key; sent again, it makes another contact";
            Violation::new(Rule::Keyed, Path::of(Key::ExternalId.as_str()), "", message)
        })
    }

    /// The normal forms of a key that a look-up takes.
    pub(super) fn sought(&self, key: Key) -> Vec<String> {
        match key {
            Key::Id => self.named_id().map(|id| id.to_string()).into_iter().collect(),
            Key::LinkId => self.keys.link_id.map(|id| id.to_string()).into_iter().collect(),
            Key::ExternalId => self.keys.external_id.iter().cloned().collect(),
            Key::Email => self.keys.email.iter().cloned().collect(),
            Key::Phone => self.keys.phones.clone(),
            Key::VatNumber => self.keys.vat_number.iter().cloned().collect(),
        }
    }

    /// The value of an identity key, if the item has it.
    pub(super) fn identity(&self, key: Key) -> Option<AliasKey> {
        match key {
            Key::Id => ContactId::new(self.named_id()?).map(AliasKey::Id),
            Key::LinkId => self.keys.link_id.map(AliasKey::LinkId),
            Key::ExternalId => self.keys.external_id.clone().map(AliasKey::ExternalId),
            Key::Email | Key::Phone | Key::VatNumber => None,
        }
    }

    /// The values of its identity keys.
    pub(super) fn identities(&self) -> impl Iterator<Item = AliasKey> {
        [Key::Id, Key::LinkId, Key::ExternalId].into_iter().filter_map(|key| self.identity(key))
    }

    /// Whether it cannot change the identity keys of a contact that one of its own finds.
    pub(super) fn keeps_keys(&self) -> bool {
        let document = &self.document;
        let clears = [document.external_id.presence(), document.link_id.presence()];
        self.intent == Intent::Upsert
            && !clears.contains(&Presence::Null)
            && self.identities().count() <= 1
    }

    /// Whether it removes something of the contact that its keys name.
    pub(super) fn deletes(&self) -> bool {
        matches!(self.intent, Intent::Delete | Intent::Unlink)
    }

    /// Whether these are its keys.
    pub(super) fn has(&self, keys: &ItemKeys) -> bool {
        keys.id.map(ContactId::get) == self.named_id()
            && keys.external_id == self.keys.external_id
            && keys.link_id == self.keys.link_id
            && keys.relations >= self.document.relations().len()
    }
}
