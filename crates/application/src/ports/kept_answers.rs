//! The port of requests with an idempotency key.

use std::sync::Arc;

use async_trait::async_trait;
use contacts_domain::decision::{Idempotent, Keep, KeptAnswer, Once, RequestKey};
use contacts_domain::merging::{Merge, MergeReport};
use contacts_domain::purging::Purge;
use contacts_domain::restoring::{Restore, RestoreReport};
use contacts_domain::undoing::{Undo, UndoReport};
use contacts_domain::upsert::{Batch, BatchReport};
use contacts_domain::{OrganizationId, Timestamp};

use super::StoreError;
use crate::access::{Organization, SettingsChange};

/// A store that keeps answers, each in the transaction that writes what it is about.
///
/// Of requests with one key at the same time, one is done.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait KeptAnswers: Send + Sync {
    /// As [`ContactStore::upsert`](super::ContactStore::upsert), once for a key.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails; then nothing is stored.
    async fn upsert_once(
        &self,
        batch: Arc<Idempotent<Batch>>,
    ) -> Result<Once<BatchReport>, StoreError>;

    /// As [`ContactStore::merge`](super::ContactStore::merge), once for a key.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails; then nothing is stored.
    async fn merge_once(
        &self,
        merge: Arc<Idempotent<Merge>>,
    ) -> Result<Once<MergeReport>, StoreError>;

    /// As [`ContactStore::restore`](super::ContactStore::restore), once for a key.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails; then nothing is stored.
    async fn restore_once(
        &self,
        restore: Arc<Idempotent<Restore>>,
    ) -> Result<Once<RestoreReport>, StoreError>;

    /// As [`ContactStore::undo`](super::ContactStore::undo), once for a key.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails; then nothing is stored.
    async fn undo_once(&self, undo: Arc<Idempotent<Undo>>) -> Result<Once<UndoReport>, StoreError>;

    /// As [`ContactStore::purge`](super::ContactStore::purge), once for a key.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails; then nothing is stored.
    async fn purge_once(
        &self,
        purge: Arc<Idempotent<Purge>>,
    ) -> Result<Once<BatchReport>, StoreError>;

    /// As [`change_settings`](super::OrganizationSettings::change_settings), once for a key.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails; then nothing is stored.
    async fn change_settings_once(
        &self,
        id: OrganizationId,
        change: SettingsChange,
        contacts: i64,
        keep: Keep<Organization>,
    ) -> Result<Once<Option<Organization>>, StoreError>;

    /// Keeps the answer of a request that has written nothing. Returns whether it did: it does not if
    /// there is one for the key. If the answer may show a contact that was purged since the request
    /// arrived, it is kept without its body.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails.
    async fn keep_answer(
        &self,
        organization: OrganizationId,
        key: RequestKey,
        answer: KeptAnswer,
    ) -> Result<bool, StoreError>;

    /// The answer that is kept for a key.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails.
    async fn kept_answer(
        &self,
        organization: OrganizationId,
        key: RequestKey,
    ) -> Result<Option<KeptAnswer>, StoreError>;

    /// Forgets answers of requests that arrived before that time, at most so many, the oldest first.
    /// Returns how many it forgot.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails.
    async fn forget_answers(&self, before: Timestamp, at_most: u32) -> Result<u64, StoreError>;
}
