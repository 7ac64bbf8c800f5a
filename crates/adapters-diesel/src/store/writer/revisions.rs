//! Counts what may have changed, so that a long decision can know that nothing did.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use contacts_domain::OrganizationId;

use super::queue::Tenant;

/// A moment in the history of an organization.
///
/// Take one before a snapshot. While it is the present one, the snapshot shows what the writer sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Revision {
    ours: u64,
    others: u64,
}

/// The present revisions. The writer moves an organization on after it ran a request, so that later
/// requests of the transaction see that, and again after the commit, when snapshots show it.
#[derive(Debug, Default)]
pub(crate) struct Revisions(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    ours: HashMap<OrganizationId, u64>,
    others: u64,
}

impl Revisions {
    pub(crate) fn present(&self, organization: OrganizationId) -> Revision {
        let state = self.state();
        let ours = state.ours.get(&organization).copied().unwrap_or_default();
        Revision { ours, others: state.others }
    }

    /// The writer may have changed that organization.
    pub(super) fn touch(&self, tenant: Tenant) {
        if let Some(organization) = tenant {
            *self.state().ours.entry(organization).or_default() += 1;
        }
    }

    /// Another process may have changed anything.
    pub(super) fn touch_all(&self) {
        self.state().others += 1;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
