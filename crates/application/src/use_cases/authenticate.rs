//! Identifies the caller of a request.

mod recent_callers;

use std::sync::Arc;

use contacts_domain::upsert::{Context, DocumentsTooLarge, Endpoints, Handling, NotApplied};
use contacts_domain::{OrganizationId, Timestamp};

use self::recent_callers::RecentCallers;
use crate::access::{LadderError, Organization, Scope, Scopes, TokenDigest};
use crate::compute::Panicked;
use crate::ports::{AccessStore, Clock, StoreError};

/// The caller of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The organization that the request is for.
    pub organization: Organization,
    /// The scopes of the caller there.
    pub scopes: Scopes,
    /// The name of its token, for the log.
    pub token_name: String,
}

/// Why a caller is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// No such token, or it has expired or been revoked.
    #[error("the token is unknown, expired or revoked")]
    UnknownToken,
    /// The token may not act for that organization, or not do this.
    #[error("the token may not do this for this organization")]
    Forbidden,
    /// The organization does not exist. Only a caller with the scope `admin` learns that.
    #[error("organization {0} does not exist")]
    UnknownOrganization(OrganizationId),
    /// The token is for several organizations, and the request names none.
    #[error("the token is valid for several organizations, so the request has to name one")]
    OrganizationNotNamed,
}

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
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
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
}

impl Authenticate {
    /// Looks up tokens in that store.
    pub fn new(access: Arc<dyn AccessStore>, clock: Arc<dyn Clock>) -> Self {
        Self { access, clock, recent: RecentCallers::default() }
    }

    /// Returns the caller with that token, for that organization or else the token's only one.
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
                let caller = Caller { organization, scopes: token.scopes, token_name: token.name };
                self.recent.keep(key, caller.clone(), token.expires_at, now);
                Ok(caller)
            }
            None if token.scopes.include(Scope::Admin) => {
                Err(AccessError::UnknownOrganization(id).into())
            }
            None => Err(AccessError::Forbidden.into()),
        }
    }
}

impl Caller {
    /// Refuses a caller without that scope.
    ///
    /// # Errors
    ///
    /// [`AccessError::Forbidden`].
    pub fn require(&self, scope: Scope) -> Result<(), AccessError> {
        if self.scopes.include(scope) { Ok(()) } else { Err(AccessError::Forbidden) }
    }

    /// The context of a lenient request of this caller to an API that hides endpoints.
    pub fn context(&self, now: Timestamp) -> Context {
        Context {
            organization: self.organization.id,
            settings: self.organization.settings,
            now,
            may_write_staff: self.scopes.include(Scope::Staff),
            endpoints: Endpoints::Hidden,
            handling: Handling::Standard,
        }
    }
}
