//! The port of requests with an idempotency key.

mod plans;

use std::sync::Arc;

use async_trait::async_trait;
use contacts_application::access::{Organization, SettingsChange};
use contacts_application::ports::{KeptAnswers, StoreError};
use contacts_domain::decision::{Idempotent, Keep, KeptAnswer, Once, RequestKey};
use contacts_domain::merging::{Merge, MergeReport};
use contacts_domain::restoring::{Restore, RestoreReport};
use contacts_domain::undoing::{Undo, UndoReport};
use contacts_domain::upsert::{Batch, BatchReport};
use contacts_domain::{ContactId, OrganizationId, Timestamp};
use tokio_postgres::types::Type;

use super::PostgresStore;
use crate::connect::{Failure, Parameter};
use crate::statements::values::Instant;
use crate::statements::{answers, settings};

#[async_trait]
impl KeptAnswers for PostgresStore {
    async fn upsert_once(
        &self,
        batch: Arc<Idempotent<Batch>>,
    ) -> Result<Once<BatchReport>, StoreError> {
        Ok(self.idempotent_groups.apply(batch).await?)
    }

    async fn merge_once(
        &self,
        merge: Arc<Idempotent<Merge>>,
    ) -> Result<Once<MergeReport>, StoreError> {
        Ok(self.transactions.run(merge).await?)
    }

    async fn restore_once(
        &self,
        restore: Arc<Idempotent<Restore>>,
    ) -> Result<Once<RestoreReport>, StoreError> {
        Ok(self.transactions.run(restore).await?)
    }

    async fn undo_once(&self, undo: Arc<Idempotent<Undo>>) -> Result<Once<UndoReport>, StoreError> {
        Ok(self.transactions.run(undo).await?)
    }

    async fn change_settings_once(
        &self,
        id: OrganizationId,
        change: SettingsChange,
        contacts: i64,
        keep: Keep<Organization>,
    ) -> Result<Once<Option<Organization>>, StoreError> {
        let session = self.transactions.begin().await?;
        // This locks the settings, so that the answer of a request that held them before is seen.
        let report = settings::change(&session, id, change, contacts).await?;
        let kept = answers::requests(&session, id, &[keep.key]).await?.remove(&keep.key);
        if let Some(once) = keep.found(kept) {
            session.rollback().await?;
            return Ok(once);
        }
        let kept = report.as_ref().and_then(|changed| keep.answer(changed));
        let is_kept = kept.is_some();
        if let Some(kept) = kept
            && !answers::insert(&session, id, keep.key, &kept).await?
        {
            session.rollback().await?;
            return Ok(Once::Before);
        }
        session.commit().await?;
        Ok(Once::Now { report, is_kept })
    }

    async fn keep_answer(
        &self,
        organization: OrganizationId,
        key: RequestKey,
        kept: KeptAnswer,
    ) -> Result<bool, StoreError> {
        let session = self.transactions.begin().await?;
        let is_kept = answers::insert(&session, organization, key, &kept).await?;
        session.commit().await?;
        Ok(is_kept)
    }

    async fn kept_answer(
        &self,
        organization: OrganizationId,
        RequestKey(key): RequestKey,
    ) -> Result<Option<KeptAnswer>, StoreError> {
        let parameters: [Parameter<'_>; 2] =
            [(&organization.get(), Type::INT4), (&key.as_slice(), Type::BYTEA)];
        let rows = self.transactions.read(answers::FIND, &parameters).await?;
        Ok(rows.first().map(answers::kept_answer).transpose()?)
    }

    async fn forget_answers(&self, before: Timestamp, at_most: u32) -> Result<u64, StoreError> {
        let parameters: [Parameter<'_>; 2] =
            [(&Instant(before), Type::TIMESTAMPTZ), (&i64::from(at_most), Type::INT8)];
        Ok(self.change_answers(answers::FORGET, &parameters).await?)
    }

    async fn erase_answers(
        &self,
        organization: OrganizationId,
        contacts: &[ContactId],
    ) -> Result<(), StoreError> {
        let contacts: Vec<i64> = contacts.iter().map(|id| id.get()).collect();
        let parameters: [Parameter<'_>; 2] =
            [(&organization.get(), Type::INT4), (&contacts, Type::INT8_ARRAY)];
        self.change_answers(answers::ERASE, &parameters).await?;
        Ok(())
    }
}

impl PostgresStore {
    /// Runs a statement in a transaction of its own. Returns how many answers it changed.
    async fn change_answers(
        &self,
        statement: &'static str,
        parameters: &[Parameter<'_>],
    ) -> Result<u64, Failure> {
        let session = self.transactions.begin().await?;
        let changed = session.execute(statement, parameters).await?;
        session.commit().await?;
        Ok(changed)
    }
}
