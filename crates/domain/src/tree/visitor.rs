//! The one visit of a document's members, and what a traversal sees on it.
//!
//! A traversal is a struct that implements [`Visitor`], in a file of its own. A block calls the
//! visitor once per member, in document order. The visitor decides what an absent member or a null
//! means, and goes on into a value with [`Value::accept`], which calls the method for the kind of
//! the value. A block has no method: its members are visited.

use std::hash::Hash;
use std::ops::ControlFlow;

use serde::Serialize;
use serde::de::MapAccess;

use super::leaf::Leaf;
use super::member::Member;
use super::shape::{Kind, Shape};
use super::values::element_id::{ElementId, Parent, ParentId, ReadOnly};
use crate::json::Members;
use crate::value::ParseCache;

/// Whether a visit goes on.
pub(crate) type Flow = ControlFlow<()>;

/// Goes on if that holds, and stops the whole visit otherwise.
pub(crate) fn go_on_if(holds: bool) -> Flow {
    if holds { Flow::Continue(()) } else { Flow::Break(()) }
}

/// How a traversal holds what it visits.
pub(crate) trait Form: Sized {
    /// One document, or two of them side by side.
    type Held<'m, T: 'static>;

    fn accept_boxed<T: Value>(
        held: Self::Held<'_, Box<T>>,
        visitor: &mut impl Visitor<Self>,
    ) -> Flow;

    /// Visits each member of a block.
    fn members<B: Block>(held: Self::Held<'_, B>, visitor: &mut impl Visitor<Self>) -> Flow;
}

/// A document to read.
pub(crate) enum Shared {}
/// A document to change.
pub(crate) enum Mutable {}
/// Two documents to compare.
pub(crate) enum Pair {}
/// A document to change by another one.
pub(crate) enum PairMut {}

impl Form for Shared {
    type Held<'m, T: 'static> = &'m T;

    fn accept_boxed<T: Value>(held: &Box<T>, visitor: &mut impl Visitor<Self>) -> Flow {
        T::accept(&**held, visitor)
    }

    fn members<B: Block>(held: &B, visitor: &mut impl Visitor<Self>) -> Flow {
        held.visit(visitor)
    }
}

impl Form for Mutable {
    type Held<'m, T: 'static> = &'m mut T;

    fn accept_boxed<T: Value>(held: &mut Box<T>, visitor: &mut impl Visitor<Self>) -> Flow {
        T::accept(&mut **held, visitor)
    }

    fn members<B: Block>(held: &mut B, visitor: &mut impl Visitor<Self>) -> Flow {
        held.visit_mut(visitor)
    }
}

impl Form for Pair {
    type Held<'m, T: 'static> = (&'m T, &'m T);

    fn accept_boxed<T: Value>(
        (one, other): (&Box<T>, &Box<T>),
        visitor: &mut impl Visitor<Self>,
    ) -> Flow {
        T::accept((&**one, &**other), visitor)
    }

    fn members<B: Block>((one, other): (&B, &B), visitor: &mut impl Visitor<Self>) -> Flow {
        one.zip(other, visitor)
    }
}

impl Form for PairMut {
    type Held<'m, T: 'static> = (&'m mut T, &'m T);

    fn accept_boxed<T: Value>(
        (one, other): (&mut Box<T>, &Box<T>),
        visitor: &mut impl Visitor<Self>,
    ) -> Flow {
        T::accept((&mut **one, &**other), visitor)
    }

    fn members<B: Block>((one, other): (&mut B, &B), visitor: &mut impl Visitor<Self>) -> Flow {
        one.zip_mut(other, visitor)
    }
}

/// A traversal.
pub(crate) trait Visitor<F: Form>: Sized {
    /// A member that the caller fills.
    fn member<T: Value>(&mut self, name: &'static str, member: F::Held<'_, Member<T>>) -> Flow;

    /// The id of a part. The server assigns it, and the caller can name the part by it.
    fn element_id<K: Parent>(
        &mut self,
        _name: &'static str,
        _member: F::Held<'_, Member<ElementId<K>>>,
    ) -> Flow {
        go_on_if(true)
    }

    /// The server repeats an id of the contact here, whatever was sent.
    fn parent_id<K: Parent>(
        &mut self,
        _name: &'static str,
        _member: F::Held<'_, Member<ParentId<K>>>,
    ) -> Flow {
        go_on_if(true)
    }

    /// The server shows this member in answers and ignores it in requests.
    fn read_only(&mut self, _member: F::Held<'_, Member<ReadOnly>>) -> Flow {
        go_on_if(true)
    }

    /// A text, a decimal number, a whole number or a flag.
    fn scalar<T: Scalar>(&mut self, _value: F::Held<'_, T>) -> Flow {
        go_on_if(true)
    }

    /// An object whose members the caller names.
    fn object<T: JsonObject>(&mut self, _value: F::Held<'_, T>) -> Flow {
        go_on_if(true)
    }

    /// An array.
    fn list<T: Value>(&mut self, list: F::Held<'_, Vec<T>>) -> Flow;
}

/// What a member or an array can hold.
pub(crate) trait Value: Clone + PartialEq + Serialize + 'static {
    /// What JSON it is read from.
    const KIND: Kind;

    /// What tells the value from others in an array, the strongest first. Each is tried alone.
    const NATURAL_KEYS: &'static [NaturalKey<Self>] = &[];

    /// What a sent value stands for.
    fn presence(&self) -> Presence {
        Presence::Value
    }

    /// Calls the visitor's method for a member of this type.
    fn accept_member<F: Form>(
        name: &'static str,
        member: F::Held<'_, Member<Self>>,
        visitor: &mut impl Visitor<F>,
    ) -> Flow {
        visitor.member(name, member)
    }

    /// Calls the visitor's method for a value of this type.
    fn accept<F: Form>(_value: F::Held<'_, Self>, _visitor: &mut impl Visitor<F>) -> Flow {
        go_on_if(true)
    }
}

/// The text that tells a value from others, however it is written, or `None` where that is missing
/// or blank.
pub(crate) type NaturalKey<T> = fn(&T) -> Option<String>;

/// The strongest natural key that the value of a member has.
pub(crate) fn natural_key<T: Value>(member: &Member<T>) -> Option<String> {
    let value = member.get()?;
    T::NATURAL_KEYS.iter().find_map(|key| key(value)).filter(|key| !key.is_empty())
}

/// A value without parts; another one replaces it as a whole.
pub(crate) trait Scalar: Value + Hash {
    /// What the rules see of it.
    fn leaf(&self) -> Option<Leaf<'_>> {
        None
    }

    /// Replaces a text.
    fn set(&mut self, _text: String) {}

    /// Whether both are spellings of one value: their normal forms are equal.
    fn spells(&self, _other: &Self, _cache: &mut ParseCache) -> bool {
        false
    }
}

/// An object whose members the caller names; another one is merged into it (RFC 7396).
pub(crate) trait JsonObject: Value {
    /// The members that are known.
    const SHAPE: Option<&'static Shape>;

    fn members(&self) -> &Members;

    fn members_mut(&mut self) -> &mut Members;

    /// What the rules see of it, beside its members.
    fn leaf(&self) -> Leaf<'_>;
}

/// A struct that [`tree!`](super::define) declares.
pub(crate) trait Block: Value + Default {
    /// Reads the member that the map has just named.
    fn read_member<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        map: &mut A,
    ) -> Result<(), A::Error>;

    fn visit(&self, visitor: &mut impl Visitor<Shared>) -> Flow;

    fn visit_mut(&mut self, visitor: &mut impl Visitor<Mutable>) -> Flow;

    fn zip(&self, other: &Self, visitor: &mut impl Visitor<Pair>) -> Flow;

    fn zip_mut(&mut self, other: &Self, visitor: &mut impl Visitor<PairMut>) -> Flow;
}

/// What a value that was sent stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    /// Itself.
    Value,
    /// Null: what is stored is cleared. A blank text is null, unless it is free text.
    Null,
    /// Nothing: what is stored is kept. An empty object is absent.
    Absent,
}

impl<T> Member<T> {
    /// What this member stands for in a request.
    pub(crate) fn presence(&self) -> Presence
    where
        T: Value,
    {
        match self {
            Self::Absent => Presence::Absent,
            Self::Null => Presence::Null,
            Self::Value(value) => value.presence(),
        }
    }
}
