//! Arrays: how the elements sent find the elements stored.

use super::{Arrays, Equivalence, IdAssignment, Kind, Patch, Tree, Visit};
use crate::path::At;

impl<T: Tree> Tree for Vec<T> {
    const KIND: Kind = Kind::List(&T::KIND);

    fn merge(&mut self, sent: &Self, merging: &mut Patch, at: &At<'_>) {
        T::merge_list(self, sent, merging, at);
    }

    fn settle(&self, merging: &mut Patch, at: &At<'_>) -> Self {
        let mut fresh = Self::new();
        T::merge_list(&mut fresh, self, merging, at);
        fresh
    }

    fn matches(&self, sent: &Self, equivalence: Equivalence) -> bool {
        T::list_matches(self, sent, equivalence)
    }

    fn fill(&mut self, other: Self) {
        T::list_fill(self, other);
    }

    fn ids_at_most(&self) -> i64 {
        self.iter().map(Tree::ids_at_most).sum()
    }

    fn number(&mut self, numbering: &mut IdAssignment<'_>) {
        for element in self {
            element.number(numbering);
        }
    }

    fn is_plain(&self) -> bool {
        self.iter().all(Tree::is_plain)
    }

    fn walk<'t>(&'t self, at: &At<'_>, visit: &mut Visit<'_, 't>) {
        visit(at, super::Leaf::List(self.len()));
        for (index, element) in self.iter().enumerate() {
            element.walk(&at.element(index), visit);
        }
    }
}

/// Merges an array of objects that have ids of the hub (upsert-rules §4.3).
///
/// Elements with ids are placed first. Then each remaining element, in order, takes a stored one
/// that is equal; then each still remaining takes the first that has every member sent. No stored
/// element is taken twice; the rest are new. So re-sending an array changes nothing, and two equal
/// elements stay two.
pub fn merge_elements<T: Tree>(stored: &mut Vec<T>, sent: &[T], merging: &mut Patch, at: &At<'_>) {
    let mut pool: Vec<Option<T>> = std::mem::take(stored).into_iter().map(Some).collect();
    let taken = assign(&pool, sent);

    let mut fresh = Vec::with_capacity(sent.len());
    for (index, (element, place)) in sent.iter().zip(taken).enumerate() {
        let at = at.element(index);
        let slot = place.and_then(|place| pool.get_mut(place));
        match (slot, merging.arrays) {
            (Some(slot), Arrays::Replace) => {
                if let Some(mut merged) = slot.take() {
                    merged.merge(element, merging, &at);
                    fresh.push(merged);
                }
            }
            (Some(slot), Arrays::Append) => {
                if let Some(merged) = slot {
                    merged.merge(element, merging, &at);
                }
            }
            (None, _) => fresh.push(element.settle(merging, &at)),
        }
    }
    if merging.arrays == Arrays::Append {
        stored.extend(pool.into_iter().flatten());
    }
    stored.append(&mut fresh);
}

/// Compares arrays of objects that have ids of the hub, element by element.
///
/// Nothing changes by a merge if each element sent equals the stored one in its place: equal is
/// more than [`Equivalence::Covers`], because an element without an id takes an equal stored one
/// first, wherever it stands.
pub fn elements_match<T: Tree>(stored: &[T], sent: &[T], equivalence: Equivalence) -> bool {
    stored.len() == sent.len()
        && stored.iter().zip(sent).all(|(stored, sent)| {
            let equivalence = match equivalence {
                Equivalence::Unchanged if sent.own_id().is_none() => Equivalence::Equal,
                other => other,
            };
            stored.matches(sent, equivalence)
        })
}

/// Unites two arrays by content; what comes from the other keeps its ids, and two equal elements of
/// the other stay two.
pub fn fill_elements<T: Tree>(here: &mut Vec<T>, mut other: Vec<T>) {
    other.retain(|element| !here.iter().any(|known| known.matches(element, Equivalence::Content)));
    here.append(&mut other);
}

/// For each element sent, the place of the stored element that it takes.
fn assign<T: Tree>(pool: &[Option<T>], sent: &[T]) -> Vec<Option<usize>> {
    let mut taken: Vec<Option<usize>> = vec![None; sent.len()];
    let mut free: Vec<Option<&T>> = pool.iter().map(Option::as_ref).collect();
    let mut take = |taken: &mut Option<usize>, fits: &dyn Fn(&T) -> bool| {
        let place = free.iter().position(|stored| stored.is_some_and(fits));
        if let Some(slot) = place.and_then(|place| free.get_mut(place)) {
            *slot = None;
            *taken = place;
        }
    };

    for (element, taken) in sent.iter().zip(&mut taken) {
        if let Some(id) = element.own_id() {
            take(taken, &|stored| stored.own_id() == Some(id));
        }
    }
    for equivalence in [Equivalence::Equal, Equivalence::Covers] {
        for (element, taken) in sent.iter().zip(&mut taken) {
            if taken.is_none() && element.own_id().is_none() {
                take(taken, &|stored| stored.matches(element, equivalence));
            }
        }
    }
    taken
}
