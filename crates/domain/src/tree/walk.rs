//! Shows the rules what they can check.

mod correct;

pub(crate) use correct::{Edit, correct};

use super::leaf::Leaf;
use super::member::Member;
use super::shape::{Kind, Shape};
use super::values::amount::AmountValue;
use super::values::text::{Free, TextValue};
use super::visitor::{Flow, JsonObject, Scalar, Shared, Value, Visitor, go_on_if};
use crate::json::{Json, Members};
use crate::path::At;
use crate::value::is_blank;

type Visit<'v> = dyn FnMut(&At<'_>, Leaf<'_>) + 'v;

/// Calls `visit` for every leaf, in document order.
pub(crate) fn walk<T: Value>(document: &T, visit: &mut Visit<'_>) {
    let _ = T::accept(document, &mut Walk { at: At::root(), visit });
}

struct Walk<'a, 'v> {
    at: At<'a>,
    visit: &'a mut Visit<'v>,
}

impl Visitor<Shared> for Walk<'_, '_> {
    fn member<T: Value>(&mut self, name: &'static str, member: &Member<T>) -> Flow {
        let Member::Value(value) = member else { return go_on_if(true) };
        T::accept(value, &mut Walk { at: self.at.member(name), visit: self.visit })
    }

    fn scalar<T: Scalar>(&mut self, value: &T) -> Flow {
        if let Some(leaf) = value.leaf() {
            (self.visit)(&self.at, leaf);
        }
        go_on_if(true)
    }

    fn object<T: JsonObject>(&mut self, value: &T) -> Flow {
        (self.visit)(&self.at, value.leaf());
        if T::SHAPE.is_some() {
            (self.visit)(&self.at, Leaf::Members(value.members().len()));
        }
        walk_members(value.members(), T::SHAPE, &self.at, self.visit);
        go_on_if(true)
    }

    fn list<T: Value>(&mut self, list: &Vec<T>) -> Flow {
        (self.visit)(&self.at, Leaf::List(list.len()));
        list.iter().enumerate().try_for_each(|(index, element)| {
            T::accept(element, &mut Walk { at: self.at.element(index), visit: self.visit })
        })
    }
}

/// Known members are what the shape says, all others are free text.
fn walk_members(members: &Members, shape: Option<&Shape>, at: &At<'_>, visit: &mut Visit<'_>) {
    for (name, value) in members.iter() {
        let at = at.member(name);
        let known = shape.and_then(|shape| shape.member(name));
        if known.is_none() {
            visit(&at, Leaf::Name(name));
        }
        walk_json(value, known.map(|member| &member.kind), &at, visit);
    }
}

fn walk_json(value: &Json, kind: Option<&Kind>, at: &At<'_>, visit: &mut Visit<'_>) {
    match (value, kind) {
        (Json::Array(elements), kind) => {
            visit(at, Leaf::List(elements.len()));
            let element = element_kind(kind);
            for (index, value) in elements.iter().enumerate() {
                walk_json(value, element, &at.element(index), visit);
            }
        }
        (Json::Object(members), kind) => {
            visit(at, Leaf::Members(members.len()));
            walk_members(members, object_shape(kind), at, visit);
        }
        (scalar, kind) => {
            if let Some(leaf) = scalar_leaf(scalar, kind) {
                visit(at, leaf);
            }
        }
    }
}

/// What the rules see of a text or a number.
fn scalar_leaf<'j>(value: &'j Json, kind: Option<&Kind>) -> Option<Leaf<'j>> {
    match (value, kind) {
        (Json::Text(text), Some(Kind::Text(kind))) => {
            (!(kind.blank_is_null && is_blank(text))).then_some(Leaf::Text(kind, text))
        }
        (Json::Text(text), Some(Kind::Amount(kind))) => {
            (!is_blank(text)).then_some(Leaf::Amount(kind, AmountValue::Text(text)))
        }
        (Json::Number(number), Some(Kind::Amount(kind))) => {
            Some(Leaf::Amount(kind, AmountValue::Number(number.as_str())))
        }
        (Json::Text(text), _) => Some(Leaf::Text(&Free::KIND, text)),
        (Json::Number(number), _) => Some(Leaf::Number(number.as_str())),
        (Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_), _) => None,
    }
}

fn element_kind(kind: Option<&Kind>) -> Option<&Kind> {
    match kind {
        Some(Kind::List(element)) => Some(element),
        _ => None,
    }
}

fn object_shape(kind: Option<&Kind>) -> Option<&'static Shape> {
    match kind {
        Some(Kind::OpaqueObject(shape) | Kind::Block(shape)) => Some(*shape),
        _ => None,
    }
}
