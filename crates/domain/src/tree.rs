//! The document tree: structs whose members are absent, null or a value, and what can be done with
//! all of them.
//!
//! | file | holds |
//! | --- | --- |
//! | `define` | the macro `tree!`, which declares a struct with one line a member |
//! | `member` | [`Member`]: absent, null or a value |
//! | `shape` | [`Shape`]: what stands where, for the slow path of reading and the API description |
//! | `values` | what a member can hold: texts, numbers, ids, objects stored as received |
//! | `visitor` | one visit of the members for all traversals |
//! | `patch`, `settle` | merge what was sent into what is stored, or store it alone; keep spellings |
//! | `compare` | is it the same, in one of four senses |
//! | `content` | find elements of an array by what they hold |
//! | `fill` | take from another contact what a contact lacks |
//! | `difference` | what differs between two documents, shown or kept to go back |
//! | `assign_ids` | give ids to the parts that have none |
//! | `walk`, `leaf` | show the rules what they can check, and correct it |

mod assign_ids;
mod compare;
mod content;
mod define;
mod difference;
mod fill;
mod leaf;
mod member;
mod patch;
mod settle;
mod shape;
mod values;
mod visitor;
mod walk;

pub(crate) use assign_ids::{assign_ids, ids_at_most};
pub(crate) use compare::{Equivalence, matches};
pub(crate) use content::twins;
pub(crate) use define::{read_block, tree};
pub use difference::{Difference, NotReversible};
pub(crate) use difference::{differences, reverse, reverse_of, revert};
pub(crate) use fill::fill;
pub(crate) use leaf::Leaf;
pub use member::Member;
pub(crate) use patch::{Stored, keep_spelling, patch};
pub use settle::Arrays;
pub(crate) use settle::{is_settled, settle};
pub use shape::{Kind, MemberShape, Shape, Shaped};
pub use values::amount::{Amount, AmountKind, AmountOf, AmountValue};
pub use values::element_id::{ElementId, OfContact, OfPayslip, OfStaff, ParentId, ReadOnly};
pub use values::json_object::{CustomFields, OpaqueObject};
pub use values::safe_integer::SafeInteger;
pub use values::text::{Text, TextKind, TextValue};

pub(crate) use values::element_id::Parent;
pub(crate) use values::text::{Free, MAX_FREE_TEXT, Meaning, RuleError};
pub(crate) use visitor::{
    Block, Flow, Form, Mutable, NaturalKey, Pair, PairMut, Presence, Shared, Value, Visitor,
    go_on_if, natural_key,
};
pub(crate) use walk::{Edit, correct, walk};
