//! The shape of the document: the members of each object and what JSON they are read from.

use super::values::amount::AmountKind;
use super::values::safe_integer::SafeInteger;
use super::values::text::TextKind;
use crate::json::Json;

/// What a value is read from.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// `true` or `false`.
    Flag,
    /// A whole number within ±(2^53 − 1).
    SafeInteger,
    /// An id that the server assigns: a whole number.
    ElementId,
    /// An id that the server repeats; a sent value is ignored.
    ParentId,
    /// Shown by the server; a sent value is ignored.
    ReadOnly,
    /// A string.
    Text(&'static TextKind),
    /// A decimal number, as a string or a number.
    Amount(&'static AmountKind),
    /// An object with known members only.
    Block(&'static Shape),
    /// An object stored as received, unknown members included.
    OpaqueObject(&'static Shape),
    /// An object of strings, numbers and booleans under names that the caller chooses.
    CustomFields,
    /// An array.
    List(&'static Kind),
}

impl Kind {
    /// Whether a value and everything in it has the JSON types of the kind.
    pub(crate) fn accepts(&self, value: &Json) -> bool {
        self.has_type_of(value)
            && match (self, value) {
                (Self::Block(shape) | Self::OpaqueObject(shape), Json::Object(members)) => {
                    members.iter().all(|(name, value)| {
                        *value == Json::Null
                            || shape.member(name).is_none_or(|member| member.kind.accepts(value))
                    })
                }
                (Self::List(element), Json::Array(elements)) => {
                    elements.iter().all(|value| element.accepts(value))
                }
                _ => true,
            }
    }

    /// Whether a value, regardless of what is in it, has the JSON type of the kind.
    pub(crate) fn has_type_of(&self, value: &Json) -> bool {
        match self {
            Self::Flag => matches!(value, Json::Bool(_)),
            Self::SafeInteger | Self::ElementId => match value {
                Json::Number(number) => {
                    number.as_str().parse().ok().and_then(SafeInteger::new).is_some()
                }
                _ => false,
            },
            Self::ParentId | Self::ReadOnly => true,
            Self::Text(_) => matches!(value, Json::Text(_)),
            Self::Amount(_) => matches!(value, Json::Text(_) | Json::Number(_)),
            Self::Block(_) | Self::OpaqueObject(_) | Self::CustomFields => {
                matches!(value, Json::Object(_))
            }
            Self::List(_) => matches!(value, Json::Array(_)),
        }
    }

    /// Whether it is a block with an id, which is the first member.
    pub(crate) const fn has_element_id(&self) -> bool {
        let Self::Block(shape) = self else { return false };
        matches!(shape.members, [MemberShape { kind: Self::ElementId, .. }, ..])
    }
}

/// An object of the document tree.
#[derive(Debug)]
pub struct Shape {
    /// The name of the struct, also in the API description.
    pub name: &'static str,
    /// What it is, in one line.
    pub about: &'static str,
    /// Its members, in the order in which they are written.
    pub members: &'static [MemberShape],
}

/// A member of a [`Shape`].
#[derive(Debug)]
pub struct MemberShape {
    /// The name on the wire.
    pub name: &'static str,
    /// What it means, in one line.
    pub about: &'static str,
    /// What it is read from.
    pub kind: Kind,
}

impl Shape {
    /// The member of that name.
    pub fn member(&self, name: &str) -> Option<&'static MemberShape> {
        self.members.iter().find(|member| member.name == name)
    }
}

/// A struct of the document tree, with its shape.
pub trait Shaped {
    /// The shape.
    const SHAPE: &'static Shape;
}
