//! What is known before the items of a batch are applied.

use std::collections::HashSet;

use crate::upsert::application::Reserved;
use crate::upsert::links::Links;

/// Which items may be stored.
#[derive(Debug, Clone, Copy, Default)]
pub(super) enum Admission<'b> {
    /// All.
    #[default]
    All,
    /// Those that do what is expected of them. It is decided with the ids of a dry run.
    Expected,
    /// All but these, which did not.
    AllBut(&'b HashSet<usize>),
}

/// What is known before the items are applied.
#[derive(Default)]
pub(super) struct Plan<'b> {
    /// Whether it is only to see what becomes of them.
    pub(super) is_rehearsal: bool,
    /// The items that the policy on repeats leaves out.
    pub(super) left_out: HashSet<usize>,
    pub(super) reserved: Option<Reserved>,
    pub(super) links: Links<'b>,
    pub(super) admission: Admission<'b>,
}
