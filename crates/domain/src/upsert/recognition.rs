//! Recognizing items that are sent again byte for byte.
//!
//! A row keeps the digest of an item that left it as it is. An item with the same digest changes
//! nothing and has no violations, so it is neither parsed nor merged nor checked. What its answer
//! depends on is in the digest: its bytes, the version of the rules, the options of the request, and
//! the version of the contact. A digest is kept only if all identity keys of the item are the
//! contact's own, so while the version stands, they lead to it.

use sha2::{Digest as _, Sha256};

use super::item_keys::ItemKeys;
use super::options::{Context, Key, Ladder, Mode, Options};
use crate::contact::Record;
use crate::context::Settings;
use crate::digest::{Digest, ItemDigest, RULES_VERSION};
use crate::ids::{ContactId, OrganizationId};
use crate::value::LinkId;

/// Makes the digests of the items of a request.
#[derive(Debug, Clone)]
pub struct Recognizer {
    /// Has read everything but the item.
    scope: Sha256,
    ladder: Ladder,
    /// Whether an item that is recognized needs no reading: one that must create a contact, or has to
    /// be explained, does.
    is_used: bool,
}

/// What recognizes an item: its identity keys, found by a cheap pass, and its digest.
#[derive(Debug, Clone)]
pub struct Fingerprint {
    pub(super) keys: ItemKeys,
    /// The key of the ladder that finds the contact.
    pub(super) by: Key,
    pub(super) digest: ItemDigest,
}

/// An item that was recognized, and the contact that it would leave as it is.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) contact: ContactId,
    pub(super) by: Key,
    pub(super) digest: ItemDigest,
    /// At least as many as the contacts that it names in its relations.
    pub(super) relations: usize,
}

/// A question to a store: which living contacts of an organization have one of these keys with that
/// digest of an item, in their present version?
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recognition {
    /// The organization.
    pub organization: OrganizationId,
    /// The version of its [settings](crate::Settings::version); if it has others, the store fails.
    pub settings_version: i64,
    /// Items that name a contact by its id.
    pub ids: Vec<(ContactId, ItemDigest)>,
    /// Items that name a contact by its external id.
    pub external_ids: Vec<(String, ItemDigest)>,
    /// Items that name a contact by its link id.
    pub link_ids: Vec<(LinkId, ItemDigest)>,
    /// The most bytes of documents that the contacts may have together, or `None` to leave their
    /// documents empty.
    pub documents_at_most: Option<usize>,
}

impl Recognizer {
    /// For items in that wire format of a request with that context and these options.
    pub fn new(wire: &str, context: &Context, options: &Options) -> Self {
        // Named one by one: a new one has to be decided on.
        let Context {
            organization,
            settings,
            now: _,
            may_read_staff: _,
            may_write_staff,
            endpoints,
            handling,
            origin: _,
        } = context;
        let Settings { region, match_by, version: _, respelling: _, filling: _ } = settings;
        let Options { ladder, on_ambiguous, mode, arrays, .. } = options;
        let respelling = options.respelling(settings);
        let Options { on_repeat: _, atomicity: _, documents: _, changes: _, dry_run: _, .. } =
            options;
        let caller = (organization, region, match_by, may_write_staff, endpoints, handling);
        let explains = options.explain;
        let options = (ladder, on_ambiguous, mode, arrays, respelling);
        let scope = format!("{RULES_VERSION} {wire:?} {caller:?} {options:?}\0");
        let scope = Sha256::new_with_prefix(scope);
        Self { scope, ladder: ladder.clone(), is_used: *mode != Mode::Create && !explains }
    }

    /// What recognizes the item with that text and these keys. `None` if nothing does: it would find
    /// no contact by an identity key, or a shared key comes first.
    pub fn fingerprint(&self, text: &str, keys: ItemKeys) -> Option<Fingerprint> {
        if !self.is_used {
            return None;
        }
        let is_identity = |key: &&Key| matches!(key, Key::Id | Key::LinkId | Key::ExternalId);
        let identity = self.ladder.keys().iter().take_while(is_identity);
        let by = *identity.into_iter().find(|key| keys.include(**key))?;
        let mut hash = self.scope.clone();
        hash.update(text);
        Some(Fingerprint { keys, by, digest: ItemDigest::new(hash.finalize()) })
    }
}

impl Fingerprint {
    /// The digest of the item.
    pub fn digest(&self) -> ItemDigest {
        self.digest
    }

    /// Whether a contact with that row was left by this item.
    pub(super) fn has_own_keys_of(&self, record: &Record) -> bool {
        let ItemKeys { id, external_id, link_id, .. } = &self.keys;
        let own = &record.projection;
        id.is_none_or(|id| id == record.id)
            && (external_id.is_none() || *external_id == own.external_id)
            && (link_id.is_none() || *link_id == own.link_id)
    }
}

impl Known {
    /// Whether the contact is still as the item left it.
    pub(super) fn is_current(&self, record: &Record) -> bool {
        Recognition::recognizes(self.digest, record)
    }
}

impl Recognition {
    /// A question about items of a request.
    pub fn new<'s>(
        context: &Context,
        items: impl IntoIterator<Item = &'s Fingerprint>,
        documents_at_most: Option<usize>,
    ) -> Self {
        let mut recognition = Self {
            organization: context.organization,
            settings_version: context.settings.version,
            ids: Vec::new(),
            external_ids: Vec::new(),
            link_ids: Vec::new(),
            documents_at_most,
        };
        for Fingerprint { keys, by, digest } in items {
            match by {
                Key::Id => recognition.ids.extend(keys.id.map(|id| (id, *digest))),
                Key::LinkId => recognition.link_ids.extend(keys.link_id.map(|id| (id, *digest))),
                _ => {
                    let key = keys.external_id.clone();
                    recognition.external_ids.extend(key.map(|key| (key, *digest)));
                }
            }
        }
        recognition
    }

    /// Whether it asks for nothing.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty() && self.external_ids.is_empty() && self.link_ids.is_empty()
    }

    /// Whether the contact is one that the question asks for by that digest.
    pub fn recognizes(digest: ItemDigest, record: &Record) -> bool {
        record.digest == Some(Digest::new(digest, record.version))
    }
}
