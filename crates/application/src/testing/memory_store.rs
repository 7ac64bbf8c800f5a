//! A store in memory, as strict as a database.

mod access;
mod contacts;
mod directory;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use contacts_domain::contact::Record;
use contacts_domain::decision::Decision;
use contacts_domain::merging::{Merge, MergeReport};
use contacts_domain::upsert::{Batch, Outcome};
use contacts_domain::{ContactId, OrganizationId, Timestamp};

use self::access::Access;
use self::contacts::Contacts;
use crate::access::{NewToken, Organization, Token, TokenDigest, TokenId};
use crate::directory::{EntryPage, EntryQuery};
use crate::ports::{AccessStore, ContactStore, IntercomDirectory, Lifecycle, StoreError};

/// A store in memory, for tests: as strict as a database, and as forgetful as a process.
///
/// It passes the [contract suite](super::contract), holds the unique keys of living contacts to
/// their promise, and fails with [`StoreError::Internal`] on writes that a database would refuse.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), contacts_application::ports::StoreError> {
/// use contacts_application::ports::ContactStore;
/// use contacts_application::testing::{MemoryStore, batch, context};
/// use contacts_domain::upsert::{Options, Verdict};
/// use serde_json::json;
///
/// let store = MemoryStore::default();
/// let person = json!({"contactType": "PERSON", "externalId": "ERP-1", "lastName": "Rochat"});
/// let outcomes = store.upsert(batch(context(1), Options::default(), &[person])).await?;
///
/// assert_eq!(outcomes[0].verdict, Verdict::Created);
/// assert_eq!(store.records().len(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
pub struct MemoryStore {
    contacts: Mutex<Contacts>,
    access: Mutex<Access>,
}

impl MemoryStore {
    /// Every contact, of all organizations, deleted ones included, by id.
    pub fn records(&self) -> Vec<Record> {
        lock(&self.contacts).records().cloned().collect()
    }

    /// One transaction: it works on a copy, which takes the place of the original if all goes well.
    fn run<D: Decision>(&self, decision: &D) -> Result<D::Report, StoreError> {
        let mut contacts = lock(&self.contacts);
        let mut draft = contacts.clone();
        let report = draft.run(decision).map_err(|e| StoreError::Internal(Box::new(e)))?;
        *contacts = draft;
        Ok(report)
    }
}

#[async_trait]
impl ContactStore for MemoryStore {
    async fn upsert(&self, batch: Arc<Batch>) -> Result<Vec<Outcome>, StoreError> {
        self.run(&*batch)
    }

    async fn merge(&self, merge: Arc<Merge>) -> Result<MergeReport, StoreError> {
        self.run(&*merge)
    }

    async fn contact(
        &self,
        organization: OrganizationId,
        id: ContactId,
        lifecycle: Lifecycle,
    ) -> Result<Option<Record>, StoreError> {
        let contacts = lock(&self.contacts);
        let record = contacts.record(id).filter(|record| {
            record.organization == organization
                && record.deleted_at.is_some() == (lifecycle == Lifecycle::Deleted)
        });
        Ok(record.cloned())
    }
}

#[async_trait]
impl IntercomDirectory for MemoryStore {
    async fn entries(
        &self,
        organization: OrganizationId,
        query: &EntryQuery,
    ) -> Result<EntryPage, StoreError> {
        Ok(lock(&self.contacts).page(organization, query))
    }
}

#[async_trait]
impl AccessStore for MemoryStore {
    async fn organization(&self, id: OrganizationId) -> Result<Option<Organization>, StoreError> {
        Ok(lock(&self.access).organization(id))
    }

    async fn add_organization(&self, organization: Organization) -> Result<bool, StoreError> {
        Ok(lock(&self.access).add_organization(organization))
    }

    async fn token(&self, digest: TokenDigest) -> Result<Option<Token>, StoreError> {
        Ok(lock(&self.access).token(digest))
    }

    async fn add_token(&self, token: NewToken) -> Result<TokenId, StoreError> {
        lock(&self.access).add_token(token).map_err(|e| StoreError::Internal(Box::new(e)))
    }

    async fn tokens(&self) -> Result<Vec<Token>, StoreError> {
        Ok(lock(&self.access).tokens())
    }

    async fn revoke_token(&self, id: TokenId, at: Timestamp) -> Result<bool, StoreError> {
        Ok(lock(&self.access).revoke_token(id, at))
    }
}

/// A test that panicked in a transaction has not left half of it: see [`MemoryStore::run`].
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
