//! Writes, each with the answer of its request if that has an idempotency key.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use contacts_domain::OrganizationId;
use contacts_domain::decision::{Decision, Idempotent, Keep, Once, Render, RequestKey};
use contacts_domain::merging::{Merge, MergeReport};
use contacts_domain::purging::Purge;
use contacts_domain::restoring::{Restore, RestoreReport};
use contacts_domain::undoing::{Undo, UndoReport};
use contacts_domain::upsert::{Batch, BatchReport};

use super::{FirstRequest, NotDone};
use crate::access::{Organization, SettingsChange};
use crate::plans::PlanChange;
use crate::ports::{ContactStore, KeptPlans, OrganizationSettings, StoreError};

/// How the answer of the first request with a key is kept with what the request writes.
pub struct Keeping<R> {
    request: Arc<FirstRequest>,
    render: Render<R>,
    /// A further key of the request.
    other: Option<Box<Keeping<R>>>,
}

/// Why a request was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeepingError {
    #[error(transparent)]
    NotDone(#[from] NotDone),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<R> Keeping<R> {
    /// Keeps the answer that `render` writes of a report.
    pub fn new(request: Arc<FirstRequest>, render: Render<R>) -> Self {
        Self { request, render, other: None }
    }

    /// Keeps the answer for a further key too, if the request has one.
    #[must_use]
    pub fn and(self, other: Option<Self>) -> Self {
        Self { other: other.map(Box::new), ..self }
    }

    fn keep(&self) -> Keep<R> {
        let FirstRequest { key, request, at, .. } = *self.request;
        Keep { key, request, at, render: Arc::clone(&self.render) }
    }

    fn once<D: Decision<Report = R>>(&self, decision: Arc<D>) -> Arc<Idempotent<D>> {
        let decision = Idempotent::new(decision, self.keep());
        Arc::new(match &self.other {
            Some(other) => decision.and(other.keep()),
            None => decision,
        })
    }

    /// The report of a request that was done now.
    fn done<T>(&self, once: Once<T>) -> Result<T, KeepingError> {
        match once {
            Once::Now { report, is_kept } => {
                for keeping in [Some(self), self.other.as_deref()].into_iter().flatten() {
                    keeping.request.is_kept.store(is_kept, Ordering::Relaxed);
                }
                Ok(report)
            }
            // By another server, or by this one for a caller who did not wait for the answer.
            Once::Before => Err(NotDone::Running.into()),
            Once::OtherRequest => Err(NotDone::OtherRequest.into()),
        }
    }
}

impl<R> Clone for Keeping<R> {
    fn clone(&self) -> Self {
        Self {
            request: Arc::clone(&self.request),
            render: Arc::clone(&self.render),
            other: self.other.clone(),
        }
    }
}

impl<R> fmt::Debug for Keeping<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keeping").field("request", &self.request).finish_non_exhaustive()
    }
}

pub(crate) async fn upsert(
    store: &dyn ContactStore,
    batch: Arc<Batch>,
    keeping: Option<&Keeping<BatchReport>>,
) -> Result<BatchReport, KeepingError> {
    let Some(keeping) = keeping else { return Ok(store.upsert(batch).await?) };
    keeping.done(keeping.request.kept.upsert_once(keeping.once(batch)).await?)
}

pub(crate) async fn merge(
    store: &dyn ContactStore,
    merge: Arc<Merge>,
    keeping: Option<&Keeping<MergeReport>>,
) -> Result<MergeReport, KeepingError> {
    let Some(keeping) = keeping else { return Ok(store.merge(merge).await?) };
    keeping.done(keeping.request.kept.merge_once(keeping.once(merge)).await?)
}

pub(crate) async fn restore(
    store: &dyn ContactStore,
    restore: Arc<Restore>,
    keeping: Option<&Keeping<RestoreReport>>,
) -> Result<RestoreReport, KeepingError> {
    let Some(keeping) = keeping else { return Ok(store.restore(restore).await?) };
    keeping.done(keeping.request.kept.restore_once(keeping.once(restore)).await?)
}

pub(crate) async fn undo(
    store: &dyn ContactStore,
    undo: Arc<Undo>,
    keeping: Option<&Keeping<UndoReport>>,
) -> Result<UndoReport, KeepingError> {
    let Some(keeping) = keeping else { return Ok(store.undo(undo).await?) };
    keeping.done(keeping.request.kept.undo_once(keeping.once(undo)).await?)
}

pub(crate) async fn purge(
    store: &dyn ContactStore,
    purge: Arc<Purge>,
    keeping: Option<&Keeping<BatchReport>>,
) -> Result<BatchReport, KeepingError> {
    let Some(keeping) = keeping else { return Ok(store.purge(purge).await?) };
    keeping.done(keeping.request.kept.purge_once(keeping.once(purge)).await?)
}

pub(crate) async fn change_settings(
    settings: &dyn OrganizationSettings,
    id: OrganizationId,
    change: SettingsChange,
    contacts: i64,
    keeping: Option<&Keeping<Organization>>,
) -> Result<Option<Organization>, KeepingError> {
    let Some(keeping) = keeping else {
        return Ok(settings.change_settings(id, change, contacts).await?);
    };
    let kept = &keeping.request.kept;
    let once = kept.change_settings_once(id, change, contacts, keeping.keep()).await?;
    keeping.done(once)
}

pub(crate) async fn change_plan(
    plans: &dyn KeptPlans,
    organization: OrganizationId,
    plan: RequestKey,
    change: PlanChange,
    keeping: Option<&Keeping<()>>,
) -> Result<bool, KeepingError> {
    let keep = keeping.map(Keeping::keep);
    let once = plans.change_plan(organization, plan, change, keep).await?;
    match (once, keeping) {
        (once, Some(keeping)) => keeping.done(once),
        (Once::Now { report, .. }, None) => Ok(report),
        // Without a key, there is nothing to find.
        (Once::Before | Once::OtherRequest, None) => Err(NotDone::Running.into()),
    }
}
