//! The batches that a writer sends.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use fastrand::Rng;
use proofs::history::{self, Change, Item, Key, Marker, Stored, Target, Verdict};

/// What the writers of a load send.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// How many writers there are.
    pub(crate) writers: u16,
    /// The number of the first one: each load of a proof has other numbers.
    pub(crate) first_writer: u16,
    /// The keys that all of them write: pairs, so the bounds are even.
    pub(crate) shared: Range<u32>,
    /// How many further keys only one of them writes. They follow the shared ones.
    pub(crate) private: u32,
    /// The kind of batches.
    pub(crate) kind: Kind,
}

/// The kind of batches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One after the other until the load ends: the first of all keys, the next of some keys in random
    /// order, some twice, with items that only read, exchanges of keys, items sent before, and items
    /// that break a rule.
    Mixed,
    /// Each writer sends one batch of all shared keys in random order.
    Once,
}

/// The most shared keys of a mixed batch, and the most private ones.
const MOST_SHARED: u64 = 24;
const MOST_PRIVATE: usize = 8;

/// How many of the last items may be sent again.
const REMEMBERED: usize = 64;

impl Plan {
    /// The keys that only this writer writes.
    fn private_of(&self, writer: u16) -> Range<u32> {
        let start = self.shared.end + u32::from(writer - self.first_writer) * self.private;
        start..start + self.private
    }

    /// Whether all writers write it.
    pub(super) fn is_shared(&self, key: Key) -> bool {
        self.shared.contains(&key.0)
    }

    /// All keys.
    pub(crate) fn keys(&self) -> Range<u32> {
        self.shared.start..self.shared.end + u32::from(self.writers) * self.private
    }
}

/// What all writers know from their answers: the contacts of the keys.
#[derive(Debug, Default)]
pub(super) struct Registry(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// The contact of a key when it was first seen, before any exchange.
    contacts: HashMap<Key, i64>,
    /// The keys with a link id. A contact keeps its link id, because both ids move together.
    linked: HashSet<Key>,
}

impl Registry {
    /// Takes the verdicts of an answer.
    pub(super) fn learn<'v>(&self, verdicts: impl Iterator<Item = &'v Verdict>) {
        let mut known = self.lock();
        for verdict in verdicts {
            let Verdict::Stored(Stored { id, state, .. }) = verdict else { continue };
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
pub(super) struct Author<'a> {
    plan: &'a Plan,
    registry: &'a Registry,
    writer: u16,
    rng: Rng,
    /// How many items it has made.
    items: u32,
    remembered: Vec<Item>,
}

impl<'a> Author<'a> {
    /// The author for the writer of that number.
    pub(super) fn new(plan: &'a Plan, registry: &'a Registry, writer: u16, seed: u64) -> Self {
        let rng = Rng::with_seed(seed.wrapping_add(u64::from(writer)));
        Self { plan, registry, writer, rng, items: 0, remembered: Vec::new() }
    }

    /// The next batch.
    pub(super) fn batch(&mut self) -> Vec<Item> {
        if self.plan.kind == Kind::Once {
            return self.all_shared_keys();
        }
        let is_first = self.items == 0;
        let mut parts = Vec::new();
        for _ in 0..=self.rng.u64(..MOST_SHARED) {
            parts.push(match self.rng.u32(..100) {
                0..10 => self.item_again(),
                10..14 => self.exchange(),
                14..16 => self.item_of(history::Kind::Wrong),
                16..40 => self.item_of(history::Kind::Read),
                _ => vec![self.shared_item()],
            });
        }
        parts.extend(self.private_items(is_first).into_iter().map(|item| vec![item]));
        self.rng.shuffle(&mut parts);
        let parts = parts.into_iter().flatten();
        // All of them first, so that all exist, and concurrent writers create them.
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
        let target = match self.rng.u32(..4) {
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

    /// An item that was sent before. It changes nothing unless others wrote meanwhile.
    fn item_again(&mut self) -> Vec<Item> {
        self.rng.choice(&self.remembered).copied().into_iter().collect()
    }

    fn item_of(&mut self, kind: history::Kind) -> Vec<Item> {
        let target = Target::ExternalId(self.shared_key());
        let item = self.plain(target);
        vec![Item { kind, ..item }]
    }

    /// Three items that give the two contacts of a pair its two keys in some order, whatever the order
    /// was before.
    fn exchange(&mut self) -> Vec<Item> {
        let key = self.shared_key();
        let Some((one, other)) = self.registry.pair(key) else { return Vec::new() };
        let steps =
            [(one, Change::Clear), (other, Change::Set(key)), (one, Change::Set(key.partner()))];
        steps.into_iter().map(|(id, keys)| Item { keys, ..self.plain(Target::Id(id)) }).collect()
    }

    /// Items for private keys, each at most once, so that the writer knows the state of each.
    fn private_items(&mut self, all: bool) -> Vec<Item> {
        let mut keys = self.plan.private_of(self.writer).collect::<Vec<_>>();
        self.rng.shuffle(&mut keys);
        let count = self.rng.usize(..=MOST_PRIVATE);
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
        Key(self.rng.u32(self.plan.shared.clone()))
    }

    fn plain(&mut self, target: Target) -> Item {
        self.items += 1;
        Item::plain(target, Marker { writer: self.writer, number: self.items })
    }

    fn with_members(&mut self, item: Item) -> Item {
        let first_name = match self.rng.u32(..4) {
            0 => Change::Clear,
            1 | 2 => Change::Set(item.marker),
            _ => Change::Keep,
        };
        let sets_terms = self.rng.u32(..100) < 40;
        Item { first_name, sets_terms, sets_city: self.rng.u32(..100) < 40, ..item }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: Plan =
        Plan { writers: 2, first_writer: 4, shared: 10..20, private: 5, kind: Kind::Mixed };

    #[test]
    fn keys_are_shared_or_private() {
        assert_eq!([PLAN.private_of(4), PLAN.private_of(5), PLAN.keys()], [20..25, 25..30, 10..30]);
    }

    #[test]
    fn same_seed_makes_same_batches() {
        let batches = |seed| {
            let registry = Registry::default();
            let mut author = Author::new(&PLAN, &registry, 4, seed);
            (0..20).map(|_| author.batch()).collect::<Vec<_>>()
        };
        assert_eq!(batches(1), batches(1));
        assert_ne!(batches(1), batches(2));
    }

    #[test]
    fn each_item_has_its_own_marker() {
        let registry = Registry::default();
        let mut author = Author::new(&PLAN, &registry, 4, 1);
        let mut seen: HashMap<Marker, Item> = HashMap::new();
        for item in (0..500).flat_map(|_| author.batch()) {
            let first = seen.entry(item.marker).or_insert(item);
            assert_eq!(*first, item, "sent again unchanged");
        }
    }
}
