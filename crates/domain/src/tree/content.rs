//! Finds the elements of an array that equal or cover another element, without comparing each with
//! each.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};

use super::assign_ids::own_id;
use super::compare::{Equivalence, is_nothing, matches};
use super::member::Member;
use super::values::element_id::{ElementId, Parent};
use super::visitor::{Flow, JsonObject, Scalar, Shared, Value, Visitor, go_on_if};
use crate::json::{Json, Members};

/// The most elements that are compared one by one: that takes less time than an index of them.
const FEW: usize = 8;

/// The elements of an array, indexed by what they hold, unless they are few.
///
/// A trait of an element is the hash of a place in it and the value there. An element that covers
/// another one has all of its traits; an element that equals it has the same sum of traits as well.
/// For each trait there is a set of positions, so the sets of all traits of an element, intersected,
/// are the candidates. The hashes are keyed, so that no client can make them collide.
pub(super) struct Index<'e, T> {
    elements: Vec<&'e T>,
    positions: HashMap<u64, Set>,
    keys: RandomState,
}

/// Positions of elements.
#[derive(Clone)]
pub(super) struct Set(Vec<u64>);

impl Set {
    /// The positions below `count`.
    pub(super) fn of_all(count: usize) -> Self {
        let mut all = Self::empty(count);
        (0..count).for_each(|position| all.insert(position));
        all
    }

    fn empty(count: usize) -> Self {
        Self(vec![0; count.div_ceil(64)])
    }

    fn insert(&mut self, position: usize) {
        if let Some(word) = self.0.get_mut(position / 64) {
            *word |= 1 << (position % 64);
        }
    }

    pub(super) fn remove(&mut self, position: usize) {
        if let Some(word) = self.0.get_mut(position / 64) {
            *word &= !(1 << (position % 64));
        }
    }

    fn intersect(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(word, other)| *word &= other);
    }

    /// The positions, lowest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().flat_map(|(index, word)| {
            (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| index * 64 + bit)
        })
    }
}

impl<'e, T: Value> Index<'e, T> {
    /// The index of stored elements.
    pub(super) fn new(elements: Vec<&'e T>) -> Self {
        let count = elements.len();
        let mut index = Self { elements, positions: HashMap::new(), keys: RandomState::new() };
        if index.are_few() {
            return index;
        }
        for position in 0..count {
            let Some(element) = index.elements.get(position) else { continue };
            let traits = Traits::of(*element, Side::Stored, &index.keys);
            let sum = traits.sum();
            for found in traits.of_content.into_iter().chain(traits.of_ids).chain([sum]) {
                index.positions.entry(found).or_insert_with(|| Set::empty(count)).insert(position);
            }
        }
        index
    }

    /// The first of these positions whose element is the same as `sent` in that sense.
    pub(super) fn first(&self, among: &Set, sent: &T, equivalence: Equivalence) -> Option<usize> {
        let fits = |position: &usize| {
            self.elements.get(*position).is_some_and(|known| matches(*known, sent, equivalence))
        };
        if self.are_few() {
            return among.iter().find(fits);
        }
        let traits = Traits::of(sent, Side::Incoming, &self.keys);
        let sum = match equivalence {
            Equivalence::Equal | Equivalence::Content => Some(traits.sum()),
            Equivalence::Covers | Equivalence::Unchanged => None,
        };
        let ids = if equivalence == Equivalence::Content { Vec::new() } else { traits.of_ids };
        let mut candidates = among.clone();
        for found in traits.of_content.into_iter().chain(ids).chain(sum) {
            candidates.intersect(self.positions.get(&found)?);
        }
        candidates.iter().find(fits)
    }

    /// How much the element has: more than any that it covers, apart from those that equal it.
    pub(super) fn size(&self, element: &T) -> usize {
        Traits::of(element, Side::Incoming, &self.keys).of_content.len()
    }

    fn are_few(&self) -> bool {
        self.elements.len() <= FEW
    }
}

/// Adds the elements to the list that it does not have, each once.
pub(super) fn unite<T: Value>(list: &mut Vec<T>, elements: impl IntoIterator<Item = T>) {
    let mut known = Known::of(list);
    for element in elements {
        if !known.has(list, &element) {
            known.add(&element, list.len());
            list.push(element);
        }
    }
}

/// The elements that the list does not have. Two that are equal stay two.
pub(super) fn lacking<T: Value>(list: &[T], elements: &[T]) -> Vec<T> {
    let known = Known::of(list);
    elements.iter().filter(|element| !known.has(list, element)).cloned().collect()
}

/// The positions of equal elements in a list, by the sums of their traits.
struct Known {
    positions: HashMap<u64, Vec<usize>>,
    keys: RandomState,
}

impl Known {
    fn of<T: Value>(list: &[T]) -> Self {
        let mut known = Self { positions: HashMap::new(), keys: RandomState::new() };
        list.iter().enumerate().for_each(|(position, element)| known.add(element, position));
        known
    }

    fn sum<T: Value>(&self, element: &T) -> u64 {
        Traits::of(element, Side::Stored, &self.keys).sum()
    }

    fn add<T: Value>(&mut self, element: &T, position: usize) {
        self.positions.entry(self.sum(element)).or_default().push(position);
    }

    fn has<T: Value>(&self, list: &[T], element: &T) -> bool {
        let same = self.positions.get(&self.sum(element)).into_iter().flatten();
        same.filter_map(|position| list.get(*position)).any(|known| known == element)
    }
}

/// For each element of `here` that has the content of one of `there`: the ids of the two.
pub(crate) fn twins<T: Value>(here: &[T], there: &[T]) -> HashMap<i64, i64> {
    let index = Index::new(there.iter().collect());
    let all = Set::of_all(there.len());
    let twin = |element: &T| {
        let position = index.first(&all, element, Equivalence::Content)?;
        Some((own_id(element)?, own_id(there.get(position)?)?))
    };
    here.iter().filter_map(twin).collect()
}

/// Whether the element is stored, or was sent to be compared with one that is.
#[derive(Clone, Copy, PartialEq)]
enum Side {
    Stored,
    Incoming,
}

struct Traits<'k> {
    keys: &'k RandomState,
    side: Side,
    /// The hash of the place of what is visited next.
    place: u64,
    of_content: Vec<u64>,
    /// Those of the ids of parts: they count only where they were sent.
    of_ids: Vec<u64>,
}

impl<'k> Traits<'k> {
    fn of<T: Value>(element: &T, side: Side, keys: &'k RandomState) -> Self {
        let mut traits = Self { keys, side, place: 0, of_content: Vec::new(), of_ids: Vec::new() };
        let _ = T::accept(element, &mut traits);
        traits
    }

    fn sum(&self) -> u64 {
        let sum = self.of_content.iter().fold(0_u64, |sum, found| sum.wrapping_add(*found));
        self.keys.hash_one(("sum", sum))
    }

    fn note(&mut self, value: impl Hash) {
        self.of_content.push(self.keys.hash_one((self.place, value)));
    }

    /// Visits what stands at a step from here.
    fn at(&mut self, step: impl Hash, visit: impl FnOnce(&mut Self) -> Flow) -> Flow {
        let here = self.place;
        self.place = self.keys.hash_one((here, step));
        let flow = visit(self);
        self.place = here;
        flow
    }

    /// Nulls are absent, as they are to a merge.
    fn members(&mut self, members: &Members) -> Flow {
        for (name, value) in members.iter().filter(|(_, value)| **value != Json::Null) {
            self.at(name, |traits| match value {
                Json::Object(members) => {
                    traits.note("an object");
                    traits.members(members)
                }
                other => {
                    traits.note(json(other, traits.keys));
                    go_on_if(true)
                }
            })?;
        }
        go_on_if(true)
    }
}

impl Visitor<Shared> for Traits<'_> {
    fn member<T: Value>(&mut self, name: &'static str, member: &Member<T>) -> Flow {
        match member {
            Member::Value(value) if self.side == Side::Stored || !is_nothing(value) => {
                self.at(name, |traits| {
                    traits.note("a value");
                    T::accept(value, traits)
                })
            }
            _ => go_on_if(true),
        }
    }

    fn element_id<K: Parent>(&mut self, _name: &'static str, id: &Member<ElementId<K>>) -> Flow {
        if let Some(id) = id.get() {
            self.of_ids.push(self.keys.hash_one((self.place, "id", id.get())));
        }
        go_on_if(true)
    }

    fn scalar<T: Scalar>(&mut self, value: &T) -> Flow {
        self.note(value);
        go_on_if(true)
    }

    fn object<T: JsonObject>(&mut self, value: &T) -> Flow {
        self.members(value.members())
    }

    fn list<T: Value>(&mut self, list: &Vec<T>) -> Flow {
        self.note(list.len());
        list.iter().enumerate().try_for_each(|(position, element)| {
            self.at(position, |traits| T::accept(element, traits))
        })
    }
}

/// The hash of a whole JSON value; the order of members does not count.
fn json(value: &Json, keys: &RandomState) -> u64 {
    match value {
        Json::Null => keys.hash_one("null"),
        Json::Bool(flag) => keys.hash_one(flag),
        Json::Number(number) => keys.hash_one(("number", number)),
        Json::Text(text) => keys.hash_one(("text", text)),
        Json::Array(elements) => {
            let hashes = elements.iter().map(|element| json(element, keys));
            keys.hash_one(hashes.collect::<Vec<_>>())
        }
        Json::Object(members) => members
            .iter()
            .map(|(name, value)| keys.hash_one((name, json(value, keys))))
            .fold(1, u64::wrapping_add),
    }
}
