//! The port of requests with an idempotency key.

mod plans;

use std::sync::Arc;

use async_trait::async_trait;
use contacts_application::access::{Organization, SettingsChange};
use contacts_application::ports::{KeptAnswers, StoreError};
use contacts_domain::decision::{
    Footprint, Idempotent, Keep, KeptAnswer, Once, RequestKey, Writes,
};
use contacts_domain::merging::{Merge, MergeReport};
use contacts_domain::purging::Purge;
use contacts_domain::restoring::{Restore, RestoreReport};
use contacts_domain::undoing::{Undo, UndoReport};
use contacts_domain::upsert::{Batch, BatchReport};
use contacts_domain::{OrganizationId, Timestamp};

use super::SqliteStore;
use super::transaction::Transaction;
use crate::connect::Failure;
use crate::statements::write::purge::any_purged;
use crate::statements::{answer, settings};

#[async_trait]
impl KeptAnswers for SqliteStore {
    async fn upsert_once(
        &self,
        batch: Arc<Idempotent<Batch>>,
    ) -> Result<Once<BatchReport>, StoreError> {
        self.run(batch).await
    }

    async fn merge_once(
        &self,
        merge: Arc<Idempotent<Merge>>,
    ) -> Result<Once<MergeReport>, StoreError> {
        self.run(merge).await
    }

    async fn restore_once(
        &self,
        restore: Arc<Idempotent<Restore>>,
    ) -> Result<Once<RestoreReport>, StoreError> {
        self.run(restore).await
    }

    async fn undo_once(&self, undo: Arc<Idempotent<Undo>>) -> Result<Once<UndoReport>, StoreError> {
        self.run(undo).await
    }

    async fn purge_once(
        &self,
        purge: Arc<Idempotent<Purge>>,
    ) -> Result<Once<BatchReport>, StoreError> {
        self.run(purge).await
    }

    async fn change_settings_once(
        &self,
        id: OrganizationId,
        change: SettingsChange,
        contacts: i64,
        keep: Keep<Organization>,
    ) -> Result<Once<Option<Organization>>, StoreError> {
        let changing = move |transaction: &mut Transaction<'_>| {
            let kept = answer::request(transaction.connection, id, keep.key)?;
            if let Some(once) = keep.found(kept) {
                return Ok(once);
            }
            let report = settings::change(transaction.connection, id, change, contacts)?;
            let kept = report.as_ref().and_then(|changed| keep.answer(changed));
            let is_kept = kept.is_some();
            if let Some(kept) = kept {
                add(transaction, id, keep.key, kept)?;
            }
            Ok(Once::Now { report, is_kept })
        };
        self.writer.write(Some(id), changing).await
    }

    async fn keep_answer(
        &self,
        organization: OrganizationId,
        key: RequestKey,
        mut kept: KeptAnswer,
    ) -> Result<bool, StoreError> {
        let keeping = move |transaction: &mut Transaction<'_>| {
            if answer::request(transaction.connection, organization, key)?.is_some() {
                return Ok(false);
            }
            let shown = &kept.answer.contacts;
            if any_purged(transaction.connection, organization, shown, kept.at)? {
                kept.answer.body = None;
            }
            add(transaction, organization, key, kept)?;
            Ok(true)
        };
        self.writer.write(Some(organization), keeping).await
    }

    async fn kept_answer(
        &self,
        organization: OrganizationId,
        key: RequestKey,
    ) -> Result<Option<KeptAnswer>, StoreError> {
        self.readers.read(move |connection| answer::find(connection, organization, key)).await
    }

    async fn forget_answers(&self, before: Timestamp, at_most: u32) -> Result<u64, StoreError> {
        let forget = move |transaction: &mut Transaction<'_>| {
            answer::forget(transaction.connection, before, at_most)
        };
        self.writer.write(None, forget).await
    }
}

/// Keeps an answer, and lets decisions that were made beside the writer know.
fn add(
    transaction: &mut Transaction<'_>,
    organization: OrganizationId,
    key: RequestKey,
    kept: KeptAnswer,
) -> Result<(), Failure> {
    let writes = Writes { answers: vec![(key, kept)], ..Writes::default() };
    let touched = Footprint::of_writes(&writes);
    transaction.write(organization, &writes, touched)
}
