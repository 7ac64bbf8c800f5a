//! Shows runs, what they changed, and the history of a contact.

use std::error::Error;
use std::sync::Arc;

use contacts_domain::contact::Record;
use contacts_domain::ledger::Run;
use contacts_domain::{ContactId, RunId};

use crate::access::Scope;
use crate::ledger::{History, PageSize, PastChange, RecordedChange};
use crate::ports::{Ledger, StoreError};
use crate::use_cases::{Caller, UseCaseError};

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

    /// The last changes of a contact, living or deleted, the last one first, and whether the ledger has
    /// earlier ones; `None` if there is no such contact.
    ///
    /// # Errors
    ///
    /// When the caller may not read, or the store fails.
    pub async fn history(
        &self,
        caller: &Caller,
        contact: ContactId,
        size: PageSize,
    ) -> Result<Option<(Vec<PastChange>, bool)>, UseCaseError> {
        caller.require(Scope::Read)?;
        let history = self.ledger.history(caller.organization.id, contact, size).await?;
        let Some(History { record, changes, has_more }) = history else { return Ok(None) };
        let past = past(&record, changes);
        Ok(Some((past.map_err(StoreError::corrupt)?, has_more)))
    }
}

/// Leads a contact back from change to change.
fn past(
    record: &Record,
    changes: Vec<(Run, RecordedChange)>,
) -> Result<Vec<PastChange>, Box<dyn Error + Send + Sync>> {
    let mut document = record.read()?;
    let mut past = Vec::with_capacity(changes.len());
    for (run, change) in changes {
        let mut differences = Vec::new();
        if let Some(reverse) = &change.reverse {
            let before = document.reverted(reverse)?;
            differences = before.differences(&document);
            document = before;
        }
        past.push(PastChange { run, change, differences });
    }
    Ok(past)
}
