//! When tokens were last used, until that is written down.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use contacts_domain::Timestamp;

use crate::access::TokenId;

/// The latest use of each token that was used: as many as the store has valid tokens, at most.
#[derive(Default)]
pub(super) struct Uses(Mutex<BTreeMap<TokenId, Timestamp>>);

impl Uses {
    pub(super) fn note(&self, token: TokenId, at: Timestamp) {
        let mut uses = self.uses();
        let latest = uses.entry(token).or_insert(at);
        *latest = at.max(*latest);
    }

    /// Takes all of them out.
    pub(super) fn take(&self) -> Vec<(TokenId, Timestamp)> {
        std::mem::take(&mut *self.uses()).into_iter().collect()
    }

    fn uses(&self) -> MutexGuard<'_, BTreeMap<TokenId, Timestamp>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
