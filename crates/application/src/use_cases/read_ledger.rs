//! Shows runs, what they changed, and the history of a contact.

use std::sync::Arc;

use contacts_domain::ledger::Run;
use contacts_domain::{ContactId, RunId};

use super::{Caller, UseCaseError};
use crate::access::Scope;
use crate::ledger::{History, PageSize, RecordedChange};
use crate::ports::Ledger;

/// Shows runs, what they changed, and the history of a contact.
pub struct ReadLedger {
    ledger: Arc<dyn Ledger>,
}

impl ReadLedger {
    /// Reads from that ledger.
    pub fn new(ledger: Arc<dyn Ledger>) -> Self {
        Self { ledger }
    }

    /// The run of that id, or `None`.
    ///
    /// # Errors
    ///
    /// When the caller may not read, or the store fails.
    pub async fn run(&self, caller: &Caller, id: RunId) -> Result<Option<Run>, UseCaseError> {
        caller.require(Scope::Read)?;
        Ok(self.ledger.run(caller.organization.id, id).await?)
    }

    /// The runs before that one, or all, the last one first.
    ///
    /// # Errors
    ///
    /// When the caller may not read, or the store fails.
    pub async fn runs(
        &self,
        caller: &Caller,
        before: Option<RunId>,
        at_most: u32,
    ) -> Result<Vec<Run>, UseCaseError> {
        caller.require(Scope::Read)?;
        Ok(self.ledger.runs(caller.organization.id, before, at_most).await?)
    }

    /// The changes of a run after that of a contact, lowest contacts first.
    ///
    /// # Errors
    ///
    /// When the caller may not read, or the store fails.
    pub async fn changes(
        &self,
        caller: &Caller,
        run: RunId,
        after: Option<ContactId>,
        size: PageSize,
    ) -> Result<Vec<RecordedChange>, UseCaseError> {
        caller.require(Scope::Read)?;
        Ok(self.ledger.changes(caller.organization.id, run, after, size).await?)
    }

    /// A contact, living or deleted, with its last changes; `None` if there is none.
    ///
    /// # Errors
    ///
    /// When the caller may not read, or the store fails.
    pub async fn history(
        &self,
        caller: &Caller,
        contact: ContactId,
        size: PageSize,
    ) -> Result<Option<History>, UseCaseError> {
        caller.require(Scope::Read)?;
        Ok(self.ledger.history(caller.organization.id, contact, size).await?)
    }
}
