//! Where organizations and tokens live.

use async_trait::async_trait;
use contacts_domain::{OrganizationId, Timestamp};

use super::StoreError;
use crate::access::{NewToken, Organization, Token, TokenDigest, TokenId};

/// A store of organizations and of the tokens that may act for them.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait AccessStore: Send + Sync {
    /// The organization of that id.
    ///
    /// # Errors
    ///
    /// When the store fails.
    async fn organization(&self, id: OrganizationId) -> Result<Option<Organization>, StoreError>;

    /// Adds an organization; `false` when the id is taken, and then nothing is changed.
    ///
    /// # Errors
    ///
    /// When the store fails.
    async fn add_organization(&self, organization: Organization) -> Result<bool, StoreError>;

    /// The token of that digest, revoked and expired ones included.
    ///
    /// # Errors
    ///
    /// When the store fails.
    async fn token(&self, digest: TokenDigest) -> Result<Option<Token>, StoreError>;

    /// Adds a token.
    ///
    /// # Errors
    ///
    /// When the store fails.
    async fn add_token(&self, token: NewToken) -> Result<TokenId, StoreError>;

    /// All tokens, oldest first.
    ///
    /// # Errors
    ///
    /// When the store fails.
    async fn tokens(&self) -> Result<Vec<Token>, StoreError>;

    /// Revokes a token; `false` when there is no such token or it was revoked before.
    ///
    /// # Errors
    ///
    /// When the store fails.
    async fn revoke_token(&self, id: TokenId, at: Timestamp) -> Result<bool, StoreError>;
}
