//! A store in memory, as strict as a database.

mod access;
mod answering;
mod answers;
mod audit;
mod contact_list;
mod contacts;
mod directory;
mod feed;
mod ledger;
mod planning;
mod plans;
mod purging;
mod searching;
mod settings;
mod words;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use contacts_domain::auditing::{ContactKey, Discrepancy, Repair, StoredContact};
use contacts_domain::contact::{IntercomEntry, Record};
use contacts_domain::decision::Decision as _;
use contacts_domain::ledger::Run;
use contacts_domain::merging::{Merge, MergeReport};
use contacts_domain::purging::Purge;
use contacts_domain::restoring::{Restore, RestoreReport};
use contacts_domain::undoing::{Undo, UndoReport, UndoneContact};
use contacts_domain::upsert::{Batch, BatchReport, Recognition};
use contacts_domain::{ContactId, OrganizationId, RunId, Timestamp};
use tokio::sync::mpsc::channel;

use self::access::Access;
use self::contacts::{Contacts, Refused};
use contacts_application::access::{NewToken, Organization, Token, TokenDigest, TokenId};
use contacts_application::contact_list::{ContactExport, ContactFilter, ContactPage, ContactQuery};
use contacts_application::directory::{EntryPage, EntryQuery};
use contacts_application::ledger::{FeedPage, FeedPosition, History, PageSize, RecordedChange};
use contacts_application::plans::KeptPlan;
use contacts_application::ports::{
    AccessStore, Audit, ContactList, ContactStore, IntercomDirectory, Ledger, Lifecycle,
    Measurement, StoreError, StoreState,
};

/// A store in memory, for tests.
///
/// It passes the [contract suite](super::contract), keeps the identity keys of living contacts unique,
/// and fails with a [`StoreError`] on writes that a database would refuse.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), contacts_application::ports::StoreError> {
/// use contacts_application::ports::ContactStore;
/// use contacts_testing::{MemoryStore, batch, context};
/// use contacts_domain::upsert::{Options, Verdict};
/// use serde_json::json;
///
/// let store = MemoryStore::default();
/// let person = json!({"contactType": "PERSON", "externalId": "ERP-1", "lastName": "Rochat"});
/// let report = store.upsert(batch(context(1), Options::default(), &[person])).await?;
///
/// assert_eq!(report.expect("a small answer")[0].verdict, Verdict::Created);
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

    /// Every plan, of all organizations, the oldest first.
    pub fn plans(&self) -> Vec<KeptPlan> {
        lock(&self.contacts).plans.all()
    }

    /// Replaces a row, its relations and its entry, valid or not, so that an [`Audit`] has something to
    /// find.
    pub fn overwrite(
        &self,
        record: Record,
        relations: Vec<ContactId>,
        entry: Option<IntercomEntry>,
    ) {
        lock(&self.contacts).overwrite(record, relations, entry);
    }

    /// Runs a transaction on a copy, which replaces the original on success. Fails if it was prepared
    /// for other settings of the organization.
    fn transact<T>(
        &self,
        organization: OrganizationId,
        settings_version: i64,
        work: impl FnOnce(&mut Contacts) -> Result<T, Refused>,
    ) -> Result<T, StoreError> {
        let mut contacts = lock(&self.contacts);
        let stored = lock(&self.access).organization(organization);
        if stored.is_some_and(|stored| stored.settings.version != settings_version) {
            return Err(StoreError::contention("the settings of the organization have changed"));
        }
        let mut draft = contacts.clone();
        let report = work(&mut draft).map_err(|refused| match refused {
            Refused::TooLarge { documents_at_most } => StoreError::too_large(documents_at_most),
            refused => StoreError::internal(refused),
        })?;
        *contacts = draft;
        Ok(report)
    }
}

#[async_trait]
impl ContactStore for MemoryStore {
    async fn upsert(&self, batch: Arc<Batch>) -> Result<BatchReport, StoreError> {
        let (organization, version) = (batch.organization(), batch.settings_version());
        self.transact(organization, version, |contacts| contacts.run(&*batch))
    }

    async fn recognize(&self, recognition: Arc<Recognition>) -> Result<Vec<Record>, StoreError> {
        let Recognition { organization, settings_version, .. } = *recognition;
        self.transact(organization, settings_version, |contacts| contacts.recognize(&recognition))
    }

    async fn merge(&self, merge: Arc<Merge>) -> Result<MergeReport, StoreError> {
        let (organization, version) = (merge.organization(), merge.settings_version());
        self.transact(organization, version, |contacts| contacts.run(&*merge))
    }

    async fn restore(&self, restore: Arc<Restore>) -> Result<RestoreReport, StoreError> {
        let (organization, version) = (restore.organization(), restore.settings_version());
        self.transact(organization, version, |contacts| contacts.run(&*restore))
    }

    async fn undo(&self, undo: Arc<Undo>) -> Result<UndoReport, StoreError> {
        let (organization, version) = (undo.organization(), undo.settings_version());
        self.transact(organization, version, |contacts| contacts.run(&*undo))
    }

    async fn purge(&self, purge: Arc<Purge>) -> Result<BatchReport, StoreError> {
        let (organization, version) = (purge.organization(), purge.settings_version());
        self.transact(organization, version, |contacts| contacts.run(&*purge))
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

    async fn survivor(
        &self,
        organization: OrganizationId,
        merged: ContactId,
    ) -> Result<Option<Record>, StoreError> {
        Ok(lock(&self.contacts).survivor(organization, merged).cloned())
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
impl ContactList for MemoryStore {
    async fn page(
        &self,
        organization: OrganizationId,
        query: &ContactQuery,
    ) -> Result<ContactPage, StoreError> {
        Ok(lock(&self.contacts).list(organization, query))
    }

    async fn export(
        &self,
        organization: OrganizationId,
        filter: &ContactFilter,
    ) -> Result<ContactExport, StoreError> {
        let contacts = lock(&self.contacts).clone();
        let position = contacts.ledger.end(organization);
        let (sender, pages) = channel(ContactExport::AHEAD);
        let mut query = ContactExport::first(filter.clone());
        tokio::spawn(async move {
            loop {
                let page = contacts.list(organization, &query);
                query.after = page.next.clone();
                if sender.send(Ok(page)).await.is_err() || query.after.is_none() {
                    return;
                }
            }
        });
        Ok(ContactExport { position, pages })
    }
}

#[async_trait]
impl Audit for MemoryStore {
    async fn contact_count(&self) -> Result<u64, StoreError> {
        Ok(u64::try_from(lock(&self.contacts).records().count()).expect("fewer than 2^64"))
    }

    async fn contacts_after(
        &self,
        after: Option<ContactKey>,
        at_most: u32,
    ) -> Result<Vec<StoredContact>, StoreError> {
        Ok(lock(&self.contacts).stored_after(after, at_most))
    }

    async fn next_id(&self) -> Result<i64, StoreError> {
        Ok(lock(&self.contacts).next_id())
    }

    async fn repair(&self, repair: Arc<Repair>) -> Result<Vec<Discrepancy>, StoreError> {
        let (organization, version) = (repair.organization(), repair.settings_version());
        self.transact(organization, version, |contacts| contacts.repair(&repair))
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
        lock(&self.access).add_token(token).map_err(StoreError::internal)
    }

    async fn replace_token(
        &self,
        token: NewToken,
        until: Timestamp,
    ) -> Result<Option<TokenId>, StoreError> {
        lock(&self.access).replace_token(token, until).map_err(StoreError::internal)
    }

    async fn keep_uses(&self, uses: Vec<(TokenId, Timestamp)>) -> Result<(), StoreError> {
        lock(&self.access).keep_uses(uses);
        Ok(())
    }

    async fn tokens(&self) -> Result<Vec<Token>, StoreError> {
        Ok(lock(&self.access).tokens())
    }

    async fn revoke_token(&self, id: TokenId, at: Timestamp) -> Result<bool, StoreError> {
        Ok(lock(&self.access).revoke_token(id, at))
    }
}

#[async_trait]
impl StoreState for MemoryStore {
    async fn check_writable(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn measurements(&self) -> Vec<Measurement> {
        Vec::new()
    }
}

#[async_trait]
impl Ledger for MemoryStore {
    async fn run(
        &self,
        organization: OrganizationId,
        id: RunId,
    ) -> Result<Option<Run>, StoreError> {
        Ok(lock(&self.contacts).ledger.run(organization, id))
    }

    async fn runs(
        &self,
        organization: OrganizationId,
        before: Option<RunId>,
        at_most: u32,
    ) -> Result<Vec<Run>, StoreError> {
        Ok(lock(&self.contacts).ledger.runs(organization, before, at_most))
    }

    async fn changes(
        &self,
        organization: OrganizationId,
        run: RunId,
        after: Option<ContactId>,
        size: PageSize,
    ) -> Result<Vec<RecordedChange>, StoreError> {
        Ok(lock(&self.contacts).ledger.changes(organization, run, after, size))
    }

    async fn history(
        &self,
        organization: OrganizationId,
        contact: ContactId,
        from: Option<RunId>,
        size: PageSize,
    ) -> Result<Option<History>, StoreError> {
        Ok(lock(&self.contacts).history(organization, contact, from, size))
    }

    async fn changed_by(
        &self,
        organization: OrganizationId,
        run: RunId,
        bytes_at_most: usize,
    ) -> Result<Vec<UndoneContact>, StoreError> {
        let contacts = lock(&self.contacts).changed_by(organization, run);
        let bytes = |contact: &UndoneContact| {
            let reverse = contact.changes.iter().filter_map(|change| change.reverse.as_ref());
            reverse.map(String::len).sum::<usize>()
                + contact.record.as_ref().map_or(0, |record| record.document.len())
        };
        match contacts.iter().map(bytes).sum::<usize>() <= bytes_at_most {
            true => Ok(contacts),
            false => Err(StoreError::too_large(bytes_at_most)),
        }
    }

    async fn feed_end(&self, organization: OrganizationId) -> Result<FeedPosition, StoreError> {
        Ok(lock(&self.contacts).ledger.end(organization))
    }

    async fn feed(
        &self,
        organization: OrganizationId,
        from: FeedPosition,
        size: PageSize,
    ) -> Result<Option<FeedPage>, StoreError> {
        Ok(lock(&self.contacts).feed(organization, from, size))
    }

    async fn prune(
        &self,
        organization: OrganizationId,
        before: Timestamp,
    ) -> Result<bool, StoreError> {
        lock(&self.contacts).prune(organization, before);
        Ok(false)
    }

    async fn purge_deleted(
        &self,
        organization: OrganizationId,
        before: Timestamp,
        now: Timestamp,
        at_most: u32,
    ) -> Result<u64, StoreError> {
        Ok(lock(&self.contacts).purge_deleted(organization, before, now, at_most))
    }
}

/// A panic in a transaction leaves the original untouched: see [`MemoryStore::transact`].
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
