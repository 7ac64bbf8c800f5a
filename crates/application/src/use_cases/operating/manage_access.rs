//! Adds organizations; makes, lists, rotates and revokes tokens.

use std::sync::Arc;

use contacts_domain::{OrganizationId, Timestamp};

use crate::access::{
    InvalidName, NewToken, Organization, Reach, Token, TokenDigest, TokenId, check_name,
};
use crate::ports::{AccessStore, Clock, StoreError};
use crate::use_cases::answer_once::{KeepingError, NotDone};

/// Adds organizations; makes, lists, rotates and revokes tokens.
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
    /// There is no valid token of that number.
    #[error("there is no token {} that is valid", .0.0)]
    NoValidToken(TokenId),
    /// The client has two valid tokens already: this one is replaced by the other.
    #[error("token {} is replaced by token {}", .old.0, .new.0)]
    AlreadyReplaced {
        /// The token that was to be replaced.
        old: TokenId,
        /// The one that replaces it.
        new: TokenId,
    },
    /// The client has two valid tokens already: this one replaces the other, which is still valid.
    #[error("token {} replaces token {}, which is still valid", .new.0, .old.0)]
    StillReplacing {
        /// The token that was to be replaced.
        new: TokenId,
        /// The one that it replaces.
        old: TokenId,
    },
    /// It has an idempotency key and is not done.
    #[error(transparent)]
    NotDone(#[from] NotDone),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<KeepingError> for ManageAccessError {
    fn from(error: KeepingError) -> Self {
        match error {
            KeepingError::NotDone(reason) => reason.into(),
            KeepingError::Store(error) => error.into(),
        }
    }
}

/// A token that is to replace another of the same client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Successor {
    /// The token that it replaces.
    pub replaces: TokenId,
    /// Its digest.
    pub digest: TokenDigest,
    /// Its first characters, for people.
    pub prefix: String,
    /// When it expires. Without a time, it is valid for as long as the other was to be.
    pub expires_at: Option<Timestamp>,
    /// Until when the other stays valid, unless it expires before.
    pub until: Timestamp,
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

    /// Gives the client of a token a second one with the same name, organizations and scopes. The first
    /// stays valid for a while, in which the client changes over; it never has more than two.
    ///
    /// # Errors
    ///
    /// When the token is not valid, the client has two valid ones already, or the store fails.
    pub async fn rotate_token(&self, successor: Successor) -> Result<TokenId, ManageAccessError> {
        let Successor { replaces, digest, prefix, expires_at, until } = successor;
        let now = self.clock.now();
        let tokens = self.access.tokens().await?;
        let valid = |id| tokens.iter().find(|token| token.id == id && token.is_valid(now));
        let old = valid(replaces).ok_or(ManageAccessError::NoValidToken(replaces))?;
        if let Some(before) = old.replaces.and_then(valid) {
            return Err(ManageAccessError::StillReplacing { new: replaces, old: before.id });
        }
        let next = |token: &&Token| token.replaces == Some(replaces) && token.revoked_at.is_none();
        if let Some(next) = tokens.iter().find(next) {
            return Err(ManageAccessError::AlreadyReplaced { old: replaces, new: next.id });
        }
        let as_before = || old.expires_at.map(|end| later(now, old.created_at, end));
        let token = NewToken {
            digest,
            prefix,
            name: old.name.clone(),
            reach: old.reach.clone(),
            scopes: old.scopes,
            created_at: now,
            expires_at: expires_at.or_else(as_before),
            replaces: Some(replaces),
        };
        let added = self.access.replace_token(token, until).await?;
        added.ok_or(ManageAccessError::NoValidToken(replaces))
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

/// As long after `now` as `end` is after `start`.
fn later(now: Timestamp, start: Timestamp, end: Timestamp) -> Timestamp {
    let span = end.micros().saturating_sub(start.micros());
    Timestamp::from_micros(now.micros().saturating_add(span))
}
