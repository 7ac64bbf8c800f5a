//! What is known before the items of a batch are applied.

use std::collections::HashSet;

use crate::upsert::application::Reserved;
use crate::upsert::links::Links;

/// What is known before the items are applied.
#[derive(Default)]
pub(super) struct Plan<'b> {
    /// Whether it is only to see what becomes of them.
    pub(super) is_rehearsal: bool,
    /// The items that the policy on repeats leaves out.
    pub(super) left_out: HashSet<usize>,
    pub(super) reserved: Option<Reserved>,
    pub(super) links: Links<'b>,
}
