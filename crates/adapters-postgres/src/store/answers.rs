//! The port of requests with an idempotency key.

mod plans;

use std::sync::Arc;

use async_trait::async_trait;
use contacts_application::access::{Organization, SettingsChange};
use contacts_application::ports::{KeptAnswers, StoreError};
use contacts_domain::decision::{Idempotent, Keep, KeptAnswer, Once, RequestKey};
use contacts_domain::merging::{Merge, MergeReport};
use contacts_domain::purging::Purge;
use contacts_domain::restoring::{Restore, RestoreReport};
use contacts_domain::undoing::{Undo, UndoReport};
use contacts_domain::upsert::{Batch, BatchReport};
use contacts_domain::{OrganizationId, Timestamp};
use tokio_postgres::types::Type;

use super::PostgresStore;
use crate::connect::{Failure, Parameter};
use crate::statements::values::Instant;
use crate::statements::write::purge::any_purged;
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

    async fn purge_once(
        &self,
        purge: Arc<Idempotent<Purge>>,
    ) -> Result<Once<BatchReport>, StoreError> {
        Ok(self.transactions.run(purge).await?)
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
        mut kept: KeptAnswer,
    ) -> Result<bool, StoreError> {
        // No purge is under way then.
        let session = self.transactions.begin_beside(organization).await?;
        if any_purged(&session, organization, &kept.answer.contacts, kept.at).await? {
            kept.answer.body = None;
        }
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
        Ok(self.forget(answers::FORGET, before, at_most).await?)
    }
}

impl PostgresStore {
    /// Forgets by a statement what was kept before that time, at most so much.
    async fn forget(
        &self,
        statement: &'static str,
        before: Timestamp,
        at_most: u32,
    ) -> Result<u64, Failure> {
        let parameters: [Parameter<'_>; 2] =
            [(&Instant(before), Type::TIMESTAMPTZ), (&i64::from(at_most), Type::INT8)];
        let session = self.transactions.begin().await?;
        let forgotten = session.execute(statement, &parameters).await?;
        session.commit().await?;
        Ok(forgotten)
    }
}
