//! Who calls, and why somebody may not.

use contacts_domain::ledger::{Api, Origin};
use contacts_domain::upsert::{Context, Endpoints, Handling};
use contacts_domain::{OrganizationId, Timestamp};

use crate::access::{Organization, Scope, Scopes};

/// The caller of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The organization that the request is for.
    pub organization: Organization,
    /// The scopes of the caller there.
    pub scopes: Scopes,
    /// The name of its token, for the log and the ledger.
    pub token_name: String,
    /// The API that it calls.
    pub api: Api,
}

/// Why a caller is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// No such token, or it has expired or been revoked.
    #[error("the token is unknown, expired or revoked")]
    UnknownToken,
    /// The token may not act for that organization.
    #[error("the token may not act for this organization")]
    Forbidden,
    /// The token lacks one of these scopes, which the request needs.
    #[error("the token may not do this: it takes the scope {0}")]
    InsufficientScope(Scopes),
    /// The organization does not exist. Only a caller with the scope `admin` learns that.
    #[error("organization {0} does not exist")]
    UnknownOrganization(OrganizationId),
    /// The token is for several organizations, and the request names none.
    #[error("the token is valid for several organizations, so the request has to name one")]
    OrganizationNotNamed,
}

impl Caller {
    /// Refuses a caller without that scope.
    ///
    /// # Errors
    ///
    /// [`AccessError::InsufficientScope`].
    pub fn require(&self, scope: Scope) -> Result<(), AccessError> {
        self.require_all([scope])
    }

    /// Refuses a caller without all of these scopes.
    ///
    /// # Errors
    ///
    /// [`AccessError::InsufficientScope`], with all of them.
    pub fn require_all(&self, scopes: impl IntoIterator<Item = Scope>) -> Result<(), AccessError> {
        let needed: Scopes = scopes.into_iter().collect();
        match self.scopes.include_all(needed) {
            true => Ok(()),
            false => Err(AccessError::InsufficientScope(needed)),
        }
    }

    /// The context of a request of this caller to an API that hides endpoints, without preferences.
    pub fn context(&self, now: Timestamp) -> Context {
        Context {
            organization: self.organization.id,
            settings: self.organization.settings,
            now,
            may_read_staff: self.scopes.include(Scope::StaffRead),
            may_write_staff: self.scopes.include(Scope::StaffWrite),
            endpoints: Endpoints::Hidden,
            handling: Handling::Standard,
            origin: Origin { api: self.api, token: self.token_name.clone(), source: None },
        }
    }
}
