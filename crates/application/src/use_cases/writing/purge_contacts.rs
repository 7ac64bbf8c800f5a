//! Purges contacts.

use std::sync::Arc;

use contacts_domain::purging::{Purge, PurgeTarget};
use contacts_domain::upsert::{BatchReport, Outcome};

use crate::access::Scope;
use crate::ports::{Clock, ContactStore};
use crate::use_cases::{Caller, Keeping, UseCaseError, answer_once};

/// Purges contacts: nothing of them is left but their ids.
pub struct PurgeContacts {
    store: Arc<dyn ContactStore>,
    clock: Arc<dyn Clock>,
}

impl PurgeContacts {
    /// Writes to that store.
    pub fn new(store: Arc<dyn ContactStore>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// Purges the contacts, living or deleted, and returns one outcome per key, in order; a key without
    /// a contact is refused. A dry run only tells what would become of them.
    ///
    /// # Errors
    ///
    /// When the caller may not delete, or the store fails; then nothing is changed.
    pub async fn execute(
        &self,
        caller: &Caller,
        targets: Vec<PurgeTarget>,
        dry_run: bool,
        keeping: Option<Keeping<BatchReport>>,
    ) -> Result<Vec<Outcome>, UseCaseError> {
        caller.require(Scope::Delete)?;
        let mut purge = Purge::new(caller.context(self.clock.now()), targets);
        if dry_run {
            purge = purge.without_writing();
        }
        Ok(answer_once::purge(&*self.store, Arc::new(purge), keeping.as_ref()).await??)
    }
}
