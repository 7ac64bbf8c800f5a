//! Corrects the texts and numbers of a document.

use super::{element_kind, object_shape, scalar_leaf};
use crate::json::{Json, Members};
use crate::path::At;
use crate::tree::leaf::Leaf;
use crate::tree::member::Member;
use crate::tree::shape::{Kind, Shape};
use crate::tree::visitor::{Flow, JsonObject, Mutable, Scalar, Value, Visitor, go_on_if};

/// What becomes of a text or a number.
pub(crate) enum Edit {
    /// It gets another text.
    Set(String),
    /// Its member gets null.
    Clear,
    /// Its member becomes absent: that of its array, if it is an element of one.
    Remove,
}

type Decide<'d> = dyn FnMut(&At<'_>, Leaf<'_>) -> Option<Edit> + 'd;

/// Asks `decide` for every text and number, in document order, what becomes of it.
pub(crate) fn correct<T: Value>(document: &mut T, decide: &mut Decide<'_>) {
    let _ = T::accept(document, &mut Correct { at: At::root(), decide, member: None });
}

struct Correct<'a, 'd> {
    at: At<'a>,
    decide: &'a mut Decide<'d>,
    /// What becomes of the member that is visited.
    member: Option<Edit>,
}

impl Visitor<Mutable> for Correct<'_, '_> {
    fn member<T: Value>(&mut self, name: &'static str, member: &mut Member<T>) -> Flow {
        let Member::Value(value) = member else { return go_on_if(true) };
        let at = self.at.member(name);
        let mut within = Correct { at, decide: self.decide, member: None };
        let flow = T::accept(value, &mut within);
        match within.member {
            Some(Edit::Clear) => *member = Member::Null,
            Some(Edit::Remove) => *member = Member::Absent,
            Some(Edit::Set(_)) | None => {}
        }
        flow
    }

    fn scalar<T: Scalar>(&mut self, value: &mut T) -> Flow {
        match value.leaf().and_then(|leaf| (self.decide)(&self.at, leaf)) {
            Some(Edit::Set(text)) => value.set(text),
            Some(edit) => self.member = Some(edit),
            None => {}
        }
        go_on_if(true)
    }

    fn object<T: JsonObject>(&mut self, value: &mut T) -> Flow {
        correct_members(value.members_mut(), T::SHAPE, &self.at, self.decide);
        go_on_if(true)
    }

    fn list<T: Value>(&mut self, list: &mut Vec<T>) -> Flow {
        for (index, element) in list.iter_mut().enumerate() {
            let at = self.at.element(index);
            let mut within = Correct { at, decide: self.decide, member: None };
            T::accept(element, &mut within)?;
            self.member = within.member.or(self.member.take());
        }
        go_on_if(true)
    }
}

fn correct_members(
    members: &mut Members,
    shape: Option<&Shape>,
    at: &At<'_>,
    decide: &mut Decide<'_>,
) {
    let mut kept = Vec::with_capacity(members.len());
    for (name, value) in members.iter_mut() {
        let known = shape.and_then(|shape| shape.member(name)).map(|member| &member.kind);
        let edit = correct_json(value, known, &at.member(name), decide);
        if matches!(edit, Some(Edit::Clear)) {
            *value = Json::Null;
        }
        kept.push(!matches!(edit, Some(Edit::Remove)));
    }
    let mut kept = kept.into_iter();
    members.retain(|_, _| kept.next().unwrap_or(true));
}

/// Returns what becomes of the member that holds the value.
fn correct_json(
    value: &mut Json,
    kind: Option<&Kind>,
    at: &At<'_>,
    decide: &mut Decide<'_>,
) -> Option<Edit> {
    match value {
        Json::Object(members) => {
            correct_members(members, object_shape(kind), at, decide);
            None
        }
        Json::Array(elements) => {
            let mut edit = None;
            for (index, value) in elements.iter_mut().enumerate() {
                edit = correct_json(value, element_kind(kind), &at.element(index), decide).or(edit);
            }
            edit
        }
        scalar => match scalar_leaf(scalar, kind).and_then(|leaf| decide(at, leaf)) {
            Some(Edit::Set(text)) => {
                *scalar = Json::Text(text.into());
                None
            }
            edit => edit,
        },
    }
}
