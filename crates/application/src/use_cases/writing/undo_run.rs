//! Takes a run back.

use std::sync::Arc;

use contacts_domain::RunId;
use contacts_domain::undoing::{Overtaken, Undo, UndoReport, Undone};
use contacts_domain::upsert::{Context, Endpoints};

use crate::access::Scope;
use crate::ports::{Clock, ContactStore, Ledger, StoreError};
use crate::use_cases::{Caller, Keeping, UseCaseError, answer_once};

/// How often contacts are read anew that change meanwhile.
const MAX_OVERTAKEN: usize = 5;

/// Takes a run back.
pub struct UndoRun {
    ledger: Arc<dyn Ledger>,
    store: Arc<dyn ContactStore>,
    clock: Arc<dyn Clock>,
}

/// Why a run is not taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotUndone {
    /// There is no such run.
    #[error("there is no such run")]
    Unknown,
    /// What it changed is no longer kept.
    #[error("the changes of this run are no longer kept")]
    Gone,
}

impl UndoRun {
    /// Reads that ledger and writes to that store.
    pub fn new(
        ledger: Arc<dyn Ledger>,
        store: Arc<dyn ContactStore>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { ledger, store, clock }
    }

    /// Takes back what a run changed, but for what was changed again since. Documents and differences
    /// may have so many bytes together. A dry run only tells what would become of each contact.
    ///
    /// # Errors
    ///
    /// When the caller may not write and delete, the documents have more bytes, or the store fails.
    pub async fn execute(
        &self,
        caller: &Caller,
        run: RunId,
        bytes_at_most: usize,
        dry_run: bool,
        keeping: Option<Keeping<UndoReport>>,
    ) -> Result<Result<Undone, NotUndone>, UseCaseError> {
        caller.require_all([Scope::Write, Scope::Delete])?;
        let organization = caller.organization.id;
        let context = Context { endpoints: Endpoints::Shown, ..caller.context(self.clock.now()) };
        for _ in 0..MAX_OVERTAKEN {
            let contacts = self.ledger.changed_by(organization, run, bytes_at_most).await?;
            if contacts.is_empty() {
                // The last run of an organization stays, and ids grow.
                let last = self.ledger.runs(organization, None, 1).await?;
                let is_older = last.first().is_some_and(|last| run < last.id);
                return Ok(Err(if is_older { NotUndone::Gone } else { NotUndone::Unknown }));
            }
            let mut undo = Undo::new(context.clone(), run, contacts);
            if dry_run {
                undo = undo.without_writing();
            }
            match answer_once::undo(&*self.store, Arc::new(undo), keeping.as_ref()).await? {
                Err(Overtaken) => {}
                Ok(undone) => return Ok(Ok(undone)),
            }
        }
        Err(StoreError::contention("the contacts of the run change all the time").into())
    }
}
