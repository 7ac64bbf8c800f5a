//! Merges two contacts into one.

use std::sync::Arc;

use contacts_domain::merging::{Merge, MergeReport};
use contacts_domain::upsert::{Context, Endpoints};

use super::{Caller, UseCaseError};
use crate::access::Scope;
use crate::ports::{Clock, ContactStore};

/// Merges two contacts into one.
pub struct MergeContacts {
    store: Arc<dyn ContactStore>,
    clock: Arc<dyn Clock>,
}

impl MergeContacts {
    /// Writes to that store.
    pub fn new(store: Arc<dyn ContactStore>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// Merges the contact `source` into the contact `target`; `source` is deleted. Of these and of
    /// all contacts that refer to the source, the documents may have `documents_at_most` bytes. A dry
    /// run only tells what would become of the target.
    ///
    /// # Errors
    ///
    /// When the caller may not write and delete, the documents have more bytes, or the store fails. A merge that the rules refuse
    /// is a report, not an error.
    pub async fn execute(
        &self,
        caller: &Caller,
        target: i64,
        source: i64,
        endpoints: Endpoints,
        documents_at_most: usize,
        dry_run: bool,
    ) -> Result<MergeReport, UseCaseError> {
        caller.require_all([Scope::Write, Scope::Delete])?;
        let context =
            Context { may_write_staff: true, endpoints, ..caller.context(self.clock.now()) };
        match Merge::new(context, target, source) {
            Ok(merge) => {
                let mut merge = merge.holding_at_most(documents_at_most);
                if dry_run {
                    merge = merge.without_writing();
                }
                Ok(self.store.merge(Arc::new(merge)).await?)
            }
            Err(refusal) => Ok(Err(refusal)),
        }
    }
}
