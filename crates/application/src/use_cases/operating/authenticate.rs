//! Identifies the caller of a request.

mod caller;
mod recent_callers;
mod uses;

use std::sync::Arc;

use contacts_domain::OrganizationId;
use contacts_domain::ledger::Api;
use contacts_domain::upsert::{DocumentsTooLarge, NotApplied};

pub use self::caller::{AccessError, Caller};
use self::recent_callers::RecentCallers;
use self::uses::Uses;
use crate::access::{LadderError, Scope, TokenDigest};
use crate::compute::Panicked;
use crate::ports::{AccessStore, Clock, StoreError};
use crate::use_cases::answer_once::{KeepingError, NotDone};

/// Why a use case failed.
#[derive(Debug, thiserror::Error)]
pub enum UseCaseError {
    /// The caller is refused.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The organization does not match by a key of the request's ladder, or not yet.
    #[error(transparent)]
    Ladder(#[from] LadderError),
    /// The answer would be too large; nothing is stored.
    #[error(transparent)]
    DocumentsTooLarge(#[from] DocumentsTooLarge),
    /// Reading or checking the items panicked.
    #[error(transparent)]
    Panicked(#[from] Panicked),
    /// It has an idempotency key and is not done.
    #[error(transparent)]
    NotDone(#[from] NotDone),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<KeepingError> for UseCaseError {
    fn from(error: KeepingError) -> Self {
        match error {
            KeepingError::NotDone(reason) => reason.into(),
            KeepingError::Store(error) => error.into(),
        }
    }
}

impl From<NotApplied> for UseCaseError {
    fn from(reason: NotApplied) -> Self {
        match reason {
            NotApplied::DocumentsTooLarge(too_large) => too_large.into(),
            // Only a batch with items that were not read can be overtaken.
            NotApplied::Overtaken => StoreError::internal(reason).into(),
        }
    }
}

/// Identifies the caller of a request by a token.
///
/// A caller that was found is kept in memory for a second: a token that is revoked may be used for
/// that much longer. Whether it has expired is checked at each use.
pub struct Authenticate {
    access: Arc<dyn AccessStore>,
    clock: Arc<dyn Clock>,
    recent: RecentCallers,
    uses: Uses,
}

impl Authenticate {
    /// Looks up tokens in that store.
    pub fn new(access: Arc<dyn AccessStore>, clock: Arc<dyn Clock>) -> Self {
        Self { access, clock, recent: RecentCallers::default(), uses: Uses::default() }
    }

    /// Returns the caller with that token, for that organization or else the token's only one, as one
    /// of the default API.
    ///
    /// # Errors
    ///
    /// [`AccessError`], the first that applies: the token is not valid; no organization is named and
    /// the token has several; the token does not reach the organization; it does not exist.
    pub async fn execute(
        &self,
        token: TokenDigest,
        organization: Option<OrganizationId>,
    ) -> Result<Caller, UseCaseError> {
        let key = (token, organization);
        let now = self.clock.now();
        if let Some(caller) = self.recent.get(&key, now) {
            return Ok(caller);
        }
        let token = self.access.token(token).await?.ok_or(AccessError::UnknownToken)?;
        if !token.is_valid(now) {
            return Err(AccessError::UnknownToken.into());
        }
        let id =
            organization.or_else(|| token.reach.home()).ok_or(AccessError::OrganizationNotNamed)?;
        if !token.reach.includes(id) {
            return Err(AccessError::Forbidden.into());
        }
        match self.access.organization(id).await? {
            Some(organization) => {
                let caller = Caller {
                    organization,
                    scopes: token.scopes,
                    token_name: token.name,
                    api: Api::default(),
                };
                self.recent.keep(key, caller.clone(), token.expires_at, now);
                self.uses.note(token.id, now);
                Ok(caller)
            }
            None if token.scopes.include(Scope::Admin) => {
                Err(AccessError::UnknownOrganization(id).into())
            }
            None => Err(AccessError::Forbidden.into()),
        }
    }

    /// Forgets the callers that it has found, because an organization has changed.
    pub fn forget_callers(&self) {
        self.recent.clear();
    }

    /// Writes down when tokens were last used, those that were since it was done before. A server does
    /// that now and then: no request waits for it.
    ///
    /// # Errors
    ///
    /// When the store fails; the next time, they are written down.
    pub async fn keep_uses(&self) -> Result<(), StoreError> {
        let uses = self.uses.take();
        if uses.is_empty() {
            return Ok(());
        }
        let kept = self.access.keep_uses(uses.clone()).await;
        if kept.is_err() {
            uses.into_iter().for_each(|(token, at)| self.uses.note(token, at));
        }
        kept
    }
}
