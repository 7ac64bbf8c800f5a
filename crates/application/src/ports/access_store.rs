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

    /// Adds a token in place of another of the same client, which it names and which from `until` on is
    /// valid no more. Returns `None`, and changes nothing, if that one does not exist, is revoked, or
    /// was replaced by one that is not.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails.
    async fn replace_token(
        &self,
        token: NewToken,
        until: Timestamp,
    ) -> Result<Option<TokenId>, StoreError>;

    /// Keeps when tokens were last used. A time before the one that is kept changes nothing; it may be
    /// lost if another server writes at the same moment.
    ///
    /// # Errors
    ///
    /// A [`StoreError`], if the store fails.
    async fn keep_uses(&self, uses: Vec<(TokenId, Timestamp)>) -> Result<(), StoreError>;

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
