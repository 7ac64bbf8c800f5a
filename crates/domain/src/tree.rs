//! The document tree: structs whose members are absent, null or a value, and what can be done with
//! all of them.
//!
//! | file | holds |
//! | --- | --- |
//! | `define` | the macro [`tree!`](define), which declares a struct with one line a member |
//! | `member` | [`Member`]: absent, null or a value |
//! | `text`, `amount`, `safe_integer`, `json_object`, `element_id` | what a member can hold |
//! | `shape` | [`Shape`]: what stands where, for the slow path of reading and the API description |
//! | `visitor`, `values` | one visit of the members for all traversals |
//! | `patch`, `settle` | merge what was sent into what is stored, or store it alone |
//! | `compare` | is it the same, in one of four senses |
//! | `fill` | take from another contact what a contact lacks |
//! | `assign_ids` | give ids to the parts that have none |
//! | `walk`, `leaf` | show the rules what they can check |

mod amount;
mod assign_ids;
mod compare;
mod define;
mod element_id;
mod fill;
mod json_object;
mod leaf;
mod member;
mod patch;
mod safe_integer;
mod settle;
mod shape;
mod text;
mod values;
mod visitor;
mod walk;

pub use amount::{Amount, AmountKind, AmountOf, AmountValue};
pub(crate) use assign_ids::{assign_ids, ids_at_most, own_id};
pub(crate) use compare::{Equivalence, matches};
pub(crate) use define::{read_block, tree};
pub use element_id::{ElementId, OfContact, OfPayslip, OfStaff, ParentId, ReadOnly};
pub(crate) use fill::fill;
pub use json_object::{CustomFields, OpaqueObject};
pub use leaf::Leaf;
pub use member::Member;
pub(crate) use member::MemberName;
pub(crate) use patch::patch;
pub use safe_integer::SafeInteger;
pub use settle::Arrays;
pub(crate) use settle::{is_settled, settle};
pub use shape::{Kind, MemberShape, Shape, Shaped};
pub use text::{Free, MAX_FREE_TEXT, RuleError, Text, TextCheck, TextKind, TextValue};
pub(crate) use visitor::{
    Block, Flow, Form, Mutable, Pair, PairMut, Presence, Shared, Value, Visitor, go_on_if,
};
pub(crate) use walk::walk;
