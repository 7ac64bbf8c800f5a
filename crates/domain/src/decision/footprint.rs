//! The contacts and keys that a decision depends on, and those that its writes touch.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::{Alias, AliasWrite, Change, Loaded, LookupKeys, RequestKey, Writes};
use crate::ids::{AliasKey, ContactId};
use crate::value::LinkId;

/// A set of contacts and keys of one organization, as sorted hashes. Two sets without a common hash
/// have nothing in common.
///
/// A decision still holds after the writes of another one, if its [look-up](Self::of_lookup) does not
/// [meet](Self::meets) [those](Self::of_writes).
#[derive(Debug, Default)]
pub struct Footprint(Box<[u64]>);

#[derive(Clone, Copy, Hash)]
enum Part<'a> {
    Contact(ContactId),
    ExternalId(&'a str),
    LinkId(LinkId),
    Email(&'a str),
    Phone(&'a str),
    VatNumber(&'a str),
    /// Which contacts refer to this one.
    ReferencesTo(ContactId),
    /// The answer that is kept for a key.
    Answer(RequestKey),
}

impl Footprint {
    /// Everything that a decision has looked for, and the contacts that it has found.
    pub fn of_lookup(lookup_keys: &LookupKeys, loaded: &Loaded) -> Self {
        let mut parts = Hashes::default();
        for id in lookup_keys.ids.iter().chain(&lookup_keys.references) {
            parts.add(Part::Contact(*id));
        }
        for key in &lookup_keys.external_ids {
            parts.add(Part::ExternalId(key));
        }
        for key in &lookup_keys.link_ids {
            parts.add(Part::LinkId(*key));
        }
        let owners = lookup_keys.email_owners.iter().map(|owners| &owners.email);
        for key in lookup_keys.emails.iter().chain(owners) {
            parts.add(Part::Email(key));
        }
        for key in &lookup_keys.phones {
            parts.add(Part::Phone(key));
        }
        for key in &lookup_keys.vat_numbers {
            parts.add(Part::VatNumber(key));
        }
        if let Some(id) = lookup_keys.referring_to {
            parts.add(Part::ReferencesTo(id));
        }
        for key in &lookup_keys.answers {
            parts.add(Part::Answer(*key));
        }
        for contact in &loaded.contacts {
            parts.add(Part::Contact(contact.id));
        }
        for alias in &loaded.aliases {
            parts.add(Part::Contact(alias.contact));
        }
        for (_, owner) in &loaded.email_owners {
            parts.add(Part::Contact(*owner));
        }
        parts.sorted()
    }

    /// The contacts that are written, and the keys and references that they gain. What a contact
    /// loses was found together with the contact.
    pub fn of_writes(writes: &Writes) -> Self {
        let mut parts = Hashes::default();
        for change in &writes.changes {
            parts.add_change(change);
        }
        for (key, _) in &writes.answers {
            parts.add(Part::Answer(*key));
        }
        for id in &writes.purged {
            parts.add(Part::Contact(*id));
        }
        for alias in &writes.aliases {
            match alias {
                AliasWrite::Add(Alias { key, .. }) | AliasWrite::Remove(key) => parts.add_key(key),
                AliasWrite::Move { from, to } => {
                    parts.add(Part::Contact(*from));
                    parts.add(Part::Contact(*to));
                }
            }
        }
        parts.sorted()
    }

    /// Whether the sets may have something in common.
    pub fn meets(&self, other: &Self) -> bool {
        let (mut these, mut those) = (self.0.iter().peekable(), other.0.iter().peekable());
        while let (Some(this), Some(that)) = (these.peek(), those.peek()) {
            match this.cmp(that) {
                std::cmp::Ordering::Less => these.next(),
                std::cmp::Ordering::Greater => those.next(),
                std::cmp::Ordering::Equal => return true,
            };
        }
        false
    }

    /// The number of hashes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it is the set of nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[derive(Default)]
struct Hashes(Vec<u64>);

impl Hashes {
    fn add(&mut self, part: Part<'_>) {
        let mut hasher = DefaultHasher::new();
        part.hash(&mut hasher);
        self.0.push(hasher.finish());
    }

    fn add_key(&mut self, key: &AliasKey) {
        match key {
            AliasKey::Id(id) => self.add(Part::Contact(*id)),
            AliasKey::ExternalId(key) => self.add(Part::ExternalId(key)),
            AliasKey::LinkId(key) => self.add(Part::LinkId(*key)),
        }
    }

    fn add_change(&mut self, change: &Change) {
        self.add(Part::Contact(change.record().id));
        for key in change.keys().taken.clone() {
            self.add_key(&key);
        }
        let (now, parts) = (&change.record().projection, change.parts());
        if parts.email
            && let Some(email) = &now.email
        {
            self.add(Part::Email(email));
        }
        if parts.phone
            && let Some(phone) = &now.phone
        {
            self.add(Part::Phone(phone));
        }
        if parts.mobile
            && let Some(mobile) = &now.mobile
        {
            self.add(Part::Phone(mobile));
        }
        if parts.vat_number
            && let Some(number) = &now.vat_number
        {
            self.add(Part::VatNumber(number));
        }
        if parts.relations {
            for to in change.relations() {
                self.add(Part::ReferencesTo(*to));
            }
        }
    }

    fn sorted(mut self) -> Footprint {
        self.0.sort_unstable();
        self.0.dedup();
        Footprint(self.0.into_boxed_slice())
    }
}
