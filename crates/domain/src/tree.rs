//! What every part of a contact document can do: merge, compare, be numbered, be walked.
//!
//! The document itself ([`crate::contact::document`]) is plain structs whose members are
//! [`Member`]s. Everything that is the same for all of its members is written here once, and the
//! [`tree!`](crate::tree!) macro spreads it over the members of a struct, so that a new field is
//! one line and cannot be forgotten in a merge.

mod amount;
mod custom_fields;
mod define;
mod element_id;
mod list;
mod member;
mod opaque_object;
mod safe_integer;
mod shape;
mod text;

pub use amount::{Amount, AmountKind, AmountOf, AmountValue};
pub use custom_fields::CustomFields;
pub use element_id::{ElementId, Of, OfContact, OfPayslip, OfStaff, ParentId, ReadOnly};
pub use list::{elements_match, fill_elements, merge_elements};
pub use member::{Member, MemberName};
pub use opaque_object::OpaqueObject;
pub use safe_integer::SafeInteger;
pub use shape::{Kind, MemberShape, Shape, Shaped};
pub use text::{Free, MAX_FREE_TEXT, RuleError, Text, TextCheck, TextKind, TextValue};

use crate::ids::IdBlock;
use crate::path::At;
use crate::rule::Rule;
use crate::violation::Violation;

/// What can be the value of a [`Member`].
pub trait Tree: Clone + std::fmt::Debug + PartialEq + Sized {
    /// What JSON it is read from.
    const KIND: Kind;

    /// Who fills it.
    const OWNERSHIP: Ownership = Ownership::Caller;

    /// What a sent value stands for: a blank key stands for null, an empty block for nothing.
    fn presence(&self) -> Presence {
        Presence::Value
    }

    /// Merges what was sent into what is stored (RFC 7396, but for arrays).
    fn merge(&mut self, sent: &Self, merging: &mut Patch, at: &At<'_>);

    /// What was sent where nothing is stored.
    #[must_use]
    fn settle(&self, _merging: &mut Patch, _at: &At<'_>) -> Self {
        self.clone()
    }

    /// Merges the array sent into the array stored; replaces or unites, unless elements have ids.
    fn merge_list(stored: &mut Vec<Self>, sent: &[Self], merging: &mut Patch, _at: &At<'_>) {
        match merging.arrays {
            Arrays::Replace => sent.clone_into(stored),
            Arrays::Append => {
                for element in sent {
                    if !stored.contains(element) {
                        stored.push(element.clone());
                    }
                }
            }
        }
    }

    /// As [`matches`](Self::matches), for arrays of such elements.
    fn list_matches(stored: &[Self], sent: &[Self], _likeness: Equivalence) -> bool {
        stored == sent
    }

    /// Takes from another contact what this value lacks; keeps what it has.
    fn fill(&mut self, _other: Self) {}

    /// Takes the elements of another contact that this array lacks, with their ids.
    fn list_fill(here: &mut Vec<Self>, mut other: Vec<Self>) {
        other.retain(|element| !here.contains(element));
        here.append(&mut other);
    }

    /// The id that the hub gave this element.
    fn own_id(&self) -> Option<i64> {
        None
    }

    /// Whether this stored value is like the one sent, apart from what the hub fills.
    fn matches(&self, sent: &Self, equivalence: Equivalence) -> bool;

    /// How many ids this value can ask the hub for.
    fn ids_at_most(&self) -> i64 {
        0
    }

    /// Gives ids to what has none and fills the mirrors.
    fn number(&mut self, _numbering: &mut IdAssignment<'_>) {}

    /// As [`number`](Self::number), for a member that may be absent.
    fn number_member(member: &mut Member<Self>, numbering: &mut IdAssignment<'_>) {
        if let Member::Value(value) = member {
            value.number(numbering);
        }
    }

    /// Whether what was sent can be stored as it is: without null, blank, or anything that the
    /// hub fills.
    fn is_plain(&self) -> bool {
        true
    }

    /// Shows every leaf to the visitor, in document order.
    fn walk<'t>(&'t self, at: &At<'_>, visit: &mut Visit<'_, 't>);
}

/// Who is shown the leaves of a walk.
pub type Visit<'v, 't> = dyn FnMut(&At<'_>, Leaf<'t>) + 'v;

/// Who fills a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ownership {
    /// The caller.
    Caller,
    /// The hub hands out an id, the caller may name it.
    ElementId,
    /// The hub repeats an id, whatever was sent.
    ParentId,
    /// The hub shows it; what is sent is ignored.
    ReadOnly,
}

/// What a value that was sent stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Itself.
    Value,
    /// Null: what is stored is cleared.
    Null,
    /// Nothing: what is stored is kept.
    Absent,
}

/// How a stored value is compared with one that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Equivalence {
    /// Equal in every member; null is absent.
    Equal,
    /// The stored value has every member that was sent; it may have more. Null is absent.
    Covers,
    /// Merging what was sent would change nothing; null is null.
    Unchanged,
    /// Equal, whatever their ids.
    Content,
}

impl Equivalence {
    /// Whether the stored value may have nothing more than was sent.
    pub(crate) fn is_whole(self) -> bool {
        matches!(self, Self::Equal | Self::Content)
    }
}

/// What becomes of the elements that an array sent does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Arrays {
    /// They go: the array sent is the new full list.
    #[default]
    Replace,
    /// They stay, and new elements go to the end.
    Append,
}

/// A merge under way: its policy, and the ids in what was sent that are not this contact's.
#[derive(Debug)]
pub struct Patch {
    /// What becomes of elements not sent.
    pub arrays: Arrays,
    /// Ids that name nothing of this contact.
    pub faults: Vec<Violation>,
}

impl Patch {
    /// A merge with that policy.
    pub fn new(arrays: Arrays) -> Self {
        Self { arrays, faults: Vec::new() }
    }

    pub(crate) fn fault(&mut self, rule: Rule, at: &At<'_>, id: i64, message: &str) {
        self.faults.push(Violation::new(rule, at.path(), id.to_string(), message));
    }
}

/// Numbering under way: where ids come from and what the mirrors show.
#[derive(Debug)]
pub struct IdAssignment<'i> {
    pub(crate) contact: i64,
    pub(crate) staff: i64,
    pub(crate) payslip: i64,
    pub(crate) ids: &'i mut IdBlock,
    /// Whether the block ran out of ids.
    pub(crate) short: bool,
    /// The highest id so far.
    pub(crate) highest: i64,
}

impl<'i> IdAssignment<'i> {
    /// Numbers the parts of that contact from that block.
    pub fn new(contact: i64, ids: &'i mut IdBlock) -> Self {
        Self { contact, staff: 0, payslip: 0, ids, short: false, highest: contact }
    }

    /// Whether there were fewer ids in the block than parts without one.
    pub fn ran_short(&self) -> bool {
        self.short
    }

    /// The highest id of the contact and its numbered parts.
    pub fn highest(&self) -> i64 {
        self.highest
    }

    pub(crate) fn take(&mut self) -> i64 {
        self.ids.take().unwrap_or_else(|| {
            self.short = true;
            0
        })
    }
}

/// Something in a document that a rule may look at.
#[derive(Debug, Clone, Copy)]
pub enum Leaf<'t> {
    /// A text and what it should be.
    Text(&'static TextKind, &'t str),
    /// A decimal number as sent and what it should be.
    Amount(&'static AmountKind, AmountValue<'t>),
    /// An array of that many elements.
    List(usize),
    /// An object stored as received, that many levels deep.
    OpaqueObject(usize),
    /// The name of a member that the caller chose.
    Name(&'t str),
    /// An object of that many members that the caller chose.
    CustomFields(usize),
}
