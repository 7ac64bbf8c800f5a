//! Merges two contacts into one.

use std::sync::Arc;

use contacts_domain::merging::{Merge, MergeReport};
use contacts_domain::upsert::{Context, Endpoints};

use crate::access::Scope;
use crate::ports::{Clock, ContactStore};
use crate::use_cases::{Caller, Keeping, UseCaseError, answer_once};

/// Merges two contacts into one.
pub struct MergeContacts {
    store: Arc<dyn ContactStore>,
    clock: Arc<dyn Clock>,
}

/// A merge of the contact `source` into the contact `target`; `source` is deleted.
#[derive(Debug, Clone, Copy)]
pub struct Merging {
    /// The contact that stays.
    pub target: i64,
    /// The contact that is merged into it.
    pub source: i64,
    /// Whether the API shows contacts of type ENDPOINT.
    pub endpoints: Endpoints,
    /// The most bytes of the documents of these, and of all contacts that refer to the source.
    pub documents_at_most: usize,
    /// Whether it only tells what would become of the target.
    pub dry_run: bool,
}

impl MergeContacts {
    /// Writes to that store.
    pub fn new(store: Arc<dyn ContactStore>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// Merges two contacts.
    ///
    /// # Errors
    ///
    /// When the caller may not write and delete, the documents have more bytes, or the store fails. A
    /// merge that the rules refuse is a report, not an error.
    pub async fn execute(
        &self,
        caller: &Caller,
        merging: Merging,
        keeping: Option<Keeping<MergeReport>>,
    ) -> Result<MergeReport, UseCaseError> {
        let Merging { target, source, endpoints, documents_at_most, dry_run } = merging;
        caller.require_all([Scope::Write, Scope::Delete])?;
        let context =
            Context { may_write_staff: true, endpoints, ..caller.context(self.clock.now()) };
        match Merge::new(context, target, source) {
            Ok(merge) => {
                let mut merge = merge.holding_at_most(documents_at_most);
                if dry_run {
                    merge = merge.without_writing();
                }
                let merge = Arc::new(merge);
                Ok(answer_once::merge(&*self.store, merge, keeping.as_ref()).await?)
            }
            Err(refusal) => Ok(Err(refusal)),
        }
    }
}
