//! Adds organizations; makes, lists and revokes tokens.

use std::sync::Arc;

use contacts_domain::OrganizationId;

use crate::access::{InvalidName, NewToken, Organization, Reach, Token, TokenId, check_name};
use crate::ports::{AccessStore, Clock, StoreError};

/// Adds organizations; makes, lists and revokes tokens.
pub struct ManageAccess {
    access: Arc<dyn AccessStore>,
    clock: Arc<dyn Clock>,
}

/// Why an organization or a token could not be added.
#[derive(Debug, thiserror::Error)]
pub enum ManageAccessError {
    /// The id is taken.
    #[error("organization {0} exists already")]
    OrganizationExists(OrganizationId),
    /// An organization of a new token does not exist.
    #[error("organization {0} does not exist; create it first")]
    UnknownOrganization(OrganizationId),
    /// The name is not one.
    #[error(transparent)]
    InvalidName(#[from] InvalidName),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ManageAccess {
    /// Works on that store.
    pub fn new(access: Arc<dyn AccessStore>, clock: Arc<dyn Clock>) -> Self {
        Self { access, clock }
    }

    /// Adds an organization.
    ///
    /// # Errors
    ///
    /// When the id is taken, the name is not one, or the store fails.
    pub async fn create_organization(
        &self,
        organization: Organization,
    ) -> Result<(), ManageAccessError> {
        check_name(&organization.name)?;
        let id = organization.id;
        match self.access.add_organization(organization).await? {
            true => Ok(()),
            false => Err(ManageAccessError::OrganizationExists(id)),
        }
    }

    /// Stores a token whose organizations exist. Its name may be empty.
    ///
    /// # Errors
    ///
    /// When one of its organizations does not exist, the name is not one, or the store fails.
    pub async fn create_token(&self, token: NewToken) -> Result<TokenId, ManageAccessError> {
        if !token.name.is_empty() {
            check_name(&token.name)?;
        }
        if let Reach::Organizations(organizations) = &token.reach {
            for id in organizations {
                if self.access.organization(*id).await?.is_none() {
                    return Err(ManageAccessError::UnknownOrganization(*id));
                }
            }
        }
        Ok(self.access.add_token(token).await?)
    }

    /// All tokens, oldest first.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn tokens(&self) -> Result<Vec<Token>, StoreError> {
        self.access.tokens().await
    }

    /// Revokes a token from now on; `false` when there is no such valid token.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn revoke_token(&self, id: TokenId) -> Result<bool, StoreError> {
        self.access.revoke_token(id, self.clock.now()).await
    }
}
