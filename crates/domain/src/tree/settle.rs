//! What is stored of a request where nothing is stored yet: a merge into an empty document.

use super::content::unite;
use super::member::Member;
use super::values::element_id::{ElementId, Parent, ParentId, ReadOnly};
use super::visitor::{Flow, JsonObject, Mutable, Presence, Shared, Value, Visitor, go_on_if};
use crate::json::{Json, Members};
use crate::path::At;
use crate::rule::Rule;
use crate::violation::Violation;

/// What a merge does with stored elements that the sent array does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Arrays {
    /// It removes them: the sent array is the new full list.
    #[default]
    Replace,
    /// It keeps them, and adds new elements at the end.
    Append,
}

/// Removes nulls, blanks and what the server fills from `sent`, and returns the ids in it: they
/// name no part of the contact.
pub(crate) fn settle<T: Value>(sent: &mut T, arrays: Arrays) -> Vec<Violation> {
    let mut faults = Vec::new();
    let mut settle = Settle { at: At::root(), arrays, faults: &mut faults };
    let _ = T::accept(sent, &mut settle);
    faults
}

/// Whether [`settle`] has nothing to remove.
pub(crate) fn is_settled<T: Value>(sent: &T) -> bool {
    T::accept(sent, &mut IsSettled).is_continue()
}

pub(super) struct Settle<'a> {
    pub(super) at: At<'a>,
    pub(super) arrays: Arrays,
    pub(super) faults: &'a mut Vec<Violation>,
}

impl Visitor<Mutable> for Settle<'_> {
    fn member<T: Value>(&mut self, name: &'static str, member: &mut Member<T>) -> Flow {
        if let (Presence::Value, Member::Value(value)) = (member.presence(), &mut *member) {
            let at = self.at.member(name);
            T::accept(value, &mut Settle { at, faults: self.faults, ..*self })?;
        }
        if member.presence() != Presence::Value {
            *member = Member::Absent;
        }
        go_on_if(true)
    }

    fn element_id<K: Parent>(
        &mut self,
        name: &'static str,
        member: &mut Member<ElementId<K>>,
    ) -> Flow {
        match member {
            Member::Value(id) => {
                let path = self.at.member(name).path();
                let message = "no such part of this contact, or one that was named before";
                let id = id.get().to_string();
                self.faults.push(Violation::new(Rule::OwnIds, path, id, message));
            }
            Member::Absent | Member::Null => *member = Member::Absent,
        }
        go_on_if(true)
    }

    fn parent_id<K: Parent>(
        &mut self,
        _name: &'static str,
        member: &mut Member<ParentId<K>>,
    ) -> Flow {
        *member = Member::Absent;
        go_on_if(true)
    }

    fn read_only(&mut self, member: &mut Member<ReadOnly>) -> Flow {
        *member = Member::Absent;
        go_on_if(true)
    }

    fn object<T: JsonObject>(&mut self, value: &mut T) -> Flow {
        remove_nulls(value.members_mut());
        go_on_if(true)
    }

    fn list<T: Value>(&mut self, list: &mut Vec<T>) -> Flow {
        if T::KIND.has_element_id() {
            for (index, element) in list.iter_mut().enumerate() {
                let at = self.at.element(index);
                T::accept(element, &mut Settle { at, faults: self.faults, ..*self })?;
            }
        } else if self.arrays == Arrays::Append {
            let sent = std::mem::take(list);
            unite(list, sent);
        }
        go_on_if(true)
    }
}

struct IsSettled;

impl Visitor<Shared> for IsSettled {
    fn member<T: Value>(&mut self, _name: &'static str, member: &Member<T>) -> Flow {
        match member {
            Member::Absent => go_on_if(true),
            Member::Value(value) if value.presence() == Presence::Value => T::accept(value, self),
            Member::Null | Member::Value(_) => go_on_if(false),
        }
    }

    fn element_id<K: Parent>(&mut self, _name: &'static str, id: &Member<ElementId<K>>) -> Flow {
        go_on_if(id.is_absent())
    }

    fn parent_id<K: Parent>(&mut self, _name: &'static str, id: &Member<ParentId<K>>) -> Flow {
        go_on_if(id.is_absent())
    }

    fn read_only(&mut self, member: &Member<ReadOnly>) -> Flow {
        go_on_if(member.is_absent())
    }

    fn object<T: JsonObject>(&mut self, value: &T) -> Flow {
        go_on_if(!has_nulls(value.members()))
    }

    fn list<T: Value>(&mut self, list: &Vec<T>) -> Flow {
        list.iter().try_for_each(|element| T::accept(element, self))
    }
}

/// A JSON value without the nulls in its objects; arrays keep theirs (RFC 7396).
pub(super) fn without_nulls(mut value: Json) -> Json {
    if let Json::Object(members) = &mut value {
        remove_nulls(members);
    }
    value
}

fn remove_nulls(members: &mut Members) {
    members.retain(|_, value| *value != Json::Null);
    for (_, value) in members.iter_mut() {
        if let Json::Object(members) = value {
            remove_nulls(members);
        }
    }
}

fn has_nulls(members: &Members) -> bool {
    members.values().any(|value| match value {
        Json::Null => true,
        Json::Object(members) => has_nulls(members),
        _ => false,
    })
}
