//! Restores a deleted contact.

use std::sync::Arc;

use contacts_domain::contact::Record;
use contacts_domain::restoring::{NotRestored, Restore, RestoreReport};
use contacts_domain::upsert::{Context, Endpoints};
use contacts_domain::{ContactId, OrganizationId, Version};

use crate::access::Scope;
use crate::ports::{Clock, ContactStore, Lifecycle, StoreError};
use crate::use_cases::{Caller, Keeping, UseCaseError, answer_once};

/// How often a contact is read anew that changes meanwhile.
const MAX_OVERTAKEN: usize = 5;

/// Restores a deleted contact.
pub struct RestoreContact {
    store: Arc<dyn ContactStore>,
    clock: Arc<dyn Clock>,
}

impl RestoreContact {
    /// Writes to that store.
    pub fn new(store: Arc<dyn ContactStore>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// Restores the contact of that id, in that version if one is named. A living contact stays as it
    /// is. A dry run only tells what would become of it.
    ///
    /// # Errors
    ///
    /// When the caller may not write and delete, or the store fails. A refusal is a report.
    pub async fn execute(
        &self,
        caller: &Caller,
        id: ContactId,
        version: Option<Version>,
        dry_run: bool,
        keeping: Option<Keeping<RestoreReport>>,
    ) -> Result<RestoreReport, UseCaseError> {
        caller.require(Scope::Write)?;
        caller.require(Scope::Delete)?;
        let context = Context {
            may_write_staff: true,
            endpoints: Endpoints::Shown,
            ..caller.context(self.clock.now())
        };
        for _ in 0..MAX_OVERTAKEN {
            let Some(read) = self.read(context.organization, id).await? else {
                return Ok(Err(NotRestored::Unknown));
            };
            let mut restore = Restore::new(context.clone(), &read, version);
            if dry_run {
                restore = restore.without_writing();
            }
            let restore = Arc::new(restore);
            match answer_once::restore(&*self.store, restore, keeping.as_ref()).await? {
                Err(NotRestored::Overtaken) => {}
                report => return Ok(report),
            }
        }
        Err(StoreError::contention("the contact changes all the time").into())
    }

    async fn read(
        &self,
        organization: OrganizationId,
        id: ContactId,
    ) -> Result<Option<Record>, StoreError> {
        match self.store.contact(organization, id, Lifecycle::Deleted).await? {
            Some(deleted) => Ok(Some(deleted)),
            None => self.store.contact(organization, id, Lifecycle::Living).await,
        }
    }
}
