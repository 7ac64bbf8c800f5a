//! What the server fills: ids of parts, repeated ids, and members that it only shows.

use std::marker::PhantomData;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::safe_integer::SafeInteger;

/// A part of a contact whose id other parts repeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Contact,
    Staff,
    Payslip,
    /// Every other part; nothing repeats its id.
    Other,
}

/// The type that names a [`Part`].
pub(crate) trait Parent: 'static {
    const PART: Part;
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

impl Parent for OfContact {
    const PART: Part = Part::Contact;
}

impl Parent for OfStaff {
    const PART: Part = Part::Staff;
}

impl Parent for OfPayslip {
    const PART: Part = Part::Payslip;
}

impl Parent for () {
    const PART: Part = Part::Other;
}

/// The id that the server assigned to a part of a contact. `K` names the part if others repeat its
/// id.
///
/// A caller can send it to say which part is meant. An id that this contact does not own is
/// reported as `NOT_FOUND`.
pub struct ElementId<K = ()> {
    id: i64,
    of: PhantomData<fn() -> K>,
}

impl<K> ElementId<K> {
    /// The id with that number.
    pub fn new(id: i64) -> Self {
        Self { id, of: PhantomData }
    }

    /// The number.
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
        SafeInteger::deserialize(deserializer).map(|id| Self::new(id.get()))
    }
}

/// The id of another part of the contact, repeated by the server whatever was sent.
pub struct ParentId<K> {
    id: Option<i64>,
    of: PhantomData<fn() -> K>,
}

impl<K> ParentId<K> {
    pub(crate) fn new(id: Option<i64>) -> Self {
        Self { id, of: PhantomData }
    }
}

impl<K> Clone for ParentId<K> {
    fn clone(&self) -> Self {
        Self::new(self.id)
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
        let sent = read_ignored(deserializer)?;
        Ok(Self::new(sent.get().parse().ok()))
    }
}

/// A member of answers. A request can repeat it, and its value is ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadOnly;

impl Serialize for ReadOnly {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

impl<'de> Deserialize<'de> for ReadOnly {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_ignored(deserializer).map(|_| Self)
    }
}

/// Reads a value that is ignored. An array, an object and a text with escapes are errors: they make
/// the caller read the item closely, because an ignored value has to be valid JSON, too.
fn read_ignored<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Box<RawValue>, D::Error> {
    let sent = Box::<RawValue>::deserialize(deserializer)?;
    match sent.get().as_bytes().first() {
        Some(b'{' | b'[') => Err(D::Error::custom("needs a closer look")),
        _ if sent.get().contains('\\') => Err(D::Error::custom("needs a closer look")),
        _ => Ok(sent),
    }
}
