//! Finds out who is calling and for which organization.

use std::sync::Arc;

use contacts_domain::OrganizationId;

use crate::access::{Organization, Scope, Scopes, TokenDigest};
use crate::compute::Panicked;
use crate::ports::{AccessStore, Clock, StoreError};

/// Who is calling, for which organization, with which scopes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The organization that the request is for.
    pub organization: Organization,
    /// What the caller may do there.
    pub scopes: Scopes,
}

/// Why a caller is turned away.
#[derive(Debug, thiserror::Error)]
pub enum UseCaseError {
    /// No such token, or it has expired or been revoked.
    #[error("the token is unknown, expired or revoked")]
    UnknownToken,
    /// The token may not act for that organization, or not do this.
    #[error("the token may not do this for this organization")]
    Forbidden,
    /// The organization does not exist; told only to those who may see all of them.
    #[error("organization {0} does not exist")]
    UnknownOrganization(OrganizationId),
    /// The token is at home in no single organization and the request names none.
    #[error(transparent)]
    NameNoOrganization(#[from] NameNoOrganization),
    /// Preparing the items panicked.
    #[error(transparent)]
    Panicked(#[from] Panicked),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The request has to name an organization and does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the token is valid for several organizations, so the request has to name one")]
pub struct NameNoOrganization;

/// Finds out who is calling.
pub struct Authenticate {
    access: Arc<dyn AccessStore>,
    clock: Arc<dyn Clock>,
}

impl Authenticate {
    /// Looks tokens up in that store.
    pub fn new(access: Arc<dyn AccessStore>, clock: Arc<dyn Clock>) -> Self {
        Self { access, clock }
    }

    /// Who calls with that token for that organization, or for the token's own.
    ///
    /// # Errors
    ///
    /// In this order: the token is not valid; no organization is named and the token has none of
    /// its own; the token does not reach the organization; the organization does not exist.
    pub async fn execute(
        &self,
        token: TokenDigest,
        organization: Option<OrganizationId>,
    ) -> Result<Caller, UseCaseError> {
        let token = self.access.token(token).await?.ok_or(UseCaseError::UnknownToken)?;
        if !token.is_valid(self.clock.now()) {
            return Err(UseCaseError::UnknownToken);
        }
        let id = organization.or_else(|| token.reach.home()).ok_or(NameNoOrganization)?;
        if !token.reach.includes(id) {
            return Err(UseCaseError::Forbidden);
        }
        match self.access.organization(id).await? {
            Some(organization) => Ok(Caller { organization, scopes: token.scopes }),
            None if token.scopes.include(Scope::Admin) => {
                Err(UseCaseError::UnknownOrganization(id))
            }
            None => Err(UseCaseError::Forbidden),
        }
    }
}

impl Caller {
    /// Turns the caller away unless the scope is given.
    ///
    /// # Errors
    ///
    /// [`UseCaseError::Forbidden`].
    pub fn require(&self, scope: Scope) -> Result<(), UseCaseError> {
        if self.scopes.include(scope) { Ok(()) } else { Err(UseCaseError::Forbidden) }
    }
}
