//! The port of organizations and tokens.

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
    /// A [`StoreError`], if the store fails.
    async fn organization(&self, id: OrganizationId) -> Result<Option<Organization>, StoreError>;

    /// Adds an organization. Returns `false`, and changes nothing, if the id is taken.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails.
    async fn add_organization(&self, organization: Organization) -> Result<bool, StoreError>;

    /// The token with that digest, even if it is revoked or expired.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails.
    async fn token(&self, digest: TokenDigest) -> Result<Option<Token>, StoreError>;

    /// Adds a token.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails.
    async fn add_token(&self, token: NewToken) -> Result<TokenId, StoreError>;

    /// All tokens, oldest first.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails.
    async fn tokens(&self) -> Result<Vec<Token>, StoreError>;

    /// Revokes a token. Returns `false` if there is no such token or it was revoked before.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails.
    async fn revoke_token(&self, id: TokenId, at: Timestamp) -> Result<bool, StoreError>;
}
