//! Takes from another contact what a contact lacks.

use super::compare::Equivalence;
use super::content::{Index, Set, lacking};
use super::member::Member;
use super::values::element_id::{ElementId, Parent};
use super::visitor::{Flow, JsonObject, PairMut, Value, Visitor, go_on_if};
use crate::json::{Json, Members};

/// Adds what `here` lacks from `other`; keeps what `here` has. Elements keep their ids.
pub(crate) fn fill<T: Value>(here: &mut T, other: &T) {
    let _ = T::accept((here, other), &mut Fill);
}

struct Fill;

impl Visitor<PairMut> for Fill {
    fn member<T: Value>(
        &mut self,
        _name: &'static str,
        (here, other): (&mut Member<T>, &Member<T>),
    ) -> Flow {
        match (&mut *here, other) {
            (Member::Value(here), Member::Value(other)) => T::accept((here, other), self),
            _ => take(here, other),
        }
    }

    fn element_id<K: Parent>(
        &mut self,
        _name: &'static str,
        (here, other): (&mut Member<ElementId<K>>, &Member<ElementId<K>>),
    ) -> Flow {
        take(here, other)
    }

    fn object<T: JsonObject>(&mut self, (here, other): (&mut T, &T)) -> Flow {
        fill_members(here.members_mut(), other.members());
        go_on_if(true)
    }

    /// Unites two arrays. Two equal elements of `other` stay two.
    fn list<T: Value>(&mut self, (here, other): (&mut Vec<T>, &Vec<T>)) -> Flow {
        if T::KIND.has_element_id() {
            let index = Index::new(here.iter().collect());
            let all = Set::of_all(here.len());
            let is_here = |element: &T| index.first(&all, element, Equivalence::Content).is_some();
            let lacks = other.iter().filter(|element| !is_here(element));
            let lacking: Vec<T> = lacks.cloned().collect();
            here.extend(lacking);
        } else {
            let lacking = lacking(here, other);
            here.extend(lacking);
        }
        go_on_if(true)
    }
}

fn take<T: Clone>(here: &mut Member<T>, other: &Member<T>) -> Flow {
    if here.get().is_none() && other.get().is_some() {
        here.clone_from(other);
    }
    go_on_if(true)
}

fn fill_members(here: &mut Members, other: &Members) {
    for (name, value) in other.iter() {
        match (here.get_mut(name), value) {
            (None, value) => here.set(name, value.clone()),
            (Some(Json::Object(here)), Json::Object(other)) => fill_members(here, other),
            (Some(_), _) => {}
        }
    }
}
