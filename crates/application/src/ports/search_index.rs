//! The port of the index of searches.

use async_trait::async_trait;
use contacts_domain::searching::SearchWords;
use contacts_domain::value::CountryCode;
use contacts_domain::{ContactId, OrganizationId, Timestamp};

use super::StoreError;
use crate::ledger::FeedPosition;

/// The words by which a [`ContactList`](super::ContactList) finds contacts.
///
/// They are written after the contacts, by whoever reads the change feed. Several may do so at once:
/// of two that make the same step, one does.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait SearchIndex: Send + Sync {
    /// How far an organization is indexed; `None` before its first step.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails.
    async fn indexed(&self, organization: OrganizationId) -> Result<Option<Indexed>, StoreError>;

    /// Of one organization or of all: those with committed changes, or words of another version or
    /// region, that are not indexed.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails.
    async fn behind(
        &self,
        organization: Option<OrganizationId>,
        version: i32,
    ) -> Result<Vec<Behind>, StoreError>;

    /// Makes a step, in one transaction. Returns false, and changes nothing, if the organization is
    /// not indexed as far as the step says. A contact that was purged meanwhile is left out.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails; then nothing is changed.
    async fn index(&self, step: IndexStep) -> Result<bool, StoreError>;
}

/// An organization that is not indexed to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Behind {
    /// The organization.
    pub organization: OrganizationId,
    /// When the oldest change was made that is not indexed.
    pub oldest: Timestamp,
    /// When its newest change was made.
    pub newest: Timestamp,
}

/// How far an organization is indexed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Indexed {
    /// The place in the change feed.
    pub position: FeedPosition,
    /// The [version](contacts_domain::searching::SEARCH_VERSION) of the words.
    pub version: i32,
    /// The region that phone numbers were read for.
    pub region: CountryCode,
}

/// Some contacts to be indexed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexStep {
    /// The organization.
    pub organization: OrganizationId,
    /// How far it is indexed before the step.
    pub before: Option<Indexed>,
    /// How far it is after the step.
    pub after: Indexed,
    /// Whether it begins a list of all living contacts: then deleted ones leave the index.
    pub is_first: bool,
    /// The contacts with their words from now on; `None` of one that is deleted.
    pub contacts: Vec<(ContactId, Option<SearchWords>)>,
}
