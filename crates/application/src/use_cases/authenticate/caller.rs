//! Who calls, and why somebody may not.

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

impl Caller {
    /// Refuses a caller without that scope.
    ///
    /// # Errors
    ///
    /// [`AccessError::Forbidden`].
    pub fn require(&self, scope: Scope) -> Result<(), AccessError> {
        if self.scopes.include(scope) { Ok(()) } else { Err(AccessError::Forbidden) }
    }

    /// The context of a request of this caller to an API that hides endpoints, without preferences.
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
