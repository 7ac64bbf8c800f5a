//! The port of requests with an idempotency key.

use std::sync::Arc;

use async_trait::async_trait;
use contacts_application::access::{Organization, SettingsChange};
use contacts_application::ports::{KeptAnswers, StoreError};
use contacts_domain::decision::{Decision as _, Idempotent, Keep, KeptAnswer, Once, RequestKey};
use contacts_domain::merging::{Merge, MergeReport};
use contacts_domain::purging::Purge;
use contacts_domain::restoring::{Restore, RestoreReport};
use contacts_domain::undoing::{Undo, UndoReport};
use contacts_domain::upsert::{Batch, BatchReport};
use contacts_domain::{OrganizationId, Timestamp};

use super::{MemoryStore, lock};

#[async_trait]
impl KeptAnswers for MemoryStore {
    async fn upsert_once(
        &self,
        batch: Arc<Idempotent<Batch>>,
    ) -> Result<Once<BatchReport>, StoreError> {
        let (organization, version) = (batch.organization(), batch.settings_version());
        self.transact(organization, version, |contacts| contacts.run(&*batch))
    }

    async fn merge_once(
        &self,
        merge: Arc<Idempotent<Merge>>,
    ) -> Result<Once<MergeReport>, StoreError> {
        let (organization, version) = (merge.organization(), merge.settings_version());
        self.transact(organization, version, |contacts| contacts.run(&*merge))
    }

    async fn restore_once(
        &self,
        restore: Arc<Idempotent<Restore>>,
    ) -> Result<Once<RestoreReport>, StoreError> {
        let (organization, version) = (restore.organization(), restore.settings_version());
        self.transact(organization, version, |contacts| contacts.run(&*restore))
    }

    async fn undo_once(&self, undo: Arc<Idempotent<Undo>>) -> Result<Once<UndoReport>, StoreError> {
        let (organization, version) = (undo.organization(), undo.settings_version());
        self.transact(organization, version, |contacts| contacts.run(&*undo))
    }

    async fn purge_once(
        &self,
        purge: Arc<Idempotent<Purge>>,
    ) -> Result<Once<BatchReport>, StoreError> {
        let (organization, version) = (purge.organization(), purge.settings_version());
        self.transact(organization, version, |contacts| contacts.run(&*purge))
    }

    async fn change_settings_once(
        &self,
        id: OrganizationId,
        change: SettingsChange,
        contacts: i64,
        keep: Keep<Organization>,
    ) -> Result<Once<Option<Organization>>, StoreError> {
        let mut stored = lock(&self.contacts);
        let mut access = lock(&self.access);
        let kept = stored.answers.requests(id, &[keep.key]).remove(&keep.key);
        if let Some(once) = keep.found(kept) {
            return Ok(once);
        }
        let report = access.organization(id).map(|found| found.changed(change, contacts));
        let kept = report.as_ref().and_then(|changed| keep.answer(changed));
        let is_kept = kept.is_some_and(|kept| stored.answers.add(id, keep.key, kept));
        if let Some(changed) = &report {
            access.replace(changed.clone());
        }
        Ok(Once::Now { report, is_kept })
    }

    async fn keep_answer(
        &self,
        organization: OrganizationId,
        key: RequestKey,
        mut kept: KeptAnswer,
    ) -> Result<bool, StoreError> {
        let mut contacts = lock(&self.contacts);
        if contacts.any_purged(&kept.answer.contacts, kept.at) {
            kept.answer.body = None;
        }
        Ok(contacts.answers.add(organization, key, kept))
    }

    async fn kept_answer(
        &self,
        organization: OrganizationId,
        key: RequestKey,
    ) -> Result<Option<KeptAnswer>, StoreError> {
        Ok(lock(&self.contacts).answers.get(organization, key))
    }

    async fn forget_answers(&self, before: Timestamp, at_most: u32) -> Result<u64, StoreError> {
        Ok(lock(&self.contacts).answers.forget(before, at_most))
    }
}
