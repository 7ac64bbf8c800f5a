//! Objects of somebody else, stored as received.

use std::marker::PhantomData;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Free;
use super::{AmountValue, Equivalence, Kind, Leaf, Patch, Presence, Shaped, Tree, Visit};
use crate::json::{Json, Members};
use crate::path::At;
use crate::tree::TextValue;

/// An object that belongs to somebody else: every member is kept, those that we know are checked.
pub struct OpaqueObject<S> {
    value: Json,
    shape: PhantomData<fn() -> S>,
}

impl<S> OpaqueObject<S> {
    /// The object as received.
    pub fn value(&self) -> &Json {
        &self.value
    }
}

impl<S> Clone for OpaqueObject<S> {
    fn clone(&self) -> Self {
        Self { value: self.value.clone(), shape: PhantomData }
    }
}

impl<S> PartialEq for OpaqueObject<S> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<S> std::fmt::Debug for OpaqueObject<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.value.fmt(f)
    }
}

impl<S> Serialize for OpaqueObject<S> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        self.value.serialize(serializer)
    }
}

impl<'de, S: Shaped> Deserialize<'de> for OpaqueObject<S> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Json::deserialize(deserializer)?;
        if !Kind::OpaqueObject(S::SHAPE).accepts(&value) {
            return Err(Error::custom("needs a closer look"));
        }
        Ok(Self { value, shape: PhantomData })
    }
}

impl<S: Shaped + 'static> Tree for OpaqueObject<S> {
    const KIND: Kind = Kind::OpaqueObject(S::SHAPE);

    fn presence(&self) -> Presence {
        match &self.value {
            Json::Object(members) if members.is_empty() => Presence::Absent,
            _ => Presence::Value,
        }
    }

    fn merge(&mut self, sent: &Self, _merging: &mut Patch, _at: &At<'_>) {
        merge_patch(&mut self.value, &sent.value);
    }

    fn settle(&self, _merging: &mut Patch, _at: &At<'_>) -> Self {
        let mut value = Json::Object(Members::default());
        merge_patch(&mut value, &self.value);
        Self { value, shape: PhantomData }
    }

    fn matches(&self, sent: &Self, equivalence: Equivalence) -> bool {
        like(&self.value, &sent.value, equivalence)
    }

    fn fill(&mut self, other: Self) {
        fill(&mut self.value, other.value);
    }

    fn is_plain(&self) -> bool {
        !has_nulls(&self.value)
    }

    fn walk<'t>(&'t self, at: &At<'_>, visit: &mut Visit<'_, 't>) {
        visit(at, Leaf::OpaqueObject(self.value.nesting()));
        walk(&self.value, Some(&Self::KIND), at, visit);
    }
}

/// RFC 7396: objects are merged, null removes, everything else replaces.
fn merge_patch(stored: &mut Json, sent: &Json) {
    let sent = match sent {
        Json::Object(sent) => sent,
        other => {
            other.clone_into(stored);
            return;
        }
    };
    if !matches!(stored, Json::Object(_)) {
        *stored = Json::Object(Members::default());
    }
    let Json::Object(stored) = stored else { return };
    for (name, value) in sent.iter() {
        if *value == Json::Null {
            stored.retain(|known, _| known != name);
        } else if let Some(known) = stored.get_mut(name) {
            merge_patch(known, value);
        } else {
            let mut fresh = Json::Null;
            merge_patch(&mut fresh, value);
            stored.set(name, fresh);
        }
    }
}

/// Takes from another object the members that this one lacks.
fn fill(here: &mut Json, other: Json) {
    if let (Json::Object(here), Json::Object(other)) = (here, other) {
        for (name, value) in other {
            match here.get_mut(&name) {
                Some(known) => fill(known, value),
                None => here.set(&name, value),
            }
        }
    }
}

fn like(stored: &Json, sent: &Json, equivalence: Equivalence) -> bool {
    let (Json::Object(stored), Json::Object(sent)) = (stored, sent) else {
        return stored == sent;
    };
    let has_all_sent = sent.iter().all(|(name, value)| match (value, stored.get(name)) {
        (Json::Null, stored) => equivalence != Equivalence::Unchanged || stored.is_none(),
        (value, Some(stored)) => like(stored, value, equivalence),
        (_, None) => false,
    });
    let is_sent = |name| sent.get(name).is_some_and(|value| *value != Json::Null);
    let has_no_more = || stored.iter().all(|(name, _)| is_sent(name));
    has_all_sent && (!equivalence.is_whole() || has_no_more())
}

fn has_nulls(value: &Json) -> bool {
    match value {
        Json::Object(members) => {
            members.values().any(|value| *value == Json::Null || has_nulls(value))
        }
        _ => false,
    }
}

/// Shows the leaves of a value, the known members as what they should be, the others as free text.
fn walk<'t>(value: &'t Json, kind: Option<&Kind>, at: &At<'_>, visit: &mut Visit<'_, 't>) {
    match (value, kind) {
        (Json::Text(text), Some(Kind::Text(kind))) => {
            if !(kind.blank_is_null && text.trim().is_empty()) {
                visit(at, Leaf::Text(kind, text));
            }
        }
        (Json::Text(text), Some(Kind::Amount(kind))) => {
            if !text.trim().is_empty() {
                visit(at, Leaf::Amount(kind, AmountValue::Text(text)));
            }
        }
        (Json::Number(number), Some(Kind::Amount(kind))) => {
            visit(at, Leaf::Amount(kind, AmountValue::Number(number.as_str())));
        }
        (Json::Text(text), _) => visit(at, Leaf::Text(&Free::KIND, text)),
        (Json::Array(elements), kind) => {
            visit(at, Leaf::List(elements.len()));
            let kind = kind.and_then(|kind| match kind {
                Kind::List(element) => Some(*element),
                _ => None,
            });
            for (index, element) in elements.iter().enumerate() {
                walk(element, kind, &at.element(index), visit);
            }
        }
        (Json::Object(members), kind) => {
            let shape = kind.and_then(|kind| match kind {
                Kind::OpaqueObject(shape) | Kind::Block(shape) => Some(*shape),
                _ => None,
            });
            for (name, value) in members.iter() {
                let at = at.member(name);
                let known = shape.and_then(|shape| shape.member(name));
                if known.is_none() {
                    visit(&at, Leaf::Name(name));
                }
                walk(value, known.map(|member| &member.kind), &at, visit);
            }
        }
        (Json::Null | Json::Bool(_) | Json::Number(_), _) => {}
    }
}
