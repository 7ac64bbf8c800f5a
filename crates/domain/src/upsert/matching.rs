//! Finding the contact that an item names (upsert-rules §3).

use super::explanation::Rung;
use super::item::{Intent, ParsedItem};
use super::options::{Context, Endpoints, Key, Ladder, Mode, OnAmbiguous, Options};
use super::outcome::Outcome;
use super::provisional_ids::ProvisionalIds;
use super::working_set::WorkingSet;
use crate::contact::ContactType;
use crate::ids::ContactId;
use crate::path::Path;
use crate::rule::Rule;
use crate::violation::Violation;

/// The contact that an item names.
pub(super) enum Match {
    /// None: it is new.
    New,
    /// A stored contact.
    Existing { slot: usize, by: Key },
    /// Several contacts, and the request asks to refuse the item then.
    Ambiguous { candidates: Vec<ContactId>, violation: Box<Violation> },
}

/// An item that cannot be matched: the first violation alone, and the contact it is about.
pub(super) struct Mismatch {
    pub(super) violation: Box<Violation>,
    pub(super) slot: Option<usize>,
    /// The key that found it.
    pub(super) by: Option<Key>,
    /// The contact that has a key which the item cannot have.
    pub(super) owner: Option<usize>,
}

pub(super) struct Matching<'a> {
    pub(super) working_set: &'a WorkingSet,
    pub(super) context: &'a Context,
    pub(super) options: &'a Options,
    pub(super) provisional_ids: &'a ProvisionalIds,
}

impl Matching<'_> {
    /// Finds the contact, or the first violation in the order of upsert-rules §6 (3).
    pub(super) fn find(&self, item: &ParsedItem, ladder: &Ladder) -> Result<Match, Mismatch> {
        if let Some(id) = item.named_id()
            && self.visible(self.identified(item, Key::Id)).is_none()
        {
            let key = if item.id.is_some() { "id" } else { "contactId" };
            return Err(fault(
                Rule::Exists,
                Path::of(key),
                id.to_string(),
                "no such contact",
                None,
            ));
        }
        let matched = self.climb(item, ladder);
        let (slot, by) = match &matched {
            Match::Existing { slot, by } => (Some(*slot), Some(*by)),
            Match::New | Match::Ambiguous { .. } => (None, None),
        };
        let must_be_there = item.intent != Intent::Upsert || self.options.mode == Mode::Update;
        if must_be_there && matches!(matched, Match::New) {
            let message = "no contact has one of the keys of this item";
            return Err(fault(Rule::Exists, Path::root(), "", message, None));
        }
        if let Match::Existing { slot, by } = matched {
            self.is_own(item, by, slot)?;
        }
        self.keys_agree(item, ladder, &matched, slot)
            .and_then(|()| self.organization(item, slot))
            .and_then(|()| self.contact_type(item, slot))
            .and_then(|()| self.mode(slot))
            .map_err(|mismatch| Mismatch { by, ..mismatch })?;
        Ok(matched)
    }

    fn mode(&self, slot: Option<usize>) -> Result<(), Mismatch> {
        if self.options.mode != Mode::Create || slot.is_none() {
            return Ok(());
        }
        let message = format!("{} has a key of this item", self.named(slot));
        let mismatch = fault(Rule::NotThereYet, Path::root(), "", message, slot);
        Err(Mismatch { owner: slot, ..mismatch })
    }

    /// Tries the keys of the ladder in order. The first that finds exactly one contact wins.
    fn climb(&self, item: &ParsedItem, ladder: &Ladder) -> Match {
        for key in ladder.keys() {
            let found = match key {
                Key::Id | Key::LinkId | Key::ExternalId => self
                    .visible(self.identified(item, *key))
                    .map(|slot| Match::Existing { slot, by: *key }),
                Key::Email | Key::Phone | Key::VatNumber => self.shared(item, *key),
            };
            if let Some(found) = found {
                return found;
            }
        }
        Match::New
    }

    /// What each key of the ladder looks for, and finds.
    pub(super) fn rungs(&self, item: &ParsedItem, ladder: &Ladder) -> Vec<Rung> {
        let id = |slot| self.provisional_ids.known(self.working_set.id(slot)?);
        let rung = |key: &Key| {
            let hits = match key.shared() {
                None => self.identified(item, *key).into_iter().collect(),
                Some(_) => {
                    let hits = self.working_set.by_shared_key(*key, &item.keys).into_iter();
                    hits.map(|(_, slot)| slot).collect::<Vec<_>>()
                }
            };
            let visible = hits.into_iter().filter(|slot| self.visible(Some(*slot)).is_some());
            let hits = visible.map(id).take(Outcome::MAX_CANDIDATES).collect();
            Rung { key: *key, sought: item.sought(*key), hits }
        };
        ladder.keys().iter().map(rung).collect()
    }

    /// The contact that has an identity key or that the key leads to as an alias.
    fn identified(&self, item: &ParsedItem, key: Key) -> Option<usize> {
        self.owner(item, key).or_else(|| self.working_set.by_alias(item, key))
    }

    /// Refuses to delete by an alias: who deletes a merged contact does not mean the one it was
    /// merged into. The same for an item that names the contact by its own id.
    fn is_own(&self, item: &ParsedItem, by: Key, slot: usize) -> Result<(), Mismatch> {
        if !(item.deletes() || item.names_own_id)
            || self.working_set.by_alias(item, by) != Some(slot)
        {
            return Ok(());
        }
        let value = item.identity(by).map(|key| key.value().into_owned()).unwrap_or_default();
        let message = format!("was merged into {}", self.named(Some(slot)));
        Err(fault(Rule::Exists, Path::of(by.as_str()), value, message, None))
    }

    /// The contact that has an identity key as its own.
    fn owner(&self, item: &ParsedItem, key: Key) -> Option<usize> {
        match key {
            Key::Id => self.working_set.by_id(item.named_id()?),
            Key::LinkId => self.working_set.by_link_id(item.keys.link_id?),
            Key::ExternalId => self.working_set.by_external_id(item.keys.external_id.as_deref()?),
            Key::Email | Key::Phone | Key::VatNumber => None,
        }
    }

    fn shared(&self, item: &ParsedItem, key: Key) -> Option<Match> {
        let mut hits = self.working_set.by_shared_key(key, &item.keys);
        hits.retain(|(_, slot)| self.visible(Some(*slot)).is_some());
        let (oldest, others) = hits.split_first()?;
        match (others, self.options.on_ambiguous) {
            ([], _) | (_, OnAmbiguous::Oldest) => Some(Match::Existing { slot: oldest.1, by: key }),
            (_, OnAmbiguous::Next) => None,
            (_, OnAmbiguous::Reject) => {
                let message = format!("{} contacts have this {}", hits.len(), key.as_str());
                let value = match key {
                    Key::Email => item.keys.email.clone(),
                    Key::VatNumber => item.keys.vat_number.clone(),
                    _ => item.keys.phones.first().cloned(),
                };
                let value = value.unwrap_or_default();
                let path = Path::of(key.as_str());
                Some(Match::Ambiguous {
                    candidates: hits
                        .into_iter()
                        .map(|(id, _)| id)
                        .take(Outcome::MAX_CANDIDATES)
                        .collect(),
                    violation: Box::new(Violation::new(Rule::Unambiguous, path, value, message)),
                })
            }
        }
    }

    /// Checks that all identity keys name one contact, also those off the ladder. The later key is
    /// at fault.
    fn keys_agree(
        &self,
        item: &ParsedItem,
        ladder: &Ladder,
        matched: &Match,
        slot: Option<usize>,
    ) -> Result<(), Mismatch> {
        if let (Some(id), Some(contact_id)) = (item.id, item.contact_id)
            && id != contact_id
        {
            let message = format!("id is {id}, contactId is {contact_id}");
            let path = Path::of("contactId");
            return Err(fault(Rule::KeysAgree, path, contact_id.to_string(), message, slot));
        }
        if matches!(matched, Match::Ambiguous { .. }) {
            return Ok(());
        }
        let identity = [Key::Id, Key::LinkId, Key::ExternalId];
        let on_ladder = ladder.keys().iter().filter(|key| identity.contains(key));
        let off_ladder = identity.iter().filter(|key| !ladder.keys().contains(key));
        for key in on_ladder.chain(off_ladder) {
            // No contact takes an id from another one: it leads to one contact for ever.
            let owner = match key {
                Key::Id => self.identified(item, *key),
                _ => self.owner(item, *key),
            };
            if owner.is_none() || owner == slot {
                continue;
            }
            let value = item.identity(*key).map(|key| key.value().into_owned());
            let message = match slot {
                Some(_) => format!(
                    "belongs to {}, and the item is about {}",
                    self.named(owner),
                    self.named(slot)
                ),
                None => format!("belongs to {}", self.named(owner)),
            };
            let path = Path::of(key.as_str());
            let value = value.unwrap_or_default();
            let mismatch = fault(Rule::KeysAgree, path, value, message, slot);
            return Err(Mismatch { owner, ..mismatch });
        }
        Ok(())
    }

    fn organization(&self, item: &ParsedItem, slot: Option<usize>) -> Result<(), Mismatch> {
        match item.organization {
            Some(id) if id != i64::from(self.context.organization.get()) => {
                let message =
                    format!("the request is for organization {}", self.context.organization);
                let path = Path::of("organizationId");
                Err(fault(Rule::SameOrganization, path, id.to_string(), message, slot))
            }
            _ => Ok(()),
        }
    }

    fn contact_type(&self, item: &ParsedItem, slot: Option<usize>) -> Result<(), Mismatch> {
        let Some(text) = item.document.contact_type.get() else { return Ok(()) };
        let stored = slot.and_then(|slot| self.working_set.contact_type(slot));
        let message = match stored {
            Some(stored) if stored.as_str() != text.as_str() => {
                format!("the contact is of type {stored}, and that does not change")
            }
            None if self.context.endpoints == Endpoints::Hidden
                && text.as_str() == ContactType::Endpoint.as_str() =>
            {
                "a contact type is one of ORGANIZATION, PERSON here".to_owned()
            }
            _ => return Ok(()),
        };
        Err(fault(Rule::TypeStays, Path::of("contactType"), text.as_str(), message, slot))
    }

    /// The contact, unless the API hides its type.
    fn visible(&self, slot: Option<usize>) -> Option<usize> {
        slot.filter(|slot| {
            self.context.endpoints == Endpoints::Shown
                || self.working_set.contact_type(*slot) != Some(ContactType::Endpoint)
        })
    }

    /// What messages call the contact.
    fn named(&self, slot: Option<usize>) -> String {
        let id = slot.and_then(|slot| self.working_set.id(slot));
        id.map(|id| self.provisional_ids.name(id)).unwrap_or_default()
    }
}

fn fault(
    rule: Rule,
    path: Path,
    value: impl Into<String>,
    message: impl Into<String>,
    slot: Option<usize>,
) -> Mismatch {
    let violation = Box::new(Violation::new(rule, path, value, message));
    Mismatch { violation, slot, by: None, owner: None }
}
