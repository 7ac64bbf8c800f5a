//! The port of the ledger.

use async_trait::async_trait;
use contacts_domain::ledger::Run;
use contacts_domain::undoing::UndoneContact;
use contacts_domain::{ContactId, OrganizationId, RunId, Timestamp};

use super::StoreError;
use crate::ledger::{FeedPage, FeedPosition, History, PageSize, RecordedChange};

/// Reads the ledger that a [`ContactStore`](super::ContactStore) writes with each change.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Ledger: Send + Sync {
    /// The run of that id.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails.
    async fn run(&self, organization: OrganizationId, id: RunId)
    -> Result<Option<Run>, StoreError>;

    /// The runs before that one, or all, the last one first.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails.
    async fn runs(
        &self,
        organization: OrganizationId,
        before: Option<RunId>,
        at_most: u32,
    ) -> Result<Vec<Run>, StoreError>;

    /// The changes of a run after that of a contact, lowest contacts first. They are never fewer than
    /// asked for while the run has more, unless their differences have more bytes than the page.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails.
    async fn changes(
        &self,
        organization: OrganizationId,
        run: RunId,
        after: Option<ContactId>,
        size: PageSize,
    ) -> Result<Vec<RecordedChange>, StoreError>;

    /// A contact, living or deleted, with its changes from that run on backwards; without one, from the
    /// last. `None` if there is no such contact.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails.
    async fn history(
        &self,
        organization: OrganizationId,
        contact: ContactId,
        from: Option<RunId>,
        size: PageSize,
    ) -> Result<Option<History>, StoreError>;

    /// The contacts that a run changed, lowest first, as they are, each with what runs did to it from that
    /// one on, all of one moment.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails; of the kind `TooLarge` if documents and differences together
    /// have more than that many bytes.
    async fn changed_by(
        &self,
        organization: OrganizationId,
        run: RunId,
        bytes_at_most: usize,
    ) -> Result<Vec<UndoneContact>, StoreError>;

    /// The position after every change that is committed and below every one that may still be.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails.
    async fn feed_end(&self, organization: OrganizationId) -> Result<FeedPosition, StoreError>;

    /// The changes after a position, or the next of all living contacts where the position is in the
    /// list of them. A contact comes once, with its last change. Nothing comes before it is
    /// committed, and nothing is left out. `None` if the position is not one of this database any
    /// more.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails.
    async fn feed(
        &self,
        organization: OrganizationId,
        from: FeedPosition,
        size: PageSize,
    ) -> Result<Option<FeedPage>, StoreError>;

    /// Deletes the oldest runs of an organization from before that time with their changes, some at a
    /// time. The last of them stays: readers of the feed may stand at it. Returns whether there are
    /// more to delete.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails.
    async fn prune(
        &self,
        organization: OrganizationId,
        before: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Purges contacts of an organization that were deleted before that time, the earliest first and at
    /// most so many, as [`ContactStore::purge`](super::ContactStore::purge) does at the time `now`, but
    /// as no run. Returns how many it purged.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails; then nothing is changed.
    async fn purge_deleted(
        &self,
        organization: OrganizationId,
        before: Timestamp,
        now: Timestamp,
        at_most: u32,
    ) -> Result<u64, StoreError>;
}
