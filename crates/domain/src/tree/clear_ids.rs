//! Takes ids away from the parts of a contact.

use std::ops::Range;

use super::member::Member;
use super::values::element_id::{ElementId, Parent, ParentId};
use super::visitor::{Flow, Mutable, Value, Visitor, go_on_if};

/// Puts null in place of these ids, also where they are repeated.
pub(crate) fn clear_ids<T: Value>(document: &mut T, ids: &Range<i64>) {
    let _ = T::accept(document, &mut Clearing(ids));
}

struct Clearing<'i>(&'i Range<i64>);

impl Visitor<Mutable> for Clearing<'_> {
    fn member<T: Value>(&mut self, _name: &'static str, member: &mut Member<T>) -> Flow {
        member.get_mut().map_or(go_on_if(true), |value| T::accept(value, self))
    }

    fn element_id<K: Parent>(
        &mut self,
        _name: &'static str,
        member: &mut Member<ElementId<K>>,
    ) -> Flow {
        if member.get().is_some_and(|id| self.0.contains(&id.get())) {
            *member = Member::Null;
        }
        go_on_if(true)
    }

    fn parent_id<K: Parent>(&mut self, member: &mut Member<ParentId<K>>) -> Flow {
        if member.get().and_then(ParentId::get).is_some_and(|id| self.0.contains(&id)) {
            *member = Member::Null;
        }
        go_on_if(true)
    }

    fn list<T: Value>(&mut self, list: &mut Vec<T>) -> Flow {
        list.iter_mut().try_for_each(|element| T::accept(element, self))
    }
}
