//! What the hub fills: ids of its own, mirrors of them, and members that it only shows.

use std::marker::PhantomData;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::{Equivalence, IdAssignment, Kind, Member, Ownership, Patch, Tree, Visit};
use crate::path::At;
use crate::rule::Rule;

/// Whose id a mirror repeats.
pub trait Of: 'static {
    /// Where the numbering under way notes that id, if anything repeats it.
    fn slot<'n>(numbering: &'n mut IdAssignment<'_>) -> Option<&'n mut i64>;
}

/// The id of the contact.
#[derive(Debug)]
pub struct OfContact;
/// The id of the staff block.
#[derive(Debug)]
pub struct OfStaff;
/// The id of the payslip that a part belongs to.
#[derive(Debug)]
pub struct OfPayslip;

impl Of for OfContact {
    fn slot<'n>(numbering: &'n mut IdAssignment<'_>) -> Option<&'n mut i64> {
        Some(&mut numbering.contact)
    }
}

impl Of for OfStaff {
    fn slot<'n>(numbering: &'n mut IdAssignment<'_>) -> Option<&'n mut i64> {
        Some(&mut numbering.staff)
    }
}

impl Of for OfPayslip {
    fn slot<'n>(numbering: &'n mut IdAssignment<'_>) -> Option<&'n mut i64> {
        Some(&mut numbering.payslip)
    }
}

impl Of for () {
    fn slot<'n>(_numbering: &'n mut IdAssignment<'_>) -> Option<&'n mut i64> {
        None
    }
}

/// An id that the hub handed out to a part of this contact. `K` says what mirrors it, if anything.
///
/// A caller may name it, to say which part is meant; an id that this contact does not own is
/// `NOT_FOUND`.
pub struct ElementId<K = ()> {
    id: i64,
    of: PhantomData<fn() -> K>,
}

impl<K> ElementId<K> {
    /// The id of that number.
    pub fn new(id: i64) -> Self {
        Self { id, of: PhantomData }
    }

    /// The bare number.
    pub fn get(self) -> i64 {
        self.id
    }
}

impl<K> Clone for ElementId<K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K> Copy for ElementId<K> {}

impl<K> PartialEq for ElementId<K> {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl<K> std::fmt::Debug for ElementId<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.id.fmt(f)
    }
}

impl<K> Serialize for ElementId<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.id)
    }
}

impl<'de, K> Deserialize<'de> for ElementId<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        super::SafeInteger::deserialize(deserializer).map(|id| Self::new(id.get()))
    }
}

impl<K: Of> Tree for ElementId<K> {
    const KIND: Kind = Kind::ElementId;
    const OWNERSHIP: Ownership = Ownership::ElementId;

    fn merge(&mut self, sent: &Self, merging: &mut Patch, at: &At<'_>) {
        if self != sent {
            merging.fault(Rule::OwnIds, at, sent.id, "this is not the id of this part");
        }
    }

    fn settle(&self, merging: &mut Patch, at: &At<'_>) -> Self {
        merging.fault(
            Rule::OwnIds,
            at,
            self.id,
            "no such part of this contact, or one that was named before",
        );
        *self
    }

    fn matches(&self, sent: &Self, _likeness: Equivalence) -> bool {
        self == sent
    }

    fn number_member(member: &mut Member<Self>, numbering: &mut IdAssignment<'_>) {
        let id = member.get().map_or_else(|| numbering.take(), |own| own.id);
        *member = Member::Value(Self::new(id));
        numbering.highest = numbering.highest.max(id);
        if let Some(slot) = K::slot(numbering) {
            *slot = id;
        }
    }

    fn walk<'t>(&'t self, _at: &At<'_>, _visit: &mut Visit<'_, 't>) {}
}

/// An id that the hub repeats from elsewhere in the contact, whatever was sent.
pub struct ParentId<K> {
    id: Option<i64>,
    of: PhantomData<fn() -> K>,
}

impl<K> Clone for ParentId<K> {
    fn clone(&self) -> Self {
        Self { id: self.id, of: PhantomData }
    }
}

impl<K> PartialEq for ParentId<K> {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl<K> std::fmt::Debug for ParentId<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.id.fmt(f)
    }
}

impl<K> Serialize for ParentId<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.id.serialize(serializer)
    }
}

impl<'de, K> Deserialize<'de> for ParentId<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // A number is kept, so that a stored document reads back.
        let sent = read_over(deserializer)?;
        Ok(Self { id: sent.get().parse().ok(), of: PhantomData })
    }
}

impl<K: Of> Tree for ParentId<K> {
    const KIND: Kind = Kind::ParentId;
    const OWNERSHIP: Ownership = Ownership::ParentId;

    fn merge(&mut self, _sent: &Self, _merging: &mut Patch, _at: &At<'_>) {}

    fn matches(&self, _sent: &Self, _likeness: Equivalence) -> bool {
        true
    }

    fn number_member(member: &mut Member<Self>, numbering: &mut IdAssignment<'_>) {
        let id = K::slot(numbering).copied();
        *member = Member::Value(Self { id, of: PhantomData });
    }

    fn walk<'t>(&'t self, _at: &At<'_>, _visit: &mut Visit<'_, 't>) {}
}

/// A member that answers show and requests may repeat: whatever it holds is ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadOnly;

impl Serialize for ReadOnly {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

impl<'de> Deserialize<'de> for ReadOnly {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_over(deserializer).map(|_| Self)
    }
}

impl Tree for ReadOnly {
    const KIND: Kind = Kind::ReadOnly;
    const OWNERSHIP: Ownership = Ownership::ReadOnly;

    fn merge(&mut self, _sent: &Self, _merging: &mut Patch, _at: &At<'_>) {}

    fn matches(&self, _sent: &Self, _likeness: Equivalence) -> bool {
        true
    }

    fn walk<'t>(&'t self, _at: &At<'_>, _visit: &mut Visit<'_, 't>) {}
}

/// Reads a value that does not count. An array, an object or a text with escapes is an error, upon
/// which the item is read closely: also what does not count has to be JSON that can be read.
fn read_over<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Box<RawValue>, D::Error> {
    let sent = Box::<RawValue>::deserialize(deserializer)?;
    match sent.get().as_bytes().first() {
        Some(b'{' | b'[') => Err(D::Error::custom("needs a closer look")),
        _ if sent.get().contains('\\') => Err(D::Error::custom("needs a closer look")),
        _ => Ok(sent),
    }
}
