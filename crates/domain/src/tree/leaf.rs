//! What the rules see of a document.

use super::values::amount::{AmountKind, AmountValue};
use super::values::text::TextKind;

/// Something in a document that a rule can check.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Leaf<'t> {
    /// A text and its kind.
    Text(&'static TextKind, &'t str),
    /// A decimal number as sent and its kind.
    Amount(&'static AmountKind, AmountValue<'t>),
    /// An array of that many elements.
    List(usize),
    /// An object stored as received, nested that many levels deep.
    OpaqueObject(usize),
    /// The name of a member that the caller chose.
    Name(&'t str),
    /// An object of that many members that the caller chose.
    CustomFields(usize),
    /// An object of that many members in an object stored as received, or the object itself.
    Members(usize),
    /// A number in custom fields or in an object stored as received.
    Number(&'t str),
}
