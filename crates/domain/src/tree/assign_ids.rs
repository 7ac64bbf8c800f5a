//! Gives ids to the parts of a contact that have none.

use super::member::Member;
use super::values::element_id::{ElementId, Parent, ParentId, Part};
use super::visitor::{Flow, Mutable, Shared, Value, Visitor, go_on_if};
use crate::ids::IdBlock;

/// What [`assign_ids`] assigned.
pub(crate) struct IdAssignment<'i> {
    ids: &'i mut IdBlock,
    contact: i64,
    staff: i64,
    payslip: i64,
    /// The highest id of the contact and its parts.
    pub(crate) highest: i64,
    /// Whether the block had fewer ids than the contact has parts without one.
    pub(crate) ran_short: bool,
}

/// Gives ids from the block to the parts of that contact that have none, and repeats ids where they
/// are repeated.
pub(crate) fn assign_ids<'i, T: Value>(
    document: &mut T,
    contact: i64,
    ids: &'i mut IdBlock,
) -> IdAssignment<'i> {
    let mut assignment =
        IdAssignment { ids, contact, staff: 0, payslip: 0, highest: contact, ran_short: false };
    let _ = T::accept(document, &mut assignment);
    assignment
}

impl IdAssignment<'_> {
    fn next(&mut self) -> i64 {
        self.ids.take().unwrap_or_else(|| {
            self.ran_short = true;
            0
        })
    }

    /// The id that other parts of the contact repeat.
    fn id_of(&mut self, part: Part) -> Option<&mut i64> {
        match part {
            Part::Contact => Some(&mut self.contact),
            Part::Staff => Some(&mut self.staff),
            Part::Payslip => Some(&mut self.payslip),
            Part::Other => None,
        }
    }
}

impl Visitor<Mutable> for IdAssignment<'_> {
    fn member<T: Value>(&mut self, _name: &'static str, member: &mut Member<T>) -> Flow {
        member.get_mut().map_or(go_on_if(true), |value| T::accept(value, self))
    }

    fn element_id<K: Parent>(
        &mut self,
        _name: &'static str,
        member: &mut Member<ElementId<K>>,
    ) -> Flow {
        let id = member.get().map_or_else(|| self.next(), |own| own.get());
        *member = Member::Value(ElementId::new(id));
        self.highest = self.highest.max(id);
        if let Some(repeated) = self.id_of(K::PART) {
            *repeated = id;
        }
        go_on_if(true)
    }

    fn parent_id<K: Parent>(
        &mut self,
        _name: &'static str,
        member: &mut Member<ParentId<K>>,
    ) -> Flow {
        *member = Member::Value(ParentId::new(self.id_of(K::PART).copied()));
        go_on_if(true)
    }

    fn list<T: Value>(&mut self, list: &mut Vec<T>) -> Flow {
        list.iter_mut().try_for_each(|element| T::accept(element, self))
    }
}

/// How many ids [`assign_ids`] takes at most once this is merged into a contact.
pub(crate) fn ids_at_most<T: Value>(sent: &T) -> i64 {
    let mut count = Count(0);
    let _ = T::accept(sent, &mut count);
    count.0
}

struct Count(i64);

impl Visitor<Shared> for Count {
    fn member<T: Value>(&mut self, _name: &'static str, member: &Member<T>) -> Flow {
        member.get().map_or(go_on_if(true), |value| T::accept(value, self))
    }

    fn element_id<K: Parent>(&mut self, _name: &'static str, _id: &Member<ElementId<K>>) -> Flow {
        self.0 += 1;
        go_on_if(true)
    }

    fn list<T: Value>(&mut self, list: &Vec<T>) -> Flow {
        list.iter().try_for_each(|element| T::accept(element, self))
    }
}

/// The id of an element.
pub(crate) fn own_id<T: Value>(element: &T) -> Option<i64> {
    let mut own = OwnId(None);
    let _ = T::accept(element, &mut own);
    own.0
}

struct OwnId(Option<i64>);

impl Visitor<Shared> for OwnId {
    fn member<T: Value>(&mut self, _name: &'static str, _member: &Member<T>) -> Flow {
        go_on_if(true)
    }

    fn element_id<K: Parent>(&mut self, _name: &'static str, id: &Member<ElementId<K>>) -> Flow {
        self.0 = id.get().map(|id| id.get());
        go_on_if(false)
    }

    fn list<T: Value>(&mut self, _list: &Vec<T>) -> Flow {
        go_on_if(true)
    }
}
