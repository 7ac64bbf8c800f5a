//! Merging two contacts into one (erp-batch §3).

use crate::contact::Record;
use crate::decision::{Decision, Found, OutOfIds, Wanted, Writes};
use crate::ids::{IdBlock, OrganizationId};
use crate::upsert::Context;
use crate::violation::Violation;

/// What became of a merge: the violations that refused it, if any.
pub type MergeReport = Result<(), Vec<Violation>>;

/// The merge of one contact, the source, into another, the target.
#[derive(Debug, Clone)]
pub struct Merge {
    context: Context,
    wanted: Wanted,
}

impl Merge {
    /// The merge of the contact `source` into the contact `target`.
    ///
    /// # Errors
    ///
    /// When the ids are equal or cannot be ids.
    pub fn new(context: Context, target: i64, source: i64) -> Result<Self, Vec<Violation>> {
        let _ = (target, source);
        Ok(Self { context, wanted: Wanted::default() })
    }
}

impl Decision for Merge {
    type Report = MergeReport;

    fn organization(&self) -> OrganizationId {
        self.context.organization
    }

    fn wanted(&self) -> &Wanted {
        &self.wanted
    }

    fn ids_at_most(&self) -> i64 {
        0
    }

    fn decide(&self, found: Found, ids: &mut IdBlock) -> Result<(Writes, MergeReport), OutOfIds> {
        let _: (Vec<Record>, &mut IdBlock) = (found.contacts, ids);
        Ok((Writes::default(), Ok(())))
    }
}
