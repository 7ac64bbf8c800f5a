//! What is known before the items of a batch are applied.

use std::collections::HashSet;

use crate::upsert::application::Reserved;
use crate::upsert::links::Links;
use crate::upsert::outcome::{Gate, Outcome};
use crate::upsert::working_set::WorkingSet;

/// What is known before the items are applied.
#[derive(Default)]
pub(super) struct Plan<'b> {
    /// Whether it is only to see what becomes of them.
    pub(super) is_rehearsal: bool,
    /// The items that the policy on repeats leaves out.
    pub(super) left_out: HashSet<usize>,
    pub(super) reserved: Option<Reserved>,
    pub(super) links: Links<'b>,
    /// Whether what each item does is stored; of all items, if there are none.
    pub(super) gates: &'b [Gate<'b>],
    /// Whether new contacts take ids that no store hands out.
    pub(super) is_dry: bool,
}

/// The items, applied.
pub(super) struct Applied {
    pub(super) working_set: WorkingSet,
    pub(super) outcomes: Vec<Outcome>,
    /// Whether what each item does is stored when it is applied again, if something was expected of it.
    pub(super) gates: Vec<Gate<'static>>,
}
