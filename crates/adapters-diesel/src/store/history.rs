//! Remembers what the last requests wrote, so that a decision that was made beside the writer knows
//! whether it still holds.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use contacts_domain::OrganizationId;
use contacts_domain::decision::Footprint;

/// The most hashes that are remembered: 2 MiB. A batch of 1,000 new contacts has about 4,000.
const MAX_HASHES: usize = 1 << 18;

/// A moment in the history of the database. Take one before a snapshot: the snapshot shows what was
/// committed until then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    committed: u64,
    others: u64,
}

/// The last writes of this process, and how often another one wrote.
#[derive(Debug, Default)]
pub(crate) struct History(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// What was written, oldest first, committed or not.
    written: VecDeque<(OrganizationId, Footprint)>,
    /// How many hashes these have.
    hashes: usize,
    /// How many writes are forgotten.
    forgotten: u64,
    /// How many writes are committed, forgotten ones included.
    committed: u64,
    others: u64,
}

impl History {
    pub(crate) fn present(&self) -> Moment {
        let state = self.state();
        Moment { committed: state.committed, others: state.others }
    }

    /// Whether nothing in the footprint was written since that moment, as far as is known.
    pub(crate) fn is_untouched(
        &self,
        organization: OrganizationId,
        footprint: &Footprint,
        since: Moment,
    ) -> bool {
        let state = self.state();
        let Some(known) = since.committed.checked_sub(state.forgotten) else { return false };
        let known = usize::try_from(known).unwrap_or(usize::MAX);
        state.others == since.others
            && state.written.iter().skip(known).all(|(written_in, written)| {
                *written_in != organization || !written.meets(footprint)
            })
    }

    /// The open transaction has written that.
    pub(super) fn add(&self, organization: OrganizationId, footprint: Footprint) {
        let state = &mut *self.state();
        state.hashes += footprint.len();
        state.written.push_back((organization, footprint));
        while state.hashes > MAX_HASHES
            && let Some((_, oldest)) = state.written.pop_front()
        {
            state.hashes -= oldest.len();
            state.forgotten += 1;
        }
    }

    /// New snapshots show everything that was written.
    pub(super) fn commit(&self) {
        let state = &mut *self.state();
        let remembered = u64::try_from(state.written.len()).unwrap_or(u64::MAX);
        state.committed = state.forgotten.saturating_add(remembered);
    }

    /// Anything may have been written.
    pub(super) fn touch_all(&self) {
        self.state().others += 1;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use contacts_domain::ContactId;
    use contacts_domain::decision::{Loaded, LookupKeys};

    use super::*;

    fn organization(id: i32) -> OrganizationId {
        OrganizationId::new(id).unwrap()
    }

    /// A footprint of the contacts with these ids.
    fn contacts(ids: std::ops::RangeInclusive<i64>) -> Footprint {
        let ids = ids.map(|id| ContactId::new(id).unwrap()).collect();
        let lookup_keys = LookupKeys { ids, ..LookupKeys::default() };
        Footprint::of_lookup(&lookup_keys, &Loaded::default())
    }

    #[test]
    fn write_counts_until_snapshots_show_it() {
        let history = History::default();
        let start = history.present();
        history.add(organization(1), contacts(1..=2));
        let before_commit = history.present();
        history.commit();
        let after_commit = history.present();
        let untouched = |ids, since| history.is_untouched(organization(1), &contacts(ids), since);
        assert!(!untouched(2..=3, start) && untouched(3..=4, start));
        assert!(!untouched(2..=3, before_commit));
        assert!(untouched(2..=3, after_commit));
    }

    #[test]
    fn organizations_touch_nothing_of_each_other() {
        let history = History::default();
        let start = history.present();
        history.add(organization(1), contacts(1..=1));
        assert!(history.is_untouched(organization(2), &contacts(1..=1), start));
    }

    #[test]
    fn other_process_touches_everything() {
        let history = History::default();
        let start = history.present();
        history.touch_all();
        assert!(!history.is_untouched(organization(1), &contacts(1..=1), start));
        assert!(history.is_untouched(organization(1), &contacts(1..=1), history.present()));
    }

    #[test]
    fn forgotten_write_touches_everything() {
        let history = History::default();
        let many = i64::try_from(MAX_HASHES).unwrap();
        history.add(organization(1), contacts(1..=1));
        history.commit();
        let start = history.present();
        history.add(organization(1), contacts(2..=2));
        history.add(organization(2), contacts(1..=many));
        history.commit();
        let untouched = |since| history.is_untouched(organization(1), &contacts(3..=3), since);
        assert!(!untouched(start));
        assert!(untouched(history.present()));
        assert!(history.state().hashes <= MAX_HASHES);
    }
}
