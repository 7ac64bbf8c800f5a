//! Shows runs, what they changed, and the history of a contact.

use std::sync::Arc;

use contacts_domain::contact::document::ContactDocument;
use contacts_domain::ledger::Run;
use contacts_domain::tree::NotReversible;
use contacts_domain::{ContactId, RunId, Version};

use crate::access::Scope;
use crate::ledger::{History, PageSize, PastChange, RecordedChange};
use crate::ports::{Ledger, StoreError};
use crate::use_cases::{Caller, UseCaseError};

/// How many changes are read at once on the way to those that are wanted.
const PASSED: u32 = 1_000;

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

    /// The changes of a contact, living or deleted, before that version, or the last ones; the last one
    /// first, and whether the ledger has earlier ones. `None` if there is no such contact.
    ///
    /// # Errors
    ///
    /// When the caller may not read, or the store fails.
    pub async fn history(
        &self,
        caller: &Caller,
        contact: ContactId,
        before: Option<Version>,
        size: PageSize,
    ) -> Result<Option<(Vec<PastChange>, bool)>, UseCaseError> {
        caller.require(Scope::Read)?;
        let organization = caller.organization.id;
        let (mut from, mut document) = (None, None);
        loop {
            // Many at once, where they are only passed.
            let read = match before {
                Some(_) => PageSize { items: size.items.max(PASSED), ..size },
                None => size,
            };
            let history = self.ledger.history(organization, contact, from, read).await?;
            let Some(History { record, changes, has_more }) = history else { return Ok(None) };
            from = changes.last().and_then(|(_, change)| change.previous);
            let now = match document.take() {
                Some(document) => document,
                None => record.read().map_err(StoreError::corrupt)?,
            };
            let (mut past, then) = past(now, changes, before).map_err(StoreError::corrupt)?;
            let wanted = usize::try_from(size.items).unwrap_or(usize::MAX);
            let is_cut = past.len() > wanted;
            past.truncate(wanted);
            if !past.is_empty() || !has_more {
                return Ok(Some((past, has_more || is_cut)));
            }
            document = Some(then);
        }
    }
}

/// Leads a contact back from change to change. Returns those before that version, and what the contact
/// was before all of them.
fn past(
    mut document: ContactDocument,
    changes: Vec<(Run, RecordedChange)>,
    version: Option<Version>,
) -> Result<(Vec<PastChange>, ContactDocument), NotReversible> {
    let mut past = Vec::with_capacity(changes.len());
    for (run, change) in changes {
        let is_wanted = version.is_none_or(|version| change.version < version);
        let mut differences = Vec::new();
        if let Some(reverse) = &change.reverse {
            let before = document.reverted(reverse)?;
            if is_wanted {
                differences = before.differences(&document);
            }
            document = before;
        }
        if is_wanted {
            past.push(PastChange { run, change, differences });
        }
    }
    Ok((past, document))
}
