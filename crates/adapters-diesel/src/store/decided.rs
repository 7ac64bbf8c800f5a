//! A decision that was made outside of a write transaction.

use contacts_domain::IdBlock;
use contacts_domain::decision::{Decision, Footprint, Loaded, Writes};

use super::history::Moment;
use crate::connect::Failure;

/// What was decided, and on what.
pub(super) struct Decided<R> {
    pub(super) seen: Seen,
    pub(super) writes: Writes,
    /// What the writes touch.
    pub(super) touched: Footprint,
    pub(super) report: R,
    /// The ids that are left.
    pub(super) ids: IdBlock,
}

/// What a decision depends on, as it was at some moment.
pub(super) struct Seen {
    pub(super) footprint: Footprint,
    pub(super) at: Moment,
}

impl<R> Decided<R> {
    pub(super) fn new<D: Decision<Report = R>>(
        decision: &D,
        loaded: Loaded,
        at: Moment,
        mut ids: IdBlock,
    ) -> Result<Self, Failure> {
        let footprint = Footprint::of_lookup(decision.lookup_keys(), &loaded);
        let (writes, report) = decision.decide(loaded, &mut ids)?;
        let touched = Footprint::of_writes(&writes);
        Ok(Self { seen: Seen { footprint, at }, writes, touched, report, ids })
    }
}
