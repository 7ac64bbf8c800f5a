//! Objects of somebody else, stored as received.

use std::marker::PhantomData;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::{AmountValue, Kind, Leaf, Likeness, Merging, Shaped, Standing, Tree, Visit};
use crate::contact::kinds::Free;
use crate::path::At;
use crate::reading::sift;
use crate::tree::TextValue;

/// An object that belongs to somebody else: every member is kept, those that we know are checked.
pub struct Received<S> {
    value: Value,
    shape: PhantomData<fn() -> S>,
}

impl<S> Received<S> {
    /// The object as received.
    pub fn value(&self) -> &Value {
        &self.value
    }
}

impl<S> Clone for Received<S> {
    fn clone(&self) -> Self {
        Self { value: self.value.clone(), shape: PhantomData }
    }
}

impl<S> PartialEq for Received<S> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<S> std::fmt::Debug for Received<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.value.fmt(f)
    }
}

impl<S> Serialize for Received<S> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        self.value.serialize(serializer)
    }
}

impl<'de, S: Shaped> Deserialize<'de> for Received<S> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        if !sift::fits(&value, &Kind::Received(S::SHAPE)) {
            return Err(Error::custom("needs a closer look"));
        }
        Ok(Self { value, shape: PhantomData })
    }
}

/// How many arrays and objects stand one inside another, counting this one.
pub fn nesting(value: &Value) -> usize {
    match value {
        Value::Array(elements) => 1 + elements.iter().map(nesting).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(nesting).max().unwrap_or(0),
        _ => 0,
    }
}

impl<S: Shaped + 'static> Tree for Received<S> {
    const KIND: Kind = Kind::Received(S::SHAPE);

    fn standing(&self) -> Standing {
        match self.value.as_object().is_some_and(Map::is_empty) {
            true => Standing::Absent,
            false => Standing::Value,
        }
    }

    fn merge(&mut self, sent: Self, _merging: &mut Merging, _at: &At<'_>) {
        merge_patch(&mut self.value, sent.value);
    }

    fn settle(self, _merging: &mut Merging, _at: &At<'_>) -> Self {
        let mut value = Value::Object(Map::new());
        merge_patch(&mut value, self.value);
        Self { value, shape: PhantomData }
    }

    fn matches(&self, sent: &Self, likeness: Likeness) -> bool {
        like(&self.value, &sent.value, likeness)
    }

    fn is_plain(&self) -> bool {
        !has_nulls(&self.value)
    }

    fn walk<'t>(&'t self, at: &At<'_>, visit: &mut Visit<'_, 't>) {
        visit(at, Leaf::Received(nesting(&self.value)));
        walk(&self.value, Some(&Self::KIND), at, visit);
    }
}

/// RFC 7396: objects are merged, null removes, everything else replaces.
fn merge_patch(stored: &mut Value, sent: Value) {
    match (stored, sent) {
        (Value::Object(stored), Value::Object(sent)) => {
            for (name, value) in sent {
                if value.is_null() {
                    stored.shift_remove(&name);
                } else if value.is_object() {
                    let slot = stored.entry(name).or_insert_with(|| Value::Object(Map::new()));
                    if !slot.is_object() {
                        *slot = Value::Object(Map::new());
                    }
                    merge_patch(slot, value);
                } else {
                    stored.insert(name, value);
                }
            }
        }
        (stored, sent) => *stored = sent,
    }
}

fn like(stored: &Value, sent: &Value, likeness: Likeness) -> bool {
    let (Value::Object(stored), Value::Object(sent)) = (stored, sent) else {
        return stored == sent;
    };
    let has_all_sent = sent.iter().all(|(name, value)| match (value, stored.get(name)) {
        (Value::Null, stored) => likeness != Likeness::Unchanged || stored.is_none(),
        (value, Some(stored)) => like(stored, value, likeness),
        (_, None) => false,
    });
    let has_no_more =
        || stored.keys().all(|name| sent.get(name).is_some_and(|value| !value.is_null()));
    has_all_sent && (!likeness.is_whole() || has_no_more())
}

fn has_nulls(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.values().any(|value| value.is_null() || has_nulls(value)),
        _ => false,
    }
}

/// Shows the leaves of a value, the known members as what they should be, the others as free text.
fn walk<'t>(value: &'t Value, kind: Option<&Kind>, at: &At<'_>, visit: &mut Visit<'_, 't>) {
    match (value, kind) {
        (Value::String(text), Some(Kind::Text(kind))) => {
            if !(kind.blank_is_null && text.trim().is_empty()) {
                visit(at, Leaf::Text(kind, text));
            }
        }
        (Value::String(text), Some(Kind::Amount(kind))) => {
            if !text.trim().is_empty() {
                visit(at, Leaf::Amount(kind, AmountValue::Text(text)));
            }
        }
        (Value::Number(number), Some(Kind::Amount(kind))) => {
            visit(at, Leaf::Amount(kind, AmountValue::Number(number.as_str())));
        }
        (Value::String(text), _) => visit(at, Leaf::Text(&Free::KIND, text)),
        (Value::Array(elements), kind) => {
            visit(at, Leaf::List(elements.len()));
            let kind = kind.and_then(|kind| match kind {
                Kind::List(element) => Some(*element),
                _ => None,
            });
            for (index, element) in elements.iter().enumerate() {
                walk(element, kind, &at.element(index), visit);
            }
        }
        (Value::Object(members), kind) => {
            let shape = kind.and_then(|kind| match kind {
                Kind::Received(shape) | Kind::Block(shape) => Some(*shape),
                _ => None,
            });
            for (name, value) in members {
                let at = at.member(name);
                let known = shape.and_then(|shape| shape.member(name));
                if known.is_none() {
                    visit(&at, Leaf::Name(name));
                }
                walk(value, known.map(|member| &member.kind), &at, visit);
            }
        }
        (Value::Null | Value::Bool(_) | Value::Number(_), _) => {}
    }
}
