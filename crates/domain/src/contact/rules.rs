//! The functions of the rules, in one typed table for each place where a rule looks.
//!
//! What a rule is stands in [`Rule`](crate::Rule). A table pairs rules with functions of one type,
//! so that a rule about amounts cannot be called on a text.

mod amounts;
mod input;
mod intercom;
mod leaf;
mod limits;
mod lookups;
pub(crate) mod normal_forms;
mod phones;
mod render;
mod tables;
pub(crate) mod texts;
mod whole;

pub use limits::{
    MAX_CUSTOM_FIELDS, MAX_DOCUMENT_BYTES, MAX_ELEMENTS, MAX_ITEM_BYTES, MAX_MEMBERS, MAX_NAME,
};
pub use render::render;

pub(crate) use leaf::check_leaf;
pub(crate) use limits::{TOO_MANY_ELEMENTS, TOO_MANY_MEMBERS};

pub(crate) use input::{Lookups, Reporter, RuleInput};
pub(crate) use tables::{LOOK_UPS, WHOLE};
pub(crate) use whole::missing_type;
