//! Which batches a writer sends.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use xtask::rng::Rng;

use crate::item::{self, Change, Item, Key, Marker, Target};
use crate::reply::{Said, Stored};

/// What the writers of a load have to do.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// How many there are.
    pub(crate) writers: u16,
    /// The number of the first: no two loads of a proof have a writer in common.
    pub(crate) first_writer: u16,
    /// The keys that all of them write to. An even number from an even one on.
    pub(crate) shared: Range<u32>,
    /// How many further keys each has to itself; they follow those that are shared.
    pub(crate) private: u32,
    /// What they send.
    pub(crate) kind: Kind,
}

/// What the batches of a plan are like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One after the other until they are told to stop: of all keys first, then of some of them, in
    /// any order, some twice, with items that only look, exchanges of keys, items sent before and
    /// items that break a rule.
    Mixed,
    /// Each writer sends one batch of all shared keys, in an order of its own.
    Once,
}

/// The most shared keys that a mixed batch names, and private ones.
const MOST_SHARED: u64 = 24;
const MOST_PRIVATE: u64 = 8;

/// How many of the items sent last may be sent again.
const REMEMBERED: usize = 64;

impl Plan {
    /// The keys that one of the writers has to itself.
    fn private_of(&self, writer: u16) -> Range<u32> {
        let start = self.shared.end + u32::from(writer - self.first_writer) * self.private;
        start..start + self.private
    }

    /// Whether all writers write to it.
    pub(crate) fn is_shared(&self, key: Key) -> bool {
        self.shared.contains(&key.0)
    }

    /// All keys there are, once every writer has sent all of its own.
    pub(crate) fn keys(&self) -> Range<u32> {
        self.shared.start..self.shared.end + u32::from(self.writers) * self.private
    }
}

/// What the writers have learnt together: which contacts the pairs of keys belong to.
#[derive(Debug, Default)]
pub(crate) struct Registry(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// The contact that a key belonged to when it was first seen: before any exchange.
    contacts: HashMap<Key, i64>,
    /// The keys whose link id is given to a contact: for ever, as they move together.
    linked: HashSet<Key>,
}

impl Registry {
    /// Takes note of an answer.
    pub(crate) fn learn<'s>(&self, said: impl Iterator<Item = &'s Said>) {
        let mut known = self.lock();
        for said in said {
            let Said::Stored(Stored { id, state, .. }) = said else { continue };
            if let Some(key) = state.external_id {
                known.contacts.entry(key).or_insert(*id);
            }
            known.linked.extend(state.link_id);
        }
    }

    fn pair(&self, key: Key) -> Option<(i64, i64)> {
        let known = self.lock();
        Some((*known.contacts.get(&key)?, *known.contacts.get(&key.partner())?))
    }

    fn is_linked(&self, key: Key) -> bool {
        self.lock().linked.contains(&key)
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes the batches of one writer.
pub(crate) struct Author<'a> {
    plan: &'a Plan,
    registry: &'a Registry,
    writer: u16,
    rng: Rng,
    /// How many items it has made.
    items: u32,
    remembered: Vec<Item>,
}

impl<'a> Author<'a> {
    /// The writer of that number.
    pub(crate) fn new(plan: &'a Plan, registry: &'a Registry, writer: u16, seed: u64) -> Self {
        let rng = Rng::new(seed.wrapping_add(u64::from(writer)));
        Self { plan, registry, writer, rng, items: 0, remembered: Vec::new() }
    }

    /// The next batch.
    pub(crate) fn batch(&mut self) -> Vec<Item> {
        if self.plan.kind == Kind::Once {
            return self.all_shared_keys();
        }
        let is_first = self.items == 0;
        let mut parts = Vec::new();
        for _ in 0..=self.rng.below(MOST_SHARED) {
            parts.push(match self.rng.below(100) {
                0..10 => self.item_again(),
                10..14 => self.exchange(),
                14..16 => self.item_of(item::Kind::Wrong),
                16..40 => self.item_of(item::Kind::Look),
                _ => vec![self.shared_item()],
            });
        }
        parts.extend(self.private_items(is_first).into_iter().map(|item| vec![item]));
        self.rng.shuffle(&mut parts);
        let parts = parts.into_iter().flatten();
        // First all of them, so that all are there, and made by many at once.
        if is_first {
            self.all_shared_keys().into_iter().chain(parts).collect()
        } else {
            parts.collect()
        }
    }

    fn all_shared_keys(&mut self) -> Vec<Item> {
        let mut keys = self.plan.shared.clone().collect::<Vec<_>>();
        self.rng.shuffle(&mut keys);
        keys.into_iter().map(|key| self.plain(Target::ExternalId(Key(key)))).collect()
    }

    fn shared_item(&mut self) -> Item {
        let key = self.shared_key();
        let target = match self.rng.below(4) {
            0 if self.registry.is_linked(key) => Target::LinkId(key),
            0 | 1 => Target::Both(key),
            _ => Target::ExternalId(key),
        };
        let item = self.plain(target);
        let item = self.with_members(item);
        if self.remembered.len() < REMEMBERED {
            self.remembered.push(item);
        } else {
            let place = usize::try_from(self.items).unwrap_or(0) % REMEMBERED;
            self.remembered.splice(place..=place, [item]);
        }
        item
    }

    /// An item that was sent before: nothing to change, unless others wrote meanwhile.
    fn item_again(&mut self) -> Vec<Item> {
        self.rng.shuffle(&mut self.remembered);
        self.remembered.first().copied().into_iter().collect()
    }

    fn item_of(&mut self, kind: item::Kind) -> Vec<Item> {
        let target = Target::ExternalId(self.shared_key());
        let item = self.plain(target);
        vec![Item { kind, ..item }]
    }

    /// Three items by which the two contacts of a pair have its two keys, one or the other way round,
    /// whichever they had before.
    fn exchange(&mut self) -> Vec<Item> {
        let key = self.shared_key();
        let Some((one, other)) = self.registry.pair(key) else { return Vec::new() };
        let steps =
            [(one, Change::Clear), (other, Change::Set(key)), (one, Change::Set(key.partner()))];
        steps.into_iter().map(|(id, keys)| Item { keys, ..self.plain(Target::Id(id)) }).collect()
    }

    /// Each of its own keys at most once: so it knows what becomes of each.
    fn private_items(&mut self, all: bool) -> Vec<Item> {
        let mut keys = self.plan.private_of(self.writer).collect::<Vec<_>>();
        self.rng.shuffle(&mut keys);
        let count = usize::try_from(self.rng.below(MOST_PRIVATE + 1)).unwrap_or(0);
        if !all {
            keys.truncate(count);
        }
        let mut items = Vec::with_capacity(keys.len());
        for key in keys {
            let item = self.plain(Target::Both(Key(key)));
            items.push(self.with_members(item));
        }
        items
    }

    fn shared_key(&mut self) -> Key {
        let Range { start, end } = self.plan.shared;
        Key(start + u32::try_from(self.rng.below(u64::from(end - start))).unwrap_or(0))
    }

    fn plain(&mut self, target: Target) -> Item {
        self.items += 1;
        Item::plain(target, Marker { writer: self.writer, number: self.items })
    }

    fn with_members(&mut self, item: Item) -> Item {
        let first_name = match self.rng.below(4) {
            0 => Change::Clear,
            1 | 2 => Change::Set(item.marker),
            _ => Change::Keep,
        };
        let sets_terms = self.rng.percent(40);
        Item { first_name, sets_terms, sets_city: self.rng.percent(40), ..item }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: Plan =
        Plan { writers: 2, first_writer: 4, shared: 10..20, private: 5, kind: Kind::Mixed };

    #[test]
    fn writers_share_some_keys_and_have_others_to_themselves() {
        assert_eq!([PLAN.private_of(4), PLAN.private_of(5), PLAN.keys()], [20..25, 25..30, 10..30]);
    }

    #[test]
    fn the_same_seed_makes_the_same_batches() {
        let batches = |seed| {
            let registry = Registry::default();
            let mut author = Author::new(&PLAN, &registry, 4, seed);
            (0..20).map(|_| author.batch()).collect::<Vec<_>>()
        };
        assert_eq!(batches(1), batches(1));
        assert_ne!(batches(1), batches(2));
    }

    #[test]
    fn markers_are_given_once() {
        let registry = Registry::default();
        let mut author = Author::new(&PLAN, &registry, 4, 1);
        let mut seen: HashMap<Marker, Item> = HashMap::new();
        for item in (0..500).flat_map(|_| author.batch()) {
            let first = seen.entry(item.marker).or_insert(item);
            assert_eq!(*first, item, "sent again as it was");
        }
    }
}
